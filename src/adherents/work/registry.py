"""The sweeps that a worker runs: those of one lane in turn, the lanes beside each other.

A room registers its own in its `jobs.py`, and gives another lane to what may take long: a mail never waits for a drawing.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

Function = Callable[[], int]
Around = Callable[[], AbstractContextManager[object]]
MAILS = "mails"  # the lane of all that is quick: mails, links, the queue


@dataclass
class Sweep:
    """`run` does what is due and returns how much it did (0: nothing left for now). `every`: seconds between two runs.

    `lane`: the sweeps of other lanes do not wait for it.
    `around`: a context manager that a long-running worker enters once, around all its rounds.
    """

    run: Function
    every: float
    lane: str = MAILS
    around: Around = nullcontext
    last_run: float = float("-inf")


SWEEPS: dict[str, Sweep] = {}


def lanes() -> list[str]:
    """Every lane, in the order in which its first sweep was registered."""
    return list(dict.fromkeys(sweep.lane for sweep in SWEEPS.values()))


def sweeps_of(lane: str) -> dict[str, Sweep]:
    """The sweeps of a lane, by name."""
    return {name: sweep for name, sweep in SWEEPS.items() if sweep.lane == lane}


def sweep(
    name: str, *, every: float = 0, lane: str = MAILS, around: Around = nullcontext
) -> Callable[[Function], Function]:
    """Register a function as a sweep, which a worker runs at each round, or at most once in `every` seconds."""

    def register(function: Function) -> Function:
        SWEEPS[name] = Sweep(function, every, lane, around)
        return function

    return register
