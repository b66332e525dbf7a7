"""A row as JSON and back, whatever database it comes from or goes to: what a column holds is known by its field."""

import base64
import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models


def written(row: tuple[Any, ...]) -> str:
    """One line without its end: a JSON array, a cell for each column."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=as_text)


def readers(fields: list["models.Field[Any, Any]"]) -> list[Callable[[Any], Any] | None]:
    """For each column what makes its value again of a cell of `written` that is not null; None where it is the cell itself."""
    return [_reader(field) for field in fields]


def as_text(value: Any) -> Any:
    """What JSON has no word for, as it has one: for `json.dumps`."""
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    raise TypeError(f"a backup does not know how to write {type(value).__name__}")


def _reader(field: "models.Field[Any, Any]") -> Callable[[Any], Any] | None:
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    for kind, read in _READERS:
        if isinstance(field, kind):
            return read
    return None


def _microseconds(cell: int) -> timedelta:
    return timedelta(microseconds=cell)


# A moment before a day: Django's field of a moment is one of a day too.
_READERS: "list[tuple[type[models.Field[Any, Any]], Callable[[Any], Any]]]" = [
    (models.BinaryField, base64.b64decode),
    (models.DateTimeField, datetime.fromisoformat),
    (models.DateField, date.fromisoformat),
    (models.TimeField, time.fromisoformat),
    (models.UUIDField, UUID),
    (models.DecimalField, Decimal),
    (models.DurationField, _microseconds),
]
