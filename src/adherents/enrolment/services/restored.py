"""After a restore: no first connection that was asked for goes on, and no letter that was being made is printed."""

from django.utils import timezone

from adherents.database.transactions import needs_transaction
from adherents.enrolment.models import IdentityClaim, LetterBatch


@needs_transaction
def end_all() -> None:
    """To be called in the transaction of a restore. The codes that letters bear are links, which `accounts` ends."""
    now = timezone.now()
    IdentityClaim.objects.filter(next_attempt_at__isnull=False).delete()
    LetterBatch.objects.filter(destroyed_at=None).update(
        sheets=b"",
        listing=b"",
        ready_at=now,
        destroyed_at=now,
        next_attempt_at=None,
        lease="",
        leased_until=None,
    )
