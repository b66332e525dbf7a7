"""Sending the events, one endpoint beside the other, and each endpoint's in the order of the feed.

An event is sent again until it is taken: after ten seconds, a minute, five, fifteen, and every hour. An endpoint that takes
nothing for three days is set aside, which the desk says, and loses nothing: its place in the feed stays.
"""

import json
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from adherents.feed.models import Announcement
from adherents.feed.services import give_positions, read_after
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.webhooks import call, signing
from adherents.webhooks.call import CallAnswer
from adherents.webhooks.models import GIVEN_UP_AFTER, LONGEST_WAIT, Endpoint, EndpointState
from adherents.webhooks.troubles import Trouble
from adherents.work.models import BACKOFF, HeldWork
from adherents.work.services import do_each, is_held

AT_ONCE = 16  # endpoints that one worker sends to at the same moment
LEASE_SECONDS = 60
TURN_SECONDS = 30.0  # then another endpoint may have the place
EVENTS_READ = 500


class _Couriers:
    """The threads of a worker that stays. A slow receiver keeps its own thread, and nobody else's."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool, self._free, self.over = pool, threading.Semaphore(AT_ONCE), threading.Event()

    def take_place(self) -> bool:
        return self._free.acquire(blocking=False)

    def give_place_back(self) -> None:
        self._free.release()

    def send(self, endpoint: Endpoint) -> None:
        self._pool.submit(self._deliver, endpoint)

    def _deliver(self, endpoint: Endpoint) -> None:
        try:
            do_each([endpoint], lambda row: deliver(row, over=self.over))
        finally:
            connection.close()
            self.give_place_back()


_at_work: list[_Couriers] = []


@contextmanager
def couriers() -> Iterator[None]:
    """While a worker stays. When it is stopped, each thread ends the call that it is in."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhooks") as pool:
        mine = _Couriers(pool)
        _at_work.append(mine)
        try:
            yield
        finally:
            _at_work.remove(mine)
            mine.over.set()


def deliver_due() -> int:
    """Send what is due. Returns how many endpoints were begun with, or finished where no worker stays (`worker --once`).

    After a restore nothing is sent while mails are held: it was perhaps sent already, and a person should know.
    """
    if not Endpoint.objects.live().exists() or is_held(HeldWork.MAILS):
        return 0
    give_positions()
    if not _at_work:
        ended: list[bool] = []
        for endpoint in Endpoint.objects.claim_due(AT_ONCE, LEASE_SECONDS):
            do_each([endpoint], lambda row: ended.append(deliver(row)))
        return sum(ended)
    begun = 0
    while _at_work[-1].take_place():
        claimed = Endpoint.objects.claim_due(1, LEASE_SECONDS)
        if not claimed:
            _at_work[-1].give_place_back()
            break
        _at_work[-1].send(claimed[0])
        begun += 1
    return begun


def deliver(endpoint: Endpoint, *, over: threading.Event | None = None) -> bool:
    """Send a claimed endpoint's events until none is left, one fails, or its turn ends (False)."""
    until = time.monotonic() + TURN_SECONDS
    while events := read_after(endpoint.position, EVENTS_READ):
        for event in events:
            if time.monotonic() > until or (over is not None and over.is_set()):
                _let_go(endpoint)
                return False
            if not endpoint.wants(event.type):
                endpoint.position = event.position or 0
                continue
            answer = send(endpoint, event)
            if answer.trouble:
                _put_off(endpoint, answer)
                return True
            if not _taken(endpoint, event, answer):
                return True
    _let_go(endpoint)
    return True


def send(endpoint: Endpoint, event: Announcement) -> CallAnswer:
    """One event, signed for this very moment."""
    shown = event.shown()
    body = json.dumps(shown | {"timestamp": shown["at"]}, ensure_ascii=False, separators=(",", ":")).encode()
    now = int(timezone.now().timestamp())
    signed = signing.headers(event_id=shown["id"], at=now, body=body, keys=endpoint.secrets)
    return call.post(endpoint.url, body, signed)


def _taken(endpoint: Endpoint, event: Announcement, answer: CallAnswer) -> bool:
    """Note how far it is. False: this worker's lease is over, or a person paused or moved the endpoint meanwhile."""
    now = timezone.now()
    endpoint.position, endpoint.attempts, endpoint.failing_since = event.position or 0, 0, None
    until = now + timedelta(seconds=LEASE_SECONDS)
    mine = {"attempts": 0, "failing_since": None, "taken_at": now, "leased_until": until}
    return _note(endpoint, answer, **mine)


def _put_off(endpoint: Endpoint, answer: CallAnswer) -> None:
    now = timezone.now()
    since, attempts = endpoint.failing_since or now, max(endpoint.attempts, 1)
    wait = min(BACKOFF[min(attempts, len(BACKOFF)) - 1], LONGEST_WAIT) * (1 - secrets.randbelow(20) / 100)
    left = {"failing_since": since, "attempts": attempts, "lease": "", "leased_until": None}
    if answer.trouble != Trouble.GONE and now - since < GIVEN_UP_AFTER:
        _note(endpoint, answer, next_attempt_at=now + wait, **left)
        return
    with transaction.atomic():
        if _note(endpoint, answer, state=EndpointState.SET_ASIDE, next_attempt_at=None, **left):
            record(Event.WEBHOOK_SET_ASIDE, subject=endpoint.subject, code=str(answer.trouble))


def _note(endpoint: Endpoint, answer: CallAnswer, **columns: object) -> bool:
    """Under the lease of this worker only: who pauses, moves or removes an endpoint takes the lease away."""
    said = {"answered_at": timezone.now(), "answered_status": answer.status, "trouble": str(answer.trouble)}
    mine = Endpoint.objects.filter(pk=endpoint.pk, lease=endpoint.lease)
    return bool(mine.update(position=endpoint.position, **said, **columns))


def _let_go(endpoint: Endpoint) -> None:
    """It may be taken up again at once."""
    free = {"next_attempt_at": timezone.now(), "lease": "", "leased_until": None}
    attempts = endpoint.attempts if endpoint.failing_since else 0
    mine = Endpoint.objects.filter(pk=endpoint.pk, lease=endpoint.lease)
    mine.update(position=endpoint.position, attempts=attempts, **free)
