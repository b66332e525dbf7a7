from django.db.models import QuerySet

from adherents.casework.models import Decision, Item, Relocation, Summary
from adherents.casework.services import morning_alerts
from adherents.casework.services.deciding import settle_due
from adherents.casework.services.entering import enter_lately, put_right, ready_to_enter
from adherents.casework.services.queue import end_leases
from adherents.casework.services.relocating import settle_due as hand_in_due
from adherents.casework.services.telling import tell_due
from adherents.casework.signed.services import accept_signed
from adherents.reading.models import PaperReading
from adherents.vault.models import Document, State
from adherents.work.registry import backlog, due_row_of, sweep


@backlog("queue_entry", since="checked_at")
def entering() -> QuerySet[Document]:
    return ready_to_enter()


@backlog("decisions", since="at")
def unsettled() -> QuerySet[Decision]:
    return Decision.objects.unfinished()


@backlog("summaries", since="begun_at")
def not_told() -> QuerySet[Summary]:
    return Summary.objects.unfinished()


@backlog("relocations", since="at")
def not_handed_in() -> QuerySet[Relocation]:
    return Relocation.objects.unfinished()


@backlog("queue", since="entered_at", lane="")
def for_agents() -> QuerySet[Item]:
    return Item.objects.waiting()


def _is_checked(row: object) -> bool:
    return isinstance(row, Document) and row.state == State.CHECKED and row.next_attempt_at is None


# What the checks of documents lead to, and what figures count, have queues of their own.
@sweep("casework.entering", broker_queue="checking", woken_by=_is_checked)
def enter() -> int:
    return enter_lately()


@sweep("casework.entering.all", every=120, broker_queue="checking")
def enter_what_was_forgotten() -> int:
    return put_right()


def _is_read(row: object) -> bool:
    return isinstance(row, PaperReading) and row.read_at is not None


@sweep("casework.signed", every=5, broker_queue="checking", woken_by=_is_read)
def accept_what_is_signed() -> int:
    return accept_signed()


@sweep("casework.leases", every=5, broker_queue="checking")
def free() -> int:
    return end_leases()


@sweep("casework.decisions", broker_queue="figures", woken_by=due_row_of(Decision))
def settle() -> int:
    return settle_due()


@sweep("casework.summaries", broker_queue="figures", woken_by=due_row_of(Summary))
def tell() -> int:
    return tell_due()


@sweep("casework.morning_alerts", every=60)
def tell_who_leads() -> int:
    return morning_alerts.tell_due()


@sweep("casework.relocations", broker_queue="checking", woken_by=due_row_of(Relocation))
def relocate() -> int:
    return hand_in_due()
