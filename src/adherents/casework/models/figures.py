"""Decisions counted week by week, and day by day. The figures are read from these counts, however many decisions there are."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q, Sum

from adherents.casework.models.decisions import Outcome
from adherents.desk.figures.models import CountQuerySet, WaitCounts, WeekQuerySet
from adherents.desk.figures.waits import WAIT_COLUMNS

OUTCOME_COLUMNS = tuple(outcome.value for outcome in Outcome)
DAY_COLUMNS = (*OUTCOME_COLUMNS, "on_time")
COLUMNS = (*DAY_COLUMNS, *WAIT_COLUMNS)


class TallyQuerySet(WeekQuerySet):
    def summed(self, by: str) -> list[dict[str, Any]]:
        """One line for each `week`, `kind` or `team` in it, in order: its `COLUMNS` added up."""
        sums = {column: Sum(column) for column in COLUMNS}
        return list(self.values(by).annotate(**sums).order_by(by))


class Tally(WaitCounts):
    """What a group of agents decided in a week, of one kind of document. Undone decisions are never in it.

    Adding to it is part of the transaction that settles a decision (`services/tallying.py`). `on_time`: decided on the working
    day that was promised, or before, and so was each decision before it that was reopened.
    """

    week = models.DateField(help_text="its Monday, in the insurer's time zone")
    kind = models.CharField(max_length=40)
    team = models.CharField(max_length=60, blank=True, help_text="the agents' group as they decided")
    accepted = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    incomplete = models.PositiveIntegerField(default=0)
    on_time = models.PositiveIntegerField(default=0)

    objects = TallyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [models.UniqueConstraint(fields=["week", "kind", "team"], name="one_tally_a_week")]

    def __str__(self) -> str:
        return f"{self.week} {self.kind} {self.team}".strip()


class DayTallyQuerySet(CountQuerySet):
    def by_day(self, first: date, last: date) -> dict[date, dict[str, Any]]:
        """The `DAY_COLUMNS` of each day from `first` to `last` in which something was decided, added up."""
        sums = {column: Sum(column) for column in DAY_COLUMNS}
        lines = self.filter(decided_on__range=(first, last)).values("decided_on").annotate(**sums).order_by()
        return {line["decided_on"]: line for line in lines}


class DayTally(models.Model):
    """What a group of agents decided in a day, of one kind of document: as `Tally`, without the time that it took."""

    decided_on = models.DateField(help_text="in the insurer's time zone")
    kind = models.CharField(max_length=40)
    team = models.CharField(max_length=60, blank=True, help_text="the agents' group as they decided")
    accepted = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    incomplete = models.PositiveIntegerField(default=0)
    on_time = models.PositiveIntegerField(default=0)

    objects = DayTallyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "day tallies"
        constraints = [models.UniqueConstraint(fields=["decided_on", "kind", "team"], name="one_tally_a_day")]

    def __str__(self) -> str:
        return f"{self.decided_on} {self.kind} {self.team}".strip()


class ReasonTallyQuerySet(WeekQuerySet):
    def summed(self) -> list[dict[str, Any]]:
        """One line for each reason and outcome, with its `count`, in the order of the reasons' codes."""
        lines = self.values("reason", "outcome").annotate(total=Sum("count"))
        return list(lines.order_by("reason", "outcome"))


class ReasonTally(models.Model):
    """How often a reason was given in a week, to refuse one kind of document or to ask for another."""

    week = models.DateField(help_text="its Monday, in the insurer's time zone")
    kind = models.CharField(max_length=40)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    reason = models.CharField(max_length=40)
    team = models.CharField(max_length=60, blank=True, help_text="the agents' group as they decided")
    count = models.PositiveIntegerField(default=0)

    objects = ReasonTallyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "reason tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["week", "kind", "outcome", "reason", "team"], name="one_reason_tally_a_week"
            ),
            models.CheckConstraint(condition=~Q(outcome="accepted"), name="nothing_is_accepted_for_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.week} {self.kind} {self.outcome}: {self.reason}"
