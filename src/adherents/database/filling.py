"""Old rows that get their value in a new column while the portal serves: in batches, each a transaction of its own, with pauses.

A migration that requires the column names them: `filled_before = [Fill(...)]`. `adherents migrate` fills them just before it
begins that migration, and in no transaction of it. CONTRIBUTING.md says how the steps follow each other.
"""

import time
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

BATCH = 500  # rows
SKIPPED = 0.2  # seconds until rows that a transaction holds are asked for again


@dataclass(frozen=True)
class Fill:
    """`value`: what a row gets in `column`, in SQL that every database understands; `key`: the primary key.

    Only rows without a value change, so that it can be stopped and run again. New rows must have one already: by a default of
    the database, since the version that serves meanwhile does not know the column.
    """

    table: str
    column: str
    value: str
    key: str = "id"

    def run(self, connection: BaseDatabaseWrapper) -> int:
        """Fill every row; how many there were. Half of the time is left to the portal."""
        filled = 0
        while self._is_missing(connection):
            last = None
            while True:
                began = time.monotonic()
                keys = self._fill_batch(connection, last)
                if not keys:
                    break
                filled, last = filled + len(keys), keys[-1]
                time.sleep(time.monotonic() - began)
            if last is None:
                time.sleep(SKIPPED)
        return filled

    def _is_missing(self, connection: BaseDatabaseWrapper) -> bool:
        table, column = self._quoted(connection, self.table, self.column)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {table} WHERE {column} IS NULL LIMIT 1")  # noqa: S608 - our own names
            return cursor.fetchone() is not None

    def _fill_batch(self, connection: BaseDatabaseWrapper, after: Any) -> list[Any]:
        """The keys of the rows that were filled, in their order. A row that a transaction holds is left out, not waited for."""
        table, column, key = self._quoted(connection, self.table, self.column, self.key)
        skip = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
        behind, given = (f"AND {key} > %s", [after]) if after is not None else ("", [])
        select = (
            f"SELECT {key} FROM {table} WHERE {column} IS NULL {behind} ORDER BY {key} LIMIT {BATCH} {skip}"  # noqa: S608
        )
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(select, given)
            keys = [row[0] for row in cursor.fetchall()]
            if keys:
                some = ", ".join(["%s"] * len(keys))
                cursor.execute(f"UPDATE {table} SET {column} = ({self.value}) WHERE {key} IN ({some})", keys)  # noqa: S608
        return keys

    def _quoted(self, connection: BaseDatabaseWrapper, *names: str) -> list[str]:
        return [connection.ops.quote_name(name) for name in names]
