"""A deposit: files that arrived become documents, with a number, a journal entry and a mail, in one transaction."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Beneficiary, Member
from adherents.vault import mails
from adherents.vault.models import Arrival, Deposit, Document, ReceiptCounter
from adherents.vault.services.arrival import Arrived, Refused, own
from adherents.vault.services.receipts import issue


class NothingArrived(Exception):
    """No file arrived whole: there is nothing to deposit."""


def deposit(
    *,
    member: Member,
    kind: str,
    beneficiary: Beneficiary | None,
    note: str,
    arrived: Sequence[Arrived],
    refused: Sequence[Refused] = (),
    order: Sequence[str] = (),
    answers: Document | None = None,
) -> Deposit:
    """Make documents of what arrived now and of what waited, and a receipt of them.

    `kind` is a code of the profile; `refused` is told on the receipt; `order` has the ids of what waited as the member
    put them, those that it does not name come last. `answers`: the member's own document in whose stead these come.
    Raises `NothingArrived`.
    """
    place_of = {name: place for place, name in enumerate(order)}
    with transaction.atomic():
        waiting = list(Arrival.objects.waiting_for(member).select_for_update())
        waiting.sort(key=lambda file: place_of.get(str(file.pk), len(place_of)))
        if not waiting and not arrived:
            raise NothingArrived
        own([file.sealed.storage_name for file in arrived])
        Arrival.objects.filter(pk__in=[file.pk for file in waiting]).delete()
        now = timezone.now()
        made = Deposit.objects.create(
            number=next_number(timezone.localtime(now).year),
            member=member,
            at=now,
            refused=[{"name": file.name, "reason": file.reason.value} for file in refused],
        )
        documents = [
            Document(
                **facts,
                deposit=made,
                member=member,
                at=now,
                place=place,
                state_at=now,
                kind=kind,
                beneficiary=beneficiary,
                note=note,
                answers=answers,
                next_attempt_at=now,
            )
            for place, facts in enumerate(
                [*map(_facts, waiting), *(file.facts() for file in arrived)], start=1
            )
        ]
        Document.objects.bulk_create(documents)
        named = {"answers": answers.subject} if answers else {}
        for document in documents:
            record(
                Event.DOCUMENT_DEPOSITED,
                subject=document.subject,
                actor=member.subject,
                deposit=made.number,
                kind=kind,
                size=document.size,
                sha256=document.sha256,
                **named,
            )
        issue(made, documents)
        mails.deposit_arrived(made, documents)
    return made


def _facts(file: Arrival) -> dict[str, object]:
    names = ("id", "name", "content_type", "size", "sha256", "wrapped_key", "storage_name")
    return {name: getattr(file, name) for name in names}


def next_number(year: int) -> str:
    """« D-2026-000123 ». The year's row stays locked until the transaction ends: two deposits never get one number."""
    counter = ReceiptCounter.objects.filter(year=year)
    if not counter.update(last=F("last") + 1):
        ReceiptCounter.objects.bulk_create([ReceiptCounter(year=year)], ignore_conflicts=True)
        counter.update(last=F("last") + 1)
    return f"D-{year}-{counter.get().last:06d}"
