"""What other rooms add to the page of figures, and to counting again. They stand above this room, beside each other.

Each registers its own: what is shown in its `panels.py`, what counts again where its app begins.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from adherents.desk.figures.tables import Table
from adherents.desk.figures.wanted import FiguresFilter


@dataclass(frozen=True)
class FiguresSection:
    """A part of the page. `now`: what waits. `during`: what was done in the weeks that were asked for, which `sums` adds up.

    `hint` says how it is counted; `nothing`, that nothing was.
    """

    name: str
    title: str
    hint: str
    nothing: str
    now: list[Table]
    during: list[Table]
    sums: list[tuple[str, str]]


@dataclass(frozen=True)
class FiguresSource:
    """Where a section comes from. `read`: of a filter, without the groups that are closed to the reader.

    `teams`, `kinds`: those in which something was ever counted; "" for none.
    """

    read: Callable[[FiguresFilter, set[str]], FiguresSection]
    teams: Callable[[], set[str]]
    kinds: Callable[[], set[str]]


Recount = Callable[[], Iterator[tuple[date, int]]]

SOURCES: list[FiguresSource] = []
RECOUNTS: dict[str, Recount] = {}


def add_figures(source: FiguresSource) -> None:
    SOURCES.append(source)


def recount(what: str) -> Callable[[Recount], Recount]:
    """Register what counts again week by week: it yields each Monday, and how many of `what` it has."""

    def register(function: Recount) -> Recount:
        RECOUNTS[what] = function
        return function

    return register
