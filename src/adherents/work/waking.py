"""Waking workers up, where the setting names a broker: what a transaction leaves to do is announced once it is committed.

The row stays the truth. A message says the name of a sweep and nothing else, and may be lost: the sweep is run without one too.
A request never waits for the broker, and never learns that it is away: one thread of the process speaks to it.
"""

import atexit
import logging
import os
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from adherents.work.registry import SWEEPS

log = logging.getLogger("adherents.work")
TRIES_AGAIN_AFTER = 1.0  # seconds, while the broker is away
SAID_BEFORE_THE_END = 1.0  # seconds that a process that ends waits for its last messages to leave

Send = Callable[[str], None]


def written(rows: Iterable[Any], *, using: str | None) -> None:
    """Rows of work were written: wake the sweeps that have something to do with them, after the commit."""
    if not settings.ADHERENTS_WORK_URL:
        return
    known = list(rows)
    names = [name for name, sweep in SWEEPS.items() if sweep.woken_by and any(map(sweep.woken_by, known))]
    if names:
        transaction.on_commit(partial(BELL.ring, names), using=using, robust=True)


class Bell:
    """The thread that tells the broker which sweeps have something to do. It starts with the first of them.

    Each name waits once: while the broker is away, what is kept for it is bounded by how many sweeps there are.
    """

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, None] = {}
        self._is_sending = self._is_away = False
        self._thread: threading.Thread | None = None

    def ring(self, names: Iterable[str]) -> None:
        """Have these sweeps run by some worker soon. Returns at once."""
        with self._changed:
            self._waiting.update(dict.fromkeys(names))
            if self._thread is None:
                self._thread = threading.Thread(target=self._send_on, name="bell", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def wait_until_sent(self, seconds: float) -> bool:
        """Whether everything was told within so long. A broker that is away is not waited for."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._is_away or not (self._waiting or self._is_sending), seconds
            )

    def _send_on(self) -> None:
        line = _Line()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                names, self._waiting = list(self._waiting), {}
                self._is_sending = True
            away = line.tell(names)
            with self._changed:
                self._is_sending = False
                if away:
                    self._waiting = dict.fromkeys(names) | self._waiting
                self._note(away)
                self._changed.notify_all()
            if away:
                threading.Event().wait(TRIES_AGAIN_AFTER)

    def _note(self, away: Exception | None) -> None:
        if away and not self._is_away:
            log.warning(
                "the broker is away: workers find work by themselves", extra={"error": type(away).__name__}
            )
        elif self._is_away and not away:
            log.warning("the broker is back")
        self._is_away = away is not None


class _Line:
    """The connection over which one thread tells the broker; closed and made anew after any trouble."""

    def __init__(self) -> None:
        self._open: Any = None

    def tell(self, names: Iterable[str]) -> Exception | None:
        """Why the broker was not told, or None."""
        from adherents.work.celery_app import Outgoing  # an installation without a broker does without Celery

        try:
            if self._open is None:
                self._open = Outgoing()
            for name in names:
                self._open.send(name)
        except Exception as error:
            line, self._open = self._open, None
            if line is not None:
                line.close()
            return error
        return None


BELL = Bell()
os.register_at_fork(after_in_child=lambda: BELL._forget())  # a thread does not come along
atexit.register(lambda: BELL.wait_until_sent(SAID_BEFORE_THE_END))
