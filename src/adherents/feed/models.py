"""What is announced, and the epochs of its positions."""

import uuid
from datetime import UTC, datetime
from typing import Any, Self

from django.db import models
from django.utils import timezone


def moment_told(moment: datetime) -> str:
    """As programs read every moment here: RFC 3339, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def without_position(self) -> Self:
        """Committed, and not yet where a reader finds it."""
        return self.filter(position=None)

    def after(self, position: int) -> Self:
        """In the order of the feed."""
        return self.filter(position__gt=position).order_by("position")


class Announcement(models.Model):
    """One event of the feed. `position` is given once it is committed (`services.give_positions`), and never changes.

    Rows are numbered by `id` in the order in which they were written: of one subject that is the order in which things happened.
    """

    uid = models.UUIDField(default=uuid.uuid4)
    type = models.CharField(max_length=40)  # of `EventType`: no choices, a new one is no migration
    at = models.DateTimeField(default=timezone.now)
    subject = models.CharField(max_length=80, help_text="document/<id>, member/<id>, thread/<id>")
    data = models.JSONField(default=dict)
    position = models.PositiveBigIntegerField(null=True)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["position"], name="one_announcement_a_position")]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(position=None), name="announcements_to_place")
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"

    def shown(self) -> dict[str, Any]:
        """The event as programs read it, in the feed and in a webhook alike."""
        return {
            "id": str(self.uid),
            "type": self.type,
            "at": moment_told(self.at),
            "subject": self.subject,
            "data": self.data,
        }


class Epoch(models.Model):
    """Positions that go on from each other. A restore begins another epoch: what the lost portal had announced after the backup
    is at no position any more, and other events take these numbers.

    `begins_after`: the last position of the epochs before that is still true. `last_position`: given so far, in the last epoch.
    The last epoch's row is the lock under which positions are given.
    """

    number = models.PositiveIntegerField(primary_key=True)
    token = models.CharField(max_length=16, unique=True, help_text="random, in each cursor")
    begun_at = models.DateTimeField(default=timezone.now)
    begins_after = models.PositiveBigIntegerField(default=0)
    last_position = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"epoch {self.number}"
