from django.db.models import QuerySet

from adherents.messaging.models import Circular
from adherents.messaging.services.circulars import send_due
from adherents.work.registry import backlog, due_row_of, sweep


@backlog("circulars", since="written_at")
def unfinished() -> QuerySet[Circular]:
    return Circular.objects.unfinished()


@sweep("messaging.circulars", woken_by=due_row_of(Circular))
def send() -> int:
    return send_due()
