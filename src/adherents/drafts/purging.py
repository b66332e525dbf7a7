from collections.abc import Iterable

from adherents.drafts.models import KEPT_FOR, Draft
from adherents.work.purging import Due, purge, rows


@purge
def drafts() -> Iterable[Due]:
    """Delete the drafts that no one continued."""
    yield rows("drafts", f"untouched for {KEPT_FOR.days} days", Draft.objects.over())
