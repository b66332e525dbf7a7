"""Notes and opinions are kept as long as messages, from the day on which they were written, and no longer than their document."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from adherents.insurer.profile import profile
from adherents.notes.models import Note, Opinion
from adherents.vault.services.retention import months_before


def over_since() -> datetime:
    """What was written before that moment was kept long enough."""
    return months_before(timezone.localtime(), profile().messages.retention_months)


def notes_over() -> QuerySet[Note]:
    return Note.objects.filter(Q(at__lt=over_since()) | Q(document__erased_at__isnull=False))


def opinions_over() -> QuerySet[Opinion]:
    return Opinion.objects.filter(Q(asked_at__lt=over_since()) | Q(document__erased_at__isnull=False))


def erase_notes(limit: int) -> int:
    return _erase(notes_over(), limit)


def erase_opinions(limit: int) -> int:
    return _erase(opinions_over(), limit)


def _erase(rows: QuerySet[Note] | QuerySet[Opinion], limit: int) -> int:
    some = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    erased, _by_table = rows.model._default_manager.filter(pk__in=some).delete()
    return erased
