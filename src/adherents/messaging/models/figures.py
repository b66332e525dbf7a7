"""Conversations counted week by week, and day by day. The figures are read from these counts, however many there are."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Sum

from adherents.desk.figures.models import CountQuerySet, WaitCounts, WeekQuerySet
from adherents.desk.figures.waits import WAIT_COLUMNS

DAY_COLUMNS = ("opened", "answered")
COLUMNS = (*DAY_COLUMNS, *WAIT_COLUMNS)


class MessageTallyQuerySet(WeekQuerySet):
    def summed(self, by: str) -> list[dict[str, Any]]:
        """One line for each `week`, `kind` or `team` in it, in order: its `COLUMNS` added up."""
        sums = {column: Sum(column) for column in COLUMNS}
        return list(self.values(by).annotate(**sums).order_by(by))


class MessageTally(WaitCounts):
    """How many conversations began to ask something in a week, and how many had their first answer, about one kind of document.

    `kind` is "" for those about none. `opened`: a member wrote in it for the first time; no group did that, and `team` is "".
    `answered`: the service wrote for the first time after it; how long that took is in the tranches.
    """

    week = models.DateField(help_text="its Monday, in the insurer's time zone")
    kind = models.CharField(max_length=40, blank=True)
    team = models.CharField(max_length=60, blank=True, help_text="the agents' group as they answered")
    opened = models.PositiveIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0)

    objects = MessageTallyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "message tallies"
        constraints = [
            models.UniqueConstraint(fields=["week", "kind", "team"], name="one_message_tally_a_week")
        ]

    def __str__(self) -> str:
        return f"{self.week} {self.kind} {self.team}".strip()


class MessageDayTallyQuerySet(CountQuerySet):
    def by_day(self, first: date, last: date) -> dict[date, dict[str, Any]]:
        """The `DAY_COLUMNS` of each day from `first` to `last` on which something was counted, added up."""
        sums = {column: Sum(column) for column in DAY_COLUMNS}
        lines = self.filter(counted_on__range=(first, last)).values("counted_on").annotate(**sums).order_by()
        return {line["counted_on"]: line for line in lines}


class MessageDayTally(models.Model):
    """The same in a day, without the time that answers took."""

    counted_on = models.DateField(help_text="in the insurer's time zone")
    kind = models.CharField(max_length=40, blank=True)
    team = models.CharField(max_length=60, blank=True, help_text="the agents' group as they answered")
    opened = models.PositiveIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0)

    objects = MessageDayTallyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "message day tallies"
        constraints = [
            models.UniqueConstraint(fields=["counted_on", "kind", "team"], name="one_message_tally_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.counted_on} {self.kind} {self.team}".strip()
