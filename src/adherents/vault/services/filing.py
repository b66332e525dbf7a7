"""Of what kind a document is, where its member did not know."""

import uuid

from adherents.database.transactions import needs_transaction
from adherents.feed.event_types import EventType
from adherents.feed.services import announce
from adherents.insurer.profile import profile
from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.vault.models import Document, State

OPEN = frozenset({State.CHECKED, State.IN_PROGRESS})


class NoSuchKind(Exception):
    """The profile has no kind of this code."""


class KindIsKnown(Exception):
    """The document has a kind already: its member's, or the one that an agent chose."""


class KindDecided(Exception):
    """The document waits for no kind any more: it was decided, taken back, set aside or destroyed."""


@needs_transaction
def set_kind(*, document_id: uuid.UUID, kind: str, actor: str) -> Document:
    """Say which kind a document is that was sent as « Je ne sais pas », in the caller's transaction.

    The receipt keeps what the member said, and the promise that was made stays. Raises `NoSuchKind`, `KindIsKnown` or
    `KindDecided`.
    """
    if kind not in {known.code for known in profile().documents.kinds}:
        raise NoSuchKind
    document: Document = Document.objects.select_for_update(of=("self",)).get(pk=document_id)
    if document.kind != UNKNOWN_KIND:
        raise KindIsKnown
    if document.erased_at is not None or document.set_aside or document.state not in OPEN:
        raise KindDecided
    document.kind, document.sent_as = kind, UNKNOWN_KIND
    document.save(update_fields=["kind", "sent_as"])
    record(Event.DOCUMENT_FILED, subject=document.subject, owner=document.owner, actor=actor, kind=kind)
    announce(EventType.DOCUMENT_REFILED, subject=document.subject, owner=document.owner, kind=kind)
    return document
