"""What programs send and are given, one module a subject: pydantic models, and how each is made of a row."""

import re
import uuid
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
)

from adherents.ui.typed_days import FIRST_DAY, LAST_DAY, is_kept

Typed = TypeVar("Typed", bound=date)
Cursor = Annotated[str | None, Field(description="pass it as `cursor` to go on; null: the list is over")]


def _day(text: object) -> object:
    """A day as it is written in ISO 8601, and nothing that a lenient reader would take for one. Raises `ValueError`."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError("a day is written YYYY-MM-DD")
    return _kept(date.fromisoformat(text))


def _kept(typed: Typed) -> Typed:
    if not is_kept(typed):
        raise ValueError(f"the years go from {FIRST_DAY.year} to {LAST_DAY.year}")
    return typed


Day = Annotated[date, BeforeValidator(_day)]


def _nothing(said: object) -> object:
    return None if said == "" else said


# What may be left out is also left out where it is `""` or `null`, as in the register: what the API writes may be sent back.
MaybeDay = Annotated[Day | None, BeforeValidator(_nothing, json_schema_input_type=date | Literal[""] | None)]


def _moment(text: object) -> object:
    """A moment of RFC 3339: with its offset. Raises `ValueError`."""
    if not isinstance(text, str) or not re.match(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d", text):
        raise ValueError("a moment is written as RFC 3339 says")
    return text


def in_utc(moment: datetime) -> datetime:
    """Raises `ValueError`: it has no offset, or its year is not one that the portal keeps."""
    if moment.tzinfo is None:
        raise ValueError("a moment has its offset")
    return _kept(moment).astimezone(UTC)


Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(in_utc)]


def _id(text: object) -> object:
    """Raises `ValueError`."""
    if not isinstance(text, str) or not re.fullmatch(
        r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text
    ):
        raise ValueError("an id is a UUID")
    return uuid.UUID(text)


SentId = Annotated[uuid.UUID, BeforeValidator(_id)]


class Sent(BaseModel):
    """A body that a program sends: exactly these fields, of exactly these types."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @field_validator("*")
    @classmethod
    def _no_nul(cls, value: Any) -> Any:
        """As the forms of the pages: no person types it, and not every part that a text comes to can hold it."""
        if isinstance(value, str) and "\x00" in value:
            raise ValueError("a text has no NUL in it")
        return value
