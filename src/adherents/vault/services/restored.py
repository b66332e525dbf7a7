"""What a restore finds missing: objects that their rows name, and that were deleted after the rows were saved."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from adherents.vault.models import Document, Page, PendingFile, Thumbnail, Upload


def let_go_of(missing: Sequence[str]) -> int:
    """These objects are not there. What only waited goes, pages are drawn again; how many rows. Documents and photos stay.

    A file that waits, or came in part, was sent or given up since. Who sent it is asked for it again by the page.
    """
    with transaction.atomic():
        gone = PendingFile.objects.filter(storage_name__in=missing).delete()[0]
        gone += Upload.objects.filter(parts__storage_name__in=missing).delete()[0]
        gone += Thumbnail.objects.filter(storage_name__in=missing).delete()[0]
        to_draw = set(Page.objects.filter(storage_name__in=missing).values_list("document_id", flat=True))
        documents = Document.objects.filter(pk__in=to_draw, erased_at=None)
        return gone + documents.update(
            next_attempt_at=timezone.now(), attempts=0, lease="", leased_until=None
        )
