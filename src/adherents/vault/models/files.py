"""A file as a member sent it."""

import uuid

from django.db import models

from adherents.inspection.file_type import PHOTOS, SHORT_NAMES
from adherents.storage.models import SealedFile


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
