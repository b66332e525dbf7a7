"""The outbox: a mail is a row, in the transaction of what it tells of, before it is a message. And the server that takes them."""

import uuid
from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone

from adherents.crypto.fields import EncryptedTextField
from adherents.work.models import DueWork, DueWorkQuerySet


class MailState(models.TextChoices):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class OutboxMailQuerySet(DueWorkQuerySet):
    def in_turn(self) -> Self:
        """Urgent ones first: ten thousand notices of a night's import delay no link that a person waits for."""
        return self.order_by("-urgent", "next_attempt_at", "pk")

    def claim_due(self, limit: int = 50, lease_seconds: int = 300) -> list[Any]:
        return sorted(super().claim_due(limit, lease_seconds), key=lambda mail: not mail.urgent)


class OutboxMail(DueWork):
    """A mail to send. What it says is rendered by the worker from `context`, which is sealed and wiped once sent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=60)
    recipient = EncryptedTextField(bound_to=["id", "name"])
    language = models.CharField(max_length=2)
    # The default in the database is for a version that does not know this column yet.
    urgent = models.BooleanField(default=False, db_default=False, help_text="a person waits for it")
    context = EncryptedTextField(bound_to=["id", "name"])
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.WAITING)
    dedupe_key = models.CharField(max_length=120, null=True, unique=True)  # noqa: DJ001 - null: may repeat
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True, editable=False)  # a server reported that its address is none
    last_error = models.CharField(max_length=120, default="")

    objects: ClassVar[OutboxMailQuerySet] = OutboxMailQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(
                fields=["-urgent", "next_attempt_at", "id"],
                condition=models.Q(next_attempt_at__isnull=False),
                name="mails_in_turn",
            ),
            # What is purged is read from here: a night's share of many millions.
            models.Index(
                fields=["created_at"], condition=models.Q(next_attempt_at__isnull=True), name="mails_done"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"


class Relay(models.Model):
    """What is known of the mail server: when it last took a mail, and when it last took none. One row at most (`ONLY`)."""

    ONLY = 1

    took_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=120, default="", help_text="the kind of the last refusal")

    def __str__(self) -> str:
        return "mail server"

    @property
    def refuses(self) -> bool:
        """Whether no mail has left since it last took none."""
        return self.refused_at is not None and (self.took_at is None or self.took_at < self.refused_at)
