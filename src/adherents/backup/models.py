"""That this portal was restored, and what is held since."""

from typing import Self

from django.db import models
from django.utils import timezone


class RestorationQuerySet(models.QuerySet["Restoration"]):
    def open(self) -> Self:
        """Those after which nothing may be destroyed yet, the latest first."""
        return self.filter(lifted_at=None).order_by("-pk")

    def to_count(self) -> Self:
        """Those of which a person waits to know how many objects have no row."""
        return self.open().filter(count_asked_at__isnull=False)


class Restoration(models.Model):
    """A restore: from which backup, and what an administrateur was told before they let the portal destroy again.

    `unowned` objects have no row: the portal kept them after the backup was made, and cannot open them any more.
    `count_asked_at`: the worker counts them again. `swept_at`: they were given to the sweep.
    """

    backup_id = models.CharField(max_length=32)
    saved_at = models.DateTimeField()
    at = models.DateTimeField(default=timezone.now)
    unowned = models.PositiveBigIntegerField(null=True)
    counted_at = models.DateTimeField(null=True)
    count_asked_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)
    swept_at = models.DateTimeField(null=True)

    objects = RestorationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"restored from {self.backup_id}"
