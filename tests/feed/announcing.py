"""Events as a test needs them, and the feed as a program reads it to its end."""

from django.db import transaction

from adherents.feed.event_types import EventType
from adherents.feed.models import Announcement
from adherents.feed.services import announce, read
from adherents.journal.events import Event
from adherents.journal.services import record


def happen(subject: str = "document:7b0f4f5e-0d1c-4b8e-9b0e-0123456789ab", **data: int) -> None:
    """Something happened, and is committed."""
    with transaction.atomic():
        record(Event.DOCUMENT_CHECKED, subject=subject, owner="member:1", **data)
        announce(EventType.DOCUMENT_CHECKED, subject=subject, owner="member:1", **data)


def all_after(cursor: str = "", *, limit: int = 100) -> tuple[list[Announcement], str]:
    """Page after page until nothing is new: the events, and where the program is then."""
    events: list[Announcement] = []
    while True:
        page = read(after=cursor, limit=limit)
        cursor = str(page.next)
        events += page.items
        if not page.items:
            return events, cursor


def said(cursor: str = "") -> list[tuple[str, str]]:
    """Type and subject of each event."""
    return [(event.type, event.subject) for event in all_after(cursor)[0]]
