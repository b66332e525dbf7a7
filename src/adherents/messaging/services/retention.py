"""Closed threads are kept as long as the profile says, then erased with what came with them."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from adherents.drafts import services as drafts
from adherents.drafts.kinds import DraftKind
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.messaging.models import Attachment, Thread, ThreadQuerySet
from adherents.vault.origins import Erased
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
        for attachment in Attachment.objects.filter(message__thread=thread):
            erase(document_id=attachment.document_id, because=Erased.RETENTION)
        with transaction.atomic():
            # Reopened meanwhile: it stays, without what was destroyed.
            if over().select_for_update().filter(pk=thread.pk).exists():
                count = thread.messages.count()
                thread.delete()
                drafts.forget(about=thread.reference, kinds=list(DraftKind))
                record(
                    Event.THREAD_ERASED, subject=thread.member.subject, thread=str(thread.pk), messages=count
                )
    return len(some)
