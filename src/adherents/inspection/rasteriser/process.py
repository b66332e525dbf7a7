"""The parent's side of drawing: starts the confined process, feeds it, bounds it, and believes nothing unchecked.

A process draws one file and dies. Starting one takes as long as drawing several pages, so a worker has its next one start
before it is needed (`kept_ready`). Where a drawing service is set (`use_service`), the process is the service's, and all the
rest is the same.
"""

import fcntl
import logging
import math
import mmap
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import IO, Self, cast

from adherents.inspection.rasteriser import (
    COUNT,
    FAULT,
    FILE,
    LONGEST_SIDE,
    MOST_FILE_BYTES,
    MOST_FILES,
    MOST_PAGE_PIXELS,
    MOST_PAGES,
    PAGE,
    PIXEL_BYTES,
    SLOT_BYTES,
    SLOTS,
    Fault,
    client,
)
from adherents.inspection.rasteriser.client import Drawer, ServiceAway
from adherents.inspection.rasteriser.confinement import Confined

log = logging.getLogger("adherents.inspection")
SECONDS = 60
BEHIND = 10  # added to the niceness of a long drawing, so that quick ones do not wait for it
PIPE_BYTES = 1 << 20  # with the usual 64 KiB, the two processes wake each other a hundred times for a file
SIZE_IS_FINAL = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
COMMAND = [sys.executable, "-I", "-m", "adherents.inspection.rasteriser"]


MEASURE = """
from adherents.inspection.rasteriser.confinement import confine
print(*(int(permitted) for permitted in confine(memory=1_500_000_000, seconds=10)))
"""


class _Where:
    """Who starts the processes: this one, or the drawing service that listens on the Unix socket of this path."""

    service: str | None = None
    said_at = -math.inf  # when it was last logged that the service is away


def use_service(path: str | None) -> None:
    """From now on, have files drawn by the service that listens on this Unix socket; None: by processes of one's own."""
    _Where.service = path


def is_there() -> bool:
    """Whether a file can be drawn now: False while the drawing service is away, which is logged once a minute."""
    if _Where.service is None or client.answers(_Where.service):
        return True
    if time.monotonic() > _Where.said_at + 60:
        _Where.said_at = time.monotonic()
        log.warning("the drawing service is away")
    return False


def what_is_permitted() -> Confined:
    """What a drawing process can take away from itself: one is started, confined and asked, by the drawing service if one is set.

    `another_user`: it is not the user of this process. Raises `OSError`.
    """
    if _Where.service is None:
        return measured()
    user, permitted = client.ask_what_is_permitted(_Where.service)
    return permitted._replace(another_user=permitted.another_user or user != os.geteuid())


def measured() -> Confined:
    """What this system permits to a drawing process that this process starts. Raises `OSError`."""
    command = [sys.executable, "-I", "-c", MEASURE]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env={}, timeout=30, check=False
    )
    answers = [answer == b"1" for answer in done.stdout.split()]
    if len(answers) != len(Confined._fields):
        raise OSError("no drawing process can be started")
    return Confined(*answers)


class CannotBeDrawn(Exception):
    """The file itself is the reason: trying again changes nothing."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


class DrawingFailed(Exception):
    """The process died, was killed at its time limit, or said nonsense: it may go better another time."""


class DrawingServiceAway(DrawingFailed):
    """The drawing service does not answer, or ended meanwhile: this says nothing of the file."""


class OutOfTime(DrawingFailed):
    """It was killed at its time limit. `computing`: it spent that time computing, as it would the next time; else the machine
    did not let it, which says nothing of the file.
    """

    def __init__(self, *, computing: bool) -> None:
        super().__init__("out of time")
        self.computing = computing


@dataclass(frozen=True, slots=True)
class DrawnPage:
    """One page: its number from 1, its size in pixels, and `PIXEL_BYTES` for each: red, green, blue and nothing.

    The pixels are read where they were drawn: `done` with them, which any thread may say, another page takes their place.
    """

    number: int
    width: int
    height: int
    pixels: memoryview
    done: Callable[[], None]


class Child:
    """A process that waits for its file. `pages`: the descriptor of the memory that both share."""

    def __init__(self) -> None:
        self.pages = os.memfd_create("pages", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            self.process = self._started()
        except OSError:
            os.close(self.pages)
            raise
        self.stdin, self.stdout = cast(IO[bytes], self.process.stdin), cast(IO[bytes], self.process.stdout)

    def _started(self) -> subprocess.Popen[bytes]:
        os.ftruncate(self.pages, SLOTS * SLOT_BYTES)  # taken as pages are drawn
        fcntl.fcntl(self.pages, fcntl.F_ADD_SEALS, SIZE_IS_FINAL)  # who reads beyond a shrunken end is killed
        self.memory = memoryview(mmap.mmap(self.pages, SLOTS * SLOT_BYTES, prot=mmap.PROT_READ))
        return subprocess.Popen(
            [*COMMAND, str(self.pages)],
            pass_fds=[self.pages],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pipesize=PIPE_BYTES,
            env={},
            cwd="/",  # a folder of its own would stay behind when this process is killed
            close_fds=True,
            start_new_session=True,
        )

    def go_behind(self) -> None:
        """Let it have the processor when no other process wants it."""
        with suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, self.process.pid, BEHIND)

    def let_go(self) -> None:
        """Close this process's ends of what it says and hears: another process has them now."""
        for pipe in (self.stdin, self.stdout):
            with suppress(OSError):
                pipe.close()

    def tell(self, message: bytes) -> None:
        """Nothing happens when the process no longer listens: the code that waits for its answer will notice."""
        with suppress(BrokenPipeError, ValueError):
            self.stdin.write(message)
            self.stdin.flush()

    def kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> float:
        """Kill it, wait for its end; how many seconds of processor it took."""
        self.kill()
        try:
            _, status, usage = os.wait4(self.process.pid, 0)
        except ChildProcessError:  # it was waited for before
            return 0.0
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime

    def close(self) -> None:
        self.kill()
        self.process.wait()
        self.let_go()
        with suppress(OSError):
            os.close(self.pages)


class _Spare:
    """The process that is started before its file is known, while at least one worker keeps it ready (`kept`)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keepers = 0
        self._child: Child | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        with self._lock:
            self._keepers += 1
        self.fill()
        try:
            yield
        finally:
            with self._lock:
                self._keepers -= 1
                child = None if self._keepers else self._taken()
            if child is not None:
                child.close()

    def fill(self) -> None:
        """Have one again, for the next file: where none can be started now, the next file says so if it still cannot."""
        with self._lock, suppress(OSError):
            if self._keepers and self._child is None:
                self._child = Child()

    def take(self) -> Child:
        """The spare process, or a new one. A process draws one file only, and one that died meanwhile draws none."""
        with self._lock:
            child = self._taken()
        if child is not None and child.process.poll() is not None:
            child.close()
            child = None
        return child or Child()

    def _taken(self) -> Child | None:
        child, self._child = self._child, None
        return child


_spare = _Spare()
started, start_another = _spare.take, _spare.fill


@contextmanager
def kept_ready() -> Iterator[None]:
    """Have the next process start before its file is known, for as long as the block lasts. A drawing service does so itself."""
    if _Where.service is not None:
        yield
        return
    with _spare.kept():
        yield


class Drawing:
    """A context: `feed` it the file, then iterate `pages`. Leaving it kills the process and its group."""

    def __init__(
        self,
        content_type: str,
        size: int,
        *,
        seconds: int = SECONDS,
        only_open: bool = False,
        unpack: bool = False,
        behind: bool = False,
    ) -> None:
        """`only_open`: it draws nothing. `unpack`: it gives the files that a PDF carries, and draws nothing. `behind`: it gets
        the processor when no other process wants it. Raises `OSError` where no process can be started, or `DrawingServiceAway`.
        """
        self._most_pages, self._seconds, self._rang = 0, seconds, False
        wanted = "open" if only_open else "draw"
        if unpack:
            wanted = "unpack"
        self._child = self._started(behind=behind)
        self._clock = threading.Timer(seconds, self._ring)
        self._clock.daemon = True
        self._clock.start()
        self._child.tell(f"{content_type} {size} {seconds} {wanted}\n".encode())

    def _started(self, *, behind: bool) -> Drawer:
        if _Where.service is not None:
            try:
                return client.RemoteChild(_Where.service, behind=behind)
            except ServiceAway as error:
                raise DrawingServiceAway("no drawing service") from error
        child = started()
        if behind:
            child.go_behind()
        return child

    def _ring(self) -> None:
        self._rang = True
        self._child.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clock.cancel()
        self._child.close()
        start_another()

    def feed(self, chunks: Iterable[bytes]) -> int:
        """Give it the whole file, then read how many pages it has. Raises `CannotBeDrawn` or `DrawingFailed`."""
        self._give(chunks)
        if self._next() != b"N":
            raise DrawingFailed("no page count")
        count = int(COUNT.unpack(self._exactly(COUNT.size))[0])
        if count < 1:
            raise DrawingFailed("no page")
        self._most_pages = min(count, MOST_PAGES)
        return count

    def files(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Give it the whole PDF, then read the files that it carries. Raises `CannotBeDrawn` or `DrawingFailed`."""
        self._give(chunks)
        left, count = MOST_FILE_BYTES, 0
        while self._next() == b"F":
            size = int(FILE.unpack(self._exactly(FILE.size))[0])
            left, count = left - size, count + 1
            if left < 0 or count > MOST_FILES:
                raise DrawingFailed("files out of bounds")
            yield self._exactly(size)

    def _give(self, chunks: Iterable[bytes]) -> None:
        with suppress(BrokenPipeError):
            for chunk in chunks:
                self._child.stdin.write(chunk)
            self._child.stdin.flush()

    def pages(self) -> Iterator[DrawnPage]:
        """The pages, in order, each checked against the bounds. Raises `CannotBeDrawn` or `DrawingFailed`.

        At most `SLOTS` pages come before the caller is `done` with the first of them.
        """
        done = 0
        while self._next() == b"P":
            number, width, height = PAGE.unpack(self._exactly(PAGE.size))
            sane = (
                0 < width <= LONGEST_SIDE
                and 0 < height <= LONGEST_SIDE
                and width * height <= MOST_PAGE_PIXELS
            )
            if number != done + 1 or number > self._most_pages or not sane:
                raise DrawingFailed("a page out of bounds")
            slot = done % SLOTS
            start, size = slot * SLOT_BYTES, width * height * PIXEL_BYTES
            pixels = self._child.memory[start : start + size]
            yield DrawnPage(number, width, height, pixels, partial(self._child.tell, bytes([slot])))
            done = number
        if done != self._most_pages:
            raise DrawingFailed("pages that do not come")

    def _next(self) -> bytes:
        letter = self._exactly(1)
        if letter == b"E":
            code = FAULT.unpack(self._exactly(FAULT.size))[0]
            raise CannotBeDrawn(Fault(code) if code in set(Fault) else Fault.UNREADABLE)
        if letter not in {b"N", b"P", b"F", b"Z"}:
            raise DrawingFailed("nonsense")
        return letter

    def _exactly(self, wanted: int) -> bytes:
        got = self._child.stdout.read(wanted)
        if len(got) != wanted:
            raise self._stopped()
        return got

    def _stopped(self) -> DrawingFailed:
        """Why nothing more comes. The system itself ends a process that has had all its seconds of processor."""
        self._clock.cancel()
        try:
            spent = self._child.end()
        except ServiceAway:
            return DrawingServiceAway("the drawing service ended")
        if self._rang or spent > self._seconds - 0.5:
            return OutOfTime(computing=spent > self._seconds / 4)
        return DrawingFailed("the drawing process stopped")
