"""What the page of figures shows of messages: what waits for an answer now, and what was opened and answered, by week, day, kind
and group. Nothing is written, and no person is named.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.desk.figures import tables
from adherents.desk.figures.sections import FiguresSection, FiguresSource
from adherents.desk.figures.tables import Cell, Column, Table
from adherents.desk.figures.waits import WAITS, waited
from adherents.desk.figures.wanted import DAYS, FiguresFilter
from adherents.insurer.calendar import add_working_days, beginning_of
from adherents.insurer.profile import profile
from adherents.messaging.models import MessageDayTally, MessageTally, Thread
from adherents.messaging.models.figures import COLUMNS, DAY_COLUMNS
from adherents.ui.moments import ago, day, duration
from adherents.ui.plots import Bars, Series

Sums = Mapping[str, Any]
Lines = list[tuple[str, str, Sums]]  # a short label, a label, and the sums


def read(wanted: FiguresFilter, closed: set[str]) -> FiguresSection:
    """Five queries. They grow with the weeks and with what waits, not with what was written.

    `closed`: the groups that are not shown. What was opened belongs to no group: where one is asked for, it is not there.
    """
    tallies = MessageTally.objects.during(wanted.first, wanted.last).of_kind(wanted.kind).of_team(wanted.team)
    by_week = {line["week"]: line for line in _of_the_team(wanted, tallies.summed("week"))}
    total = _added(by_week.values())
    nothing = _added([])
    weeks = [(monday, by_week.get(monday, nothing)) for monday in wanted.mondays] if _any(total) else []
    kinds = sorted(
        _of_the_team(wanted, tallies.summed("kind")),
        key=lambda line: (-line["opened"] - line["answered"], line["kind"]),
    )
    columns = _columns(wanted)
    return FiguresSection(
        name="messages",
        title=_("Messages"),
        hint=_(
            "Une conversation est ouverte quand l’adhérent y écrit pour la première fois, et répondue au premier message du "
            "service après lui. Le temps va de l’un à l’autre, nuits et fins de semaine comprises ; il est estimé à partir "
            "de tranches."
        ),
        nothing=_("Aucune conversation ouverte ni répondue dans ces semaines avec ces filtres."),
        now=[_waiting()],
        during=[
            _table(
                "messages-semaines",
                _("Conversations par semaine"),
                _("Semaine du"),
                columns,
                [(f"{monday:%d/%m}", day(monday), line) for monday, line in weeks],
                total,
                lying=False,
                opened=not wanted.team,
            ),
            _days(wanted),
            _table(
                "messages-types",
                _("Conversations par type de document"),
                _("Type"),
                columns,
                [
                    (label, label, line)
                    for line in kinds
                    for label in [kind_label(line["kind"])]
                    if _any(line)
                ],
                total,
                opened=not wanted.team,
            ),
            _table(
                "messages-groupes",
                _("Premières réponses par groupe d’agents"),
                _("Groupe"),
                _answer_columns(),
                [
                    (label, label, line)
                    for line in tallies.summed("team")
                    if line["team"] not in closed and line["answered"]
                    for label in [tables.team_label(line["team"])]
                ],
                total,
                opened=False,
            ),
        ],
        sums=[(column.head.shown, column.cell(total).shown) for column in columns] if _any(total) else [],
    )


def teams() -> set[str]:
    """The groups that ever answered."""
    answered = MessageTally.objects.filter(answered__gt=0).order_by()
    return set(answered.values_list("team", flat=True).distinct())


def kinds() -> set[str]:
    """The kinds of documents that conversations were ever about; "" for none."""
    return set(MessageTally.objects.order_by().values_list("kind", flat=True).distinct())


SOURCE = FiguresSource(read, teams, kinds)


def kind_label(code: str) -> str:
    return profile().documents.kind_label(code) if code else _("Sans document")


def _of_the_team(wanted: FiguresFilter, lines: Iterable[Sums]) -> list[Sums]:
    """What was opened, by no group, is in the same rows as what was answered by agents without one."""
    return [{**line, "opened": 0} if wanted.team else line for line in lines]


def _any(sums: Sums) -> bool:
    return bool(sums["opened"] or sums["answered"])


def _added(lines: Iterable[Sums]) -> Sums:
    kept = list(lines)
    return {column: sum(line[column] for line in kept) for column in COLUMNS}


def _columns(wanted: FiguresFilter) -> list[Column]:
    opened = Column(tables.words(_("Conversations ouvertes")), lambda sums: tables.number(sums["opened"]))
    return _answer_columns() if wanted.team else [opened, *_answer_columns()]


def _answer_columns() -> list[Column]:
    return [
        _answered_column(),
        Column(
            Cell(_("Temps médian"), _("Temps médian (heures)")), lambda sums: tables.time(waited(sums, 0.5))
        ),
        Column(
            Cell(_("9 sur 10 en moins de"), _("9 sur 10 en moins de (heures)")),
            lambda sums: tables.time(waited(sums, 0.9)),
        ),
    ]


def _answered_column() -> Column:
    return Column(tables.words(_("Premières réponses")), lambda sums: tables.number(sums["answered"]))


def _table(
    name: str,
    title: str,
    first: str,
    columns: list[Column],
    lines: Lines,
    total: Sums,
    *,
    lying: bool = True,
    opened: bool = True,
) -> Table:
    """One line each, with a plot of how many and one of the time to the first answer."""
    labels = [line[0] for line in lines]
    medians = [waited(line[2], 0.5) for line in lines]
    drawn = [None if hours is None else min(hours, WAITS[-1]) for hours in medians]
    time = Bars(
        name=f"{name}-temps",
        title=f"{_('Temps médian')}, {title.lower()}",
        caption=_("Temps médian jusqu’à la première réponse"),
        text=tables.peak(labels, drawn, duration),
        labels=labels,
        series=[Series(_("Temps médian"), drawn)],
        lying=lying,
        says=duration,
        steps=tables.HOURS,
    )
    how_many = _how_many(name, title, labels, [line[2] for line in lines], lying=lying, opened=opened)
    return tables.table(
        name, title, first, columns, [line[1:] for line in lines], total=total, plots=[how_many, time]
    )


def _how_many(
    name: str, title: str, labels: list[str], sums: Sequence[Sums], *, lying: bool, opened: bool
) -> Bars:
    column, caption = (
        ("opened", _("Conversations ouvertes")) if opened else ("answered", _("Premières réponses"))
    )
    values = [line[column] for line in sums]
    return Bars(
        name=f"{name}-nombre",
        title=f"{caption}, {title.lower()}",
        caption=caption,
        text=tables.peak(labels, values, tables.plain),
        labels=labels,
        series=[Series(caption, values)],
        lying=lying,
        says=tables.plain,
    )


def _days(wanted: FiguresFilter) -> Table:
    """The last days, whatever weeks are asked for."""
    tallies = MessageDayTally.objects.of_kind(wanted.kind).of_team(wanted.team)
    by_day = tallies.by_day(wanted.days[0], wanted.last)
    by_day = {date_: line for date_, line in by_day.items() if line["answered"] or not wanted.team}
    nothing = dict.fromkeys(DAY_COLUMNS, 0)
    dates = wanted.days if by_day else []
    lines = [by_day.get(date_, nothing) for date_ in dates]
    title = _("Conversations par jour, sur %(days)s jours") % {"days": DAYS}
    labels = [f"{date_:%d/%m}" for date_ in dates]
    columns = [
        column
        for column in _columns(wanted)
        if column.head.shown in {_("Conversations ouvertes"), _("Premières réponses")}
    ]
    return tables.table(
        "messages-jours",
        title,
        _("Jour"),
        columns,
        [(day(date_), line) for date_, line in zip(dates, lines, strict=True)],
        total={column: sum(line[column] for line in lines) for column in DAY_COLUMNS},
        plots=[_how_many("messages-jours", title, labels, lines, lying=False, opened=not wanted.team)],
    )


def _waiting() -> Table:
    """Every conversation in which a member waits for an answer, by kind: one query, of those that wait."""
    counted = (
        Thread.objects.filter(waits_since__isnull=False)
        .order_by()
        .values("document__kind")
        .annotate(
            waiting=Count("pk"),
            late=Count("pk", filter=Q(waits_since__lt=_late_before())),
            oldest=Min("waits_since"),
        )
    )
    lines: list[Sums] = sorted(counted, key=lambda line: (-line["waiting"], line["document__kind"] or ""))
    labels = [kind_label(line["document__kind"] or "") for line in lines]
    title = _("Conversations à répondre, par type de document")
    late = [line["late"] for line in lines]
    waiting = [line["waiting"] for line in lines]
    plot = Bars(
        name="messages-attente-nombre",
        title=title,
        text=tables.peak(labels, waiting, tables.plain),
        labels=labels,
        series=[
            Series(_("En retard"), late, "refusal"),
            Series(_("Dans les délais"), [whole - part for whole, part in zip(waiting, late, strict=True)]),
        ],
        lying=True,
        says=tables.plain,
    )
    columns = [
        Column(tables.words(_("En attente")), lambda line: tables.number(line["waiting"])),
        Column(tables.words(_("En retard")), lambda line: tables.number(line["late"])),
        Column(
            Cell(_("Attend depuis"), _("Attend depuis le")),
            lambda line: Cell(
                ago(line["oldest"]), f"{day(line['oldest'])} {timezone.localtime(line['oldest']):%H:%M}"
            ),
        ),
    ]
    total = (
        {
            "waiting": sum(waiting),
            "late": sum(late),
            "oldest": min(line["oldest"] for line in lines),
        }
        if lines
        else None
    )
    return tables.table(
        "messages-attente",
        title,
        _("Type"),
        columns,
        list(zip(labels, lines, strict=True)),
        total=total,
        plots=[plot],
    )


def _late_before() -> datetime:
    """What waits since before this moment should have been answered by yesterday: `answer_days` working days after it came."""
    today = timezone.localdate()
    last = today - timedelta(days=1)
    while add_working_days(last, profile().messages.answer_days) >= today:
        last -= timedelta(days=1)
    return beginning_of(last + timedelta(days=1))
