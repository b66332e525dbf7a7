"""Several documents that are one paper, such as three photos of one invoice: an agent joins them, and one is treated for all.

What was sent stays as it was sent, with its receipt; nobody decides it any more. What is made of it has no bytes of its own: its
pages are read from what it names, in their order, so nothing is sealed, moved or copied.
"""

import uuid
from collections.abc import Sequence

from django.utils import timezone

from adherents.database.transactions import needs_transaction
from adherents.feed.event_types import EventType
from adherents.feed.services import announce
from adherents.inspection.rasteriser import MOST_PAGES
from adherents.insurer.profile import profile
from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.vault.erasure import forget_belongings
from adherents.vault.models import Document, State
from adherents.vault.receipts.services import envelope_of
from adherents.vault.selectors.naming import is_named
from adherents.vault.services.filing import OPEN, NoSuchKind

FEWEST, MOST = 2, 20  # documents that become one


class NotToJoin(Exception):
    """One of them waits no more, or an agent made it of others, or was split; or they are not of one sending and one person."""


class WrongNumber(Exception):
    """They are too few, or too many, or have too many pages."""


class NotJoined(Exception):
    """It was not made of others, or one of these was destroyed."""


class StillNoted(Exception):
    """What was written about it since would be lost with it: a note, an opinion, a message."""


@needs_transaction
def join(*, document_ids: Sequence[uuid.UUID], kind: str, actor: str) -> Document:
    """Make one document of these, in their order, in the caller's transaction; gives it.

    `kind`: of the profile, or « Je ne sais pas ». Raises `NotToJoin`, `WrongNumber` or `NoSuchKind`.
    """
    originals = _locked(document_ids)
    _check(originals, kind)
    envelope_of(originals[0].deposit)  # the receipt is signed of what was sent, before there is anything else
    now = timezone.now()
    joined = _made_of(originals, kind)
    joined.save(force_insert=True)
    for rank, original in enumerate(originals, start=1):
        original.joined_into, original.joined_rank, original.joined_at = joined, rank, now
        original.state, original.state_at = State.IN_PROGRESS, now
        original.save(update_fields=[*_JOINED, "state", "state_at"])
        record(
            Event.DOCUMENT_JOINED, subject=original.subject, owner=original.owner, actor=actor,
            into=joined.subject, place=rank,
        )  # fmt: skip
        _announce(original, into=str(joined.pk))
    record(
        Event.JOINED_MADE, subject=joined.subject, owner=joined.owner, actor=actor,
        kind=kind, originals=len(originals),
    )  # fmt: skip
    return joined


@needs_transaction
def separate(*, document_id: uuid.UUID, actor: str) -> list[Document]:
    """Undo `join`, in the caller's transaction, which has found that nothing was decided: what was made of them is no more.

    Gives what was sent, in its order. Raises `NotJoined` or `StillNoted`.
    """
    joined: Document = Document.objects.select_for_update(of=("self",)).get(pk=document_id)
    rows = Document.objects.select_for_update(of=("self",)).filter(joined_into=joined)
    originals = list(rows.order_by("pk"))
    if not originals or joined.erased_at or any(original.erased_at for original in originals):
        raise NotJoined
    originals.sort(key=lambda original: original.joined_rank or 0)
    for original in originals:
        original.joined_into = original.joined_rank = original.joined_at = None
        original.state_at = timezone.now()
        original.save(update_fields=[*_JOINED, "state_at"])
        record(Event.JOIN_UNDONE, subject=original.subject, owner=original.owner, actor=actor)
        _announce(original, into="")
    forget_belongings(joined)  # what the portal made of its pages by itself, as an erasure does
    if is_named(joined):
        raise StillNoted
    record(Event.JOIN_UNDONE, subject=joined.subject, owner=joined.owner, actor=actor)
    joined.delete()
    return originals


def is_to_join(document: Document) -> bool:
    """It waits, its pages can be seen, and it is what was sent."""
    waits = document.waits_for_answer and document.state in OPEN
    return waits and not document.has_no_bytes and bool(document.page_count)


_JOINED = ["joined_into", "joined_rank", "joined_at"]


def _announce(original: Document, *, into: str) -> None:
    announce(EventType.DOCUMENT_JOINED, subject=original.subject, owner=original.owner, into=into)


def _locked(document_ids: Sequence[uuid.UUID]) -> list[Document]:
    """All of these, in their order; the locks are taken in the order of the keys."""
    rows = Document.objects.select_for_update(of=("self",)).filter(pk__in=document_ids)
    found = {row.pk: row for row in rows.order_by("pk")}
    if len(found) != len(document_ids):
        raise NotToJoin
    return [found[key] for key in document_ids]


def _check(originals: Sequence[Document], kind: str) -> None:
    if not FEWEST <= len(originals) <= MOST:
        raise WrongNumber
    alike = {(original.deposit_id, original.member_id, original.beneficiary_id) for original in originals}
    if len(alike) != 1 or not all(map(is_to_join, originals)):
        raise NotToJoin
    if sum(original.page_count or 0 for original in originals) > MOST_PAGES:
        raise WrongNumber
    if kind != UNKNOWN_KIND and kind not in {known.code for known in profile().documents.kinds}:
        raise NoSuchKind


def _made_of(originals: Sequence[Document], kind: str) -> Document:
    """As its first one where nothing else is said; it is promised by the earliest of their days."""
    key, first = uuid.uuid4(), originals[0]
    promised = min(originals, key=lambda original: original.answer_expected_on)
    types = {original.content_type for original in originals}
    said = promised.kind_as_sent
    blank: list[int] = []
    before = 0
    for original in originals:
        blank += [before + page for page in original.blank_pages]
        before += original.page_count or 0
    return Document(
        pk=key,
        joined_count=len(originals),
        deposit_id=first.deposit_id,
        member_id=first.member_id,
        at=min(original.at for original in originals),
        rank=min(original.rank for original in originals) - 1,  # a list has it before them
        kind=kind,
        sent_as="" if said == kind else said,
        beneficiary_id=first.beneficiary_id,
        person_chosen=any(original.person_chosen for original in originals),
        answers_id=next((original.answers_id for original in originals if original.answers_id), None),
        note="\n".join(dict.fromkeys(original.note for original in originals if original.note)),
        state=State.IN_PROGRESS,
        state_at=timezone.now(),
        checked_at=max((original.checked_at for original in originals if original.checked_at), default=None),
        page_count=before,
        blank_pages=blank,
        next_attempt_at=None,
        name=first.name,
        name_key=first.name_key,
        content_type=types.pop() if len(types) == 1 else "",
        size=0,
        sha256="",
        wrapped_key=b"",
        storage_name=f"joined-{key}",
    )
