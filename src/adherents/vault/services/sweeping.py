"""What was abandoned: files that waited a day, and objects that no row owns."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from adherents.storage.models import UnclaimedObject
from adherents.storage.objects import StorageFailed, delete_object
from adherents.storage.services import release
from adherents.vault.models import PendingFile, Thumbnail
from adherents.vault.services.preparing import sweep_over
from adherents.vault.services.receiving import drop_waiting
from adherents.work.models import HeldWork
from adherents.work.services import is_held

KEPT_FOR = timedelta(days=1)


def sweep_forgotten(limit: int = 200) -> int:
    """Delete what has waited for more than a day; how many objects went. While sweeps are held, nothing goes."""
    if is_held(HeldWork.SWEEPS):
        return 0
    before = timezone.now() - KEPT_FOR
    gone = sweep_over(limit)
    for_messages = PendingFile.objects.with_no_sending().filter(at__lt=before)
    for arrival in for_messages.select_related("member").order_by("at")[:limit]:
        drop_waiting(member=arrival.member, arrival_id=arrival.pk)
        gone += 1
    gone += _thumbnails_of_the_erased(limit)
    for unclaimed in UnclaimedObject.objects.filter(at__lt=before).order_by("at")[:limit]:
        try:
            delete_object(unclaimed.storage_name)
        except StorageFailed:
            break  # the storage is away: next time
        unclaimed.delete()
        gone += 1
    return gone


def _thumbnails_of_the_erased(limit: int) -> int:
    """Those that the version before thumbnails left, which erased documents while machines were upgraded one after the other."""
    left = list(Thumbnail.objects.filter(document__erased_at__isnull=False)[:limit])
    with transaction.atomic():
        release(left)
        return Thumbnail.objects.filter(pk__in=[thumbnail.pk for thumbnail in left]).delete()[0]
