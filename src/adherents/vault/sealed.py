"""What the rows of every file in the storage have in common, whatever the file is to the vault."""

import uuid

from django.db import models

from adherents.inspection.file_type import PHOTOS, SHORT_NAMES


class SealedFile(models.Model):
    """What is known of a file once it is sealed in the storage, under a name that is written once."""

    content_type = models.CharField(max_length=60)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    wrapped_key = models.BinaryField()
    storage_name = models.CharField(max_length=120, unique=True)

    class Meta:
        abstract = True

    @property
    def sealed_as(self) -> str:
        """The associated data of its bytes: what they are bound to."""
        raise NotImplementedError


class NamedFile(SealedFile):
    """A file that a member sent. Its id is bound to its bytes: they open as no other document's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)

    class Meta:
        abstract = True

    @property
    def sealed_as(self) -> str:
        return str(self.id)

    @property
    def is_photo(self) -> bool:
        """Whether it can become a page of a gathered PDF."""
        return self.content_type in PHOTOS

    @property
    def type_name(self) -> str:
        return SHORT_NAMES.get(self.content_type, "")
