"""`adherents serve_drawing`: the processes that draw, started for web processes and workers that run as other users.

It reads no setting, needs no key, no database and no network, and reaches no folder but its own temporary one.
"""

import argparse
import logging
import os
import signal
import socket
import stat
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from adherents.config.logs import JsonFormatter
from adherents.inspection.rasteriser.client import answers
from adherents.inspection.rasteriser.server import BACKLOG, DrawingServer

FIRST_PASSED = 3  # the number of the first descriptor that systemd passes (sd_listen_fds)
SHOULD = "like unix:///run/espace-adherents-drawing/drawing.sock"
HELP = "Draw documents for the portal and its workers: they speak to it through a Unix socket (ADHERENTS_DRAWING_URL)."


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="adherents serve_drawing", description=HELP)
    made.add_argument(
        "--bind",
        metavar="unix:///PATH",
        help="the socket to make, which its group may use (default: the one that systemd passes)",
    )
    made.add_argument(
        "--most", type=int, default=16, metavar="FILES", help="how many files at once (default: 16)"
    )
    return made


def main(arguments: list[str]) -> None:
    given = parser().parse_args(arguments)
    if given.most < 1:
        sys.exit("adherents: --most should be 1 or more")
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    with _made(given.bind) if given.bind else _passed() as listening:
        server = DrawingServer(listening, most=given.most)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.stop())
        server.serve()
        if given.bind:
            with suppress(OSError):
                Path(listening.getsockname()).unlink()


def _made(bind: str) -> socket.socket:
    """A socket at this address, in the place of one that an ended service left."""
    parts = urlsplit(bind)
    if parts.scheme != "unix" or parts.netloc or not parts.path.strip("/"):
        sys.exit(f"adherents: --bind should be {SHOULD}")
    path = Path(unquote(parts.path))
    if answers(str(path)):
        sys.exit(f"adherents: another process listens on {path}")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(FileNotFoundError):
            if stat.S_ISSOCK(path.stat().st_mode):
                path.unlink()
        before = os.umask(0o117)
        try:
            listening.bind(str(path))
        finally:
            os.umask(before)
        listening.listen(BACKLOG)
    except OSError as error:
        sys.exit(f"adherents: {path} cannot be listened on ({error.strerror})")
    return listening


def _passed() -> socket.socket:
    """The socket that systemd listens on for this service."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        sys.exit(f"adherents: no socket was passed; --bind should be {SHOULD}")
    os.set_inheritable(FIRST_PASSED, False)
    return socket.socket(fileno=FIRST_PASSED)
