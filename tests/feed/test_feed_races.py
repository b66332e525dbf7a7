"""Transactions that run beside each other on a real PostgreSQL, and are committed in another order than they began in."""

import random
import threading
import time

import pytest
from django.db import transaction

from adherents.feed.event_types import EventType
from adherents.feed.models import Announcement
from adherents.feed.services import announce, give_positions, read
from adherents.journal.events import Event
from adherents.journal.models import Head
from adherents.journal.services import record
from tests.at_once import at_once
from tests.feed.announcing import all_after

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
SUBJECTS, WRITERS, EACH = 4, 8, 25


def write(writer: int) -> None:
    """Each event says its place in its subject's journal, which is chained: the order in which things happened."""
    chance = random.Random(writer)
    for _ in range(EACH):
        subject = f"document:{chance.randrange(SUBJECTS)}"
        with transaction.atomic():
            record(Event.DOCUMENT_CHECKED, subject=subject, owner="member:1")
            place = Head.objects.values_list("sequence", flat=True).get(pk=subject)
            announce(EventType.DOCUMENT_CHECKED, subject=subject, place=place)
            time.sleep(chance.choice([0, 0, 0.002, 0.02]))
            if chance.random() < 0.1:
                transaction.set_rollback(True)


def test_readers_beside_writers_see_each_event_once_and_each_subject_in_its_order() -> None:
    over = threading.Event()
    seen: list[list[Announcement]] = [[], []]

    def follow(reader: int) -> None:
        cursor = ""
        while True:
            last_round = over.is_set()
            page = read(after=cursor, limit=7)
            seen[reader] += page.items
            cursor = str(page.next)
            if last_round and not page.items:
                return

    def write_all() -> None:
        try:
            for failed in at_once([lambda w=w: write(w) for w in range(WRITERS)], threads=WRITERS):  # type: ignore[misc]
                assert failed is None
        finally:
            over.set()

    at_once([write_all, *(lambda r=r: follow(r) for r in range(2))], threads=3)  # type: ignore[list-item]
    committed = Announcement.objects.count()
    assert committed > WRITERS * EACH // 2
    for events in seen:
        assert [event.position for event in events] == [*range(1, committed + 1)]
        for number in range(SUBJECTS):
            places = [event.data["place"] for event in events if event.subject == f"document/{number}"]
            assert places == [*range(1, len(places) + 1)]


def test_what_is_committed_late_is_in_front_of_who_has_read_on() -> None:
    """The row was written first, and is found last: never behind."""
    written, go = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            announce(EventType.DOCUMENT_CHECKED, subject="document:1", order=1)
            written.set()
            assert go.wait(20)

    def early() -> None:
        assert written.wait(20)
        with transaction.atomic():
            announce(EventType.DOCUMENT_CHECKED, subject="document:2", order=2)
        events, cursor = all_after()
        assert [event.data["order"] for event in events] == [2]
        go.set()
        deadline = time.monotonic() + 20
        while not (found := read(after=cursor).items) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert [event.data["order"] for event in found] == [1]

    at_once([late, early], threads=2)


def test_several_who_give_positions_at_once_give_each_once() -> None:
    for number in range(300):
        with transaction.atomic():
            announce(EventType.DOCUMENT_CHECKED, subject=f"document:{number}")
    given = at_once([lambda: give_positions(limit=40)] * 12, threads=6)
    assert sum(given) == 300  # type: ignore[arg-type]
    positions = sorted(Announcement.objects.values_list("position", flat=True))  # type: ignore[type-var]
    assert positions == [*range(1, 301)]
