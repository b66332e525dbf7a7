"""Whether mails leave: read by health."""

from datetime import timedelta

from django.utils import timezone

from adherents.mail.models import OutboxMail, Relay

TRIED_FOR = timedelta(minutes=15)


def relay_refuses() -> str:
    """Why no mail leaves: the kind of the server's last refusal, or how long the oldest mail was tried; "" while mails leave.

    A mail that was put off alone, for its own address, says nothing of the server as long as others leave after it.
    """
    relay = Relay.objects.filter(pk=Relay.ONLY).first()
    waiting = OutboxMail.objects.unfinished()
    if relay is not None and relay.refuses and waiting.exists():
        return relay.error
    tried = waiting.exclude(last_error="").filter(created_at__lt=timezone.now() - TRIED_FOR)
    oldest = tried.order_by("created_at").first()
    took_at = relay.took_at if relay is not None else None
    if oldest is None or (took_at is not None and took_at > oldest.created_at):
        return ""
    return str(oldest.last_error)
