"""What was read goes with its document."""

from adherents.database.transactions import needs_transaction
from adherents.reading.models import PaperReading
from adherents.vault.models import Document

A_ROUND = 500


@needs_transaction
def forget(document: Document) -> None:
    """Delete what was read on it, in the caller's transaction, which erases it."""
    PaperReading.objects.filter(document=document).delete()


def forget_erased(limit: int = A_ROUND) -> int:
    """Delete what a version that does not know this room left, when it erased a document; how many."""
    keys = list(PaperReading.objects.of_the_erased().values_list("pk", flat=True)[:limit])
    PaperReading.objects.filter(pk__in=keys).delete()
    return len(keys)
