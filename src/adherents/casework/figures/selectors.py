"""What the page of figures shows: counts of what waits and of what was decided, by kind, week, group and reason. Nothing is
written, and no person is named: a group is the smallest unit that is counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import inf
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.accounts.models import Account
from adherents.casework.figures import tables
from adherents.casework.figures.privacy import closed_teams
from adherents.casework.figures.tables import Cell, Column, Table
from adherents.casework.figures.values_read import values_read
from adherents.casework.figures.waiting import waiting
from adherents.casework.models import DayTally, Outcome, ReasonTally, Tally
from adherents.casework.models.figures import (
    COLUMNS,
    DAY_COLUMNS,
    NO_TEAM,
    OUTCOME_COLUMNS,
    WAIT_COLUMNS,
    WAITS,
    monday_of,
)
from adherents.casework.selectors import reason_label
from adherents.database.reader import from_reader
from adherents.insurer.profile import profile
from adherents.ui.moments import day, duration
from adherents.ui.plots import Bars, Series

SPANS = (4, 13, 26, 52, 104)  # weeks, the running one among them
DAYS = 31  # today among them
REASONS_DRAWN = 10
Sums = dict[str, Any]


@dataclass(frozen=True)
class FiguresFilter:
    """Which decisions are counted: those of the weeks up to now, of a group of agents and of a kind, or "" for all."""

    weeks: int = 13
    team: str = ""
    kind: str = ""

    @property
    def last(self) -> date:
        return timezone.localdate()

    @property
    def first(self) -> date:
        return monday_of(self.last) - timedelta(weeks=self.weeks - 1)

    @property
    def query(self) -> str:
        """The same, in an address."""
        chosen = {"weeks": self.weeks, "team": self.team, "kind": self.kind}
        return urlencode({name: value for name, value in chosen.items() if value})


@dataclass(frozen=True)
class Figures:
    """`waiting` is of now, `decided` of the weeks that were asked for; `sums` adds these up. `read` is of these weeks,
    whatever the group and the kind, which values that were read do not have.
    """

    wanted: FiguresFilter
    waiting: list[Table]
    decided: list[Table]
    sums: list[tuple[str, str]]
    read: Table

    def table(self, name: str) -> Table | None:
        return next(
            (table for table in (*self.waiting, *self.decided, self.read) if table.name == name), None
        )


@from_reader
def read(wanted: FiguresFilter, reader: Account) -> Figures:
    """Read all the figures. Nine queries; they grow with the weeks and with what waits, not with what was decided.

    `reader`: nobody is shown a group of one agent, but that agent (`privacy.closed_teams`).
    """
    closed = closed_teams(reader)
    tallies = Tally.objects.during(wanted.first, wanted.last).of_kind(wanted.kind).of_team(wanted.team)
    by_week = {line["week"]: line for line in tallies.summed("week")}
    kinds = sorted(tallies.summed("kind"), key=lambda line: -_decisions(line))
    total = _added(by_week.values())
    mondays = [wanted.first + timedelta(weeks=rank) for rank in range(wanted.weeks)]
    nothing = _added([])
    weeks = [(monday, by_week.get(monday, nothing)) for monday in mondays] if _decisions(total) else []
    return Figures(
        wanted=wanted,
        waiting=waiting(),
        decided=[
            _decided(
                "semaines",
                _("Par semaine"),
                _("Semaine du"),
                [(f"{monday:%d/%m}", day(monday), line) for monday, line in weeks],
                total,
                lying=False,
            ),
            _days(wanted),
            _decided(
                "types",
                _("Par type de document"),
                _("Type"),
                [(label, label, line) for line in kinds for label in [kind_label(line["kind"])]],
                total,
            ),
            _decided(
                "groupes",
                _("Par groupe d’agents"),
                _("Groupe"),
                [
                    (label, label, line)
                    for line in tallies.summed("team")
                    if line["team"] not in closed
                    for label in [team_label(line["team"])]
                ],
                total,
            ),
            _reasons(wanted),
        ],
        sums=_key_sums(total),
        read=values_read(wanted.first, wanted.last),
    )


def teams(reader: Account) -> dict[str, str]:
    """Every group in which something was decided and that this reader may be shown, as it is asked for and as it is shown, by
    name.
    """
    names, closed = (
        Tally.objects.order_by("team").values_list("team", flat=True).distinct(),
        closed_teams(reader),
    )
    return {team or NO_TEAM: team_label(team) for team in names if team not in closed}


def kinds() -> dict[str, str]:
    """Every kind of document in which something was decided, by its name."""
    codes = Tally.objects.order_by("kind").values_list("kind", flat=True).distinct()
    labels = {code: kind_label(code) for code in codes}
    return dict(sorted(labels.items(), key=lambda label: label[1].casefold()))


def kind_label(code: str) -> str:
    """A kind's name in the reader's language; its code where the profile has dropped it since."""
    return profile().documents.kind_label(code)


def team_label(team: str) -> str:
    return team or _("Sans groupe")


def waited(sums: Sums, share: float) -> float | None:
    """Hours within which this share of the decisions was taken, estimated within its tranche.

    None without a decision; infinite beyond the last tranche's beginning.
    """
    left = share * sum(sums[column] for column in WAIT_COLUMNS)
    if not left:
        return None
    for lower, upper, column in zip((0, *WAITS), (*WAITS, inf), WAIT_COLUMNS, strict=True):
        if sums[column] and left <= sums[column]:
            return inf if upper == inf else lower + (upper - lower) * left / sums[column]
        left -= sums[column]
    return inf


def _decisions(sums: Sums) -> int:
    return sum(sums[column] for column in OUTCOME_COLUMNS)


def _added(lines: Iterable[Sums]) -> Sums:
    kept = list(lines)
    return {column: sum(line[column] for line in kept) for column in COLUMNS}


def _key_sums(total: Sums) -> list[tuple[str, str]]:
    """The few numbers that stand above the tables."""
    columns = _decision_columns()
    shown_columns = [columns[name] for name in ("decisions", "median", "nine_in_ten", "on_time")]
    return [(column.head.shown, column.cell(total).shown) for column in shown_columns]


def _decision_columns() -> dict[str, Column]:
    """How many decisions, each outcome, in time, and how long they took."""

    def outcome_column(outcome: Outcome) -> Column:
        return Column(tables.words(str(outcome.label)), lambda sums: tables.number(sums[outcome.value]))

    return {
        "decisions": Column(tables.words(_("Décisions")), lambda sums: tables.number(_decisions(sums))),
        **{outcome.value: outcome_column(outcome) for outcome in Outcome},
        "on_time": Column(
            Cell(_("Dans les délais"), _("Dans les délais (%)")),
            lambda sums: tables.share(sums["on_time"], _decisions(sums)),
        ),
        "median": Column(
            Cell(_("Temps médian"), _("Temps médian (heures)")), lambda sums: tables.time(waited(sums, 0.5))
        ),
        "nine_in_ten": Column(
            Cell(_("9 sur 10 en moins de"), _("9 sur 10 en moins de (heures)")),
            lambda sums: tables.time(waited(sums, 0.9)),
        ),
    }


def _decided(
    name: str, title: str, first: str, lines: list[tuple[str, str, Sums]], total: Sums, *, lying: bool = True
) -> Table:
    """One line for each (short label, label, sums), with a plot of the decisions and one of the time they took."""
    labels = [line[0] for line in lines]
    numbers = [_decisions(line[2]) for line in lines]
    medians = [waited(line[2], 0.5) for line in lines]
    drawn = [None if hours is None else min(hours, WAITS[-1]) for hours in medians]
    plots = [
        Bars(
            name=f"{name}-decisions",
            title=f"{_('Décisions')} {title.lower()}",
            caption=_("Décisions"),
            text=tables.peak(labels, numbers, tables.plain),
            labels=labels,
            series=_by_outcome([line[2] for line in lines]),
            lying=lying,
            says=tables.plain,
        ),
        Bars(
            name=f"{name}-temps",
            title=f"{_('Temps médian')} {title.lower()}",
            caption=_("Temps médian jusqu’à la décision"),
            text=tables.peak(labels, drawn, duration),
            labels=labels,
            series=[Series(_("Temps médian"), drawn)],
            lying=lying,
            says=duration,
            steps=tables.HOURS,
        ),
    ]
    columns = list(_decision_columns().values())
    return tables.table(name, title, first, columns, [line[1:] for line in lines], total=total, plots=plots)


def _days(wanted: FiguresFilter) -> Table:
    """The last days, whatever weeks are asked for; without the time that decisions took, which a day says too little of."""
    first = wanted.last - timedelta(days=DAYS - 1)
    by_day = DayTally.objects.of_kind(wanted.kind).of_team(wanted.team).by_day(first, wanted.last)
    nothing: Sums = dict.fromkeys(DAY_COLUMNS, 0)
    dates = [first + timedelta(days=rank) for rank in range(DAYS)] if by_day else []
    lines = [by_day.get(date_, nothing) for date_ in dates]
    labels = [f"{date_:%d/%m}" for date_ in dates]
    plot = Bars(
        name="jours-decisions",
        title=_("Décisions par jour"),
        caption=_("Décisions"),
        text=tables.peak(labels, [_decisions(line) for line in lines], tables.plain),
        labels=labels,
        series=_by_outcome(lines),
        lying=False,
        says=tables.plain,
    )
    columns = [_decision_columns()[name] for name in ("decisions", *OUTCOME_COLUMNS, "on_time")]
    total = {column: sum(line[column] for line in lines) for column in DAY_COLUMNS}
    return tables.table(
        "jours",
        _("Par jour, sur %(days)s jours") % {"days": DAYS},
        _("Jour"),
        columns,
        [(day(date_), line) for date_, line in zip(dates, lines, strict=True)],
        total=total,
        plots=[plot],
    )


def _by_outcome(lines: list[Sums]) -> list[Series]:
    return [
        Series(str(Outcome.ACCEPTED.label), [sums["accepted"] for sums in lines]),
        Series(str(Outcome.INCOMPLETE.label), [sums["incomplete"] for sums in lines], "warning"),
        Series(str(Outcome.REFUSED.label), [sums["refused"] for sums in lines], "refusal"),
    ]


def _reasons(wanted: FiguresFilter) -> Table:
    tallies = ReasonTally.objects.during(wanted.first, wanted.last).of_kind(wanted.kind).of_team(wanted.team)
    counted: dict[str, dict[str, int]] = {}
    for line in tallies.summed():
        counted.setdefault(line["reason"], {})[line["outcome"]] = line["total"]
    lines = [
        (reason_label(code), times.get(Outcome.REFUSED, 0), times.get(Outcome.INCOMPLETE, 0))
        for code, times in sorted(counted.items(), key=lambda times: (-sum(times[1].values()), times[0]))
    ]
    whole = sum(line[1] + line[2] for line in lines)
    drawn = lines[:REASONS_DRAWN]
    labels = [line[0] for line in drawn]
    plot = Bars(
        name="motifs-nombre",
        title=_("Refus et corrections demandées, par motif"),
        text=tables.peak(labels, [line[1] + line[2] for line in drawn], tables.plain),
        labels=labels,
        series=[
            Series(str(Outcome.REFUSED.label), [line[1] for line in drawn], "refusal"),
            Series(str(Outcome.INCOMPLETE.label), [line[2] for line in drawn], "warning"),
        ],
        lying=True,
        says=tables.plain,
    )

    columns = [
        Column(tables.words(str(Outcome.REFUSED.label)), lambda times: tables.number(times[0])),
        Column(tables.words(str(Outcome.INCOMPLETE.label)), lambda times: tables.number(times[1])),
        Column(tables.words(_("Total")), lambda times: tables.number(sum(times))),
        Column(Cell(_("Part"), _("Part (%)")), lambda times: tables.share(sum(times), whole)),
    ]
    return tables.table(
        "motifs",
        _("Par motif de refus ou de correction"),
        _("Motif"),
        columns,
        [(label, times) for label, *times in lines],
        total=[sum(line[1] for line in lines), sum(line[2] for line in lines)],
        plots=[plot],
    )
