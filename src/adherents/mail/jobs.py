from adherents.mail.models import OutboxMail
from adherents.mail.services import send_due
from adherents.work.registry import due_row_of, sweep


@sweep("mail", woken_by=due_row_of(OutboxMail))
def send() -> int:
    return send_due()
