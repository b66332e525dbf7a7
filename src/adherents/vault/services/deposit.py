"""A deposit: files that arrived become documents, with a number, a journal entry and a mail, in one transaction."""

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.drafts import services as drafts
from adherents.drafts.kinds import DraftKind
from adherents.inspection.file_type import PDF
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Beneficiary, Member
from adherents.storage.objects import fresh_name
from adherents.storage.services import claim
from adherents.vault import mails
from adherents.vault.models import Deposit, Document, GatheredPhoto, PendingFile, ReceiptCounter
from adherents.vault.origins import Origin
from adherents.vault.services.allowance import NoRoom
from adherents.vault.services.arrival import Arrived, RefusedFile, admitted, in_order
from adherents.vault.services.gathering import Facts, papers_of
from adherents.vault.services.receipts import issue
from adherents.vault.services.standing import check_open


class NothingArrived(Exception):
    """No file arrived whole: there is nothing to deposit."""


class FilesGone(Exception):
    """A file that the page named is not there any more: taken back, sent or given up elsewhere. Nothing was deposited."""


def deposit(
    *,
    member: Member,
    kind: str,
    beneficiary: Beneficiary | None,
    note: str,
    arrived: Sequence[Arrived],
    refused: Sequence[RefusedFile] = (),
    named: Sequence[uuid.UUID] = (),
    gather: bool = False,
    origin: Origin = Origin.MEMBER,
    answers: Document | None = None,
) -> Deposit:
    """Make documents of what arrived now and of what waited, and a receipt of every file as it arrived.

    `kind` is a code of the profile; `refused` is told on the receipt; `named` are the ids of what waited, in the member's
    order: nothing else that waits is touched. `gather`: the photos are one document, whose PDF the worker makes. `answers`:
    the member's own document in whose stead these come. What comes with a message (`origin`) has a receipt too, and no mail:
    nobody has to decide it. What there is no room for is refused, and told on the receipt; with a message nothing enters then
    (`NoRoom`). Raises `NothingArrived`, `FilesGone` or `Closed`.
    """
    with transaction.atomic():
        check_open(member)
        mine = PendingFile.objects.waiting_for(member).filter(pk__in=named).select_for_update(of=("self",))
        waiting = in_order(list(mine), named)
        if len(waiting) < len({*named}):
            raise FilesGone
        came, already_refused = len(arrived), len(refused)
        arrived, refused = admitted(member, arrived, refused)
        if origin == Origin.MESSAGE and len(arrived) < came:
            raise NoRoom(refused[already_refused].reason)
        if not waiting and not arrived:
            raise NothingArrived
        claim([file.sealed.storage_name for file in arrived])
        PendingFile.objects.filter(pk__in=[file.pk for file in waiting]).delete()
        now = timezone.now()
        made = Deposit.objects.create(
            number=next_number(timezone.localtime(now).year),
            member=member,
            at=now,
            refused=[{"name": file.name, "reason": file.reason.value} for file in refused],
        )
        files = [*map(_facts, waiting), *(file.facts() for file in arrived)]
        documents, photos = [], []
        for place, paper in enumerate(papers_of(files, gather=gather), start=1):
            document = Document(
                **(paper[0] if len(paper) == 1 else _to_gather(paper)),
                deposit=made,
                member=member,
                at=now,
                place=place,
                state_at=now,
                kind=kind,
                beneficiary=beneficiary,
                note=note,
                origin=origin,
                answers=answers,
                next_attempt_at=now,
            )
            documents.append(document)
            if len(paper) > 1:
                numbered = enumerate(paper, start=1)
                photos += [
                    GatheredPhoto(**facts, document=document, number=number) for number, facts in numbered
                ]
        Document.objects.bulk_create(documents)
        GatheredPhoto.objects.bulk_create(photos)
        told = {"answers": answers.subject} if answers else {}
        for document in documents:
            sent = document.sent_files
            record(
                Event.DOCUMENT_DEPOSITED,
                subject=document.subject,
                actor=member.subject,
                deposit=made.number,
                kind=kind,
                size=sum(file.size for file in sent),
                sha256=" ".join(file.sha256 for file in sent),
                **told,
            )
        issue(made, documents)
        if origin == Origin.MEMBER and member.account_id:
            about = answers.subject if answers else ""
            drafts.done(account_id=member.account_id, kind=DraftKind.SENDING, about=about)
        if origin == Origin.MEMBER:
            mails.deposit_arrived(made, documents)
    return made


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


def _facts(file: PendingFile) -> Facts:
    names = ("id", "name", "content_type", "size", "sha256", "wrapped_key", "storage_name")
    return {name: getattr(file, name) for name in names}


def next_number(year: int) -> str:
    """« D-2026-000123 ». The year's row stays locked until the transaction ends: two deposits never get one number."""
    counter = ReceiptCounter.objects.filter(year=year)
    if not counter.update(last=F("last") + 1):
        ReceiptCounter.objects.bulk_create([ReceiptCounter(year=year)], ignore_conflicts=True)
        counter.update(last=F("last") + 1)
    return f"D-{year}-{counter.get().last:06d}"
