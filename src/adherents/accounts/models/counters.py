"""What is counted: wrong passwords in a row, apart for each browser that is known; hits, while the cache is away."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F
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


class RateCounterQuerySet(models.QuerySet["RateCounter"]):
    def hit(self, key: str, *, most: int, seconds: int) -> bool:
        """Count one more hit; False when this window, which lasts `seconds` from its first hit, has `most` of them.

        Each step is one conditional statement: of any number of parallel hits, `most` are within the rate.
        """
        while True:
            now = timezone.now()
            counter = self.filter(key=key)
            window = counter.filter(ends_at__gt=now)
            if window.filter(hits__lt=most).update(hits=F("hits") + 1):
                return True
            if window.filter(hits__gte=most).exists():
                return False
            ends_at = now + timedelta(seconds=seconds)
            if counter.filter(ends_at__lte=now).update(hits=1, ends_at=ends_at):
                return True
            self.bulk_create([RateCounter(key=key, ends_at=ends_at)], ignore_conflicts=True)

    def over(self) -> Self:
        """Those whose window has ended."""
        return self.filter(ends_at__lte=timezone.now())


class RateCounter(models.Model):
    """Hits of one rate in its present window, from the moment when the cache that counts them is away (`accounts.limits`)."""

    key = models.CharField(
        max_length=32, primary_key=True, help_text="keyed hash of the rate and of whom it counts"
    )
    hits = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(db_index=True)

    objects = RateCounterQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.hits} hits"
