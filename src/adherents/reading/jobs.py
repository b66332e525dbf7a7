from django.db.models import QuerySet

from adherents.reading.models import PaperReading
from adherents.reading.services.entering import enter_lately
from adherents.reading.services.forgetting import forget_erased
from adherents.reading.services.working import read_due
from adherents.vault.models import Document, State
from adherents.work.registry import backlog, due_row_of, sweep


@backlog("reading", since="at", lane="readings")
def to_read() -> QuerySet[PaperReading]:
    return PaperReading.objects.unfinished()


def _is_checked(row: object) -> bool:
    return isinstance(row, Document) and row.state == State.CHECKED and row.next_attempt_at is None


@sweep("reading.entering", broker_queue="checking", woken_by=_is_checked)
def enter() -> int:
    return enter_lately()


# A picture takes seconds: in a lane of its own, no mail and no drawing waits for it.
@sweep("reading.papers", lane="readings", woken_by=due_row_of(PaperReading))
def read() -> int:
    return read_due()


@sweep("reading.erased", lane="readings", every=60)
def forget() -> int:
    return forget_erased()
