"""One lane of a worker on Celery: a process that takes the messages of its queues, one at a time.

What it does without a message: while the broker is away it looks for due rows as the default loop does, and it looks now and
then when it has heard nothing for long, since a broker that hangs looks like one that has nothing to say.
"""

import logging
import os
import signal
import socket
import time
from contextlib import ExitStack, suppress
from typing import Any

from celery.worker import state
from celery.worker.consumer import Consumer
from django.db import connections

from adherents.database.connections import drop_broken_connection
from adherents.telemetry import tracing, watching
from adherents.work.adapters import tasks
from adherents.work.celery_app import app, in_the_broker, is_valkey
from adherents.work.registry import sweeps_of
from adherents.work.services import run_once
from adherents.work.waking import BELL

log = logging.getLogger("adherents.work")
SILENT_FOR = 10.0  # seconds without a message, after which a lane looks by itself


class LaneConsumer(Consumer):  # type: ignore[misc]
    """Celery's consumer, which does the work of its lane while it has no broker."""

    lane = ""
    pause = 1.0
    connection: Any

    def ensure_connected(self, conn: Any) -> Any:
        """Returns an open connection. Until then the lane's sweeps run every `pause` seconds."""
        away = False
        while True:
            state.maybe_shutdown()
            try:
                conn.connect()
            except conn.recoverable_connection_errors as error:
                if not away:
                    log.warning(
                        "the broker is away: this lane finds work by itself",
                        extra={"job": self.lane, "error": type(error).__name__},
                    )
                away = True
                with suppress(Exception):
                    conn.collect(socket_timeout=1)
            else:
                if away:
                    log.warning("the broker is back", extra={"job": self.lane})
                self.first_connection_attempt = False
                return conn
            if not self._look():
                time.sleep(self.pause)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """As Celery does; the log has our own line, once, when the broker stays away."""
        connection, self.connection = self.connection, None
        with suppress(Exception):
            connection.collect(socket_timeout=1)

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        pass

    def create_task_handler(self, *args: Any, **options: Any) -> Any:
        """On Valkey nothing is acknowledged (`celery_app`): Celery would ask it for that, and complain where it is away."""
        handle = super().create_task_handler(*args, **options)
        if not is_valkey(self.app.conf.broker_url):
            return handle

        def handle_what_is_gone_already(message: Any) -> Any:
            message.ack_log_error = message.reject_log_error = _nothing
            return handle(message)

        return handle_what_is_gone_already

    def register_with_event_loop(self, hub: Any) -> None:
        super().register_with_event_loop(hub)
        hub.call_repeatedly(self.pause, self._look_when_silent)

    def _look_when_silent(self) -> None:
        """Where a look finds something that no message told of, the next one comes at once."""
        if time.monotonic() - tasks.last_heard > SILENT_FOR and not self._look():
            tasks.last_heard = time.monotonic()

    def _look(self) -> int:
        drop_broken_connection()
        return run_once(*sweeps_of(self.lane), at_its_pace=True)


def run_lane(lane: str, *, pause: float) -> int:
    """Do the work of this lane until SIGTERM; the code to end with."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # a terminal sends it to every process: the first one tells the others
    watching.begin()  # this process counts, and traces, for itself
    LaneConsumer.lane, LaneConsumer.pause = lane, pause
    sweeps = sweeps_of(lane)
    queues = {in_the_broker(sweep.broker_queue) for sweep in sweeps.values()}
    with ExitStack() as opened:
        for sweep in sweeps.values():
            opened.enter_context(sweep.around())
        worker = app.WorkController(
            hostname=f"{lane}-{os.getpid()}@{socket.gethostname()}",
            pool_cls="solo",
            concurrency=1,
            queues=sorted(queues),
            consumer_cls=LaneConsumer,
            without_mingle=True,
            without_gossip=True,
            without_heartbeat=True,
        )
        worker.start()
    tracing.end()  # what is left to send: this process ends without its last rites
    BELL.wait_until_sent(1.0)
    connections.close_all()
    return int(worker.exitcode or 0)


def _nothing(*_: object, **__: object) -> None:
    pass


def _stop(*_: object) -> None:
    """What is in hand is finished first."""
    state.should_stop = os.EX_OK
