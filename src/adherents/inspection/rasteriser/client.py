"""The client's side of a drawing service: a process that the service started, and that this process speaks to by itself.

On the service's Unix socket, a connection is a file. The client says one letter: `DRAW`, or `DRAW_BEHIND`. The service answers
`GIVEN` with three descriptors: the process's standard input and output, and the memory of the pages. From then on the file and
its pixels pass between the client and the process alone. `KILL` ends the process; `END` ends it too, and is answered by the
seconds of processor that it took. A connection that closes ends its process. `MEASURE`, in the place of a file, asks what the
service's system permits to such a process (`Confined`).
"""

import fcntl
import math
import mmap
import os
import select
import socket
import struct
import time
from contextlib import suppress
from typing import IO, Protocol

from adherents.inspection.rasteriser import SLOT_BYTES, SLOTS
from adherents.inspection.rasteriser.confinement import Confined

DRAW, DRAW_BEHIND, MEASURE, KILL, END = b"D", b"B", b"M", b"K", b"E"
GIVEN, NOT_STARTED = b"+", b"-"
SPENT = struct.Struct(">d")
MEASURED = struct.Struct(f">I{len(Confined._fields)}?")
ANSWERS_WITHIN = (
    10  # seconds, for the service to have a process: it may be starting one, or have no place yet
)
MEASURES_WITHIN = 30
GRACE = 2.0  # seconds, for the service to end a process that it was told to end
_SHRINKS_NO_MORE = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


class ServiceAway(Exception):
    """The drawing service does not answer, or answers what it never would."""


class _Deadline:
    """How long one waits for the process: without end, or for `GRACE` seconds after it was to be killed."""

    def __init__(self) -> None:
        self.ends = math.inf

    def wait(self, descriptor: int, event: int) -> bool:
        """Wait until the pipe is ready. False: the time is over."""
        poll = select.poll()
        poll.register(descriptor, event)
        while not poll.poll(500):
            if time.monotonic() > self.ends:
                return False
        return True


class Feed:
    """The writing end of a process's standard input. It never waits longer than its deadline."""

    def __init__(self, descriptor: int, deadline: _Deadline) -> None:
        self._descriptor, self._deadline = descriptor, deadline
        os.set_blocking(descriptor, False)

    def write(self, data: bytes) -> None:
        """All of it. Raises `BrokenPipeError` where the process listens no more."""
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:
                if not self._deadline.wait(self._descriptor, select.POLLOUT):
                    raise BrokenPipeError from None

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        os.close(self._descriptor)


class Answers:
    """The reading end of a process's standard output. It never waits longer than its deadline."""

    def __init__(self, descriptor: int, deadline: _Deadline) -> None:
        self._descriptor, self._deadline = descriptor, deadline
        os.set_blocking(descriptor, False)

    def read(self, wanted: int) -> bytes:
        """This many bytes, or fewer where no more come."""
        got = bytearray()
        while len(got) < wanted:
            try:
                piece = os.read(self._descriptor, wanted - len(got))
            except BlockingIOError:
                if not self._deadline.wait(self._descriptor, select.POLLIN):
                    break
                continue
            if not piece:
                break
            got += piece
        return bytes(got)

    def close(self) -> None:
        os.close(self._descriptor)


class Drawer(Protocol):
    """What a drawing asks of its process, its own or one of the service."""

    memory: memoryview

    @property
    def stdin(self) -> "IO[bytes] | Feed": ...

    @property
    def stdout(self) -> "IO[bytes] | Answers": ...

    def tell(self, message: bytes) -> None: ...

    def kill(self) -> None: ...

    def end(self) -> float: ...

    def close(self) -> None: ...


class RemoteChild:
    """A process that waits for its file, started by the service. Raises `ServiceAway` where there is none."""

    def __init__(self, path: str, *, behind: bool) -> None:
        self._link, self._deadline = _connected(path), _Deadline()
        try:
            stdin, stdout, pages = _given(self._link, DRAW_BEHIND if behind else DRAW)
        except BaseException:
            self._link.close()
            raise
        self.stdin, self.stdout = Feed(stdin, self._deadline), Answers(stdout, self._deadline)
        try:
            self.memory = _mapped(pages)
        except ServiceAway:
            self.close()
            raise
        finally:
            os.close(pages)

    def tell(self, message: bytes) -> None:
        """Nothing happens when the process no longer listens: the code that waits for its answer will notice."""
        with suppress(OSError):
            self.stdin.write(message)

    def kill(self) -> None:
        """Nothing more is waited for, whether or not the service does it."""
        self._deadline.ends = time.monotonic() + GRACE
        with suppress(OSError):
            self._link.sendall(KILL)

    def end(self) -> float:
        """Kill it, wait for its end; how many seconds of processor it took. Raises `ServiceAway`."""
        self.kill()
        try:
            self._link.settimeout(GRACE)
            self._link.sendall(END)
            return float(SPENT.unpack(_exactly(self._link, SPENT.size))[0])
        except OSError as error:
            raise ServiceAway from error

    def close(self) -> None:
        """The service ends the process of a connection that closes."""
        self._link.close()
        self.stdin.close()
        self.stdout.close()


def answers(path: str) -> bool:
    """Whether a service listens on this socket."""
    try:
        _connected(path).close()
    except ServiceAway:
        return False
    return True


def ask_what_is_permitted(path: str) -> tuple[int, Confined]:
    """The service's user, and what its system permits to the processes that draw. Raises `OSError`."""
    try:
        with _connected(path) as link:
            link.settimeout(MEASURES_WITHIN)
            link.sendall(MEASURE)
            user, *permitted = MEASURED.unpack(_exactly(link, MEASURED.size))
    except ServiceAway as error:
        raise ConnectionError("the drawing service does not answer") from error
    return user, Confined(*permitted)


def _connected(path: str) -> socket.socket:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(ANSWERS_WITHIN)
    try:
        link.connect(path)
    except OSError as error:
        link.close()
        raise ServiceAway from error
    return link


def _given(link: socket.socket, letter: bytes) -> list[int]:
    """The three descriptors of a process that was started for this connection."""
    try:
        link.sendall(letter)
        said, descriptors, _, _ = socket.recv_fds(link, 1, 3, socket.MSG_CMSG_CLOEXEC)
    except OSError as error:
        raise ServiceAway from error
    if said != GIVEN or len(descriptors) != 3:
        for descriptor in descriptors:
            os.close(descriptor)
        raise ServiceAway
    return descriptors


def _mapped(pages: int) -> memoryview:
    """The memory of the pages, for reading. It must have its size for good: who reads beyond a shrunken end is killed."""
    size = SLOTS * SLOT_BYTES
    try:
        sealed = fcntl.fcntl(pages, fcntl.F_GET_SEALS) & _SHRINKS_NO_MORE == _SHRINKS_NO_MORE
        if not sealed or os.fstat(pages).st_size != size:
            raise ServiceAway
        return memoryview(mmap.mmap(pages, size, prot=mmap.PROT_READ))
    except OSError as error:
        raise ServiceAway from error


def _exactly(link: socket.socket, wanted: int) -> bytes:
    """This many bytes. Raises `OSError` where they do not come."""
    got = b""
    while len(got) < wanted:
        piece = link.recv(wanted - len(got))
        if not piece:
            raise ConnectionAbortedError("no whole answer")
        got += piece
    return got
