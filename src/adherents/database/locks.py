"""Waiting for what another transaction has under lock, for some seconds and no longer."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection

_LOCK_NOT_AVAILABLE = "55P03"


class LockNotFree(Exception):
    """Another transaction kept a lock for longer than this one may wait. This one is broken, and is to be rolled back."""


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """A block, in a transaction, whose statements wait no longer than this for a lock. Raises `LockNotFree`.

    On PostgreSQL. SQLite waits when the transaction begins, for as long as its settings say.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{int(seconds * 1000)}ms"])
        try:
            yield
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != _LOCK_NOT_AVAILABLE:
                raise
            raise LockNotFree from error
        cursor.execute("SELECT set_config('lock_timeout', '0', true)")
