"""What who leads agents reads of a document that went to another member's file, or came from one. Nothing is written."""

from dataclasses import dataclass

from adherents.accounts.models import Account
from adherents.casework.models import Relocation
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.vault.models import Document


@dataclass(frozen=True)
class Elsewhere:
    """A document that went to another member's file, or (`came`) that came from one; why. `to_bring_back`: by this agent, now."""

    relocation: Relocation
    reason: str
    came: bool
    to_bring_back: bool


def elsewhere(document: Document, agent: Account) -> Elsewhere | None:
    """None for a document that stayed in its file. One query, and one more where it did not."""
    relocation = Relocation.objects.about(document)
    if relocation is None:
        return None
    told = Entry.objects.about(relocation.item.subject).filter(event=Event.RELOCATION_MADE)
    entry = told.filter(at__gte=relocation.at).order_by("sequence").first()
    can_be = Relocation.objects.in_time().filter(pk=relocation.pk, agent=agent).exists()
    return Elsewhere(
        relocation,
        reason=str(entry.details.get("reason", "")) if entry else "",
        came=relocation.copy_id == document.pk,
        to_bring_back=can_be,
    )
