"""Tables of figures: what a page shows, what a spreadsheet reads, and the plots that go with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from adherents.accounts.models import SYSTEMS
from adherents.desk.figures.waits import WAITS
from adherents.ui import spreadsheet
from adherents.ui.moments import duration
from adherents.ui.plots import Bars

HOURS = (0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 72, 120, 168)  # between two marks of an axis of time


@dataclass(frozen=True)
class Cell:
    """What a table shows, and what a spreadsheet reads: a number without its unit."""

    shown: str
    raw: str


@dataclass(frozen=True)
class Table:
    """`name`: in its address. `heads`: on the page, and in the file where the unit has to be said. No row: nothing to count."""

    name: str
    title: str
    heads: list[Cell]
    rows: list[list[Cell]]
    total: list[Cell]
    plots: list[Bars]

    def csv(self) -> str:
        """The rows as a file for a spreadsheet; a total is left to it."""
        return "".join(spreadsheet.lines([cell.raw for cell in row] for row in (self.heads, *self.rows)))


@dataclass(frozen=True)
class Column:
    """A head, and what stands under it on each line."""

    head: Cell
    cell: Callable[[Any], Cell]


def table(
    name: str,
    title: str,
    first: str,
    columns: Sequence[Column],
    lines: Sequence[tuple[str, Any]],
    *,
    total: Any,
    plots: list[Bars],
) -> Table:
    """A line for each (label, what its cells are made of), under `first` and the heads of the columns; without lines, no plot."""

    def row(label: str, facts: Any) -> list[Cell]:
        return [words(label), *(column.cell(facts) for column in columns)]

    return Table(
        name=name,
        title=title,
        heads=[words(first), *(column.head for column in columns)],
        rows=[row(label, facts) for label, facts in lines],
        total=row(_("Ensemble"), total) if total is not None else [],
        plots=plots if lines else [],
    )


def team_label(team: str) -> str:
    """A group's name, as tables and filters say it."""
    return _("Systèmes") if team == SYSTEMS else team or _("Sans groupe")


def words(text: str) -> Cell:
    return Cell(text, text)


def number(count: int) -> Cell:
    return Cell(number_format(count, force_grouping=True), str(count))


def share(part: int, whole: int) -> Cell:
    if not whole:
        return Cell("–", "")
    percent = round(100 * part / whole)
    return Cell(_("%(percent)s %%") % {"percent": percent}, str(percent))


def time(hours: float | None) -> Cell:
    if hours is None:
        return Cell("–", "")
    if hours == inf:
        return Cell(_("plus de %(duration)s") % {"duration": duration(WAITS[-1])}, f">{WAITS[-1]}")
    return Cell(duration(hours), number_format(hours, decimal_pos=1))


def plain(value: float) -> str:
    return number_format(value if value % 1 else int(value), force_grouping=True)


def peak(labels: Sequence[str], values: Sequence[float | None], says: Callable[[float], str]) -> str:
    """What a plot shows, in a sentence for a reader who does not see it."""
    highest = max(
        ((value, label) for label, value in zip(labels, values, strict=True) if value), default=None
    )
    if highest is None:
        return _("Rien à montrer.")
    return _("Le plus haut : %(label)s, %(value)s. Tous les nombres sont dans le tableau.") % {
        "label": highest[1],
        "value": says(highest[0]),
    }
