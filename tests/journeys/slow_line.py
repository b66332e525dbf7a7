"""A line between a browser and the portal that is slow, breaks, comes back, or holds one request: what a phone has in a train."""

import contextlib
import copy
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from re import Pattern

from playwright.sync_api import Error, Route

from tests.journeys.running import Portal
from tests.journeys.visitor import Visitor

STEP = 16_384


class Line:
    """Carries everything, both ways. While it is cut, nothing passes and no connection opens."""

    def __init__(self, port: int) -> None:
        self.is_cut = False
        self._to = ("127.0.0.1", port)
        self._open: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._let_in, daemon=True).start()

    def cut(self) -> None:
        self.is_cut = True
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def restore(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        self.cut()
        self._door.close()

    def _let_in(self) -> None:
        while True:
            try:
                browser, _ = self._door.accept()
            except OSError:
                return
            if self.is_cut:
                browser.close()
                continue
            portal = socket.create_connection(self._to)
            self._open += [browser, portal]
            threading.Thread(target=self._carry, args=(browser, portal), daemon=True).start()
            threading.Thread(target=self._carry, args=(portal, browser), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(STEP):
                sink.sendall(chunk)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for end in (source, sink):
            end.close()


class Held:
    """Announcements of files, or what `step` names, kept from the portal until they are let go."""

    def __init__(self, visitor: Visitor, step: str | Pattern[str] = "**/envoyer/fichiers/") -> None:
        self.routes: list[Route] = []
        self.is_holding = True
        self._visitor = visitor
        visitor.page.route(step, self._take)

    def _take(self, route: Route) -> None:
        if self.is_holding:
            self.routes.append(route)
        else:
            route.continue_()

    def until_there(self, count: int = 1) -> None:
        """Until this number of requests is held."""
        self._visitor.until(lambda: len(self.routes) >= count, "what is held")

    def let_go(self) -> None:
        self.is_holding = False
        for route in self.routes:
            with contextlib.suppress(Error):  # the page has given it up
                route.continue_()


@contextmanager
def in_a_train(visitor: Visitor, portal: Portal, *, kilobytes: int) -> Iterator[Line]:
    """From now on the visitor reaches the portal through such a line, at this number of kilobytes a second upwards.

    The browser itself is slow, so that it shows what has gone and not what waits in the kernel's buffers.
    """
    line = Line(portal.port)
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": kilobytes * 1000},
    )
    there = copy.copy(portal)
    there.base = f"http://localhost:{line.port}"
    visitor.portal = there
    try:
        yield line
    finally:
        line.close()
