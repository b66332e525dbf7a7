"""What somebody said of themselves, until the worker has looked for them in the register."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from adherents.crypto.fields import EncryptedTextField
from adherents.work.models import DueWork, DueWorkQuerySet


class IdentityClaim(DueWork):
    """A first connection that was asked for. What was typed is sealed, and the row goes once it is settled."""

    words = EncryptedTextField(help_text="JSON: nir, birth_date, department, name, first_name")
    device_hashes = models.JSONField(default=list, help_text="of the tokens in the device cookie that asked")
    claimed_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[DueWorkQuerySet] = DueWorkQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"identity claim {self.pk}"
