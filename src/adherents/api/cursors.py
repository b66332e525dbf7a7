"""Where a list goes on: after which row, by the columns that order it. Stable while rows come and go before it."""

import json
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime

from adherents.api.problems import Problem, Refused
from adherents.api.resources import in_utc

ITEMS = 100  # of a list, at once
_LONGEST = 300


def cursor(of: str, *last: str | int) -> str:
    """The position after the row with these values, in the list `of`. Opaque: programs pass it back and read nothing in it."""
    text = json.dumps([of, *last], separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def moment_and_id(said: Sequence[str | int]) -> tuple[datetime, uuid.UUID] | None:
    """The position of a list that is ordered by a moment and an id; None at its beginning. Raises `Refused`."""
    if not said:
        return None
    try:
        return in_utc(datetime.fromisoformat(str(said[0]))), uuid.UUID(str(said[1]))
    except ValueError as error:
        raise Refused(Problem.BAD_CURSOR) from error


def position(text: str, of: str, kinds: Sequence[type]) -> list[str | int]:
    """The values of the row after which the list `of` goes on; [] at its beginning. Raises `Refused`: it is no cursor of it."""
    if not text:
        return []
    try:
        if len(text) > _LONGEST:
            raise ValueError
        said = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError) as error:
        raise Refused(Problem.BAD_CURSOR) from error
    if not isinstance(said, list) or said[:1] != [of] or [type(value) for value in said[1:]] != list(kinds):
        raise Refused(Problem.BAD_CURSOR)
    return list(said[1:])
