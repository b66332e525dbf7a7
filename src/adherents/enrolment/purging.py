from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from adherents.enrolment.models import AddressToConfirm, LetterBatch
from adherents.work.purging import Due, purge, rows

LETTERS_KEPT_FOR = timedelta(days=90)
ADDRESSES_KEPT_FOR = timedelta(days=1)


@purge
def enrolment() -> Iterable[Due]:
    """Requests whose content is destroyed, and addresses that were never confirmed."""
    now = timezone.now()
    made = LetterBatch.objects.filter(destroyed_at__lt=now - LETTERS_KEPT_FOR)
    yield rows("letters", f"destroyed more than {LETTERS_KEPT_FOR.days} days ago", made)
    ended = now - ADDRESSES_KEPT_FOR
    late = AddressToConfirm.objects.filter(link__expires_at__lt=ended).exclude(report__expires_at__gte=ended)
    yield rows("addresses to confirm", f"ended more than {ADDRESSES_KEPT_FOR.days} day ago", late)
