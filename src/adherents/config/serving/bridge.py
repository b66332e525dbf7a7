"""From ASGI to the WSGI application: its environment, its request's body as a file, its answer in steps.

What a thread runs is here; what waits for the network is in `front`.
"""

import io
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from django.db import connections

DATABASE_HANGS = "adherents.database_hangs"  # in the environment: to be answered without it
STEP_BYTES = 1 << 18  # of an answer, at once
Application = Callable[..., Iterable[bytes]]
Headers = list[tuple[bytes, bytes]]


def environ_of(scope: dict[str, Any], body: Any) -> dict[str, Any]:
    """A WSGI environment as gunicorn's own threads make it (PEP 3333)."""
    peer, server = scope.get("client") or ("", 0), scope.get("server") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path_of(scope["raw_path"]),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": peer[0],
        "REMOTE_PORT": str(peer[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").upper().replace("-", "_"), value.decode("latin-1")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        if key in environ:
            between = "; " if key == "HTTP_COOKIE" else ","
            text = f"{environ[key]}{between}{text}"
        environ[key] = text
    return environ


def path_of(raw: bytes) -> str:
    """The path that a request line asks for. Raises `ValueError` where it is none."""
    if not raw.startswith(b"/"):  # « GET http://host/path » is allowed too
        raw = urlsplit(raw).path or b"/"
    return unquote_to_bytes(raw).decode("latin-1")


@dataclass
class Answer:
    """`first`: the first bytes, perhaps all of them. `rest` is there while more may follow; `close` must be called then."""

    status: int
    headers: Headers
    first: bytes
    rest: Iterator[bytes] | None
    close: Callable[[], None]

    def length(self) -> int:
        """How many bytes of a long answer will follow; 0 where it does not say so. For what is there already: its own."""
        if self.rest is None:
            return len(self.first)
        return next((int(value) for name, value in self.headers if name.lower() == b"content-length"), 0)

    def step(self) -> bytes:
        """The bytes that follow, STEP_BYTES or a little more; b"" at the end. May raise whatever the application raises."""
        return _taken(self.rest) if self.rest is not None else b""


def answer(application: Application, environ: dict[str, Any]) -> Answer:
    """Call the application. An answer that is whole after its first bytes is closed already."""
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started[:] = [status, headers]

    given = application(environ, start_response)
    close = getattr(given, "close", lambda: None)
    rest: Iterator[bytes] | None = None
    first = b""
    try:
        if environ["REQUEST_METHOD"] != "HEAD":
            rest = iter(given)
            first = _taken(rest)
            if len(first) < STEP_BYTES:
                rest = None
    except BaseException:
        close()
        raise
    if rest is None:
        close()
    status, headers = started
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return Answer(int(status.split(" ", 1)[0]), encoded, first, rest, close)


def _taken(chunks: Iterator[bytes]) -> bytes:
    """Chunks of at least STEP_BYTES together; fewer at the end. One chunk that is enough is not copied."""
    taken: list[bytes] = []
    size = 0
    for chunk in chunks:
        taken.append(chunk)
        size += len(chunk)
        if size >= STEP_BYTES:
            break
    return taken[0] if len(taken) == 1 else b"".join(taken)


class Cut(OSError):
    """The request's body broke off: its peer is gone, or was too slow."""


class CutBody(io.BytesIO):
    """A body that broke off: it gives the bytes that came, then raises `Cut`."""

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(size)
        if not content and size:
            raise Cut("the body broke off")
        return content


class Turns:
    """At most `count` of the threads that read an arriving body do something else than wait for it at one time.

    A thread that waits gives its turn back, and its database connections with it.
    """

    def __init__(self, count: int) -> None:
        self._free = threading.Semaphore(count)

    def take(self) -> None:
        self._free.acquire()

    def give_back(self) -> None:
        for connection in connections.all(initialized_only=True):
            if not connection.in_atomic_block:
                connection.close()
        self._free.release()


class Arriving:
    """A body that is read while it arrives: the event loop feeds it, and one thread reads it. `room` is called when there is
    room for more.
    """

    most_waiting = 1 << 18  # bytes

    def __init__(self, turns: Turns, room: Callable[[], object]) -> None:
        self._turns, self._room = turns, room
        self._changed = threading.Condition()
        self._chunks: deque[bytes] = deque()
        self._waiting = 0
        self._over = self._cut = False
        self._rest = b""

    def feed(self, chunk: bytes) -> bool:
        """Add bytes that arrived. Returns whether there is room for more."""
        with self._changed:
            self._chunks.append(chunk)
            self._waiting += len(chunk)
            self._changed.notify()
            return self._waiting < self.most_waiting

    def end(self, *, cut: bool) -> None:
        """Nothing more comes: the body is whole, or it broke off."""
        with self._changed:
            self._over, self._cut = True, cut or self._cut
            self._changed.notify()

    def read(self, size: int | None = -1) -> bytes:
        """As a file's `read`: `size` bytes, fewer at the end. A body that broke off gives what came, then raises `Cut`."""
        wanted = sys.maxsize if size is None or size < 0 else size
        chunks = [self._rest] if self._rest else []
        have = len(self._rest)
        self._rest = b""
        while have < wanted:
            chunk = self._next(quietly=bool(have))
            if not chunk:
                break
            chunks.append(chunk)
            have += len(chunk)
        whole = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        if have > wanted:
            whole, self._rest = whole[:wanted], whole[wanted:]
        return whole

    def readline(self, size: int | None = -1) -> bytes:
        """As a file's `readline`."""
        most = sys.maxsize if size is None or size < 0 else size
        line = b""
        while len(line) < most:
            chunk, self._rest = self._rest or self._next(quietly=bool(line)), b""
            if not chunk:
                break
            end = chunk.find(b"\n", 0, most - len(line)) + 1 or min(len(chunk), most - len(line))
            line, self._rest = line + chunk[:end], chunk[end:]
            if line.endswith(b"\n"):
                break
        return line

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _next(self, *, quietly: bool) -> bytes:
        """The next bytes; b"" at the end. `quietly`: b"" too where it broke off; the next call raises `Cut`."""
        if not self._is_there():
            self._turns.give_back()
            try:
                with self._changed:
                    self._changed.wait_for(self._is_there)
            finally:
                self._turns.take()
        with self._changed:
            if not self._chunks:
                if self._cut and not quietly:
                    raise Cut("the body broke off")
                return b""
            chunk = b"".join(self._chunks)
            self._chunks.clear()
            self._waiting = 0
        self._room()
        return chunk

    def _is_there(self) -> bool:
        return bool(self._chunks) or self._over
