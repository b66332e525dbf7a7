"""The columns and the claim that all later work shares, the work that is held, and the sign of life of those that do it."""

import logging
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from adherents.crypto.keys import CannotOpen
from adherents.crypto.rows import SealedQuerySet, open_all
from adherents.work import waking

log = logging.getLogger("adherents.work")
BACKOFF = [timedelta(seconds=s) for s in (10, 60, 300, 900, 3600, 3 * 3600, 6 * 3600)]


class DueWorkQuerySet(SealedQuerySet[Any]):
    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        rows = super().bulk_create(objs, *args, **options)
        waking.written(rows, using=self.db)
        return rows

    def due(self) -> Self:
        """What should be done now and that no worker holds, in its turn."""
        now = timezone.now()
        free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
        return self.filter(free, next_attempt_at__lte=now).in_turn()

    def unfinished(self) -> Self:
        """What is to be done now or later, in a worker's hand or not."""
        return self.filter(next_attempt_at__isnull=False)

    def in_turn(self) -> Self:
        """The oldest first. A room has its own order if the many rows of one person must not delay the one row of another."""
        return self.order_by("next_attempt_at", "pk")

    def claim_due(self, limit: int = 50, lease_seconds: int = 300) -> list[Any]:
        """Take up to `limit` rows for this worker alone, in their turn, and count the attempt.

        One conditional UPDATE settles who gets a row, on any database; a lease that its worker left ends by itself.
        """
        wanted = list(self.due().values_list("pk", flat=True)[:limit])
        if not wanted:
            return []
        claim = secrets.token_hex(8)
        now = timezone.now()
        free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
        self.filter(free, pk__in=wanted, next_attempt_at__lte=now).update(
            lease=claim, leased_until=now + timedelta(seconds=lease_seconds), attempts=F("attempts") + 1
        )
        claimed = self.filter(lease=claim, pk__in=wanted).order_by("next_attempt_at", "pk")
        return [row for row in claimed if claimed._opens(row)]

    def _opens(self, row: Any) -> bool:
        """Whether its sealed columns open. It is put off where they do not: a key that is missing today may be back later."""
        try:
            open_all(row)
        except CannotOpen:
            log.error("a row that does not open is put off", extra={"row": f"{row._meta.label} {row.pk}"})
            self.filter(pk=row.pk).update(
                next_attempt_at=timezone.now() + BACKOFF[-1], lease="", leased_until=None
            )
            return False
        return True


class DueWork(models.Model):
    """A row with something left to do: `next_attempt_at` says when (null: nothing), `leased_until` until when a worker has it."""

    next_attempt_at = models.DateTimeField(null=True, db_index=True, default=timezone.now, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    lease = models.CharField(max_length=16, default="", editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)

    objects = DueWorkQuerySet.as_manager()

    WORK_FIELDS = ["next_attempt_at", "attempts", "lease", "leased_until"]

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        super().save(*args, **options)
        waking.written([self], using=self._state.db)

    @property
    def is_due(self) -> bool:
        """Whether something should be done with it now."""
        return self.next_attempt_at is not None and self.next_attempt_at <= timezone.now()

    def keep_lease(self, lease_seconds: int = 300) -> bool:
        """Hold a claimed row a while longer, before what must not be done twice. False: its lease ended, another has it."""
        until = timezone.now() + timedelta(seconds=lease_seconds)
        mine = type(self)._default_manager.filter(pk=self.pk, lease=self.lease, next_attempt_at__isnull=False)
        return mine.update(leased_until=until) == 1

    def work_done(self) -> None:
        """Nothing more to do with this row (to be saved by the caller with `WORK_FIELDS`)."""
        self.next_attempt_at, self.lease, self.leased_until = None, "", None

    def work_later(self) -> None:
        """Try again after a growing delay, a little spread (to be saved by the caller with `WORK_FIELDS`)."""
        delay = BACKOFF[min(self.attempts, len(BACKOFF)) - 1]
        spread = 1 + secrets.randbelow(20) / 100
        self.next_attempt_at, self.lease, self.leased_until = timezone.now() + delay * spread, "", None


class HeldWork(models.TextChoices):
    """The work that can be held: nothing of it is done until a person says that it may go on."""

    MAILS = "mails"  # of the outbox
    SWEEPS = "sweeps"  # of files and objects that nobody came back for
    PURGE = "purge"


class HoldQuerySet(models.QuerySet["Hold"]):
    def on(self, work: HeldWork) -> Self:
        return self.filter(pk=work)


class Hold(models.Model):
    """A kind of work that is held, since when. Every worker of every machine reads it before each round."""

    work = models.CharField(max_length=10, choices=HeldWork.choices, primary_key=True)
    since = models.DateTimeField(default=timezone.now)

    objects = HoldQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.work} held"


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def alive(self) -> Self:
        return self.filter(alive_until__gt=timezone.now())

    def lost(self) -> Self:
        """Of workers that stay and were not stopped: they died, or their machine did."""
        return self.filter(stays=True, alive_until__lte=timezone.now())


class Heartbeat(models.Model):
    """That a worker does the work of a lane. One that stays says so every few seconds, and deletes its rows when it is stopped.

    `stays` is false of `worker --once`, which is run from time to time: its runs share one row a lane, and are expected again.
    """

    worker = models.CharField(
        max_length=16, help_text="random; « once » for the runs of a worker that does not stay"
    )
    lane = models.CharField(max_length=40)
    stays = models.BooleanField(default=True)
    started_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now)
    alive_until = models.DateTimeField()

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["worker", "lane"], name="one_heartbeat_a_lane")]

    def __str__(self) -> str:
        return f"{self.worker} {self.lane}"


class SweepTurn(models.Model):
    """Which worker calls the sweeps of all, where a broker spreads the work (`adapters/beat.py`). One row."""

    THE_ONE = 1

    holder = models.CharField(max_length=16, help_text="random, one worker's")
    leased_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"turn of {self.holder}"

    @classmethod
    def take(cls, holder: str, *, seconds: float) -> bool:
        """Have the turn for so long, or for longer. False: another worker has it."""
        now = timezone.now()
        until = now + timedelta(seconds=seconds)
        mine_or_free = cls._default_manager.filter(Q(holder=holder) | Q(leased_until__lt=now), pk=cls.THE_ONE)
        if mine_or_free.update(holder=holder, leased_until=until):
            return True
        fresh = cls(pk=cls.THE_ONE, holder=holder, leased_until=until)
        cls._default_manager.bulk_create([fresh], ignore_conflicts=True)
        return cls._default_manager.filter(holder=holder).exists()
