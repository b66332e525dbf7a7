"""Activation letters: a code on paper, for members that no mail can reach (G10).

A request is a row. One letter is drawn at once; the worker draws a batch. The PDF is sealed in the row and destroyed an
hour later: the codes are then on paper only.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import AccessLink
from adherents.accounts.policy_from_profile import letter_ends
from adherents.accounts.services.letter import new_code, put_in_letter
from adherents.enrolment import paper
from adherents.enrolment.models import LETTERS_KEPT_FOR, LetterBatch
from adherents.enrolment.paper import Letter
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member, MemberQuerySet
from adherents.members.services.accounts import attach_account
from adherents.ui import spreadsheet
from adherents.work.services import do_each

MOST_LETTERS = 500  # a batch
KEPT_MINUTES = int(LETTERS_KEPT_FOR.total_seconds() // 60)


class NobodyToWriteTo(Exception):
    """No member needs a letter any more: their address is right, or their account closed, or a letter is on its way."""

    message = _("Personne n’attend de courrier.")


@dataclass(frozen=True, slots=True)
class Taken:
    """A file to download."""

    name: str
    content_type: str
    content: bytes


def waiting_for_one(people: MemberQuerySet) -> MemberQuerySet:
    """Those of `people` without a live letter on its way, in the order of their numbers."""
    on_its_way = AccessLink.objects.live().letters().filter(account=OuterRef("account_id"))
    open_ones = people.filter(account__closed_at__isnull=True)
    return open_ones.filter(~Exists(on_its_way)).order_by("number")


def write_one(*, member: Member, actor: str, reason: str) -> LetterBatch:
    """Make a letter for one member at once; an earlier one no longer opens. Raises `NobodyToWriteTo`."""
    if not _need_one([member.pk]):
        raise NobodyToWriteTo
    batch = LetterBatch(actor=actor, reason=reason, members=[member.pk], next_attempt_at=None)
    batch.save(force_insert=True)
    prepare(batch)
    return batch


def ask_for_batch(*, people: MemberQuerySet, actor: str, reason: str) -> LetterBatch:
    """The first five hundred of `people` who wait for a letter; the worker makes theirs. Raises `NobodyToWriteTo`."""
    keys = list(waiting_for_one(people).values_list("pk", flat=True)[:MOST_LETTERS])
    if not keys:
        raise NobodyToWriteTo
    return LetterBatch.objects.create(actor=actor, reason=reason, members=keys)


def _need_one(keys: Sequence[int]) -> list[Member]:
    """Those of these members that no mail reaches and that have no closed account, in this order."""
    members = Member.objects.present().select_related("account").defer("nir").in_bulk(keys)
    return [
        members[key]
        for key in keys
        if key in members
        and not members[key].is_reachable
        and (members[key].account is None or members[key].account.closed_at is None)  # type: ignore[union-attr]
    ]


def prepare(batch: LetterBatch) -> None:
    """Draw the letters, then make their codes live, all in one transaction: a letter that was drawn in vain opens nothing."""
    now = timezone.now()
    members, ends = _need_one(batch.members), letter_ends(now)
    codes = {member.pk: new_code() for member in members}
    letters = [Letter.to(member, code=codes[member.pk], expires_at=ends) for member in members]
    sheets = base64.b64encode(paper.draw(letters, at=now)).decode() if letters else ""
    with transaction.atomic():
        held = LetterBatch.objects.select_for_update().filter(
            pk=batch.pk, lease=batch.lease, ready_at__isnull=True
        )
        if not held.exists():
            return  # another worker was quicker
        for member in members:
            _make_live(member, codes[member.pk], ends, batch)
        batch.sheets, batch.listing = sheets, _listing(members)
        batch.count, batch.ready_at = len(members), now
        batch.destroyed_at = None if members else now
        batch.work_done()
        batch.save()
        record(Event.LETTERS_READY, subject=batch.subject, actor=batch.actor, count=len(members))


def _make_live(member: Member, code: str, ends: datetime, batch: LetterBatch) -> None:
    account = attach_account(member=member)
    put_in_letter(account=account, code=code, expires_at=ends, actor=batch.actor, reason=batch.reason)


def _listing(members: Sequence[Member]) -> str:
    """The list for the print shop, which adds the postal addresses: the page of each member."""
    pages = ((page, member.number) for page, member in enumerate(members, start=1))
    return "".join(spreadsheet.lines([("page", "numero_adherent"), *pages]))


def prepare_due(limit: int = 1) -> int:
    """Make the letters that were asked for. Returns how many batches."""
    return do_each(LetterBatch.objects.claim_due(limit), prepare)


def take_sheets(*, batch_id: object, actor: str) -> Taken:
    """The PDF, for the agent who asked for it. Raises `LetterBatch.DoesNotExist`, also once it is destroyed."""
    batch = _take(batch_id, actor, "pdf")
    return Taken(f"courriers-{_mark(batch)}.pdf", "application/pdf", base64.b64decode(batch.sheets))


def take_listing(*, batch_id: object, actor: str) -> Taken:
    """The list that goes with it. Raises `LetterBatch.DoesNotExist`."""
    batch = _take(batch_id, actor, "csv")
    return Taken(f"courriers-{_mark(batch)}.csv", spreadsheet.CONTENT_TYPE, batch.listing.encode())


def _take(batch_id: object, actor: str, form: str) -> LetterBatch:
    with transaction.atomic():
        batch: LetterBatch = LetterBatch.objects.select_for_update().get(
            pk=batch_id, actor=actor, ready_at__isnull=False, destroyed_at__isnull=True
        )
        if batch.taken_until is None or batch.taken_until <= timezone.now():
            raise LetterBatch.DoesNotExist
        record(Event.LETTERS_TAKEN, subject=batch.subject, actor=actor, form=form)
    return batch


def _mark(batch: LetterBatch) -> str:
    return f"{timezone.localtime(batch.ready_at):%Y-%m-%d-%H%M}"


def destroy(*, batch: LetterBatch, actor: str = "system") -> bool:
    """Destroy the files of a batch. The printed codes still open. False: it was done already."""
    with transaction.atomic():
        held = LetterBatch.objects.filter(pk=batch.pk, ready_at__isnull=False, destroyed_at__isnull=True)
        if not held.update(sheets="", listing="", destroyed_at=timezone.now()):
            return False
        record(Event.LETTERS_DESTROYED, subject=batch.subject, actor=actor)
    return True


def destroy_old(limit: int = 50) -> int:
    """Destroy the batches that were ready an hour ago. Returns how many."""
    over = list(LetterBatch.objects.over().defer("sheets", "listing").order_by("ready_at")[:limit])
    return sum(destroy(batch=batch) for batch in over)
