"""Running the sweeps, saying meanwhile that a worker does, and holding a kind of work after a restore."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TypeVar

from django.db import Error as DatabaseError
from django.db import connections, transaction
from django.utils import timezone

from adherents.database.connections import drop_broken_connection
from adherents.database.transactions import needs_transaction
from adherents.telemetry.outages import is_noted
from adherents.work.heartbeats import (
    BEATS_EVERY,
    COUNTS_FOR,
    LOST_KEPT_FOR,
    ONCE,
    TRIES_AGAIN_AFTER,
    expected_again,
)
from adherents.work.models import DueWork, Heartbeat, HeldWork, Hold
from adherents.work.registry import SWEEPS, sweeps_of

Row = TypeVar("Row", bound=DueWork)

log = logging.getLogger("adherents.work")


def is_held(work: HeldWork) -> bool:
    """One query, of a table that is nearly always empty."""
    return Hold.objects.on(work).exists()


@needs_transaction
def hold(kinds: Iterable[HeldWork]) -> None:
    """Hold these kinds of work, in the caller's transaction. What is held already keeps its moment."""
    Hold.objects.bulk_create([Hold(work=kind) for kind in kinds], ignore_conflicts=True)


@needs_transaction
def let_go(kinds: Iterable[HeldWork]) -> int:
    """Let these kinds of work go on, in the caller's transaction; how many were held."""
    return Hold.objects.filter(pk__in=list(kinds)).delete()[0]


def run_once(*names: str, at_its_pace: bool = False) -> int:
    """Run each sweep (or only those named) once. Returns how much was done. `at_its_pace`: only those whose time has come.

    A sweep that fails is logged and left for the next round: one room's fault does not stop the others' work. Of a part that is
    away, the log has one line a minute.
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
        if not is_noted(error):
            log.exception("a sweep failed", extra={"job": name, "error": type(error).__name__})
        if isinstance(error, DatabaseError):
            drop_broken_connection()
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

    `pause`: seconds between two rounds that find nothing. The first lane runs in the caller's thread. When one lane ends with an
    error, the others end too, and the error is raised: a worker that does only a part of its work would hide the fault.
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
    with keep_heartbeats(lanes):
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


@contextmanager
def keep_heartbeats(lanes: Sequence[str]) -> Iterator[None]:
    """Say at once and every few seconds that a worker does these lanes; at the end, that it no longer does.

    A lane that cannot go on ends them all, so that one heart speaks for them.
    """
    worker, over = secrets.token_hex(8), threading.Event()

    def beat_on(again_after: float) -> None:
        while not over.wait(again_after):
            drop_broken_connection()
            again_after = BEATS_EVERY if _beaten(worker, lanes) else TRIES_AGAIN_AFTER
        connections.close_all()

    first = _beaten(worker, lanes)
    heart = threading.Thread(
        target=beat_on, args=[BEATS_EVERY if first else TRIES_AGAIN_AFTER], name="heart", daemon=True
    )
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join()
        try:
            Heartbeat.objects.filter(worker=worker).delete()
        except DatabaseError as error:
            if not is_noted(error):
                raise


def _beaten(worker: str, lanes: Sequence[str]) -> bool:
    """False: the database is away. The worker goes on, and says so later."""
    try:
        beat(worker=worker, lanes=lanes)
    except DatabaseError as error:
        if not is_noted(error):
            log.exception("a heartbeat failed", extra={"error": type(error).__name__})
        return False
    return True


def beat(*, worker: str, lanes: Sequence[str]) -> None:
    """This worker lives, and does these lanes. The rows of those that died a day ago are forgotten."""
    now = timezone.now()
    until = now + COUNTS_FOR
    beating = Heartbeat.objects.filter(worker=worker, lane__in=lanes)
    if beating.update(beat_at=now, alive_until=until) == len(lanes):
        return
    fresh = [Heartbeat(worker=worker, lane=lane, beat_at=now, alive_until=until) for lane in lanes]
    Heartbeat.objects.bulk_create(fresh, ignore_conflicts=True)
    Heartbeat.objects.lost().filter(alive_until__lt=now - LOST_KEPT_FOR).delete()


def beat_once(*, lanes: Sequence[str]) -> None:
    """A worker that does not stay has done what was due in these lanes, and is expected again."""
    for lane in lanes:
        with transaction.atomic():
            row = Heartbeat.objects.select_for_update().filter(worker=ONCE, lane=lane).first()
            until = _next_run_before(row)
            Heartbeat.objects.update_or_create(
                worker=ONCE,
                lane=lane,
                defaults={"stays": False, "beat_at": timezone.now(), "alive_until": until},
            )


def _next_run_before(last: Heartbeat | None) -> datetime:
    now = timezone.now()
    return expected_again(last.beat_at, last.alive_until, now) if last else expected_again(None, None, now)


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
