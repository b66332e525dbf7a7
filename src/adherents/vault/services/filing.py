"""Of what kind a document is, and whom it is about, where an agent knows better than its member did."""

import uuid
from dataclasses import dataclass

from adherents.database.transactions import needs_transaction
from adherents.feed.event_types import EventType
from adherents.feed.services import announce
from adherents.insurer.profile import profile
from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Beneficiary
from adherents.vault.models import Document, State
from adherents.vault.origins import ATTACHMENT, Origin

OPEN = frozenset({State.CHECKED, State.IN_PROGRESS})


class NoSuchKind(Exception):
    """The profile has no kind of this code."""


class NoSuchPerson(Exception):
    """This person is not of the member's contract."""


class KindIsKnown(Exception):
    """The document has a kind already: its member's, or the one that an agent chose."""


class FiledSo(Exception):
    """The document has this kind and is about this person already."""


class KindDecided(Exception):
    """The document waits no more to be filed: it was decided, taken back, set aside or destroyed."""


@dataclass(frozen=True)
class Place:
    """Where a document is filed: a kind of the profile, and a beneficiary's id (None: the member)."""

    kind: str
    person: int | None


class NotAnAttachment(Exception):
    """The document did not come with a member's message, or an agent has made it one to treat already."""


class AttachmentGone(Exception):
    """What came with the message was destroyed, or cannot be opened."""


@needs_transaction
def treat_attachment(
    *, document_id: uuid.UUID, kind: str, beneficiary: Beneficiary | None, actor: str
) -> Document:
    """Make what came with a member's message a document to treat, in the caller's transaction, and give its row, locked.

    It is the same document, with the same receipt: it stays with its message, and waits for a decision from the day on which that
    came. From here on it is kept as long as its kind says, whatever becomes of the message. Raises `NoSuchKind`,
    `NotAnAttachment` or `AttachmentGone`.
    """
    if kind not in profile().documents.kind_labels:
        raise NoSuchKind
    document: Document = (
        Document.objects.select_for_update(of=("self",)).select_related("deposit").get(pk=document_id)
    )
    if document.origin != Origin.MESSAGE or document.deposit.sent_by_id is None:
        raise NotAnAttachment
    if document.erased_at is not None or document.set_aside:
        raise AttachmentGone
    document.origin, document.kind, document.sent_as = Origin.MEMBER, kind, ATTACHMENT
    document.beneficiary = beneficiary
    document.save(update_fields=["origin", "kind", "sent_as", "beneficiary"])
    record(Event.DOCUMENT_FILED, subject=document.subject, owner=document.owner, actor=actor, kind=kind)
    announce(EventType.DOCUMENT_REFILED, subject=document.subject, owner=document.owner, kind=kind)
    return document


@needs_transaction
def set_kind(*, document_id: uuid.UUID, kind: str, actor: str) -> Place:
    """Say which kind a document is that was sent as « Je ne sais pas », in the caller's transaction.

    The receipt keeps what the member said, and the promise that was made stays. Gives where it was. Raises `NoSuchKind`,
    `KindIsKnown` or `KindDecided`.
    """
    if not _is_known(kind):
        raise NoSuchKind
    document = _open(document_id)
    if document.kind != UNKNOWN_KIND:
        raise KindIsKnown
    before = place_of(document)
    _set(document, Place(kind, before.person))
    _tell(Event.DOCUMENT_FILED, document, actor=actor)
    return before


@needs_transaction
def refile(*, document_id: uuid.UUID, to: Place, actor: str) -> Place:
    """Give an undecided document another kind or another person of the same contract, in the caller's transaction.

    The receipt and the promise stay those of what the member sent. Gives where it was. Raises `NoSuchKind`, `NoSuchPerson`,
    `FiledSo` or `KindDecided`.
    """
    document = _open(document_id)
    before = place_of(document)
    if to == before:
        raise FiledSo
    if to.kind != before.kind and not _is_known(to.kind):
        raise NoSuchKind
    people = Beneficiary.objects.filter(member=document.member_id)
    if to.person not in {None, before.person} and not people.filter(pk=to.person).exists():
        raise NoSuchPerson
    _set(document, to)
    _tell(Event.DOCUMENT_REFILED, document, actor=actor, was=before.kind, person=to.person != before.person)
    return before


@needs_transaction
def put_back(*, document_id: uuid.UUID, now: Place, before: Place, actor: str) -> None:
    """Undo `refile` or `set_kind`, in the caller's transaction. `now`: where that put the document, and where it must be still.

    Raises `KindDecided`.
    """
    document = _open(document_id)
    if place_of(document) != now:
        raise KindDecided
    _set(document, before)
    _tell(Event.REFILING_UNDONE, document, actor=actor, was=now.kind, person=now.person != before.person)


def place_of(document: Document) -> Place:
    return Place(document.kind, document.beneficiary_id)


def _is_known(kind: str) -> bool:
    return kind in {known.code for known in profile().documents.kinds}


def _open(document_id: uuid.UUID) -> Document:
    """The row, locked. Raises `KindDecided`."""
    document: Document = Document.objects.select_for_update(of=("self",)).get(pk=document_id)
    if document.erased_at is not None or document.set_aside or document.state not in OPEN:
        raise KindDecided
    return document


def _set(document: Document, to: Place) -> None:
    sent_as = document.kind_as_sent
    document.kind, document.sent_as = to.kind, "" if sent_as == to.kind else sent_as
    if to.person != document.beneficiary_id:
        document.beneficiary_id, document.person_chosen = to.person, True
    document.save(update_fields=["kind", "sent_as", "beneficiary", "person_chosen"])


def _tell(event: Event, document: Document, *, actor: str, was: str = "", person: bool = False) -> None:
    """To the journal and to the insurer's systems. `was`: the kind before; `person`: whether it is about another one now."""
    details: dict[str, str | bool] = {"was": was, "person": person} if was else {}
    record(event, subject=document.subject, owner=document.owner, actor=actor, kind=document.kind, **details)
    announce(EventType.DOCUMENT_REFILED, subject=document.subject, owner=document.owner, kind=document.kind)
