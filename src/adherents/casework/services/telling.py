"""What a member is told of decisions by mail: at once of a document that was sent alone; of several, in one mail a sending.

That mail leaves when all of the sending is decided, or some time after its first decision with what is decided then
(`one_mail_minutes`); what follows, at most once a day. The row of the summary is the work: a worker that dies leaves it.
Locks are taken in one order: the item, its document, then the summary.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone

from adherents.casework import mails
from adherents.casework.models import Decision, Summary, SummaryLine
from adherents.database.transactions import needs_transaction
from adherents.insurer.profile import profile
from adherents.vault.models import Document, State
from adherents.vault.origins import Origin
from adherents.work.services import do_each

BETWEEN = timedelta(days=1)  # two mails about one sending
WAITING = (State.RECEIVED, State.CHECKED, State.IN_PROGRESS)


@needs_transaction
def tell(decision: Decision, document: Document) -> None:
    """Tell a decision that has just settled, in the caller's transaction: now, or with the rest of its sending."""
    beside = Document.objects.filter(deposit=document.deposit_id, origin=Origin.MEMBER, joined_at=None)
    if not beside.exclude(pk=document.pk).exists():
        mails.decided(decision, document)
        return
    summary = _open_summary(document.deposit_id)
    SummaryLine.objects.create(summary=summary, decision=decision)
    summary.next_attempt_at = _when(summary)
    summary.save(update_fields=["next_attempt_at"])


@needs_transaction
def forget(decision: Decision) -> None:
    """Leave a decision that stands no more out of a mail that was not posted yet, in the caller's transaction."""
    summaries = Summary.objects.open().filter(lines__decision=decision)
    if summaries.select_for_update(of=("self",)).first() is not None:
        SummaryLine.objects.filter(decision=decision).delete()


def tell_due(limit: int = 50) -> int:
    """Post the summaries whose time has come. Returns how many were tried."""
    return do_each(Summary.objects.claim_due(limit), post)


def post(summary: Summary) -> None:
    """Post one summary, once, with what stands of it. Where nothing does any more, there is nothing to tell."""
    with transaction.atomic():
        row = Summary.objects.open().filter(pk=summary.pk).select_for_update().first()
        if row is None:
            return
        told = Decision.objects.standing().filter(summary_line__summary=row, settled_at__isnull=False)
        about = told.select_related("item__document__member__account", "item__document__deposit")
        decisions = list(about.order_by("item__document__rank", "pk"))
        if not decisions:
            row.delete()
            return
        mails.summed_up(row, decisions, left=left_to_decide(row.deposit_id))
        row.posted_at = timezone.now()
        row.work_done()
        row.save(update_fields=[*Summary.WORK_FIELDS, "posted_at"])


def left_to_decide(deposit: int) -> int:
    """How many documents of the deposit still wait for a decision."""
    sent = Document.objects.kept().filter(deposit=deposit, origin=Origin.MEMBER, set_aside="")
    return sent.filter(split_at=None, joined_at=None, relocated_at=None).filter(state__in=WAITING).count()


def _open_summary(deposit: int) -> Summary:
    """The summary that decisions of this deposit join now, locked. One that is posted meanwhile takes none any more."""
    while True:
        fresh = Summary(deposit_id=deposit, next_attempt_at=None)
        Summary.objects.bulk_create([fresh], ignore_conflicts=True)
        row: Summary | None = Summary.objects.open().filter(deposit=deposit).select_for_update().first()
        if row is not None:
            return row


def _when(summary: Summary) -> datetime:
    """When the summary is posted, as things are. Call it under its lock: of two last decisions, the second sees the first."""
    now = timezone.now()
    due = now
    if left_to_decide(summary.deposit_id):
        first = summary.lines.aggregate(at=Min("decision__at"))["at"] or now
        due = first + timedelta(minutes=profile().casework.one_mail_minutes)
    last = Summary.objects.filter(deposit=summary.deposit_id).aggregate(at=Max("posted_at"))["at"]
    return max(due, last + BETWEEN) if last else due
