"""The columns and the reads that counts of every room share."""

from datetime import date
from typing import Any, Self

from django.db import models

from adherents.desk.figures.waits import monday_of
from adherents.desk.figures.wanted import NO_TEAM


class CountQuerySet(models.QuerySet[Any]):
    def of_kind(self, kind: str) -> Self:
        """Of this kind of document; every kind when none is named."""
        return self.filter(kind=kind) if kind else self.all()

    def of_team(self, team: str) -> Self:
        """Done in the group `team`, by agents without a group (`NO_TEAM`), or in every group ("")."""
        if team == NO_TEAM:
            return self.filter(team="")
        return self.filter(team=team) if team else self.all()


class WeekQuerySet(CountQuerySet):
    def during(self, first: date, last: date) -> Self:
        """The weeks in which there is a day from `first` to `last`."""
        return self.filter(week__gte=monday_of(first), week__lte=last)


class WaitCounts(models.Model):
    """How many took how long: the tranches of `WAITS`."""

    within_1h = models.PositiveIntegerField(default=0)
    within_2h = models.PositiveIntegerField(default=0)
    within_4h = models.PositiveIntegerField(default=0)
    within_8h = models.PositiveIntegerField(default=0)
    within_12h = models.PositiveIntegerField(default=0)
    within_24h = models.PositiveIntegerField(default=0)
    within_36h = models.PositiveIntegerField(default=0)
    within_48h = models.PositiveIntegerField(default=0)
    within_72h = models.PositiveIntegerField(default=0)
    within_96h = models.PositiveIntegerField(default=0)
    within_120h = models.PositiveIntegerField(default=0)
    within_168h = models.PositiveIntegerField(default=0)
    within_240h = models.PositiveIntegerField(default=0)
    within_336h = models.PositiveIntegerField(default=0)
    within_504h = models.PositiveIntegerField(default=0)
    within_672h = models.PositiveIntegerField(default=0)
    longer = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True
