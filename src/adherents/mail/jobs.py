from django.db.models import QuerySet

from adherents.mail.models import OutboxMail
from adherents.mail.services import send_due
from adherents.work.registry import backlog, due_row_of, sweep


@backlog("mails", since="created_at")
def mails() -> QuerySet[OutboxMail]:
    return OutboxMail.objects.unfinished()


@sweep("mail", woken_by=due_row_of(OutboxMail))
def send() -> int:
    return send_due()
