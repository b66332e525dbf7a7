"""The mail that says that a message waits, and never what it says."""

from django.conf import settings
from django.urls import reverse

from adherents.accounts.addressee import addressee
from adherents.mail.services import post
from adherents.messaging.models import Message


def message_waits(message: Message, *, files: int = 0) -> None:
    """« Un message vous attend », and how many files are with it. Nothing is posted where there is no address (G10)."""
    member = message.thread.member
    to, language = member.mail_to
    if not to:
        return
    post(
        "messaging/message_waits",
        to=to,
        language=language,
        context={
            "files": files,
            "link": settings.BASE_URL + reverse("messages:thread", args=[message.thread_id]),
            **addressee(member.name, member.number),
        },
        dedupe_key=f"message:{message.pk}",
    )
