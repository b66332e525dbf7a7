"""After a restore: what was open when the rows were saved opens no more. Its owner may have used it, or lost it, since."""

from django.utils import timezone

from adherents.accounts.models import (
    AccessLink,
    EndedSession,
    FactorRequest,
    ResetRequest,
    Session,
)
from adherents.accounts.services.new_factor import withdraw
from adherents.database.transactions import needs_transaction


@needs_transaction
def end_all() -> int:
    """Sessions, links, letters' codes and requests that waited end, in the caller's transaction. How many links.

    What a suspended step of signing in knows is in its session.
    """
    Session.objects.all().delete()
    EndedSession.objects.all().delete()
    ResetRequest.objects.filter(next_attempt_at__isnull=False).delete()
    for request in FactorRequest.objects.waiting().select_related("account"):
        withdraw(account=request.account)
    return AccessLink.objects.live().update(killed_at=timezone.now())
