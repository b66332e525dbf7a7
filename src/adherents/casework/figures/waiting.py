"""What waits now, by kind and by how long it has."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.casework.models import Age, Item
from adherents.desk.figures import tables
from adherents.desk.figures.tables import Cell, Column, Table
from adherents.insurer.profile import profile
from adherents.ui.moments import ago, day
from adherents.ui.plots import Bars, Series

AGES = (1, 2, 3, 5, 7, 14)  # days since an item entered: where one tranche ends and the next begins
Sums = dict[str, Any]


def waiting() -> list[Table]:
    """Everything that waits, by kind and by how long it has: one query."""
    now, today = timezone.now(), timezone.localdate()
    begins = [now - timedelta(days=days) for days in AGES]
    since = {
        f"since_{rank}": Count("pk", filter=Q(entered_at__lte=moment)) for rank, moment in enumerate(begins)
    }
    counted = (
        Item.objects.waiting()
        .order_by()
        .values("kind")
        .annotate(
            waiting=Count("pk"),
            late=Count("pk", filter=Q(due_on__lt=today)),
            today=Count("pk", filter=Q(due_on=today)),
            oldest=Min("entered_at"),
            **since,
        )
    )
    lines: list[Sums] = sorted(map(dict, counted), key=lambda line: (-line["waiting"], line["kind"]))
    # As many as entered before each moment: the difference of two neighbours is a tranche.
    older = [sum(line[name] for line in lines) for name in ("waiting", *since)]
    tranches = [more - fewer for more, fewer in zip(older, [*older[1:], 0], strict=True)]
    return [_by_kind(lines), _by_age(tranches)]


def _by_kind(lines: list[Sums]) -> Table:
    def later_of(line: Sums) -> int:
        return int(line["waiting"] - line["late"] - line["today"])

    labels = [profile().documents.kind_label(line["kind"]) for line in lines]
    late, today = [line["late"] for line in lines], [line["today"] for line in lines]
    numbers = [line["waiting"] for line in lines]
    later = list(map(later_of, lines))
    plot = Bars(
        name="attente-types",
        title=_("Ce qui attend, par type de document"),
        text=tables.peak(labels, numbers, tables.plain),
        labels=labels,
        series=[
            Series(str(Age.LATE.label), late, "refusal"),
            Series(str(Age.TODAY.label), today, "warning"),
            Series(str(Age.LATER.label), later),
        ],
        lying=True,
        says=tables.plain,
    )
    columns = [
        Column(tables.words(_("En attente")), lambda line: tables.number(line["waiting"])),
        Column(tables.words(str(Age.LATE.label)), lambda line: tables.number(line["late"])),
        Column(tables.words(str(Age.TODAY.label)), lambda line: tables.number(line["today"])),
        Column(tables.words(str(Age.LATER.label)), lambda line: tables.number(later_of(line))),
        Column(
            Cell(_("Le plus ancien"), _("Le plus ancien, entré le")),
            lambda line: Cell(
                ago(line["oldest"]), f"{day(line['oldest'])} {timezone.localtime(line['oldest']):%H:%M}"
            ),
        ),
    ]
    whole: Sums = {name: sum(line[name] for line in lines) for name in ("waiting", "late", "today")}
    return tables.table(
        "attente",
        _("Ce qui attend, par type de document"),
        _("Type"),
        columns,
        list(zip(labels, lines, strict=True)),
        total=whole | {"oldest": min(line["oldest"] for line in lines)} if lines else None,
        plots=[plot],
    )


def _by_age(tranches: list[int]) -> Table:
    labels = [
        _("moins d’un jour"),
        *(_("%(from)s à %(to)s jours") % {"from": begin, "to": end} for begin, end in pairwise(AGES)),
        _("plus de %(days)s jours") % {"days": AGES[-1]},
    ]
    whole = sum(tranches)
    plot = Bars(
        name="anciennete-nombre",
        title=_("Ce qui attend, depuis combien de temps"),
        text=tables.peak(labels, tranches, tables.plain),
        labels=labels,
        series=[Series(_("En attente"), tranches)],
        lying=True,
        says=tables.plain,
    )
    columns = [
        Column(tables.words(_("En attente")), tables.number),
        Column(Cell(_("Part"), _("Part (%)")), lambda number: tables.share(number, whole)),
    ]
    return tables.table(
        "anciennete",
        _("Ce qui attend, depuis combien de temps"),
        _("Attend depuis"),
        columns,
        list(zip(labels, tranches, strict=True)) if whole else [],
        total=whole,
        plots=[plot],
    )
