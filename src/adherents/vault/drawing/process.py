"""The parent's side of drawing: starts the confined process, feeds it, bounds it, and believes nothing unchecked."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Self, cast

from adherents.vault.drawing import (
    COUNT,
    FAULT,
    FILE,
    LONGEST_SIDE,
    MOST_FILE_BYTES,
    MOST_FILES,
    MOST_PAGE_PIXELS,
    MOST_PAGES,
    PAGE,
    Fault,
)

SECONDS = 60
PIPE_BYTES = (
    1 << 20
)  # a page is six megabytes: with the usual 64 KiB, the two processes wake each other a hundred times
COMMAND = [sys.executable, "-I", "-m", "adherents.vault.drawing"]


class CannotBeDrawn(Exception):
    """The file itself is the reason: trying again changes nothing."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


class DrawingFailed(Exception):
    """The process died, was killed at its time limit, or said nonsense: it may go better another time."""


@dataclass(frozen=True, slots=True)
class DrawnPage:
    """One page: its number from 1, its size in pixels, and width x height x 3 bytes of red, green and blue."""

    number: int
    width: int
    height: int
    pixels: bytes


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
    ) -> None:
        """`only_open`: it draws nothing. `unpack`: it gives the files that a PDF carries, and draws nothing."""
        wanted = "unpack" if unpack else "open" if only_open else "draw"
        self._folder = tempfile.TemporaryDirectory(prefix="drawing-")
        self._process = subprocess.Popen(
            [*COMMAND, content_type, str(size), str(seconds), wanted],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pipesize=PIPE_BYTES,
            env={},
            cwd=self._folder.name,
            close_fds=True,
            start_new_session=True,
        )
        self._clock = threading.Timer(seconds, self._kill)
        self._clock.daemon = True
        self._clock.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clock.cancel()
        self._kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                cast(IO[bytes], pipe).close()
        self._folder.cleanup()

    def feed(self, chunks: Iterable[bytes]) -> int:
        """Give it the whole file, then read how many pages it has. Raises `CannotBeDrawn` or `DrawingFailed`."""
        self._give(chunks)
        if self._next() != b"N":
            raise DrawingFailed("no page count")
        count = int(COUNT.unpack(self._exactly(COUNT.size))[0])
        if count < 1:
            raise DrawingFailed("no page")
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
        stdin = cast(IO[bytes], self._process.stdin)
        with suppress(BrokenPipeError):
            for chunk in chunks:
                stdin.write(chunk)
        with suppress(BrokenPipeError):
            stdin.close()

    def pages(self) -> Iterator[DrawnPage]:
        """The pages, in order, each checked against the bounds. Raises `CannotBeDrawn` or `DrawingFailed`."""
        expected = 1
        while self._next() == b"P":
            number, width, height = PAGE.unpack(self._exactly(PAGE.size))
            sane = (
                0 < width <= LONGEST_SIDE
                and 0 < height <= LONGEST_SIDE
                and width * height <= MOST_PAGE_PIXELS
            )
            if number != expected or number > MOST_PAGES or not sane:
                raise DrawingFailed("a page out of bounds")
            yield DrawnPage(number, width, height, self._exactly(width * height * 3))
            expected += 1

    def _next(self) -> bytes:
        letter = self._exactly(1)
        if letter == b"E":
            code = FAULT.unpack(self._exactly(FAULT.size))[0]
            raise CannotBeDrawn(Fault(code) if code in set(Fault) else Fault.UNREADABLE)
        if letter not in {b"N", b"P", b"F", b"Z"}:
            raise DrawingFailed("nonsense")
        return letter

    def _exactly(self, wanted: int) -> bytes:
        got = cast(IO[bytes], self._process.stdout).read(wanted)
        if len(got) != wanted:
            raise DrawingFailed("the drawing process stopped")
        return got

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
