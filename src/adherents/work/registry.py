"""The sweeps that a worker runs: those of one lane in turn, the lanes beside each other. And what waits for them.

A room registers its own in its `jobs.py`, and gives another lane to what may take long: a mail never waits for a drawing.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

Function = Callable[[], int]
Around = Callable[[], AbstractContextManager[object]]
WokenBy = Callable[[Any], bool]
MAILS = "mails"  # the lane of all that is quick: mails, links, the queue


@dataclass
class Sweep:
    """`run` does what is due and returns how much it did (0: nothing left for now). `every`: seconds between two runs.

    `lane`: the sweeps of other lanes do not wait for it.
    `around`: a context manager that a long-running worker enters once, around all its rounds.
    `broker_queue`: where a broker's messages for it wait (`celery_app`). `woken_by`: whether a row of work that was just written
    gives it something to do at once; without it, only time does.
    """

    run: Function
    every: float
    lane: str = MAILS
    around: Around = nullcontext
    broker_queue: str = MAILS
    woken_by: WokenBy | None = None
    last_run: float = float("-inf")


SWEEPS: dict[str, Sweep] = {}


def lanes() -> list[str]:
    """Every lane, in the order in which its first sweep was registered."""
    return list(dict.fromkeys(sweep.lane for sweep in SWEEPS.values()))


def sweeps_of(lane: str) -> dict[str, Sweep]:
    """The sweeps of a lane, by name."""
    return {name: sweep for name, sweep in SWEEPS.items() if sweep.lane == lane}


def broker_queues() -> list[str]:
    """Every queue of a broker, each once."""
    return list(dict.fromkeys(sweep.broker_queue for sweep in SWEEPS.values()))


def due_row_of(model: type) -> WokenBy:
    """A row of this table, when what is left to do with it is due."""
    return lambda row: isinstance(row, model) and row.is_due  # type: ignore[attr-defined]


def sweep(
    name: str,
    *,
    every: float = 0,
    lane: str = MAILS,
    around: Around = nullcontext,
    broker_queue: str = "",
    woken_by: WokenBy | None = None,
) -> Callable[[Function], Function]:
    """Register a function as a sweep, which a worker runs at each round, or at most once in `every` seconds.

    `broker_queue` is the lane's own unless it is given: sweeps of one kind share one.
    """

    def register(function: Function) -> Function:
        SWEEPS[name] = Sweep(function, every, lane, around, broker_queue or lane, woken_by)
        return function

    return register


@dataclass(frozen=True)
class Backlog:
    """A kind of rows that wait. `rows` finds them; `since` is the column that says since when each does.

    `lane`: whose work they are; "" for what waits for people.
    """

    rows: Callable[[], "QuerySet[Any]"]
    since: str
    lane: str


BACKLOGS: dict[str, Backlog] = {}


def backlog(
    kind: str, *, since: str, lane: str = MAILS
) -> Callable[[Callable[[], "QuerySet[Any]"]], Callable[[], "QuerySet[Any]"]]:
    """Register what finds the rows of a kind that wait: `selectors.backlog_states` reads them all."""

    def register(rows: Callable[[], "QuerySet[Any]"]) -> Callable[[], "QuerySet[Any]"]:
        BACKLOGS[kind] = Backlog(rows, since, lane)
        return rows

    return register
