"""The portal as a slow and busy machine gives it, where `SLOWED` says by how much: what is only right on a quick one fails.

`SLOWED=1 pytest tests/journeys`: each request and each answer is held for a moment of its own, up to a second, so that two on
their way at once may cross; scripts come after their page, and each page has a quarter of the processor.
"""

import contextlib
import os
import random
import re
import socket
import threading
import time

SLOWED = float(os.environ.get("SLOWED", "0"))
TIMES_SLOWER = 4  # the processor of a page
STEP = 16_384
BEGINS = re.compile(rb"(?:GET|POST|HEAD|PATCH|DELETE|PUT|OPTIONS) (\S+) HTTP")


class SlowDoor:
    """Listens where the portal is said to be, and carries everything to where it is, late."""

    def __init__(self, port: int, to: int) -> None:
        self._to = to
        self._chance = random.Random()
        self._door = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._let_in, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _let_in(self) -> None:
        while True:
            try:
                browser, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(browser,), daemon=True).start()

    def _serve(self, browser: socket.socket) -> None:
        try:
            portal = socket.create_connection(("127.0.0.1", self._to))
        except OSError:
            browser.close()
            return
        later = [0.0]  # seconds, for the answer that comes next
        threading.Thread(target=self._carry, args=(portal, browser, later, False), daemon=True).start()
        self._carry(browser, portal, later, True)

    def _carry(self, source: socket.socket, sink: socket.socket, later: list[float], asks: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(STEP):
                if asks and (asked := BEGINS.match(chunk)):
                    later[0] = self._chance.uniform(0, 1.5 if b".js" in asked[1] else 0.5) * SLOWED
                    time.sleep(self._chance.uniform(0, 0.5) * SLOWED)
                elif not asks and later[0]:
                    time.sleep(later[0])
                    later[0] = 0
                sink.sendall(chunk)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
