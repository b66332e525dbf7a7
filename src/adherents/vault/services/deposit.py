"""A deposit: files that arrived become documents, with a number, a journal entry and a mail, in one transaction."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.accounts.models import Account
from adherents.database.transactions import needs_transaction
from adherents.feed.event_types import EventType
from adherents.feed.services import announce
from adherents.inspection.file_type import PDF
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.acting import Acting
from adherents.members.models import Beneficiary, Member
from adherents.storage.objects import fresh_name
from adherents.storage.services import claim
from adherents.telemetry import metrics
from adherents.vault import mails
from adherents.vault.models import Deposit, Document, GatheredPhoto, PendingFile, ReceiptBlock, ReceiptCounter
from adherents.vault.origins import ATTACHMENT, Channel, Origin
from adherents.vault.receipts.services import issue
from adherents.vault.services.allowance import NoRoom, room_of_agent
from adherents.vault.services.gathering import Facts, files_by_document
from adherents.vault.services.receiving import FormFiles, admitted, admitted_to, in_order

MOST_DEPOSITS_A_SECOND = 50  # ten times what four million members send on the busiest day
NUMBERS_A_BLOCK, BLOCKS_AT_ONCE = 25, 8  # as many deposits at one moment wait for none of the others
CLOCKS_APART_SECONDS = 600  # of the machine that was lost and of this one


class NothingArrived(Exception):
    """No file arrived whole: there is nothing to deposit."""


class FilesGone(Exception):
    """A file that the page named is gone: it was taken back, sent or given up elsewhere. Nothing was deposited."""


@dataclass(frozen=True, slots=True)
class Form:
    """What the form around the files says, as far as it is filled in. `kind` is a code of the profile.

    `gather`: the photos are one document, whose PDF the worker makes. `answers`: the member's own document that the
    files replace.
    """

    kind: str = ""
    beneficiary: Beneficiary | None = None
    note: str = ""
    gather: bool = False
    answers: Document | None = None


@dataclass(frozen=True, slots=True)
class SentBy:
    """Who sends: the columns that say so, and how the journal names them."""

    columns: dict[str, Any]
    actor: str


@dataclass(frozen=True, slots=True)
class WayIn:
    """By which way and when something came otherwise than by the portal, and the agent who deposits it for its member."""

    channel: Channel
    on: date
    agent: Account


@needs_transaction
def from_agent(*, acting: Acting, form: Form, files: FormFiles, came: WayIn) -> Deposit:
    """As `from_member`, of what came otherwise: `acting` is the member, whose file it is and who sent it.

    To be called in a transaction that holds the member's lock.

    A member who has sent much today is no reason to refuse what came by post: no room is asked for.
    """
    columns = {
        "sent_by": acting.person,
        "channel": came.channel,
        "received_on": came.on,
        "entered_by": came.agent,
    }
    by = SentBy(columns, came.agent.actor)
    made, documents = _made(acting.file, form, files, Origin.MEMBER, by)
    mails.deposit_entered(made, documents)
    return made


@needs_transaction
def from_member(*, acting: Acting, form: Form, files: FormFiles) -> Deposit:
    """Deposit what a member sends: make the documents, a receipt of every file as it arrived, and a mail.

    To be called in a transaction that holds the member's lock. Files that find no room are refused, and the
    receipt says so.
    Raises `NothingArrived` or `FilesGone`.
    """
    made, documents = _made(
        acting.file, form, admitted(acting.file, files), Origin.MEMBER, _the_person(acting)
    )
    mails.deposit_arrived(made, documents)
    return made


@needs_transaction
def with_message(*, acting: Acting, files: FormFiles) -> Deposit:
    """Deposit what comes with a message: documents and a receipt as for others, but no mail, because no agent decides them.

    To be called in a transaction that holds the member's lock where something arrived. Raises `NoRoom`, and nothing enters
    then, `NothingArrived` or `FilesGone`.
    """
    enter = admitted(acting.file, files)
    if enter.refused:
        raise NoRoom(enter.refused[0].reason)
    made, _documents = _made(acting.file, Form(kind=ATTACHMENT), enter, Origin.MESSAGE, _the_person(acting))
    return made


@needs_transaction
def with_answer(*, agent: Account, member: Member, files: FormFiles) -> list[Document]:
    """Deposit what an agent attaches to a message: its member is told by the message, and gets it once it is checked.

    To be called in a transaction that holds the agent's lock and the member's. Raises as `with_message`, for the agent's room.
    """
    enter = admitted_to(room_of_agent(agent) if files.arrived else None, files)
    if enter.refused:
        raise NoRoom(enter.refused[0].reason)
    by = SentBy({"entered_by": agent}, agent.actor)
    return _made(member, Form(kind=ATTACHMENT), enter, Origin.ANSWER, by)[1]


def _the_person(acting: Acting) -> SentBy:
    return SentBy({"sent_by": acting.person}, acting.actor)


def _made(
    member: Member, form: Form, files: FormFiles, origin: Origin, by: SentBy
) -> tuple[Deposit, list[Document]]:
    waited = _taken(member, files.named)
    if not waited and not files.arrived:
        raise NothingArrived
    claim([file.sealed.storage_name for file in files.arrived])
    now = timezone.now()
    made = Deposit.objects.create(
        number=next_number(timezone.localtime(now).year),
        member=member,
        at=now,
        refused=[{"name": file.name, "reason": file.reason.value} for file in files.refused],
        **by.columns,
    )
    facts = [*map(_facts, waited), *(file.facts() for file in files.arrived)]
    answers = _still_to_replace(form.answers)
    documents, photos = list[Document](), list[GatheredPhoto]()
    for rank, document_files in enumerate(files_by_document(facts, gather=form.gather), start=1):
        document = Document(
            **(document_files[0] if len(document_files) == 1 else _to_gather(document_files)),
            deposit=made,
            member=member,
            at=now,
            rank=rank,
            state_at=now,
            kind=form.kind,
            beneficiary=form.beneficiary,
            note=form.note,
            origin=origin,
            answers=answers,
            next_attempt_at=now,
        )
        documents.append(document)
        if len(document_files) > 1:
            numbered = enumerate(document_files, start=1)
            photos += [GatheredPhoto(**photo, document=document, number=number) for number, photo in numbered]
    Document.objects.bulk_create(documents)
    GatheredPhoto.objects.bulk_create(photos)
    for document in documents:
        _record(document, by.actor)
    issue(made, documents)
    transaction.on_commit(metrics.DEPOSITS.labels(origin.value).inc)
    return made, documents


def _still_to_replace(answered: Document | None) -> Document | None:
    """The document that this one replaces, locked; None where an agent has reopened its decision since the page was read: it is
    treated again, and what was sent is a document of its own."""
    if answered is None:
        return None
    still: Document | None = (
        Document.objects.select_for_update(of=("self",), no_key=True)
        .replaceable()
        .filter(pk=answered.pk)
        .first()
    )
    return still


def _taken(member: Member, named: Sequence[uuid.UUID]) -> list[PendingFile]:
    """The files of these ids, out of what waits. Raises `FilesGone` where one is not there."""
    if not named:
        return []  # the form brought them all: to ask for none of them costs as much as to ask
    mine = PendingFile.objects.waiting_for(member).filter(pk__in=named).select_for_update(of=("self",))
    waited = in_order(list(mine), named)
    if len(waited) < len({*named}):
        raise FilesGone
    PendingFile.objects.filter(pk__in=[file.pk for file in waited]).delete()
    return waited


def _record(document: Document, actor: str) -> None:
    sent, answers = document.sent_files, document.answers
    record(
        Event.DOCUMENT_DEPOSITED,
        subject=document.subject,
        owner=document.owner,
        actor=actor,
        deposit=document.deposit.number,
        kind=document.kind,
        size=sum(file.size for file in sent),
        sha256=" ".join(file.sha256 for file in sent),
        **({"answers": answers.subject} if answers else {}),
        **_how_it_came(document.deposit),
    )
    announce_received(document)


def _to_gather(photos: Sequence[Facts]) -> Facts:
    """The document of these photos, before the worker makes its PDF: only its name is known."""
    name = _("%(count)d photos réunies") % {"count": len(photos)}
    return {
        "name": f"{name}.pdf",
        "content_type": PDF,
        "photo_count": len(photos),
        "size": 0,
        "wrapped_key": b"",
        "storage_name": fresh_name(),
    }


@needs_transaction
def announce_received(document: Document) -> None:
    """Announce it. Must be called in the transaction in which it arrives."""
    announce(
        EventType.DOCUMENT_RECEIVED,
        subject=document.subject,
        owner=document.owner,
        origin=document.origin,
        kind=document.kind,
        receipt=document.deposit.number,
        **_how_it_came(document.deposit),
    )


def _how_it_came(deposit: Deposit) -> dict[str, str]:
    """Nothing of what came by the portal."""
    if deposit.received_on is None:
        return {}
    return {"channel": deposit.way, "received_on": deposit.received_on.isoformat()}


def _facts(file: PendingFile) -> Facts:
    names = ("id", "name", "content_type", "size", "sha256", "wrapped_key", "storage_name")
    return {name: getattr(file, name) for name in names}


@needs_transaction
def next_number(year: int) -> str:
    """« D-2026-000123 », which is no other deposit's of any time. Must be called in the transaction of the deposit.

    No deposit waits for another one's number: each holds a block of numbers, and those that are made at the same moment hold
    others. So numbers of one moment are not in the order of time, and some are never given.
    """
    block = _begun(year) or _set_apart(year)
    ReceiptBlock.objects.filter(pk=block.pk).update(next=block.next + 1)
    return f"D-{year}-{block.next:06d}"


def _begun(year: int) -> ReceiptBlock | None:
    """The lowest block that no other deposit holds; from here on this one does."""
    return ReceiptBlock.objects.begun(year).select_for_update(skip_locked=True).first()


def _set_apart(year: int) -> ReceiptBlock:
    """The first of new blocks, since each is held or spent. The year's counter stays locked until the transaction ends, which
    happens once in two hundred deposits."""
    wanted = BLOCKS_AT_ONCE * NUMBERS_A_BLOCK
    ReceiptCounter.objects.bulk_create([ReceiptCounter(year=year)], ignore_conflicts=True)
    before = ReceiptCounter.objects.select_for_update().get(year=year).last
    if block := _begun(year):  # of the deposit that held the counter meanwhile
        return block
    ReceiptCounter.objects.filter(year=year).update(last=before + wanted)
    spent = ReceiptBlock.objects.spent().select_for_update(skip_locked=True)
    ReceiptBlock.objects.filter(pk__in=list(spent.values_list("pk", flat=True))).delete()
    firsts = range(before + 1, before + wanted, NUMBERS_A_BLOCK)
    blocks = [ReceiptBlock(year=year, next=first, last=first + NUMBERS_A_BLOCK - 1) for first in firsts]
    return ReceiptBlock.objects.bulk_create(blocks)[0]


@needs_transaction
def skip_numbers(*, since: datetime) -> None:
    """Never give again a number that may have been given since this moment by a database that is lost.

    As many numbers are left out, of each year, in the caller's transaction, as the busiest portal could have given meanwhile.
    """
    now = timezone.localtime()
    for year in range(timezone.localtime(since).year, now.year + 1):
        begins, ends = (datetime(y, 1, 1, tzinfo=now.tzinfo) for y in (year, year + 1))
        seconds = max(0.0, (min(now, ends) - max(since, begins)).total_seconds()) + CLOCKS_APART_SECONDS
        ReceiptCounter.objects.bulk_create([ReceiptCounter(year=year)], ignore_conflicts=True)
        skipped = int(seconds * MOST_DEPOSITS_A_SECOND)
        ReceiptCounter.objects.filter(year=year).update(last=F("last") + skipped)
    ReceiptBlock.objects.all().delete()  # another database may have given what they held
