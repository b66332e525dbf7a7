"""The addresses that the register had for a member before the one that it has."""

from django.db import models
from django.utils import timezone

from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.rows import SealedQuerySet


class FormerAddress(models.Model):
    """An address that the insurer's file, an agent or the member gave, and that another one has replaced.

    A file that goes on naming it, or names it again, undoes nothing that was changed here since. Sealed, and not a keyed
    hash: a hash could not follow the master key when it is rotated.
    """

    member = models.ForeignKey("members.Member", on_delete=models.CASCADE, related_name="former_addresses")
    address = EncryptedTextField(bound_to=["member_id"])
    since = models.DateTimeField(default=timezone.now)

    objects = SealedQuerySet["FormerAddress"].as_manager()

    def __str__(self) -> str:
        return f"former address {self.pk}"
