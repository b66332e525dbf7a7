"""A form that is pressed twice writes once."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.crypto.rows import readable
from adherents.messaging.models import Message
from adherents.vault.services.receiving import FormFiles, discard

NOTHING = FormFiles()
SENT_TWICE = timedelta(
    minutes=2
)  # the same words again, with nothing after them, are one form that was pressed again


def sent_again(
    author: Account, body: str, files: FormFiles = NOTHING, *, subject: str | None = None, **where: object
) -> Message | None:
    """The same words with the same files, by the same person, with nothing written after them: the form came twice.

    Nothing is left of the files that came again.
    """
    recent = Message.objects.filter(author=author, at__gt=timezone.now() - SENT_TWICE, **where)
    for message in recent.select_related("thread").order_by("-pk"):
        is_last = not Message.objects.of(message.thread).filter(pk__gt=message.pk).exists()
        same_subject = subject is None or readable(message.thread, "subject") == subject
        if is_last and same_subject and readable(message, "body") == body and _came_with(message, files):
            transaction.on_commit(lambda: discard(files.arrived))
            return message
    return None


def _came_with(message: Message, files: FormFiles) -> bool:
    """Whether just these files came with the message. Those that come again are known by their bytes."""
    sent = [attachment.document for attachment in message.attachments.select_related("document")]
    known = {document.sha256 for document in sent}
    return (
        len(sent) == len(files.named) + len(files.arrived)
        and {*files.named} <= {document.pk for document in sent}
        and all(file.sealed.sha256 in known for file in files.arrived)
    )
