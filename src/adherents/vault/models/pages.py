"""The pages of a document as images, and the first of them small."""

from typing import NamedTuple

from django.db import models

from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.rows import SealedQuerySet
from adherents.storage.models import SealedFile


class Small(NamedTuple):
    """A page as a small JPEG; sizes are pixels."""

    jpeg: bytes
    width: int
    height: int


class Page(SealedFile):
    """A page of a document as pixels: all that an agent ever sees of it. Numbers begin at 1; sizes are pixels.

    `imprint`: what it looks like (`vault/imprints.py`), made by a worker later; it goes with the page, and so with the document.
    """

    document = models.ForeignKey("vault.Document", on_delete=models.CASCADE, related_name="pages")
    number = models.PositiveSmallIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    imprint = EncryptedTextField(bound_to=["document_id", "number"], default="", db_default=b"", blank=True)
    # Set when the page is drawn; its document keeps the one, its thumbnail the other.
    is_blank = False
    small: Small | None = None

    objects = SealedQuerySet["Page"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="one_image_a_page")]
        ordering = ["number"]

    def __str__(self) -> str:
        return self.sealed_as

    @property
    def sealed_as(self) -> str:
        """The document's id and the page's place in it."""
        return f"{self.document_id}/{self.number}"


class Thumbnail(SealedFile):
    """A document's first page, small: what its member sees of it in lists and on its receipt. Sizes are pixels."""

    document = models.OneToOneField("vault.Document", on_delete=models.CASCADE, related_name="thumbnail")
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return self.sealed_as

    @property
    def sealed_as(self) -> str:
        return f"{self.document_id}/thumbnail"
