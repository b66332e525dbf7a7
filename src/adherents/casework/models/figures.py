"""Decisions counted week by week, and day by day. The figures are read from these counts, however many decisions there are."""

from datetime import date, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q, Sum

from adherents.casework.models.decisions import Outcome

# Upper bounds in hours, nights and week-ends counted, of the time from entering the queue to the decision. The last tranche
# has none. Estimates from them are right to within a tranche (docs/decisions/0019).
WAITS = (1, 2, 4, 8, 12, 24, 36, 48, 72, 96, 120, 168, 240, 336, 504, 672)
WAIT_COLUMNS = (*(f"within_{hours}h" for hours in WAITS), "longer")
OUTCOME_COLUMNS = tuple(outcome.value for outcome in Outcome)
DAY_COLUMNS = (*OUTCOME_COLUMNS, "on_time")
COLUMNS = (*DAY_COLUMNS, *WAIT_COLUMNS)


def monday_of(day: date) -> date:
    """The week that a day is in, as its Monday."""
    return day - timedelta(days=day.weekday())


# The filter's value for « decided by agents without a group »; "" means every group. No group is called so: a group's name is
# stored without spaces around it.
NO_TEAM = " "


class CountQuerySet(models.QuerySet[Any]):
    def of_kind(self, kind: str) -> Self:
        """Of this kind of document; every kind when none is named."""
        return self.filter(kind=kind) if kind else self.all()

    def of_team(self, team: str) -> Self:
        """Decided in the group `team`, by agents without a group (`NO_TEAM`), or in every group ("")."""
        if team == NO_TEAM:
            return self.filter(team="")
        return self.filter(team=team) if team else self.all()


class WeekQuerySet(CountQuerySet):
    def during(self, first: date, last: date) -> Self:
        """The weeks in which there is a day from `first` to `last`."""
        return self.filter(week__gte=monday_of(first), week__lte=last)


class TallyQuerySet(WeekQuerySet):
    def summed(self, by: str) -> list[dict[str, Any]]:
        """One line for each `week`, `kind` or `team` in it, in order: its `COLUMNS` added up."""
        sums = {column: Sum(column) for column in COLUMNS}
        return list(self.values(by).annotate(**sums).order_by(by))


class Tally(models.Model):
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
