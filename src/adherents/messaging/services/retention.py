"""Closed threads are kept as long as the profile says, then erased with what came with them."""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from adherents.drafts import services as drafts
from adherents.drafts.kinds import DraftKind
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.messaging.models import Attachment, Circular, CircularQuerySet, Thread, ThreadQuerySet
from adherents.storage.services import note_erasure, write_erasures
from adherents.vault.origins import Erased, Origin
from adherents.vault.services.erasing import erase
from adherents.vault.services.retention import months_before


def over_since() -> datetime:
    """Threads that were closed before that moment were kept long enough."""
    return months_before(timezone.localtime(), profile().messages.retention_months)


def over() -> ThreadQuerySet:
    return Thread.objects.filter(closed_at__lt=over_since())


def still_open() -> int:
    """How many are older than that and were never closed: these are for somebody to look at, not to erase."""
    return Thread.objects.still_open().filter(last_at__lt=over_since()).count()


def erase_threads(limit: int) -> int:
    """Erase up to `limit` threads; how many. Attachments first: their keys, their bytes, and the proof of it stays."""
    some = list(over().order_by("closed_at", "pk").select_related("member")[:limit])
    for thread in some:
        _erase(thread, over())  # reopened meanwhile: it stays, without what was destroyed
    write_erasures()
    return len(some)


def circulars_over() -> CircularQuerySet:
    """Circulars that were kept long enough, and of which nothing is left to send."""
    done: CircularQuerySet = Circular.objects.filter(written_at__lt=over_since(), next_attempt_at=None)
    return done


def delete_circulars(limit: int) -> int:
    """Delete up to `limit` circulars; how many. The threads that they began stay as long as any other."""
    some = circulars_over().order_by("written_at", "pk").values_list("pk", flat=True)[:limit]
    return Circular.objects.filter(pk__in=list(some)).delete()[1].get("messaging.Circular", 0)


def erase_again(thread_id: uuid.UUID) -> bool:
    """What the erasure list says of a thread that came back with a backup; False: it did not."""
    came_back = Thread.objects.filter(pk=thread_id)
    for thread in came_back.select_related("member"):
        _erase(thread, came_back)
        return True
    return False


def _erase(thread: Thread, if_among: ThreadQuerySet) -> None:
    for attachment in Attachment.objects.filter(message__thread=thread):
        # What an agent made a document to treat is kept as long as its kind says.
        erase(document_id=attachment.document_id, because=Erased.RETENTION, spare=Origin.MEMBER)
    with transaction.atomic():
        if not if_among.select_for_update(of=("self",)).filter(pk=thread.pk).exists():
            return
        count, reference, member = thread.messages.count(), thread.reference, thread.member
        record(Event.THREAD_ERASED, subject=member.subject, thread=str(thread.pk), messages=count)
        note_erasure(reference, Erased.RETENTION.value)
        thread.delete()
        drafts.forget(about=reference, kinds=list(DraftKind))
