from adherents.mail.services import send_due
from adherents.work.registry import sweep


@sweep("mail")
def send() -> int:
    return send_due()
