"""The beat: each sweep is called at its pace, by one worker of all, so that what no message told of is found."""

import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread
from typing import Any

from celery.beat import ScheduleEntry, Scheduler, Service
from celery.schedules import schedule
from django.db import Error as DatabaseError
from django.db import connections
from django.utils import timezone

from adherents.database.connections import drop_broken_connection
from adherents.work.celery_app import TASK, app
from adherents.work.models import SweepTurn
from adherents.work.registry import SWEEPS
from adherents.work.waking import BELL

log = logging.getLogger("adherents.work")
LEAST_PACE = 5.0  # seconds between two calls of a sweep whose rows come due by themselves (a retry, a decision that settles)
TURN_SECONDS = 15.0
ASKS_AGAIN_AFTER = 5.0


class TurnScheduler(Scheduler):  # type: ignore[misc]
    """Celery's scheduler, which ticks only in the worker whose turn it is, and speaks through the bell."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._holder, self._held_until, self._asks_again_at = secrets.token_hex(8), 0.0, 0.0
        super().__init__(*args, **options)

    def setup_schedule(self) -> None:
        """Every sweep, due at once: the worker that had the turn before may have called none for long."""
        past = timezone.now() - timedelta(days=1)
        self.data = {
            name: ScheduleEntry(
                name=name,
                task=TASK,
                schedule=schedule(max(sweep.every, LEAST_PACE), app=self.app),
                args=(name,),
                app=self.app,
                last_run_at=past,
            )
            for name, sweep in SWEEPS.items()
        }

    def tick(self, *args: Any, **options: Any) -> float:
        if not self._has_the_turn():
            return 1.0
        return float(super().tick(*args, **options))

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        BELL.ring([entry.name])

    @property
    def producer(self) -> None:
        """The bell has its own."""

    def _has_the_turn(self) -> bool:
        if time.monotonic() < self._held_until:
            return True
        if time.monotonic() < self._asks_again_at:
            return False
        self._asks_again_at = time.monotonic() + ASKS_AGAIN_AFTER
        drop_broken_connection()
        try:
            has = SweepTurn.take(self._holder, seconds=TURN_SECONDS)
        except DatabaseError as error:
            log.warning("the beat waits for the database", extra={"error": type(error).__name__})
            return False
        if has:
            self._held_until = self._asks_again_at = time.monotonic() + TURN_SECONDS / 2
        return has


@contextmanager
def beating() -> Iterator[None]:
    """The beat goes on beside the caller, and ends with the block."""
    service = Service(app, max_interval=1, scheduler_cls=TurnScheduler)

    def beat() -> None:
        try:
            service.start()
        finally:
            connections.close_all()

    thread = Thread(target=beat, name="beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        service.stop()
        thread.join(2)
