"""What a member is about to send. Each page prepares a sending of its own; another page may go on with it, if asked to."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.database.transactions import needs_transaction
from adherents.members.models import Member
from adherents.storage.services import delete_objects, release
from adherents.vault import mails
from adherents.vault.models import Deposit, PendingFile, Sending, SendingQuerySet, Upload
from adherents.vault.services import receiving
from adherents.vault.services.deposit import Form
from adherents.vault.services.receiving import Arrived
from adherents.vault.services.standing import check_open, lock

KEPT_FOR = timedelta(days=1)  # after the last byte that came for it
REMINDED_BEFORE = timedelta(hours=6)  # its end
MOST_OPEN = 10


class SentAlready(Exception):
    """This sending was sent already, from this page or another one, as `deposit`."""

    def __init__(self, deposit: Deposit) -> None:
        super().__init__(deposit.number)
        self.deposit = deposit


class TooManyOpen(Exception):
    """The member has as many open sendings as the portal allows."""


@needs_transaction
def locked(*, member: Member, sending_id: uuid.UUID, agent: Account | None = None) -> Sending:
    """The member's sending of this id, in the caller's transaction, which holds the member's lock from here on: two at once
    make one. Where there is none, a new one that is not written yet, with another id where the id is another member's, or
    of a sending that somebody else prepares (`agent`; None: the member). Raises `SentAlready`.
    """
    lock(member)
    sending = Sending.objects.select_for_update(of=("self",)).filter(pk=sending_id).first()
    mine = (member.pk, agent.pk if agent else None)
    if sending is None or (sending.member_id, sending.agent_id) != mine:
        return Sending(id=uuid.uuid4() if sending else sending_id, member=member, agent=agent)
    if sending.deposit_id is not None:
        raise SentAlready(Deposit.objects.get(pk=sending.deposit_id))
    return sending


@needs_transaction
def opened(*, member: Member, sending_id: uuid.UUID, agent: Account | None = None) -> Sending:
    """As `locked`, in the caller's transaction too, written, and kept for a day from now: something comes for it. Raises
    `TooManyOpen` too.
    """
    sending = locked(member=member, sending_id=sending_id, agent=agent)
    if sending._state.adding:
        _check_not_too_many(Sending.objects.prepared_for(member, agent))
    sending.expires_at = timezone.now() + KEPT_FOR
    sending.save()
    return sending


def keep_longer(sending_id: uuid.UUID) -> None:
    """Keep the sending for a day from now: something came for it."""
    Sending.objects.filter(pk=sending_id, deposit=None).update(expires_at=timezone.now() + KEPT_FOR)


def keep_waiting(*, member: Member, sending_id: uuid.UUID, arrived: Sequence[Arrived], form: Form) -> Sending:
    """Keep the files, with what the form said, when the form was refused.

    Raises `SentAlready`, `TooManyOpen` or `Closed`: the files are still the caller's then.
    """
    with transaction.atomic():
        check_open(member)
        sending = opened(member=member, sending_id=sending_id)
        receiving.keep_waiting(member=member, arrived=arrived, sending=sending)
        _write(sending, form)
    return sending


def keep_form(*, member: Member, sending_id: uuid.UUID, form: Form) -> None:
    """Keep what the form says of a sending that has files; nothing happens to one that is not there, or sent."""
    for sending in Sending.objects.of(member).filter(pk=sending_id):
        _write(sending, form)


@needs_transaction
def set_apart(sending: Sending) -> None:
    """Make a sending of its own of the files that this sending leaves without, in the caller's transaction."""
    if sending._state.adding:
        return  # nothing came for it before
    left = PendingFile.objects.filter(sending=sending)
    on_the_way = Upload.objects.filter(sending=sending)
    if left.exists() or on_the_way.exists():
        other = Sending.objects.create(
            member_id=sending.member_id,
            expires_at=timezone.now() + KEPT_FOR,
            kind=sending.kind,
            beneficiary_id=sending.beneficiary_id,
            gather=sending.gather,
            answers_id=sending.answers_id,
            agent_id=sending.agent_id,
        )
        left.update(sending=other)
        on_the_way.update(sending=other)


def sweep_over(limit: int = 200) -> int:
    """Delete the sendings that were abandoned, and the rows of those that were sent. Returns how many files went."""
    over = Sending.objects.filter(expires_at__lte=timezone.now()).order_by("expires_at")
    return sum(_ended(pk) for pk in list(over.values_list("pk", flat=True)[:limit]))


def tell_what_waits(limit: int = 100) -> int:
    """Send a mail to each member whose files arrived and were never sent, hours before they are deleted. Returns how many mails.

    One mail tells of everything that waits, so that what ends later the same day sends no second one.
    """
    due = Sending.objects.filter(
        deposit=None,
        told_at=None,
        agent=None,
        expires_at__gt=timezone.now(),
        expires_at__lte=timezone.now() + REMINDED_BEFORE,
    )
    members = due.with_files().order_by("expires_at").values_list("member_id", flat=True)[:limit]
    return sum(_mail_what_waits(member_id) for member_id in dict.fromkeys(members))


def _check_not_too_many(waiting: SendingQuerySet) -> None:
    if waiting.count() >= MOST_OPEN:
        # A sending for which nothing came is only an intention.
        waiting.exclude(pk__in=waiting.with_files().values("pk")).filter(
            uploads=None, pending_files=None
        ).delete()
        if waiting.count() >= MOST_OPEN:
            raise TooManyOpen


def _write(sending: Sending, form: Form) -> None:
    Sending.objects.filter(pk=sending.pk, deposit=None).update(
        kind=form.kind,
        beneficiary=form.beneficiary,
        note=form.note,
        gather=form.gather,
        answers=form.answers,
    )


def _ended(sending_id: uuid.UUID) -> int:
    with transaction.atomic():
        sending = Sending.objects.select_for_update(of=("self",)).filter(pk=sending_id).first()
        if sending is None or sending.expires_at > timezone.now():
            return 0  # something came for it meanwhile
        pending_files, uploads = (
            list(sending.pending_files.all()),
            list(sending.uploads.prefetch_related("parts")),
        )
        files = [*pending_files, *(part for upload in uploads for part in upload.parts.all())]
        release(files)
        PendingFile.objects.filter(sending=sending).delete()
        Upload.objects.filter(sending=sending).delete()
        sending.delete()
    delete_objects([file.storage_name for file in files])
    return len(pending_files) + len(uploads)


def _mail_what_waits(member_id: int) -> bool:
    with transaction.atomic():
        member = Member.objects.select_for_update(no_key=True, of=("self",)).get(pk=member_id)
        waiting = Sending.objects.of(member).filter(told_at=None).with_files()
        count = sum(sending.ready + sending.begun for sending in waiting)
        first = min((sending.expires_at for sending in waiting), default=None)
        if first is None:
            return False  # it was sent meanwhile, or another worker sent the mail
        Sending.objects.filter(pk__in=[sending.pk for sending in waiting]).update(told_at=timezone.now())
        mails.still_to_send(member, count=count, until=first)
    return True
