"""The parent's side of the text layer: it starts the confined process, bounds its time and memory, believes nothing unchecked."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Self, cast

from adherents.inspection.rasteriser import LONGEST_SIDE, Fault
from adherents.reading.text_layer import (
    FAULT,
    LETTER,
    MOST_BYTES,
    MOST_LETTERS,
    MOST_MEMORY,
    MOST_PAGES,
    MOST_RUNS,
    PAGE,
    PLACE,
    QUARTER,
    RUN,
    RUNS,
    TURN,
)

SECONDS = 20  # of the clock and of the processor, for one document
LOOKS_EVERY = 0.05  # seconds, at the memory of the process
COMMAND = [sys.executable, "-I", "-m", "adherents.reading.text_layer"]
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class CannotBeRead(Exception):
    """The file itself is the reason: another attempt changes nothing."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


class ReadingFailed(Exception):
    """The process died, said nonsense, or was killed at a bound: nothing is known of the file."""


@dataclass(frozen=True, slots=True)
class SeenLetter:
    """A letter that a person sees. `sign` is U+FFFD where it may be another one. Lengths as the package says."""

    sign: str
    left: int
    top: int
    right: int
    bottom: int


Place = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class LetterRun:
    """Letters that were recognised together: where they were found on the pixels, and which of the page's letters they are.

    `corners`: x and y of four, as `RUN` says. The letters themselves stand on straight lines, and so elsewhere.
    """

    corners: tuple[int, ...]
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class LetterPage:
    """`junk`: its text layer is not believed, and it has no letter. `runs`: of letters that were recognised, all in order.

    Where letters were put elsewhere to be read: `places`, as many of them on the page as it is shown, whose sides are `shown`;
    `quarters`: by how many the page was turned to the right.
    """

    number: int
    width: int
    height: int
    junk: bool
    letters: tuple[SeenLetter, ...]
    runs: tuple[LetterRun, ...] = ()
    places: tuple[Place, ...] = ()
    shown: tuple[int, int] = (0, 0)
    quarters: int = 0

    @property
    def sides(self) -> tuple[int, int]:
        """Of the page as it is shown."""
        return self.shown if self.places else (self.width, self.height)


def letter_pages(data: bytes, *, seconds: int = SECONDS) -> list[LetterPage]:
    """The first pages of a PDF, each with the letters that are seen on it. Raises `CannotBeRead` or `ReadingFailed`."""
    if len(data) > MOST_BYTES:
        raise CannotBeRead(Fault.TOO_LARGE)
    with LetterReader([*COMMAND, str(len(data)), str(seconds)], seconds=seconds) as reader:
        return reader.pages(data)


class LetterReader:
    """A process that is fed once and says letters: killed after `seconds`, or when it holds more than `MOST_MEMORY`."""

    def __init__(self, command: Sequence[str], *, seconds: int) -> None:
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",  # a folder of its own would stay behind when this process is killed
                start_new_session=True,
            )
        except OSError as error:
            raise ReadingFailed("no process can be started") from error
        self._out = cast(IO[bytes], self._process.stdout)
        self._ends = time.monotonic() + seconds
        self._bound_met = ""
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._bound, daemon=True)
        self._watch.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()
        self._kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._out):
            with suppress(OSError):
                cast(IO[bytes], pipe).close()

    def _bound(self) -> None:
        """Kill the process at the end of its time, or when it holds more memory than it may."""
        while not self._over.wait(LOOKS_EVERY):
            if time.monotonic() > self._ends:
                self._bound_met = "its time was over"
            elif resident(self._process.pid) > MOST_MEMORY:
                self._bound_met = "it held too much memory"
            if self._bound_met:
                self._kill()
                return

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def pages(self, data: bytes | memoryview, *, most: int = MOST_PAGES) -> list[LetterPage]:
        """Feed it, then read its pages, of which there are `most`. Raises `CannotBeRead` or `ReadingFailed`."""
        with suppress(BrokenPipeError):
            fed = cast(IO[bytes], self._process.stdin)
            fed.write(data)
            fed.close()
        pages: list[LetterPage] = []
        while (letter := self._exactly(1)) in {b"P", b"R", b"B"}:
            if letter == b"P":
                pages.append(self._page(len(pages) + 1, most))
            elif not pages or (letter == b"R" and pages[-1].runs):
                raise ReadingFailed("runs or places of no page")
            elif letter == b"R":
                pages[-1] = replace(pages[-1], runs=self._runs(len(pages[-1].letters)))
            else:
                pages[-1] = self._placed(pages[-1])
        if letter == b"E":
            code = FAULT.unpack(self._exactly(FAULT.size))[0]
            raise CannotBeRead(Fault(code) if code in set(Fault) else Fault.UNREADABLE)
        if letter != b"Z":
            raise ReadingFailed("nonsense")
        return pages

    def _page(self, expected: int, most_pages: int) -> LetterPage:
        number, width, height, junk, count = PAGE.unpack(self._exactly(PAGE.size))
        most = LONGEST_SIDE * QUARTER
        if (
            number != expected
            or number > most_pages
            or count > MOST_LETTERS
            or not (0 < width <= most and 0 < height <= most)
        ):
            raise ReadingFailed("a page out of bounds")
        letters = []
        for code, left, top, right, bottom, doubtful in LETTER.iter_unpack(
            self._exactly(count * LETTER.size)
        ):
            if code > 0x10FFFF or 0xD800 <= code < 0xE000 or not (left <= right and top <= bottom):
                raise ReadingFailed("a letter out of bounds")
            letters.append(SeenLetter("\ufffd" if doubtful else chr(code), left, top, right, bottom))
        return LetterPage(number, width, height, bool(junk), () if junk else tuple(letters))

    def _runs(self, letters: int) -> tuple[LetterRun, ...]:
        (count,) = RUNS.unpack(self._exactly(RUNS.size))
        if count > MOST_RUNS:
            raise ReadingFailed("too many runs")
        runs, first = list[LetterRun](), 0
        for *corners, own in RUN.iter_unpack(self._exactly(count * RUN.size)):
            runs.append(LetterRun(tuple(corners), first, own))
            first += own
        if first != letters or not all(run.count for run in runs):
            raise ReadingFailed("runs that are not the page's letters")
        return tuple(runs)

    def _placed(self, page: LetterPage) -> LetterPage:
        quarters = TURN.unpack(self._exactly(TURN.size))[0]
        places = tuple(PLACE.iter_unpack(self._exactly(len(page.letters) * PLACE.size)))
        if quarters > 3 or any(left > right or top > bottom for left, top, right, bottom in places):
            raise ReadingFailed("a place out of bounds")
        return replace(page, places=places, quarters=quarters)

    def _exactly(self, wanted: int) -> bytes:
        got = self._out.read(wanted)
        if len(got) != wanted:
            raise ReadingFailed(f"the reading process stopped: {self._how_it_ended()}")
        return got

    def _how_it_ended(self) -> str:
        """The bound that it met, or its exit code (negative: the signal)."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        return self._bound_met or f"exit code {self._process.returncode}"


def resident(process: int) -> int:
    """How many bytes of memory a process holds; 0 when it is gone."""
    try:
        counted = Path(f"/proc/{process}/statm").read_bytes()
        return int(counted.split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0
