"""Several documents in one file: each becomes a part, which names its original and its pages, and is treated for itself.

The original stays as it was sent, with its receipt; nobody decides it any more. A part has no bytes of its own: its pages and its
content are read from its original, so nothing is sealed, moved or copied.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from adherents.database.transactions import needs_transaction
from adherents.feed.event_types import EventType
from adherents.feed.services import announce
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Beneficiary
from adherents.vault.erasure import forget_belongings, tell_undone
from adherents.vault.models import Document, State
from adherents.vault.receipts.services import envelope_of
from adherents.vault.selectors.naming import is_named
from adherents.vault.services.filing import Place

FEWEST, MOST = 2, 20  # parts of one document


class NotToSplit(Exception):
    """It waits no more, has one page, or is a part itself, or made of several."""


class WrongPages(Exception):
    """The parts do not have each page once, or there are too few of them, or too many."""


class WrongPlace(Exception):
    """A kind or a person that a part may not have. `part`: which one, from 0; `field`: "kind" or "person"."""

    def __init__(self, part: int, field: str) -> None:
        super().__init__(f"part {part}: {field}")
        self.part, self.field = part, field


class StillUsed(Exception):
    """What was written about a part since would be lost with it: a note, an opinion, a message."""


@dataclass(frozen=True)
class Slice:
    """Pages of a document, both ends included, and where they are filed."""

    first: int
    last: int
    place: Place


@needs_transaction
def split(*, document_id: uuid.UUID, slices: Sequence[Slice], actor: str) -> list[Document]:
    """Make a part of each of these slices, in the caller's transaction; gives them, in their order.

    Raises `NotToSplit`, `WrongPages` or `WrongPlace`.
    """
    original = _locked(document_id)
    if not is_to_split(original):
        raise NotToSplit
    _check(original, slices)
    envelope_of(original.deposit)  # the receipt is signed of what was sent, before there is anything else
    now = timezone.now()
    keys = sorted(
        uuid.uuid4() for _asked in slices
    )  # they share a rank: lists have them in the order of their keys
    parts = [_part(original, asked, key) for asked, key in zip(slices, keys, strict=True)]
    Document.objects.bulk_create(parts)
    original.split_at, original.state, original.state_at = now, State.IN_PROGRESS, now
    original.save(update_fields=["split_at", "state", "state_at"])
    record(
        Event.DOCUMENT_SPLIT, subject=original.subject, owner=original.owner, actor=actor, parts=len(parts)
    )
    for part in parts:
        record(
            Event.PART_MADE, subject=part.subject, owner=part.owner, actor=actor,
            original=original.subject, kind=part.kind, first=part.first_page or 0, last=part.last_page or 0,
        )  # fmt: skip
    announce(
        EventType.DOCUMENT_SPLIT,
        subject=original.subject,
        owner=original.owner,
        parts=len(parts),
    )
    return parts


@needs_transaction
def put_together(*, document_id: uuid.UUID, actor: str) -> Document:
    """Undo `split`, in the caller's transaction, which has found that nothing of the parts was decided: they are no more.

    Raises `NotToSplit` (it has no parts, or lost one) or `StillUsed`.
    """
    original = _locked(document_id)
    parts = list(Document.objects.select_for_update(of=("self",)).filter(part_of=original).order_by("pk"))
    if original.split_at is None or any(part.erased_at for part in parts):
        raise NotToSplit
    for part in parts:
        tell_undone(part)
        forget_belongings(part)  # what the portal made of its pages by itself, as an erasure does
    if any(is_named(part) for part in parts):
        raise StillUsed
    for part in parts:
        record(Event.SPLIT_UNDONE, subject=part.subject, owner=part.owner, actor=actor)
        part.delete()
    original.split_at, original.state_at = None, timezone.now()
    original.save(update_fields=["split_at", "state_at"])
    record(Event.SPLIT_UNDONE, subject=original.subject, owner=original.owner, actor=actor)
    announce(EventType.DOCUMENT_SPLIT, subject=original.subject, owner=original.owner, parts=0)
    return original


def is_to_split(document: Document) -> bool:
    """It waits, has several pages that can be seen, and is what was sent."""
    waits = document.waits_for_answer and document.state in {State.CHECKED, State.IN_PROGRESS}
    return waits and not document.has_no_bytes and (document.page_count or 0) >= FEWEST


def _locked(document_id: uuid.UUID) -> Document:
    rows = Document.objects.select_for_update(of=("self",))
    document: Document = rows.get(pk=document_id)
    return document


def _check(original: Document, slices: Sequence[Slice]) -> None:
    count = original.page_count or 0
    pages = [page for asked in slices for page in range(asked.first, min(asked.last, count + 1) + 1)]
    if not FEWEST <= len(slices) <= MOST or sorted(pages) != list(range(1, count + 1)):
        raise WrongPages
    kinds = {kind.code for kind in profile().documents.kinds}
    people = {None, *Beneficiary.objects.filter(member=original.member_id).values_list("pk", flat=True)}
    for at, asked in enumerate(slices):
        if asked.place.kind not in kinds:
            raise WrongPlace(at, "kind")
        if asked.place.person not in people:
            raise WrongPlace(at, "person")


def _part(original: Document, asked: Slice, key: uuid.UUID) -> Document:
    """As its original where nothing else is said: what was promised, and under which receipt, stays."""
    pages = range(asked.first, asked.last + 1)
    return Document(
        pk=key,
        part_of=original,
        first_page=asked.first,
        last_page=asked.last,
        deposit_id=original.deposit_id,
        member_id=original.member_id,
        at=original.at,
        rank=original.rank,
        kind=asked.place.kind,
        sent_as="" if asked.place.kind == original.kind_as_sent else original.kind_as_sent,
        beneficiary_id=asked.place.person,
        person_chosen=True,
        note=original.note,
        state=State.IN_PROGRESS,
        state_at=timezone.now(),
        checked_at=original.checked_at,
        page_count=len(pages),
        blank_pages=[page - asked.first + 1 for page in original.blank_pages if page in pages],
        next_attempt_at=None,
        name=original.name,
        name_key=original.name_key,
        content_type=original.content_type,
        size=0,
        sha256="",
        wrapped_key=b"",
        storage_name=f"part-{key}",
    )
