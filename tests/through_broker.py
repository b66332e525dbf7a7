"""Every sweep that a test has run is run by a message: `TEST_WORK=celery` or `TEST_WORK=rabbitmq`.

The message goes through a real broker, by the portal's own way of sending it, into the queue of its kind. Celery takes it out,
reads it, does it and acknowledges it. That happens in the test's own thread, so that it sees the test's transaction.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from django.test import override_settings

KIND = os.environ.get("TEST_WORK", "")
TAKEN_WITHIN = 20  # seconds


@contextmanager
def every_sweep() -> Iterator[None]:
    """For as long as the block lasts. The setting itself stays empty: nothing is sent but what a test has run."""
    with ExitStack() as stack:
        if KIND == "rabbitmq":
            from tests.brokers import RabbitMQ

            address = stack.enter_context(RabbitMQ()).address
        else:
            from tests.engines import Valkey

            address = stack.enter_context(Valkey()).address.replace("valkey", "redis", 1)
        with override_settings(ADHERENTS_WORK_URL=address):
            from adherents.work import celery_app, services, waking
            from adherents.work.adapters import tasks

            celery_app._configure(celery_app.app)  # a test module that names it may have been read before
        messages = _Messages(services.run_sweep)
        # A message is one round here, as the tests count them, and wakes no other worker.
        stack.enter_context(mock.patch.object(tasks, "TURN_SECONDS", -1.0))
        stack.enter_context(mock.patch.object(waking.Bell, "ring", autospec=True))
        stack.enter_context(mock.patch.object(services, "run_sweep", messages.run))
        stack.callback(messages.close)
        yield


class _Messages:
    def __init__(self, run_sweep: Any) -> None:
        self._opened: list[Any] = []
        self._run_sweep = run_sweep
        self._own = threading.local()

    def run(self, name: str) -> int:
        """In the place of `services.run_sweep`: by a message, unless it is a message that asks for it."""
        if getattr(self._own, "is_within", False):
            self._own.done = self._run_sweep(name)
            return int(self._own.done)
        from adherents.work.celery_app import Outgoing, in_the_broker
        from adherents.work.registry import SWEEPS

        if not hasattr(self._own, "outgoing"):
            self._own.outgoing, self._own.connection = Outgoing(), Outgoing()._connection
            self._opened += [self._own.outgoing, self._own.connection]
        queue = in_the_broker(SWEEPS[name].broker_queue)
        self._declare(queue)
        self._own.outgoing.send(name)
        self._own.done = None
        self._take(queue)
        assert self._own.done is not None, f"the message for {name} was not done"
        return int(self._own.done)

    def close(self) -> None:
        for opened in self._opened:
            opened.close()

    def _declare(self, queue: str) -> None:
        from adherents.work.celery_app import app

        if not hasattr(self._own, "channel"):
            self._own.channel = self._own.connection.channel()
        app.amqp.queues[queue](self._own.channel).declare()

    def _take(self, queue: str) -> None:
        from adherents.work.celery_app import app

        waiting = app.amqp.queues[queue](self._own.channel)
        for _ in range(TAKEN_WITHIN * 1000):
            message = waiting.get(accept=["json"])
            if message is not None:
                break
            threading.Event().wait(0.001)
        else:
            raise AssertionError("the message did not arrive")
        self._do(message)

    def _do(self, message: Any) -> None:
        from celery.worker.request import Request

        from adherents.work.celery_app import TASK, app

        request = Request(
            message,
            app=app,
            task=app.tasks[TASK],
            hostname="tests",
            on_ack=message.ack_log_error,
            on_reject=message.reject_log_error,
            connection_errors=self._own.connection.connection_errors,
        )
        self._own.is_within = True
        try:
            request.execute()
        finally:
            self._own.is_within = False
