"""gunicorn's asyncio worker with the portal's front, and connections that end when their peer stops.

It uses parts of gunicorn that are not documented. `tests/config/test_serving_contract.py` pins them.
"""

import asyncio
import fcntl
import os
import resource
import socket
import struct
import sys
import termios
from contextlib import suppress
from typing import Any

from django.conf import settings
from gunicorn.asgi.protocol import ASGIProtocol  # type: ignore[import-untyped]
from gunicorn.workers.gasgi import ASGIWorker  # type: ignore[import-untyped]

from adherents.config.serving.exchanges import Exchanges

HEADERS_WITHIN = 15.0  # seconds, from the connection to the end of its first request's headers
# What the kernel keeps of an answer: an unread download costs no more, and a slow one shows.
KERNEL_BYTES = 1 << 18
# A thread that computes lets the event loop run this soon (Python's own: five times that).
SWITCH_SECONDS = 0.001
OPEN_FILES = 65536


class Connection(ASGIProtocol):  # type: ignore[misc]
    """One connection. It is dropped when its headers do not come, or when it is over and its last bytes are not taken."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        opened = transport.get_extra_info("socket")
        with suppress(OSError, AttributeError):
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        self.worker.loop.call_later(HEADERS_WITHIN, self._look_at_headers)

    def data_received(self, data: bytes) -> None:
        """A number that Python cannot read (a length of thousands of digits) is the client's fault and answers 400."""
        try:
            super().data_received(data)
        except ValueError:
            self._send_error_response(400, "Bad request")
            self._close_transport()

    def _look_at_headers(self) -> None:
        if self.req_count <= 1 and self._current_request is None and not self._closed:
            self.abort()

    def _build_http_scope(self, *given: Any) -> dict[str, Any]:
        scope: dict[str, Any] = super()._build_http_scope(*given)
        scope.setdefault("extensions", {})["adherents.peer"] = self
        return scope

    def _close_transport(self) -> None:
        was_open = not self._closed
        super()._close_transport()
        if was_open and self.transport is not None and self.transport.get_write_buffer_size():
            self.worker.loop.create_task(self._close_in_the_end())

    async def _close_in_the_end(self) -> None:
        """Abort the connection when the last bytes stop moving: closing alone would wait for them without end."""
        least = self.worker.exchanges.bounds.least_rate
        left = self.untaken()
        while not self._conn_lost_handled and left:
            await asyncio.sleep(30)
            before, left = left, self.untaken()
            if before - left < 30 * least and self.transport.get_write_buffer_size():
                self.abort()
                return

    def stop_receiving(self) -> None:
        """Tell the task that receives the body that it broke off. An answer can still be sent."""
        if self._body_receiver is not None:
            self._body_receiver.signal_disconnect()

    def left_over(self) -> bytes:
        """The bytes of the body that had come when it broke off, and that no task had received."""
        chunks = self._body_receiver._chunks if self._body_receiver is not None else []
        content = b"".join(chunks)
        chunks.clear()
        return content

    def abort(self) -> None:
        """Close at once, and drop the kernel's buffer too: a peer that takes no bytes would hold it for minutes."""
        with suppress(OSError, RuntimeError, AttributeError):
            opened = self.transport.get_extra_info("socket")
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()

    def untaken(self) -> int:
        """How many bytes were written that the peer's machine has not acknowledged."""
        opened = self.transport.get_extra_info("socket")
        kernel = 0
        with suppress(OSError, ValueError, AttributeError):
            kernel = struct.unpack("i", fcntl.ioctl(opened.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]
        return int(self.transport.get_write_buffer_size()) + int(kernel)


class PortalWorker(ASGIWorker):  # type: ignore[misc]
    """`--threads` serve the pages. The application that gunicorn loads is a WSGI one."""

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Do not warn that threads are set: they are used here."""

    def init_process(self) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        super().init_process()

    def load_wsgi(self) -> None:
        application = self.app.wsgi()  # and Django with it: what needs it is imported after
        from adherents.config.serving.front import Front
        from adherents.telemetry import watching
        from adherents.telemetry.engines import keep_looking

        self.exchanges = Exchanges(settings.ADHERENTS_BOUNDS, self.loop.time)
        self.asgi = Front(application, self.exchanges, threads=self.cfg.threads)
        keep_looking()
        watching.begin()

    async def _serve(self) -> None:
        looking = asyncio.create_task(self._look_every_second())
        try:
            await self._serve_connections()
        finally:
            looking.cancel()

    async def _serve_connections(self) -> None:
        """What gunicorn's worker does, with our connections."""
        for listener in self.sockets:
            server = await self.loop.create_server(
                lambda: Connection(self), sock=listener.sock, start_serving=True, backlog=self.cfg.backlog
            )
            self.servers.append(server)
        while self.alive and self.ppid == os.getppid():
            self.notify()
            await asyncio.sleep(1.0)
        for listener in self.sockets:
            await self._take_what_came(listener.sock)
        await self._shutdown()

    async def _take_what_came(self, listening: socket.socket) -> None:
        """Accept the connections that the kernel holds for us: when the last process closes this socket, it resets the others.

        A proxy sends a page again to another portal then, but never a deposit.
        """
        self.loop.remove_reader(listening)
        while True:
            try:
                opened, _ = listening.accept()
            except OSError:  # none is left
                return
            await self.loop.connect_accepted_socket(lambda: Connection(self), opened)

    async def _look_every_second(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            try:
                self.asgi.look()
            except Exception:
                self.log.exception("looking at the slow ones")
