"""Structured logs: one JSON object a line, in UTC, with only the fields named here beside the message."""

import json
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from smtplib import SMTPException

from django.core.exceptions import ImproperlyConfigured
from django.db.utils import OperationalError

from adherents.telemetry.request_ids import request_id

FIELDS = (
    "method",
    "route",
    "status",
    "milliseconds",
    "room",
    "job",
    "kind",
    "reading",
    "mails",
    "done",
    "subject",
    "row",
    "column",
    "attempts",
    "error",
    "action",
    "part",
    "times",
    "lane",
)
# What these say is about machines and files. Others quote what they were given: a database, the very row that it refuses.
SPEAK_OF_MACHINES = (OSError, ImportError, ImproperlyConfigured, OperationalError)


class JsonFormatter(logging.Formatter):
    """Only `FIELDS` leave: an object attached to a record by a library (a request, say) never does. Beside them, the name of the
    request that the line is about (`telemetry.request_ids`): the one of the thread that writes it, unless the record has its own.

    Everything but ASCII is escaped, so that nothing in a message ends the line or speaks to a terminal.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        if about := getattr(record, "request_id", "") or request_id():
            line["request_id"] = about
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1]:
            line["traceback"] = "\n".join(_traceback_lines(record.exc_info[1]))
        return json.dumps(line, default=str)


def _message(record: logging.LogRecord) -> str:
    """What the library says, with the route instead of the path of the request that it names: a path may hold a token (G6)."""
    message = record.getMessage()
    request = getattr(record, "request", None)
    path: str = getattr(request, "path", "")
    if len(path) < 2:
        return message
    match = getattr(request, "resolver_match", None)
    route = f"/{match.route}" if match else "-"
    escaped = path.encode("unicode_escape").decode("ascii")  # as Django writes what is not plain in it
    return message.replace(path, route).replace(escaped, route)


def _traceback_lines(error: BaseException) -> Iterator[str]:
    """Where it happened and what kind of error it is, its causes first; its words only where they cannot be a person's."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _traceback_lines(cause)
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    speaks = isinstance(error, SPEAK_OF_MACHINES) and not isinstance(error, SMTPException)
    yield f"{kind}: {error}" if speaks else kind
