"""Parts that the portal stands on and that do not answer: which one an error tells of, and one line a minute about each.

An outage is foreseen. Its readers get a page in words, and the log a line, however many requests and rounds run into it.
"""

import logging
import threading
import time
from enum import StrEnum

from django.db import InterfaceError, OperationalError
from redis.exceptions import RedisError

from adherents.telemetry import metrics

RETRY_AFTER = 5  # seconds, said to who meets one
TOLD_EVERY = 60.0  # seconds, of each part and process
log = logging.getLogger("adherents.outages")

# Classes of SQLSTATE that say something of the server and nothing of the statement: the connection, the resources, an operator,
# the system. https://www.postgresql.org/docs/current/errcodes-appendix.html
_OF_THE_SERVER = ("08", "53", "57P", "58")
_OF_THE_FILE = ("BUSY", "LOCKED", "CANTOPEN", "IOERR", "FULL", "READONLY", "NOTADB", "CORRUPT", "PERM")


class Part(StrEnum):
    """What the portal stands on."""

    DATABASE = "database"
    READER = "reader"
    STORAGE = "storage"
    CACHE = "cache"
    ANTIVIRUS = "antivirus"
    MAIL = "mail"


def part_away(error: BaseException | None) -> Part | None:
    """The part that does not answer (or has too much to do), as this error or what caused it says; None: it is no outage.

    An exception of ours says it by an attribute `part_away`.
    """
    while error is not None:
        part = getattr(error, "part_away", None)
        if isinstance(part, Part):
            return part
        if isinstance(error, RedisError):
            return Part.CACHE
        if isinstance(error, OperationalError | InterfaceError) and _server_is_away(error):
            return Part.DATABASE
        error = error.__cause__ or error.__context__
    return None


def _server_is_away(error: OperationalError | InterfaceError) -> bool:
    """A table that is missing or a deadlock is no outage, though Django gives both the same class."""
    cause = error.__cause__
    if cause is not None and hasattr(cause, "sqlstate"):  # psycopg's: None where no answer came at all
        state: str | None = cause.sqlstate
        return state is None or state.startswith(_OF_THE_SERVER)
    name: str = getattr(cause, "sqlite_errorname", None) or ""
    return name.removeprefix("SQLITE_").startswith(_OF_THE_FILE)


class _Told:
    """When each part was last written of, and how often it failed since."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: dict[Part, float] = {}
        self._times: dict[Part, int] = {}

    def is_due(self, part: Part) -> int:
        """How often it failed since the last line, this time included; 0: that line is less than a minute old."""
        now = time.monotonic()
        with self._lock:
            times = self._times[part] = self._times.get(part, 0) + 1
            if now - self._at.get(part, -TOLD_EVERY) < TOLD_EVERY:
                return 0
            self._at[part], self._times[part] = now, 0
            return times

    def forget(self) -> None:
        with self._lock:
            self._at.clear()
            self._times.clear()


_told = _Told()
forget_told = _told.forget  # a test's first line


def in_words(error: BaseException) -> str:
    """Its kind, and what it says."""
    return f"{type(error).__name__}: {error}".strip().rstrip(":")


def note(part: Part, words: str) -> None:
    """One more failure of this part. At most one line a minute says so, with the words of what failed: they are a machine's."""
    metrics.ENGINE_FAILURES.labels(part.value).inc()
    if times := _told.is_due(part):
        log.error("%s does not answer: %s", part.value, words, extra={"part": part.value, "times": times})


def is_noted(error: BaseException | None) -> bool:
    """Note the outage that this error tells of. False: it tells of none, and is to be logged as any other error."""
    part = part_away(error)
    if part is None or error is None:
        return False
    note(part, in_words(error))
    return True


class OneLineAMinute(logging.Filter):
    """Of a logger that writes one record a request: outages are noted instead of written, and what was answered with 503 is left
    to the access log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1]:
            return not is_noted(record.exc_info[1])
        return getattr(record, "status_code", None) != 503
