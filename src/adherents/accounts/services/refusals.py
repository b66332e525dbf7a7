"""A request for an object of another person, or one that never existed: both get one answer and one kind of journal entry."""

from adherents.accounts.models import Account
from adherents.journal.events import Event
from adherents.journal.services import record


def note_object_refused(*, account: Account, page: str, wanted: str) -> None:
    """`page` is a route's name; `wanted` an identifier of ours, "" where what was typed is none."""
    actor = account.actor if account.is_agent else account.subject
    details = {"page": page} | ({"object": wanted} if wanted else {})
    record(Event.OBJECT_REFUSED, subject=account.subject, actor=actor, **details)
