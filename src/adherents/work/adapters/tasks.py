"""What a message does: run the sweep that it names until nothing is left, and have another worker help when that takes long."""

import logging
import time

from adherents.database.connections import drop_broken_connection
from adherents.work.celery_app import TASK, app
from adherents.work.registry import SWEEPS
from adherents.work.services import run_once
from adherents.work.waking import BELL

log = logging.getLogger("adherents.work")
TURN_SECONDS = 5.0  # then the other sweeps of the lane have their turn
last_heard = time.monotonic()


@app.task(name=TASK)  # type: ignore[untyped-decorator]
def sweep(name: str) -> None:
    """`name`: of a sweep. One that does not exist here is of another version of the portal, and is left alone."""
    global last_heard
    last_heard = time.monotonic()
    if name in SWEEPS:
        drop_broken_connection()
        _run_for_a_turn(name)
    else:
        log.warning("a message names no sweep of this version")
    last_heard = time.monotonic()


def _run_for_a_turn(name: str) -> None:
    """Once a first round has left something for a second, one more message is under way until nothing is left at all: each
    worker that takes it and finds something wakes one more, and one that finds nothing does not."""
    ends, rounds, has_rung = time.monotonic() + TURN_SECONDS, 0, False
    while run_once(name):
        rounds += 1
        is_over = time.monotonic() > ends
        if not has_rung and (rounds > 1 or is_over):
            BELL.ring([name])
            has_rung = True
        if is_over:
            return
