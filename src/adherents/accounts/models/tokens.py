"""A link that is asked for, and a token that was used."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from adherents.crypto.fields import EncryptedTextField
from adherents.work.models import DueWork, DueWorkQuerySet


class UsedToken(models.Model):
    """The hash of a token that was used, once: nothing is kept of it before, and after its end nothing more."""

    token_hash = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"used: {self.token_hash[:8]}"


class ResetRequest(DueWork):
    """Somebody asked for a link for this identifier. The worker finds out whether there is an account (neutral answers)."""

    seal_id = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="tells its row apart"
    )
    identifier = EncryptedTextField(bound_to=["seal_id", "device_hashes"])
    device_hashes = models.JSONField(default=list, help_text="of the tokens in the device cookie that asked")
    requested_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[DueWorkQuerySet] = DueWorkQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"reset request {self.pk}"
