"""Ports for the servers that tests start, which nobody else takes: neither between their choice and their start, nor after the
server was killed, when a test shows that nothing answers there.

A program that asks the system for any port, or connects somewhere, gets one above 32768, and the S3 server takes what is between:
these are below 21000. Each process of a run has a range of its own, and goes through it before it gives a port again.
"""

import itertools
import os
import socket
from collections.abc import Iterator
from functools import cache

FIRST, EACH, PROCESSES = 11_000, 1_000, 10  # 10080 is one that a browser refuses to open


@cache
def _ports() -> Iterator[int]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw9").removeprefix("gw")
    first = FIRST + int(worker) % PROCESSES * EACH
    begin = os.getpid() * 37 % EACH  # another run beside this one
    return (first + (begin + step) % EACH for step in itertools.count())


def free_port() -> int:
    """A port on which nobody listens, for a server of this process's tests."""
    for _, port in zip(range(EACH), _ports(), strict=False):
        with socket.socket() as asked:
            asked.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # what was closed a moment ago is free
            try:
                asked.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("no free port")
