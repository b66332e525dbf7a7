"""What proves a deposit: its number, what was signed of it, and the key that signed."""

from typing import Self

from django.db import models
from django.utils import timezone

from adherents.journal.subjects import SubjectKind, subject_of
from adherents.vault.models.deposits import Deposit


class ReceiptCounter(models.Model):
    """The last receipt number of a year that may have been given: none above it was. Its row is locked while a block is set
    apart."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class ReceiptBlockQuerySet(models.QuerySet["ReceiptBlock"]):
    def begun(self, year: int) -> Self:
        """Those that have a number left, the lowest first."""
        return self.filter(year=year, next__lte=models.F("last")).order_by("next")

    def spent(self) -> Self:
        return self.filter(next__gt=models.F("last")).order_by("pk")


class ReceiptBlock(models.Model):
    """Numbers of a year that were set apart together: from `next` to `last` they are still to be given.

    A deposit locks one block until its transaction ends, and takes its next number. There are as many as deposits were ever made
    at one moment.
    """

    year = models.PositiveSmallIntegerField()
    next = models.PositiveIntegerField()
    last = models.PositiveIntegerField()

    objects = ReceiptBlockQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.year}: {self.next} to {self.last}"


class SigningKeyQuerySet(models.QuerySet["SigningKey"]):
    def live(self) -> Self:
        """The one that signs: none before the first receipt, one ever after."""
        return self.filter(retired_at=None)

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "pk")


class SigningKey(models.Model):
    """A key that signs receipts. Its public half stays published; its seed is sealed under the master key.

    It is in the database so that every machine signs with the same one, and so that it outlives a master key.
    """

    key_id = models.CharField(max_length=16, primary_key=True)
    algorithm = models.CharField(max_length=12, default="Ed25519")
    public = models.BinaryField()
    sealed_seed = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True)

    objects = SigningKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["algorithm"], condition=models.Q(retired_at=None), name="one_live_signing_key"
            )
        ]

    def __str__(self) -> str:
        return self.key_id

    @property
    def subject(self) -> str:
        """How the journal names it."""
        return subject_of(
            SubjectKind.SIGNING_KEY, f"ed25519-{self.key_id}"
        )  # digits alone would look like a number of a person


class Receipt(models.Model):
    """What was signed of a deposit, byte for byte as on the day: later changes to its rows change nothing here."""

    deposit = models.OneToOneField(
        Deposit, on_delete=models.CASCADE, primary_key=True, related_name="receipt"
    )
    key = models.ForeignKey(SigningKey, on_delete=models.PROTECT, related_name="receipts")
    payload = models.BinaryField()
    signature = models.BinaryField()

    def __str__(self) -> str:
        return f"receipt of deposit {self.deposit_id}"
