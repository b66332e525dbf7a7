"""The feed: each event once, in an order that never changes, for thirty days, and honest about a restore."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.transaction import TransactionManagementError

from adherents.feed import services
from adherents.feed.cursors import Cursor, NotACursor
from adherents.feed.event_types import EventType
from adherents.feed.models import Announcement, Epoch
from adherents.feed.services import PositionGone, Why, announce, begin_epoch, give_positions, read
from adherents.work.models import HeldWork
from adherents.work.services import hold
from tests.feed.announcing import all_after, happen

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


def numbers(events: list[Announcement]) -> list[int]:
    return [event.data["number"] for event in events]


def refused(cursor: object) -> PositionGone:
    with pytest.raises(PositionGone) as error:
        read(after=str(cursor))
    return error.value


def test_each_event_comes_once_in_its_order_whatever_the_size_of_a_page() -> None:
    for number in range(7):
        happen(number=number)
    for limit in (1, 3, 100):
        assert numbers(all_after(limit=limit)[0]) == [*range(7)]
    _events, cursor = all_after()
    assert read(after=cursor).items == []
    assert str(read(after=cursor).next) == cursor
    happen(number=7)
    assert numbers(read(after=cursor).items) == [7]


def test_an_empty_feed_has_a_cursor_that_leads_to_the_first_event() -> None:
    page = read()
    assert page.items == []
    happen(number=1)
    assert numbers(read(after=str(page.next)).items) == [1]


def test_an_event_says_what_happened_in_identifiers_and_codes() -> None:
    happen("document:7b0f4f5e-0d1c-4b8e-9b0e-0123456789ab", pages=2)
    [event] = read().items
    assert event.shown() == {
        "id": str(event.uid),
        "type": "document.checked",
        "at": "2026-11-23T09:00:00.000Z",
        "subject": "document/7b0f4f5e-0d1c-4b8e-9b0e-0123456789ab",
        "data": {"member": "member/1", "pages": 2},
    }


def test_what_is_rolled_back_is_announced_to_nobody_and_leaves_no_hole() -> None:
    happen(number=1)
    with transaction.atomic():
        happen(number=2)
        transaction.set_rollback(True)
    happen(number=3)
    events, _cursor = all_after()
    assert numbers(events) == [1, 3]
    assert [event.position for event in events] == [1, 2]


def test_nothing_is_announced_without_the_transaction_of_what_happened() -> None:
    with pytest.raises(TransactionManagementError):
        announce(EventType.DOCUMENT_CHECKED, subject="document:1")


def test_the_worker_gives_positions_some_at_a_time_and_a_reader_does_without_it() -> None:
    for number in range(5):
        happen(number=number)
    assert give_positions(limit=2) == 2
    assert [event.position for event in Announcement.objects.order_by("pk")] == [1, 2, None, None, None]
    assert numbers(all_after()[0]) == [*range(5)]
    assert give_positions() == 0


@pytest.mark.parametrize("text", ["x", "é", "AAAA", "Li4u", str(Cursor("g" * 16, 1)), "a" * 5000])
@pytest.mark.any_database
def test_what_the_feed_never_gave_is_no_cursor(text: str) -> None:
    with pytest.raises(NotACursor):
        read(after=text)


def test_after_thirty_days_an_event_is_purged_and_a_cursor_from_before_is_told_so(
    clock: time_machine.Traveller,
) -> None:
    begin = str(read().next)
    for number in range(3):
        happen(number=number)
        clock.shift(timedelta(days=1))
    second = str(read(after=begin, limit=2).next)
    clock.shift(timedelta(days=30, hours=-1) - timedelta(days=1))
    call_command("purge", "--apply")
    assert numbers(all_after()[0]) == [2]
    gone = refused(begin)
    assert gone.why == Why.FORGOTTEN
    assert numbers(all_after(str(gone.start))[0]) == [2]
    assert numbers(all_after(second)[0]) == [2]
    clock.shift(timedelta(days=30))
    happen(number=3)
    call_command("purge", "--apply")
    assert numbers(all_after()[0]) == [3]
    assert refused(second).why == Why.FORGOTTEN


def test_an_old_event_behind_a_young_one_is_kept_so_that_there_is_never_a_hole(
    clock: time_machine.Traveller,
) -> None:
    happen(number=1)
    happen(number=2)
    give_positions()
    Announcement.objects.filter(position=2).update(at=MONDAY - timedelta(days=90))
    happen(number=3)
    clock.shift(timedelta(days=20))
    call_command("purge", "--apply")
    assert numbers(all_after()[0]) == [1, 2, 3]


def test_nothing_is_purged_while_a_restore_holds_it(clock: time_machine.Traveller) -> None:
    happen(number=1)
    give_positions()
    with transaction.atomic():
        hold([HeldWork.PURGE])
    clock.shift(timedelta(days=60))
    with pytest.raises(CommandError, match="restor"):
        call_command("purge", "--apply")
    assert numbers(all_after()[0]) == [1]


class TestAfterARestore:
    """The rows are those of the backup again; what the lost portal announced after it is at no position any more."""

    @pytest.fixture(autouse=True)
    def _restored(self) -> None:
        happen(number=1)
        self.before = str(read().next)
        happen(number=2)
        self.saved = str(read().next)
        backup = [list(model.objects.all()) for model in (Epoch, Announcement)]
        happen(number=3)
        happen(number=4)
        self.past = str(read(after=self.saved, limit=1).next)
        for model, rows in zip((Epoch, Announcement), backup, strict=True):
            model.objects.all().delete()
            model.objects.bulk_create(rows)  # type: ignore[attr-defined]
        with transaction.atomic():
            begin_epoch()
        happen(number=30)

    def test_who_had_not_read_past_the_backup_goes_on_and_misses_nothing(self) -> None:
        assert numbers(all_after(self.before)[0]) == [2, 30]
        assert numbers(all_after(self.saved)[0]) == [30]

    def test_who_had_is_told_so_and_where_to_begin(self) -> None:
        gone = refused(self.past)
        assert gone.why == Why.RESTORED
        assert numbers(all_after(str(gone.start))[0]) == [30]

    def test_what_was_read_since_leads_on_and_a_second_restore_does_not_revive_it(self) -> None:
        since = all_after(self.saved)[1]
        assert numbers(all_after(since)[0]) == []
        Announcement.objects.filter(data__number=30).delete()
        Epoch.objects.filter(number=2).delete()
        with transaction.atomic():
            begin_epoch()
        happen(number=40)
        gone = refused(since)
        assert gone.why == Why.RESTORED
        assert numbers(all_after(str(gone.start))[0]) == [40]

    def test_rows_put_back_by_other_tools_are_noticed_too(self) -> None:
        since = all_after(self.saved)[1]
        Announcement.objects.filter(data__number=30).delete()
        Epoch.objects.filter(number=2).update(last_position=services.last_position() - 1)
        assert refused(since).why == Why.RESTORED
