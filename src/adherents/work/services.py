"""Running the sweeps."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TypeVar

from django.db import Error as DatabaseError
from django.db import close_old_connections, connection, connections

from adherents.work.models import DueWork
from adherents.work.registry import SWEEPS, sweeps_of

Row = TypeVar("Row", bound=DueWork)

log = logging.getLogger("adherents.work")


def run_once(*names: str, at_its_pace: bool = False) -> int:
    """Run each sweep (or only those named) once. Returns how much was done. `at_its_pace`: only those whose time has come.

    A sweep that fails is logged and left for the next round: one room's fault does not stop the others' work.
    """
    total = 0
    for name in names or tuple(SWEEPS):
        sweep = SWEEPS[name]
        if at_its_pace and time.monotonic() < sweep.last_run + sweep.every:
            continue
        sweep.last_run = time.monotonic()
        total += run_sweep(name)
    return total


def run_sweep(name: str) -> int:
    """One round of one sweep; how much was done, 0 when it failed."""
    try:
        done = SWEEPS[name].run()
    except Exception as error:
        log.exception("a sweep failed", extra={"job": name, "error": type(error).__name__})
        if isinstance(error, DatabaseError):
            close_old_connections()
        return 0
    if done:
        log.info("sweep", extra={"job": name, "done": done})
    return done


def run_until_nothing_is_left(*names: str, rounds: int = 1000) -> int:
    """Run the sweeps again until a whole round finds nothing to do; how much was done."""
    total = 0
    for _ in range(rounds):
        done = run_once(*names)
        total += done
        if not done:
            break
    return total


def run_lanes(lanes: Sequence[str], *, stop: threading.Event, pause: float) -> None:
    """Run the sweeps of each lane beside those of the others, until `stop` is set and each has ended what it had in hand.

    `pause`: seconds between two rounds that find nothing. The first lane runs in the caller's thread. Raises what ends one of
    them, when all have ended: a worker that would do a part of its work is none.
    """
    ended_by: list[BaseException] = []

    def beside(lane: str) -> None:
        try:
            _run_lane(lane, stop, pause)
        except BaseException as error:
            ended_by.append(error)
        finally:
            stop.set()
            connections.close_all()

    threads = [threading.Thread(target=beside, args=[lane], name=lane) for lane in lanes[1:]]
    for thread in threads:
        thread.start()
    try:
        _run_lane(lanes[0], stop, pause)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if ended_by:
        raise ended_by[0]


def _run_lane(lane: str, stop: threading.Event, pause: float) -> None:
    sweeps = sweeps_of(lane)
    with ExitStack() as opened:
        for sweep in sweeps.values():
            opened.enter_context(sweep.around())
        while not stop.is_set():
            drop_broken_connection()
            if not run_once(*sweeps, at_its_pace=True):
                stop.wait(pause)


def drop_broken_connection() -> None:
    """The next query opens another. In a transaction nothing is dropped, since that would end it."""
    if not connection.in_atomic_block:
        close_old_connections()


def do_each(rows: list[Row], act: Callable[[Row], object]) -> int:
    """Do `act` with each row that was claimed; how many rows there were.

    One that fails is logged and tried again later: it does not keep those behind it waiting. Only the kind of its error is
    logged, since the words may hold what the row says.
    """
    for row in rows:
        try:
            act(row)
        except Exception as error:
            log.error(
                "a row failed, and is put off",
                extra={"room": row._meta.app_label, "attempts": row.attempts, "error": type(error).__name__},
            )
            row.work_later()
            row.save(update_fields=row.WORK_FIELDS)
    return len(rows)
