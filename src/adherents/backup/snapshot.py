"""A connection that sees the database as it was at one moment, while the portal goes on writing.

SQLite: a read transaction of its own, which a writer in WAL mode does not wait for. PostgreSQL: REPEATABLE READ, read only.
Nothing is copied to a file on the way: rows pass from here straight into the seal.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

from django.db import DEFAULT_DB_ALIAS, connections, transaction

ALIAS = "snapshot"


@contextmanager
def snapshot() -> Iterator[str]:
    """The alias of the connection, for as long as the block lasts. What is committed meanwhile is not seen."""
    settings = deepcopy(connections.databases[DEFAULT_DB_ALIAS])
    options = settings.setdefault("OPTIONS", {})
    settings["CONN_MAX_AGE"] = 0
    is_sqlite = settings["ENGINE"].endswith("sqlite3")
    if is_sqlite:
        options["transaction_mode"] = "DEFERRED"  # IMMEDIATE would keep the portal from writing
    else:
        from psycopg import IsolationLevel

        options["isolation_level"] = IsolationLevel.REPEATABLE_READ
        options.pop("pool", None)
    connections.databases[ALIAS] = settings
    try:
        with transaction.atomic(using=ALIAS):
            with connections[ALIAS].cursor() as cursor:
                if not is_sqlite:
                    cursor.execute("SET TRANSACTION READ ONLY")
                    cursor.execute("SET LOCAL statement_timeout = 0")
                    cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                # The moment of the first read is the snapshot's.
                cursor.execute("SELECT count(*) FROM django_migrations")
            yield ALIAS
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.databases[ALIAS]
