"""Rows that are read one after the other, whatever their number (`QuerySet.iterator`)."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def one_moment() -> Iterator[None]:
    """A block in which `iterator()` may be called, and in which everything is read as it was at one moment.

    On PostgreSQL a cursor lives in a transaction. Outside of one, Django opens a cursor of the session: a pooler in transaction
    mode gives the next question another session, where there is no such cursor. SQLite reads without one; a transaction there
    would keep each writer waiting.
    """
    if connection.vendor != "postgresql":
        yield
        return
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield
