"""A worker on Celery: one process a lane, and one that starts them, calls the sweeps when it is its turn, and ends with them."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence

from django.db import connections

from adherents.work.adapters.beat import beating
from adherents.work.adapters.lane import run_lane
from adherents.work.services import keep_heartbeats

log = logging.getLogger("adherents.work")
LOOKS_EVERY = 0.2  # seconds


def run_on_broker(lanes: Sequence[str], *, stop: threading.Event, pause: float) -> int:
    """Do the work of these lanes until `stop` is set and each has ended what it had in hand; the code to end with.

    `pause`: seconds between two looks of a lane whose broker is away. A lane that dies ends the others: a worker that would do a
    part of its work is none.
    """
    connections.close_all()  # no process uses the connection of another
    inside, outside = os.pipe()
    pids = [_start(lane, inside, outside, pause) for lane in lanes]
    os.close(inside)
    codes: list[int] = []
    with keep_heartbeats(lanes), beating():
        while not stop.is_set() and not codes:
            stop.wait(LOOKS_EVERY)
            codes += _ended(pids)
        if codes:
            log.error("a lane ended: so does the worker", extra={"status": codes[0]})
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
    codes += [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    os.close(outside)
    return 0 if stop.is_set() and not any(codes) else 1


def _ended(pids: list[int]) -> list[int]:
    """The exit codes of those that are no more; `pids` keeps the others."""
    codes = []
    for pid in list(pids):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            pids.remove(pid)
            codes.append(os.waitstatus_to_exitcode(status))
    return codes


def _start(lane: str, inside: int, outside: int, pause: float) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.close(outside)
        _end_with_the_first(inside)
        code = run_lane(lane, pause=pause)
    except BaseException as error:
        log.exception("a lane cannot go on", extra={"job": lane, "error": type(error).__name__})
    finally:
        logging.shutdown()
        os._exit(code)


def _end_with_the_first(inside: int) -> None:
    """A pipe that nobody writes to says when the process that started this one is no more, however it ended."""

    def wait() -> None:
        os.read(inside, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="first process", daemon=True).start()
