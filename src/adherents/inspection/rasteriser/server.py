"""The drawing service: it starts the processes that draw, for clients on a Unix socket, and knows nothing else.

It reads no file and sees no pixel: it hands a client both ends of a process (`client.py` says how). One process draws one file,
one client has it, and it ends with the client's connection. Django is not imported here: the service has no setting and no key.
"""

import logging
import os
import socket
import threading
from contextlib import closing, suppress
from subprocess import SubprocessError

from adherents.inspection.rasteriser.client import (
    DRAW,
    DRAW_BEHIND,
    END,
    GIVEN,
    KILL,
    MEASURE,
    MEASURED,
    NOT_STARTED,
    SPENT,
)
from adherents.inspection.rasteriser.process import Child, kept_ready, measured, start_another, started

FIRST_LETTER_WITHIN = 10  # seconds
LONGEST = 300  # seconds that one process may stay, whatever its client does: no drawing has more than sixty
BACKLOG = 128
log = logging.getLogger("adherents.inspection")


class DrawingServer:
    """Serves the clients of one listening socket, at most `most` files at once; those beyond wait in the socket's queue."""

    def __init__(self, listening: socket.socket, *, most: int) -> None:
        self._listening, self._most = listening, most
        self._places = threading.BoundedSemaphore(most)
        self._stop = threading.Event()

    def serve(self) -> None:
        """Until `stop`; then it accepts nothing more, and returns when the files that are being drawn are done."""
        self._listening.settimeout(0.5)
        with kept_ready():
            while self._place():
                try:
                    link, _ = self._listening.accept()
                except TimeoutError:
                    self._places.release()
                    continue
                threading.Thread(target=self._serve, args=[link]).start()
            for _ in range(self._most):
                self._places.acquire()

    def stop(self) -> None:
        self._stop.set()

    def _place(self) -> bool:
        """Wait for one. False: the service stops."""
        while not self._stop.is_set():
            if self._places.acquire(timeout=0.5):
                if not self._stop.is_set():
                    return True
                self._places.release()
        return False

    def _serve(self, link: socket.socket) -> None:
        try:
            with link, suppress(OSError):
                link.settimeout(FIRST_LETTER_WITHIN)
                letter = link.recv(1)
                if letter == MEASURE:
                    _say_what_is_permitted(link)
                elif letter in {DRAW, DRAW_BEHIND}:
                    _lend(link, behind=letter == DRAW_BEHIND)
        finally:
            self._places.release()


def _say_what_is_permitted(link: socket.socket) -> None:
    with suppress(SubprocessError):
        link.sendall(MEASURED.pack(os.geteuid(), *measured()))


def _lend(link: socket.socket, *, behind: bool) -> None:
    """A process for the client of this connection, for as long as it lasts."""
    try:
        child = started()
    except OSError as error:
        log.error("no drawing process can be started", extra={"error": type(error).__name__})
        link.sendall(NOT_STARTED)
        return
    try:
        with closing(child):
            if behind:
                child.go_behind()
            socket.send_fds(link, [GIVEN], [child.stdin.fileno(), child.stdout.fileno(), child.pages])
            child.let_go()
            _obey(link, child)
    finally:
        start_another()


def _obey(link: socket.socket, child: Child) -> None:
    """What the client says of its process, until it hangs up or has had it too long."""
    link.settimeout(LONGEST)
    while letter := link.recv(1):
        if letter == KILL:
            child.kill()
        elif letter == END:
            link.sendall(SPENT.pack(child.end()))
        else:
            return
