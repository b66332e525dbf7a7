"""What was read goes with its document."""

from adherents.database.transactions import needs_transaction
from adherents.feed.event_types import EventType
from adherents.feed.services import announce
from adherents.reading.models import Judgement, PaperField, PaperReading
from adherents.vault.models import Document

A_ROUND = 500


@needs_transaction
def forget(document: Document) -> None:
    """Delete what was read on it, in the caller's transaction, which erases it."""
    PaperReading.objects.filter(document=document).delete()


@needs_transaction
def withdraw(document: Document) -> None:
    """Tell the insurer's systems, in the caller's transaction, that what was confirmed on it is not any more: it was a part, and
    is one no more. Of a document that is erased nothing is told here: what was confirmed on it was right.
    """
    confirmed = PaperField.objects.filter(reading__document=document, judgement=Judgement.RIGHT)
    for code in confirmed.order_by("rank").values_list("code", flat=True):
        announce(EventType.READING_WITHDRAWN, subject=document.subject, owner=document.owner, code=code)


def forget_erased(limit: int = A_ROUND) -> int:
    """Delete what a version that does not know this room left, when it erased a document; how many."""
    keys = list(PaperReading.objects.of_the_erased().values_list("pk", flat=True)[:limit])
    PaperReading.objects.filter(pk__in=keys).delete()
    return len(keys)
