"""Who an agent is in the insurer's directory."""

from django.db import models
from django.utils import timezone

from adherents.accounts.models.accounts import Account
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.rows import SealedQuerySet


class DirectoryIdentity(models.Model):
    """A person of the directory, known by its issuer and their `sub` there, never by an address; and the agent whom they are.

    A person who first came with the address of an agent who was here before waits until an administrateur links them.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="directory_identity")
    issuer = models.CharField(max_length=255)
    sub = models.CharField(max_length=255)
    presented_name = EncryptedTextField(
        bound_to=["issuer", "sub"], default="", help_text="what the directory calls who waits to be linked"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    linked_at = models.DateTimeField(null=True, help_text="null: waits for an administrateur")
    role_gone_at = models.DateTimeField(
        null=True, help_text="since when the directory gives no role, which suspended the agent"
    )

    objects = SealedQuerySet["DirectoryIdentity"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "sub"], name="one_agent_a_person_of_the_directory")
        ]

    def __str__(self) -> str:
        return f"{self.account} in the directory"
