from django.db.models import QuerySet

from adherents.feed.models import Announcement
from adherents.webhooks.models import Endpoint
from adherents.webhooks.services.delivering import couriers, deliver_due
from adherents.work.registry import backlog, sweep


@backlog("webhooks", since="waits_since", lane="webhooks")
def behind() -> QuerySet[Endpoint]:
    return Endpoint.objects.behind()


def _gives_it_something(row: object) -> bool:
    return isinstance(row, Announcement) or (isinstance(row, Endpoint) and row.is_due)


# Receivers are other people's machines: whatever they do, nothing else waits for them, nor one for another.
@sweep("webhooks", lane="webhooks", around=couriers, woken_by=_gives_it_something)
def deliver() -> int:
    return deliver_due()
