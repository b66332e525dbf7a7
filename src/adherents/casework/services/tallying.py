"""Counting decisions as they settle, taking away one that is reopened, and counting them all again."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone

from adherents.casework.models import DayTally, Decision, Outcome, ReasonTally, Tally
from adherents.casework.models.figures import DAY_COLUMNS
from adherents.desk.figures.sections import recount
from adherents.desk.figures.services import Cell, add_to_tally, hold_back_tallies
from adherents.desk.figures.waits import monday_of, wait_column
from adherents.insurer.calendar import beginning_of

READ_AT_ONCE = 5000


class DecisionFacts(NamedTuple):
    """All that is counted of a decision."""

    at: datetime
    outcome: str
    reason: str
    other_reasons: str
    team: str
    kind: str
    entered_at: datetime
    due_on: date
    was_late: bool

    @property
    def on_time(self) -> bool:
        """Decided by its day; and no decision before it, reopened since, had come after its own."""
        return not self.was_late and timezone.localdate(self.at) <= self.due_on


COLUMNS_READ = (
    "at", "outcome", "reason", "other_reasons", "team", "item__kind", "item__entered_at", "item__due_on", "item__was_late",
)  # fmt: skip


def count(*, decision: Decision) -> None:
    """Add a decision to its week and its day, and each of its reasons, once, in the transaction that settles it.

    The agent's group is kept with it, so that counting again gives the same figures. Call it last: other decisions
    of the same week, kind and group wait for the end of the transaction.
    """
    decision.team = decision.agent.team_counted
    Decision.objects.filter(pk=decision.pk).update(team=decision.team)
    facts = facts_of(decision)
    cell, columns = _tally_of(facts)
    add_to_tally(Tally, cell, columns)
    add_to_tally(DayTally, _day_cell_of(facts), _of_a_day(columns))
    for cell in _reasons_of(facts):
        add_to_tally(ReasonTally, cell, ["count"])


def take_away(facts: DecisionFacts) -> None:
    """Take a decision out of its week and its day, once, in the transaction that reopens it. Call it last, as `count`.

    `facts`: as they were when it was counted, before the item had another day.
    """
    cell, columns = _tally_of(facts)
    add_to_tally(Tally, cell, columns, -1)
    add_to_tally(DayTally, _day_cell_of(facts), _of_a_day(columns), -1)
    for cell in _reasons_of(facts):
        add_to_tally(ReasonTally, cell, ["count"], -1)


def facts_of(decision: Decision) -> DecisionFacts:
    item = decision.item
    return DecisionFacts(
        decision.at,
        decision.outcome,
        decision.reason,
        decision.other_reasons,
        decision.team,
        item.kind,
        item.entered_at,
        item.due_on,
        item.was_late,
    )


@recount("decision(s)")
def rebuild() -> Iterator[tuple[date, int]]:
    """Count every settled decision again, week by week from the first; yields each Monday and how many decisions it has.

    A week at a time, each in a transaction of its own: memory does not grow with the decisions, and what settles meanwhile waits
    for one week only and is counted once.
    """
    for monday in _weeks():
        with transaction.atomic():
            hold_back_tallies(Tally, DayTally, ReasonTally)
            number = _rebuild_week(monday)
        yield monday, number


def _weeks() -> Iterator[date]:
    spans = [
        Decision.objects.filter(settled_at__isnull=False).aggregate(first=Min("at"), last=Max("at")),
        Tally.objects.aggregate(first=Min("week"), last=Max("week")),
        ReasonTally.objects.aggregate(first=Min("week"), last=Max("week")),
        DayTally.objects.aggregate(first=Min("decided_on"), last=Max("decided_on")),
    ]
    days = [_day(end) for span in spans for end in span.values() if end is not None]
    monday = monday_of(min(days)) if days else timezone.localdate()
    while days and monday <= max(days):
        yield monday
        monday += timedelta(days=7)


def _day(moment: date | datetime) -> date:
    return timezone.localdate(moment) if isinstance(moment, datetime) else moment


def _rebuild_week(monday: date) -> int:
    begin, end = beginning_of(monday), beginning_of(monday + timedelta(days=7))
    settled = Decision.objects.filter(settled_at__isnull=False, at__gte=begin, at__lt=end)
    tallies: dict[Cell, Counter[str]] = {}
    days: dict[Cell, Counter[str]] = {}
    reasons: Counter[Cell] = Counter()
    number = 0
    for row in settled.values_list(*COLUMNS_READ).iterator(chunk_size=READ_AT_ONCE):
        facts = DecisionFacts(*row)
        cell, columns = _tally_of(facts)
        tallies.setdefault(cell, Counter()).update(columns)
        days.setdefault(_day_cell_of(facts), Counter()).update(_of_a_day(columns))
        reasons.update(_reasons_of(facts))
        number += 1
    Tally.objects.filter(week=monday).delete()
    Tally.objects.bulk_create(Tally(**dict(cell), **columns) for cell, columns in tallies.items())
    DayTally.objects.filter(decided_on__range=(monday, monday + timedelta(days=6))).delete()
    DayTally.objects.bulk_create(DayTally(**dict(cell), **columns) for cell, columns in days.items())
    ReasonTally.objects.filter(week=monday).delete()
    ReasonTally.objects.bulk_create(ReasonTally(**dict(cell), count=times) for cell, times in reasons.items())
    return number


def _tally_of(facts: DecisionFacts) -> tuple[Cell, list[str]]:
    """Which tally a decision belongs to, and the columns in which it counts one."""
    day = timezone.localdate(facts.at)
    columns = [facts.outcome, wait_column(facts.at - facts.entered_at)]
    if facts.on_time:
        columns.append("on_time")
    return (("week", monday_of(day)), ("kind", facts.kind), ("team", facts.team)), columns


def _day_cell_of(facts: DecisionFacts) -> Cell:
    return ("decided_on", timezone.localdate(facts.at)), ("kind", facts.kind), ("team", facts.team)


def _of_a_day(columns: list[str]) -> list[str]:
    """Those of a week's columns that a day has too."""
    return [column for column in columns if column in DAY_COLUMNS]


def _reasons_of(facts: DecisionFacts) -> list[Cell]:
    """A cell for each of its reasons, in the order of their codes, so that two transactions lock the same one first."""
    if facts.outcome == Outcome.ACCEPTED:
        return []
    week = monday_of(timezone.localdate(facts.at))
    return [
        (
            ("week", week),
            ("kind", facts.kind),
            ("outcome", facts.outcome),
            ("reason", code),
            ("team", facts.team),
        )
        for code in sorted([facts.reason, *facts.other_reasons.split()])
    ]
