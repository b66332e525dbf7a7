"""One message to many members: checked, written, undone while it has not begun, and sent by a worker, a thread a member.

The circular's row is the work. Who undoes it and the worker that begins it lock that row: one of them is first. Each copy is a
transaction of its own under its own row's lock, so that a worker that dies loses none and sends none twice.
"""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import ActRefused, check_act
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.messaging.models import Circular, CircularCopy, Thread
from adherents.messaging.selectors import recipients
from adherents.messaging.services import threads
from adherents.vault.services.standing import lock
from adherents.work.services import do_each

LEAST_UNDO = timedelta(seconds=60)  # for what many will read
A_LEASE = 300  # seconds
KEEP_EVERY = 50  # copies


class CircularRefused(Exception):
    """Why this cannot be sent now, in words for the agent."""

    message: str | Promise = _("Ce message ne peut pas partir maintenant.")
    field = ""


class OtherCount(CircularRefused):
    field = "confirmed"
    message = _("Ce n’est pas le nombre d’adhérents de cette liste. Vérifiez-la, puis tapez leur nombre.")


class TooMany(CircularRefused):
    field = "numbers"
    message = _("Cette liste est trop longue pour un seul message.")


class CircularBegun(CircularRefused):
    message = _("Trop tard : l’envoi a commencé.")


def undo_time() -> timedelta:
    """How long a circular waits before it begins."""
    return max(LEAST_UNDO, timedelta(seconds=profile().casework.undo_seconds))


def write_circular(
    *, agent: Account, key: uuid.UUID, subject: str, body: str, numbers: Sequence[str], confirmed: int
) -> Circular:
    """Write one message to those of these numbers who can read it; it leaves when `undo_time` is over.

    The same `key` is one circular. `confirmed`: how many members the agent saw and typed.
    Raises `ActRefused`, `Unfilled`, `TooMany` or `OtherCount`.
    """
    threads.check_filled(body)
    with transaction.atomic():
        check_act(agent=agent, act=Act.WRITE_TO_MANY)
        before: Circular | None = Circular.objects.filter(pk=key, agent=agent).first()
        if before is not None:
            return before
        members = recipients(numbers).members
        if len(members) > profile().messages.many_at_most:
            raise TooMany
        if not members or len(members) != confirmed:
            raise OtherCount
        now = timezone.now()
        circular = Circular.objects.create(
            pk=key,
            agent=agent,
            subject=subject,
            body=body,
            count=len(members),
            written_at=now,
            next_attempt_at=now + undo_time(),
        )
        CircularCopy.objects.bulk_create(CircularCopy(circular=circular, member=member) for member in members)
        _record(Event.CIRCULAR_WRITTEN, circular, by=agent.actor, members=circular.count)
    return circular


def undo_circular(*, agent: Account, circular_id: uuid.UUID) -> Circular:
    """Nobody gets it. Any agent who may write one may undo it. Twice is once.

    Raises `ActRefused`, `CircularBegun` or `Circular.DoesNotExist`.
    """
    with transaction.atomic():
        check_act(agent=agent, act=Act.WRITE_TO_MANY)
        circular = _locked(circular_id)
        if circular.begun_at is not None:
            raise CircularBegun
        if circular.undone_at is None:
            _stop(circular, by=agent.actor)
    return circular


def send_due(limit: int = 5) -> int:
    """Send the circulars whose time has come; how many were tried."""
    return do_each(Circular.objects.claim_due(limit, lease_seconds=A_LEASE), send)


def send(claimed: Circular) -> None:
    """Begin one, unless it was undone, and send each copy that is left."""
    circular = _begin(claimed)
    if circular is None:
        return
    left = list(
        CircularCopy.objects.left().filter(circular=circular).order_by("pk").values_list("pk", flat=True)
    )
    for place, copy_id in enumerate(left):
        if place % KEEP_EVERY == 0 and not claimed.keep_lease(A_LEASE):
            return  # another worker has it
        _send_copy(circular, copy_id)
    _end(circular)


def _begin(claimed: Circular) -> Circular | None:
    """From here on it cannot be undone. None: it was, or its agent may write no more."""
    with transaction.atomic():
        try:
            check_act(agent=claimed.agent, act=Act.WRITE_TO_MANY)
            may = True
        except ActRefused:
            may = False
        circular = _locked(claimed.pk)
        if circular.begun_at is not None:
            return circular
        if circular.undone_at is not None:
            return None
        if not may:
            _stop(circular, by="system")
            return None
        circular.begun_at = timezone.now()
        circular.save(update_fields=["begun_at"])
        _record(Event.CIRCULAR_BEGUN, circular, by="system", members=circular.count)
    return circular


def _send_copy(circular: Circular, copy_id: int) -> None:
    """One member's thread, once. It is closed from the start, so that hundreds of them fill no list.

    What the member writes opens it, and it is nobody's then.
    """
    with transaction.atomic():
        rows = CircularCopy.objects.left().select_related("member__account").select_for_update(of=("self",))
        copy = rows.filter(pk=copy_id).first()
        if copy is None:
            return
        lock(copy.member)
        now = timezone.now()
        thread = Thread(member=copy.member, subject=circular.subject, closed_at=now)
        try:
            threads.write_first(thread, circular.agent, circular.body)
        except threads.MemberAccountClosed:
            copy.left_out = True
        else:
            copy.thread, copy.sent_at = thread, now
        copy.save(update_fields=["thread", "sent_at", "left_out"])


def _end(circular: Circular) -> None:
    with transaction.atomic():
        row = _locked(circular.pk)
        if row.ended_at is not None or CircularCopy.objects.left().filter(circular=row).exists():
            return
        row.ended_at = timezone.now()
        row.work_done()
        row.save(update_fields=[*Circular.WORK_FIELDS, "ended_at"])
        _record(
            Event.CIRCULAR_ENDED,
            row,
            by="system",
            members=CircularCopy.objects.sent().filter(circular=row).count(),
        )


def _stop(circular: Circular, *, by: str) -> None:
    circular.undone_at = timezone.now()
    circular.work_done()
    circular.save(update_fields=[*Circular.WORK_FIELDS, "undone_at"])
    _record(Event.CIRCULAR_UNDONE, circular, by=by, members=circular.count)


def _locked(circular_id: uuid.UUID) -> Circular:
    rows = Circular.objects.select_related("agent").select_for_update(of=("self",))
    found: Circular = rows.get(pk=circular_id)
    return found


def _record(event: Event, circular: Circular, *, by: str, members: int) -> None:
    record(event, subject=circular.journal_subject, actor=by, members=members)
