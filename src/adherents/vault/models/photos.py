"""The photos that one document was gathered of."""

from django.db import models

from adherents.vault.fields import NameKeyField
from adherents.vault.legibility import SetAside
from adherents.vault.models.files import NamedFile


class GatheredPhoto(NamedFile):
    """A photo of a document that several were gathered in: the original, as it was sent. Numbers begin at 1.

    It is erased with its document, and as it: the key and the name go, the rest stays as a proof.
    """

    document = models.ForeignKey("vault.Document", on_delete=models.CASCADE, related_name="photos")
    number = models.PositiveSmallIntegerField()
    name_key = NameKeyField(max_length=200, default="", blank=True, editable=False)
    set_aside = models.CharField(max_length=12, choices=SetAside.choices, default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["sha256"], name="photos_same_bytes")]
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="one_photo_a_place")]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"photo {self.number} of document {self.document_id}"
