"""What the rows of every file in the storage have in common, and the objects that no row owns."""

from django.db import models
from django.utils import timezone


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


class UnclaimedObject(models.Model):
    """A storage object that was begun and that no row owns yet: noted before its first byte is written.

    The transaction that makes its owner's row deletes this one. What stays longer than a day is swept, whole or not.
    """

    storage_name = models.CharField(max_length=120, primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.storage_name


class Erasure(models.Model):
    """Something that was erased, and that the erasure list does not name yet: written with the erasure, gone when it does."""

    subject = models.CharField(max_length=80)
    because = models.CharField(max_length=12)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.subject}: {self.because}"
