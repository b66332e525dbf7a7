from collections.abc import Iterable

from adherents.drafts.models import KEPT_FOR, Draft
from adherents.work.purging import Due, purge, rows


@purge
def drafts() -> Iterable[Due]:
    """What nobody went on writing."""
    yield rows("drafts", f"untouched for {KEPT_FOR.days} days", Draft.objects.over())
