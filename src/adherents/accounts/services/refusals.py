"""Whoever asks for what is not theirs, or never was: written down as one thing, since the answer is one."""

from adherents.accounts.models import Account
from adherents.journal.events import Event
from adherents.journal.services import record


def note_object_refused(*, account: Account, page: str, wanted: str) -> None:
    """`page` is a route's name; `wanted` an identifier of ours, "" where what was typed is none."""
    actor = account.actor if account.is_agent else account.subject
    details = {"page": page} | ({"object": wanted} if wanted else {})
    record(Event.OBJECT_REFUSED, subject=account.subject, actor=actor, **details)
