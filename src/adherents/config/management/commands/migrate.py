"""Django's `migrate`, which fills old rows before a migration needs them, and on PostgreSQL waits for no lock for long.

A statement that waits for a table's lock makes all those behind it wait too, and these are the pages. So it gives up after
`LOCK_SECONDS`, its migration is rolled back, and the command tries again after a pause.
"""

import re
import time
from collections.abc import Callable
from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections

LOCK_SECONDS = 4
PAUSES = (2, 4, 8, 16, 32)  # seconds between two attempts
_CHANGES_A_TABLE = re.compile(r"\s*(ALTER|CREATE|DROP|TRUNCATE|LOCK|COMMENT)\b", re.IGNORECASE)
# An index that is built concurrently waits too, but nothing waits behind it: no limit is set outside a transaction.


def gives_up_soon(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """An execute wrapper: what changes a table in a transaction waits for its lock for `LOCK_SECONDS`."""
    connection = context["connection"]
    if connection.in_atomic_block and _CHANGES_A_TABLE.match(sql):
        # Local to the transaction: a pooler that shares its connections hands it to nobody else.
        connection.connection.execute(f"SET LOCAL lock_timeout = '{int(LOCK_SECONDS * 1000)}ms'")
    return execute(sql, params, many, context)


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        self._connection = connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        for pause in (*PAUSES, None):
            try:
                with connection.execute_wrapper(gives_up_soon):
                    super().handle(*args, **options)
                return
            except OperationalError as error:
                if type(error.__cause__).__name__ != "LockNotAvailable":
                    raise
            if pause is None:
                raise CommandError(
                    "A table that this migration changes is in use, and was not free for a moment. What was done is kept, "
                    "the rest was rolled back: run the command again when long reports, exports or backups have ended."
                )
            self.stderr.write(f"A table is in use: once more in {pause} s.")
            time.sleep(pause)

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        """Called before each migration, in no transaction: the rows that it wants filled are (`database.filling`)."""
        if action == "apply_start" and not fake:
            for fill in getattr(migration, "filled_before", ()):
                filled = fill.run(self._connection)
                if self.verbosity >= 1:
                    self.stdout.write(f"  Filled {fill.table}.{fill.column} of {filled} row(s)")
        super().migration_progress_callback(action, migration, fake)
