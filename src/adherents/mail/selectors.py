"""Whether mails leave: read by health. And what became of one of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from adherents.mail.models import MailState, OutboxMail, Relay

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


@dataclass(frozen=True)
class SentMail:
    """What became of a mail: it waits, left, was given up, or came back (`bounced_at`)."""

    state: str
    created_at: datetime
    sent_at: datetime | None
    bounced_at: datetime | None

    @property
    def is_given_up(self) -> bool:
        return self.state == MailState.FAILED


def sent_mail(dedupe_key: str) -> SentMail | None:
    """None: no such mail was posted, or it was purged since. One query, which opens nothing."""
    columns = ("state", "created_at", "sent_at", "bounced_at")
    row = OutboxMail.objects.filter(dedupe_key=dedupe_key).values_list(*columns).first()
    return SentMail(*row) if row else None
