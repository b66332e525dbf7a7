"""Processor seconds of the processes that do a piece of work, without what loads them: on a busy machine only these compare."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

Processes = Callable[[], Iterable[psutil.Process]]


def tree(pid: int) -> list[psutil.Process]:
    """A process and all that it started."""
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def spent(processes: Iterable[psutil.Process]) -> float:
    """Seconds of these processes since their start, with those of their children that have ended."""
    seconds = 0.0
    for process in processes:
        try:
            seconds += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue  # its seconds are its parent's now
    return seconds


@dataclass
class Meter:
    """Seconds that each part spent while the block lasted, by the part's name."""

    parts: dict[str, Processes]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def running(self) -> Iterator[None]:
        before = {name: spent(processes()) for name, processes in self.parts.items()}
        yield
        self.seconds = {name: spent(processes()) - before[name] for name, processes in self.parts.items()}

    def each(self, count: int) -> dict[str, float]:
        """Milliseconds of each part for one of `count` pieces of work."""
        return {f"{name}_ms": round(seconds * 1000 / count, 2) for name, seconds in self.seconds.items()}
