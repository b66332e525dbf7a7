"""The reader: a streaming standby of the database, which is asked what is heavy to read (search, figures, exports).

A standby is behind by milliseconds, or by minutes. So the database says first up to where it has written, and the reader is asked
only once it has come as far: a person finds there what they wrote, in whatever process. A reader that is too far behind, or
away, is not asked: the database is.

The reader is asked in one transaction, so that a pooler or a balancer in between leads each question to the same standby.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import (
    DEFAULT_DB_ALIAS,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
    transaction,
)
from django.db.models import QuerySet

from adherents.database import READER
from adherents.telemetry import engines, metrics
from adherents.telemetry.outages import Part, in_words, note

CATCHES_UP_WITHIN = 0.05  # seconds: what a page may wait for a reader that is a little behind
LOOKS_EVERY = 0.004  # seconds
AWAY_FOR = 5.0  # seconds without a question after one that failed
P = ParamSpec("P")
R = TypeVar("R")

_asked: ContextVar[str] = ContextVar("adherents.asked", default=DEFAULT_DB_ALIAS)


class ReaderRouter:
    """Django's questions go to the database, and within a function marked `from_reader` to the reader, until it writes."""

    def db_for_read(self, model: type[Any], **hints: Any) -> str:
        return _asked.get()

    def db_for_write(self, model: type[Any], **hints: Any) -> str:
        _asked.set(DEFAULT_DB_ALIAS)  # what is read from here on must see it
        return DEFAULT_DB_ALIAS

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return True  # they are the same rows

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == READER else None


def is_set() -> bool:
    return READER in connections.databases


def from_reader(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function that only reads, and returns what it read rather than a question: the reader is asked where there is one.

    The database is asked in its place when the reader is behind or away, also when it fails half-way: the function is then called
    again. In a transaction the database is asked, since what was written in it can be seen from nowhere else.
    """

    @wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not is_set() or connection.in_atomic_block or _asked.get() == READER:
            return function(*args, **kwargs)
        if not _rest.is_over or engines.was_away(READER):
            metrics.READS.labels("away").inc()
            return function(*args, **kwargs)
        try:
            with _caught_up() as is_fresh:
                if is_fresh:
                    answer = function(*args, **kwargs)
                    metrics.READS.labels("reader").inc()
                    return answer
            metrics.READS.labels("behind").inc()
        except _ReaderFailed as failed:
            _rest.begin()
            metrics.READS.labels("away").inc()
            note(Part.READER, str(failed))
        return function(*args, **kwargs)

    return asked


@from_reader
def listed(rows: QuerySet[Any]) -> list[Any]:
    """The rows that a question is for."""
    return list(rows)


def why_never_asked() -> str:
    """Why the reader can never be asked, in words; "" where it can. Raises what a connection raises."""
    with connections[READER].cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        (is_standby,) = cursor.fetchone()
    if not is_standby:
        return "it is no standby"
    ours, its = _system_of(DEFAULT_DB_ALIAS), _system_of(READER)
    return "it is the standby of another server" if ours and its and ours != its else ""


def bytes_behind() -> int:
    """What the database has written and the reader does not have yet. Raises what a connection raises."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_flush_lsn()")
        (written,) = cursor.fetchone()
    with connections[READER].cursor() as cursor:
        cursor.execute("SELECT pg_wal_lsn_diff(%s::pg_lsn, pg_last_wal_replay_lsn())", [written])
        return max(0, int(cursor.fetchone()[0]))


def _system_of(alias: str) -> str:
    """Of which server a standby is a copy: what both say of themselves. "" where this user may not ask."""
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
            return str(cursor.fetchone()[0])
    except ProgrammingError:
        return ""


class _ReaderFailed(Exception):
    """The reader is away, or went in the middle."""


@contextmanager
def _told_apart() -> Iterator[None]:
    """Of what fails in the block, what the reader failed is `_ReaderFailed`."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if connections[READER].errors_occurred:
            raise _ReaderFailed(in_words(error)) from error
        raise


@contextmanager
def _caught_up() -> Iterator[bool]:
    """A block whose questions go to the reader, where it has all that was committed before. False: it has not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() END")
        (written,) = cursor.fetchone()
    connections[READER].close_if_unusable_or_obsolete()
    # The inner one sees the error before the end of the transaction connects anew.
    with _told_apart(), transaction.atomic(using=READER), _told_apart():
        if written is None or not _has_replayed(written):
            yield False
            return
        token = _asked.set(READER)
        try:
            yield True
        finally:
            _asked.reset(token)


def _has_replayed(written: str) -> bool:
    """Whether the reader has come as far as `written`, at once or within `CATCHES_UP_WITHIN`. Not where it is no standby."""
    until = time.monotonic() + CATCHES_UP_WITHIN
    with connections[READER].cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [written])
            (has_it,) = cursor.fetchone()
            if has_it or has_it is None or time.monotonic() > until:
                return bool(has_it)
            time.sleep(LOOKS_EVERY)


class _Rest:
    """After a failure of the reader, its questions go elsewhere for a time: each would wait until it is given up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._until

    def begin(self) -> None:
        with self._lock:
            self._until = time.monotonic() + AWAY_FOR

    def end(self) -> None:
        with self._lock:
            self._until = 0.0


_rest = _Rest()
ask_again = _rest.end  # a test's first question
