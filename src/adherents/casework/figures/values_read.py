"""What agents said of the values that were read on papers: the one true measure of the reader. It names nobody."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from adherents.desk.figures import tables
from adherents.desk.figures.tables import Cell, Column, Table
from adherents.reading.codes.reading import CODE
from adherents.reading.codes.two_d_doc import name_of
from adherents.reading.models import FieldTally, Judgement
from adherents.reading.papers import DRAWN
from adherents.reading.words import LABELS
from adherents.ui.plots import Bars, Series


def values_read(first: date, last: date) -> Table:
    """A line for each value and where it was read (letters, or a signed code), of the weeks between these days: one query."""
    counted = FieldTally.objects.during(first, last).summed()
    by_label: dict[str, Counter[str]] = {}
    for line in counted:  # a signed value has one, whatever letters stand beside its code
        sums = by_label.setdefault(_label(line), Counter())
        sums.update(right=line["right"], wrong=line["wrong"])
    lines = sorted(by_label.items(), key=lambda one: -_judged(one[1]))
    labels = [label for label, _line in lines]
    plot = Bars(
        name="lectures-nombre",
        title=_("Valeurs lues, par avis des agents"),
        caption=_("Valeurs lues"),
        text=tables.peak(labels, [_judged(line) for _label, line in lines], tables.plain),
        labels=labels,
        series=[
            Series(str(Judgement.RIGHT.label), [line["right"] for _label, line in lines]),
            Series(str(Judgement.WRONG.label), [line["wrong"] for _label, line in lines], "refusal"),
        ],
        lying=True,
        says=tables.plain,
    )
    columns = [
        Column(tables.words(str(Judgement.RIGHT.label)), lambda line: tables.number(line["right"])),
        Column(tables.words(str(Judgement.WRONG.label)), lambda line: tables.number(line["wrong"])),
        Column(
            Cell(_("Part juste"), _("Part juste (%)")),
            lambda line: tables.share(line["right"], _judged(line)),
        ),
    ]
    total = {name: sum(line[name] for line in counted) for name in ("right", "wrong")}
    return tables.table(
        "lectures", _("Par valeur lue"), _("Valeur"), columns, lines, total=total, plots=[plot]
    )


def _judged(line: Mapping[str, int]) -> int:
    return line["right"] + line["wrong"]


def _label(line: Mapping[str, Any]) -> str:
    if line["code"].startswith(CODE):
        return f"{name_of(line['code'].removeprefix(CODE))} (2D-Doc)"
    source = _("texte du PDF") if line["letters"] == DRAWN else _("image")
    return f"{LABELS.get(line['code'], line['code'])} ({source})"
