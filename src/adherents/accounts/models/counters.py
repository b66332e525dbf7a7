"""Wrong passwords in a row, counted apart for each browser that is known."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from adherents.accounts.policy import Counter
from adherents.crypto.index import blind_index, blind_indexes


class KnownDevice(models.Model):
    """A browser that has signed in to this account: it has its own counter, which no stranger can fill."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="devices")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.account} device {self.pk}"


class SignInCounterQuerySet(models.QuerySet["SignInCounter"]):
    def of(self, identifier: str, device: KnownDevice | None = None) -> Self:
        """The counter for this identifier, known here or not, as this browser meets it."""
        return self.filter(
            identifier_index__in=blind_indexes("sign-in", identifier), device_id=device.pk if device else 0
        )

    def every(self, identifier: str) -> Self:
        """All the counters for this identifier, of whatever browser."""
        return self.filter(identifier_index__in=blind_indexes("sign-in", identifier))

    def row_of(self, identifier: str, device: KnownDevice | None = None) -> "SignInCounter | None":
        # One row at most (one for each master key while keys turn): `.first()` would sort it.
        return next(iter(self.of(identifier, device)), None)

    def state(self, identifier: str, device: KnownDevice | None = None) -> Counter:
        row = self.row_of(identifier, device)
        return row.state if row else Counter()


class SignInCounter(models.Model):
    """Wrong passwords in a row for an identifier. A number that belongs to no account is counted in the same way (G11)."""

    identifier_index = models.BinaryField(max_length=16)
    device_id = models.BigIntegerField(default=0, help_text="0: browsers that have never signed in")
    failures = models.PositiveSmallIntegerField(default=0)
    locked_at = models.DateTimeField(null=True)
    touched_at = models.DateTimeField(default=timezone.now)

    objects = SignInCounterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identifier_index", "device_id"], name="one_counter_a_browser")
        ]

    def __str__(self) -> str:
        return f"{self.failures} failures"

    @property
    def state(self) -> Counter:
        return Counter(self.failures, self.locked_at)

    @staticmethod
    def index(identifier: str) -> bytes:
        return blind_index("sign-in", identifier)
