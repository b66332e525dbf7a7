"""That a document is stored by a system of the insurer too."""

from django.db import models
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.vault.models.documents import Document

LONGEST_REFERENCE = 100


class Acknowledgement(models.Model):
    """A system of the insurer has stored the document over there, under a reference of its own; agents read it."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="acknowledgements")
    by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=LONGEST_REFERENCE)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["document", "by"], name="one_acknowledgement_a_system"),
        ]

    def __str__(self) -> str:
        return f"acknowledgement {self.pk}"
