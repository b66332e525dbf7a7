"""What the page of figures shows: counts of what waits and of what was decided, by kind, week, group and reason. Nothing is
written, and no person is named: a group is the smallest unit that is counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from adherents.accounts.models import Account
from adherents.casework.figures.values_read import values_read
from adherents.casework.figures.waiting import waiting
from adherents.casework.models import DayTally, Outcome, ReasonTally, Tally
from adherents.casework.models.figures import COLUMNS, DAY_COLUMNS, OUTCOME_COLUMNS
from adherents.casework.selectors import reason_label
from adherents.database.reader import from_reader
from adherents.desk.figures import tables
from adherents.desk.figures.privacy import closed_teams
from adherents.desk.figures.sections import SOURCES, FiguresSection
from adherents.desk.figures.tables import Cell, Column, Table
from adherents.desk.figures.waits import WAITS, waited
from adherents.desk.figures.wanted import DAYS, NO_TEAM, FiguresFilter
from adherents.insurer.profile import profile
from adherents.ui.moments import day, duration
from adherents.ui.plots import Bars, Series

REASONS_DRAWN = 10
Sums = dict[str, Any]


@dataclass(frozen=True)
class Figures:
    """`waiting` is of now, `decided` of the weeks that were asked for; `sums` adds these up. `read` is of these weeks,
    whatever the group and the kind, which values that were read do not have. `sections`: of other rooms.
    """

    wanted: FiguresFilter
    waiting: list[Table]
    decided: list[Table]
    sums: list[tuple[str, str]]
    read: Table
    sections: list[FiguresSection]

    def table(self, name: str) -> Table | None:
        of_others = (table for section in self.sections for table in (*section.now, *section.during))
        every = (*self.waiting, *self.decided, self.read, *of_others)
        return next((table for table in every if table.name == name), None)


@from_reader
def read(wanted: FiguresFilter, reader: Account) -> Figures:
    """Read all the figures. Nine queries, and those of other rooms; they grow with the weeks and with what waits,
    not with what was decided.

    `reader`: nobody is shown a group of one agent, but that agent (`privacy.closed_teams`).
    """
    closed = closed_teams(reader, _teams_counted())
    tallies = Tally.objects.during(wanted.first, wanted.last).of_kind(wanted.kind).of_team(wanted.team)
    by_week = {line["week"]: line for line in tallies.summed("week")}
    kinds = sorted(tallies.summed("kind"), key=lambda line: -_decisions(line))
    total = _added(by_week.values())
    nothing = _added([])
    weeks = [(monday, by_week.get(monday, nothing)) for monday in wanted.mondays] if _decisions(total) else []
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
                    for label in [tables.team_label(line["team"])]
                ],
                total,
            ),
            _reasons(wanted),
        ],
        sums=_key_sums(total),
        read=values_read(wanted.first, wanted.last),
        sections=[source.read(wanted, closed) for source in SOURCES],
    )


def teams(reader: Account) -> dict[str, str]:
    """Every group in which something was counted and that this reader may be shown, as it is asked for and as it is shown, by
    name.
    """
    counted = _teams_counted()
    shown = set().union(*counted) - closed_teams(reader, counted)
    return {team or NO_TEAM: tables.team_label(team) for team in sorted(shown)}


def _teams_counted() -> list[set[str]]:
    """Those of the decisions, and of each other kind of figures."""
    decided = Tally.objects.order_by().values_list("team", flat=True).distinct()
    return [set(decided), *(source.teams() for source in SOURCES)]


def kinds() -> dict[str, str]:
    """Every kind of document of which something was counted, by its name."""
    decided = Tally.objects.order_by().values_list("kind", flat=True).distinct()
    codes = set(decided).union(*(source.kinds() for source in SOURCES)) - {""}
    labels = {code: kind_label(code) for code in codes}
    return dict(sorted(labels.items(), key=lambda label: label[1].casefold()))


def kind_label(code: str) -> str:
    """A kind's name in the reader's language; its code where the profile has dropped it since."""
    return profile().documents.kind_label(code)


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
    tallies = DayTally.objects.of_kind(wanted.kind).of_team(wanted.team)
    by_day = tallies.by_day(wanted.days[0], wanted.last)
    nothing: Sums = dict.fromkeys(DAY_COLUMNS, 0)
    dates = wanted.days if by_day else []
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
