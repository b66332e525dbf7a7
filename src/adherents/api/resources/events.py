"""An event as programs read it: the same object in the feed and in a webhook."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from adherents.feed.event_types import EventType
from adherents.feed.models import Announcement

_TYPES = ", ".join(kind.value for kind in EventType)


class EventResource(BaseModel):
    id: Annotated[
        str, Field(description="the same each time that the event is given: by it a program knows it again")
    ]
    type: Annotated[str, Field(description=f"{_TYPES}; others may come")]
    at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    subject: Annotated[str, Field(description="`document/<id>`, `member/<internal id>` or `thread/<id>`")]
    data: Annotated[dict[str, Any], Field(description="identifiers and codes; no personal data")]


class EventPage(BaseModel):
    items: Annotated[list[EventResource], Field(description="in the order of the feed; empty: up to date")]
    next: Annotated[str, Field(description="pass it as `after` next time; never null")]


def event_resource(event: Announcement) -> EventResource:
    return EventResource(**event.shown())
