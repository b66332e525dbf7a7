from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from adherents.mail.models import MailState, OutboxMail
from adherents.work.purging import Due, purge, rows
from adherents.work.retention import BY_PURGE, Kept, impersonal, in_words, keeps

KEPT_FOR = timedelta(days=90)  # longer than any mail can be asked for twice under one key


@purge
def mails() -> Iterable[Due]:
    """Sent or given up; what they said is gone since."""
    over = OutboxMail.objects.filter(
        state__in=[MailState.SENT, MailState.FAILED],
        next_attempt_at__isnull=True,
        created_at__lt=timezone.now() - KEPT_FOR,
    )
    yield rows("mails", f"sent or given up, more than {KEPT_FOR.days} days old", over, order="created_at")


@keeps
def kept_mails() -> Iterable[Kept]:
    """What the outbox keeps."""
    yield Kept(
        "Mails : adresse (scellée), genre, langue, moment de l’envoi. Le contenu est effacé dès l’envoi",
        ("mail.OutboxMail",),
        f"{in_words(KEPT_FOR)} après leur création, une fois partis ou abandonnés",
        BY_PURGE,
    )


impersonal("mail.Relay", "quand le serveur de mail a pris, ou refusé, le dernier mail")
