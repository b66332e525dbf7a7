"""Running the sweeps."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import Error as DatabaseError
from django.db import close_old_connections

from adherents.work.models import DueWork
from adherents.work.registry import SWEEPS

Row = TypeVar("Row", bound=DueWork)

log = logging.getLogger("adherents.work")


def run_once(*names: str, at_its_pace: bool = False) -> int:
    """Run each sweep (or only those named) once; how much was done. `at_its_pace`: only those whose time has come.

    A sweep that fails is logged and left for the next round: one room's fault does not stop the others' work.
    """
    total = 0
    for name in names or tuple(SWEEPS):
        sweep = SWEEPS[name]
        if at_its_pace and time.monotonic() < sweep.last_run + sweep.every:
            continue
        sweep.last_run = time.monotonic()
        try:
            done = sweep.run()
        except Exception as error:
            log.exception("a sweep failed", extra={"job": name, "error": type(error).__name__})
            if isinstance(error, DatabaseError):
                close_old_connections()
            continue
        if done:
            log.info("sweep", extra={"job": name, "done": done})
        total += done
    return total


def run_until_nothing_is_left(*names: str, rounds: int = 1000) -> int:
    """Run the sweeps again until a whole round finds nothing to do; how much was done."""
    total = 0
    for _ in range(rounds):
        done = run_once(*names)
        total += done
        if not done:
            break
    return total


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
