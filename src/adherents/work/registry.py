"""The sweeps that a worker runs in turn. A room registers its own in its `jobs.py`."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

Function = Callable[[], int]
Around = Callable[[], AbstractContextManager[object]]


@dataclass
class Sweep:
    """`run` does what is due and returns how much it did (0: nothing left for now). `every`: seconds between two runs.

    `around`: what a worker that stays keeps open from its first round to its last, so that `run` finds it there.
    """

    run: Function
    every: float
    around: Around = nullcontext
    last_run: float = float("-inf")


SWEEPS: dict[str, Sweep] = {}


def sweep(name: str, *, every: float = 0, around: Around = nullcontext) -> Callable[[Function], Function]:
    """Register a function as a sweep, run at each round of a worker, or at most `every` so many seconds."""

    def register(function: Function) -> Function:
        SWEEPS[name] = Sweep(function, every, around)
        return function

    return register
