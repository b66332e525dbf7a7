"""The queue: who gets what, in which order, and how an item comes back."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.casework.models import Age, Filters, Item, Status
from adherents.casework.services import entering, queue
from adherents.casework.services.queue import (
    CannotTreat,
    HeldByAnother,
    KeptForAnother,
    NotAvailable,
    NotYours,
)
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.vault.models import Document, SetAside, State
from adherents.vault.origins import Erased, Origin
from adherents.vault.services.erasing import TooLateToTakeBack, take_back
from adherents.work.services import run_until_nothing_is_left
from tests.agents import make_agent
from tests.casework.queueing import adviser, checked, waiting
from tests.vault.conftest import deposited, pdf

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


@pytest.fixture
def colleague(db: None) -> Account:
    return adviser(2)


def state_of(item: Item) -> str:
    return str(Document.objects.get(pk=item.document_id).state)


def events_of(item: Item) -> list[str]:
    return list(Entry.objects.chain(item.subject).values_list("event", flat=True))


def test_a_document_enters_once_when_its_checks_are_done_due_in_its_kinds_working_days(
    member: Member,
) -> None:
    document = deposited(member, pdf())
    assert entering.enter_lately() == 0
    run_until_nothing_is_left()
    item = Item.objects.get()
    assert (item.document, item.kind, item.status, item.due_on) == (
        document,
        "rib",
        "waiting",
        date(2026, 11, 25),
    )
    run_until_nothing_is_left()
    assert Item.objects.count() == 1


def test_what_the_insurer_deposited_or_cannot_be_shown_does_not_enter(member: Member) -> None:
    for change in ({"origin": Origin.INSURER}, {"set_aside": SetAside.ALTERED}, {"state": State.RECEIVED}):
        Document.objects.filter(pk=checked(member).pk).update(**change)
    assert entering.put_right() == 0


def test_a_document_that_the_quick_round_missed_enters_all_the_same(member: Member) -> None:
    checked(member, at=timezone.now() - timedelta(hours=3))
    assert entering.enter_lately() == 0
    assert entering.put_right() == 1


def test_next_gives_the_oldest_due_and_the_member_reads_that_it_is_in_progress(
    agent: Account, member: Member
) -> None:
    oldest, second = waiting(member, 2)
    taken = queue.take_next(agent=agent)
    assert taken == oldest
    assert taken.held_by(agent)
    assert state_of(oldest) == State.IN_PROGRESS
    assert state_of(second) == State.CHECKED
    assert events_of(oldest) == [Event.DOCUMENT_TAKEN]


def test_order_is_by_the_day_due_and_not_by_arrival(agent: Account, member: Member) -> None:
    now = timezone.now()
    slow = checked(member, kind="devis", at=now - timedelta(days=1))
    quick = checked(member, kind="rib", at=now)
    entering.put_right()
    taken = queue.take_next(agent=agent)
    assert taken is not None
    assert taken.document_id == quick.pk != slow.pk


def test_next_goes_on_with_what_the_agent_has_in_hand(agent: Account, member: Member) -> None:
    first, second = waiting(member, 2)
    assert queue.take_next(agent=agent) == first
    assert queue.take_next(agent=agent) == first
    assert queue.take_next(agent=agent, skipped=[first.pk]) == second


def test_what_an_agent_has_put_off_comes_again_only_when_nothing_else_is_left(
    agent: Account, member: Member
) -> None:
    first, second = waiting(member, 2)
    queue.take(agent=agent, item=first)
    queue.give_back(agent=agent, item=first)
    assert queue.take_next(agent=agent, skipped=[first.pk]) == second
    Item.objects.filter(pk=second.pk).update(status=Status.DONE)
    assert queue.take_next(agent=agent, skipped=[first.pk]) == first


def test_two_agents_get_two_items_and_the_third_nothing(
    agent: Account, colleague: Account, member: Member
) -> None:
    first, second = waiting(member, 2)
    assert queue.take_next(agent=agent) == first
    assert queue.take_next(agent=colleague) == second
    assert queue.take_next(agent=adviser(3)) is None


def test_next_keeps_to_the_kind_and_the_age_that_were_asked_for(agent: Account, member: Member) -> None:
    late, today, later = (waiting(member, days)[0] for days in (8, 4, 1))
    [quote] = waiting(member, 1, kind="devis")
    assert [item.age for item in (late, today, later)] == [Age.LATE, Age.TODAY, Age.LATER]
    assert queue.take_next(agent=agent, filters=Filters(kind="devis")) == quote
    assert queue.take_next(agent=adviser(2), filters=Filters(age=Age.LATE)) == late
    assert queue.take_next(agent=adviser(3), filters=Filters(kind="ordonnance")) is None


def test_a_lease_left_alone_ends_and_its_member_still_reads_in_progress(
    agent: Account, colleague: Account, member: Member, clock: time_machine.Traveller
) -> None:
    [item] = waiting(member)
    queue.take(agent=agent, item=item)
    clock.shift(timedelta(minutes=14))
    assert queue.end_leases() == 0
    with pytest.raises(HeldByAnother, match="Claire Morel"):
        queue.take(agent=colleague, item=item)
    clock.shift(timedelta(minutes=2))
    assert queue.end_leases() == 1
    assert state_of(item) == State.IN_PROGRESS
    assert events_of(item) == [Event.DOCUMENT_TAKEN, Event.LEASE_ENDED]
    assert queue.take_next(agent=colleague) == item


def test_a_lease_that_is_past_is_free_before_any_sweep(
    agent: Account, colleague: Account, member: Member, clock: time_machine.Traveller
) -> None:
    [item] = waiting(member)
    queue.take(agent=agent, item=item)
    clock.shift(timedelta(minutes=16))
    assert queue.take_next(agent=colleague) == item
    assert not queue.renew(agent=agent, item=item)
    with pytest.raises(NotYours):
        queue.give_back(agent=agent, item=item)


def test_work_keeps_the_lease(agent: Account, member: Member, clock: time_machine.Traveller) -> None:
    [item] = waiting(member)
    queue.take(agent=agent, item=item)
    for _ in range(3):
        clock.shift(timedelta(minutes=10))
        assert queue.renew(agent=agent, item=item)
    assert queue.end_leases() == 0
    assert Item.objects.get().held_by(agent)


def test_given_back_it_has_its_place_again(agent: Account, colleague: Account, member: Member) -> None:
    first, _second = waiting(member, 2)
    queue.take(agent=agent, item=first)
    queue.give_back(agent=agent, item=first)
    assert state_of(first) == State.IN_PROGRESS
    assert queue.take_next(agent=colleague) == first


def test_handed_over_it_comes_first_to_the_colleague_and_to_nobody_else(
    agent: Account, colleague: Account, member: Member
) -> None:
    first, second, third = waiting(member, 3)
    queue.take(agent=agent, item=second)
    queue.hand_over(agent=agent, item=second, to=colleague)
    with pytest.raises(KeptForAnother, match="Agent 2"):
        queue.take(agent=agent, item=second)
    assert queue.take_next(agent=agent) == first
    assert queue.take_next(agent=adviser(3)) == third
    assert queue.take_next(agent=colleague) == second
    queue.give_back(agent=colleague, item=second)  # not theirs any more
    assert queue.take(agent=agent, item=second)


def test_a_supervisor_keeps_an_item_for_somebody_but_takes_it_from_nobody(
    agent: Account, colleague: Account, member: Member
) -> None:
    supervisor = make_agent(Role.SUPERVISOR)
    first, second = waiting(member, 2)
    queue.take(agent=agent, item=first)
    with pytest.raises(HeldByAnother):
        queue.assign(agent=supervisor, item=first, to=colleague)
    queue.assign(agent=supervisor, item=second, to=colleague)
    assert queue.take_next(agent=adviser(3)) is None
    queue.assign(agent=supervisor, item=second, to=None)
    assert queue.take_next(agent=adviser(4)) == second


def test_nothing_is_given_to_who_does_not_treat_documents(agent: Account, member: Member) -> None:
    [item] = waiting(member)
    queue.take(agent=agent, item=item)
    gone = adviser(2)
    gone.closed_at = timezone.now()
    gone.save()
    for other in (make_agent(Role.AUDITOR), gone):
        with pytest.raises(CannotTreat):
            queue.hand_over(agent=agent, item=item, to=other)


def test_the_next_one_is_set_apart_unseen_by_its_member(
    agent: Account, colleague: Account, member: Member, clock: time_machine.Traveller
) -> None:
    first, second, third = waiting(member, 3)
    queue.take(agent=agent, item=first)
    assert queue.reserve_next(agent=agent, after=first) == second
    assert state_of(second) == State.CHECKED
    assert queue.take_next(agent=colleague) == third
    assert queue.take_next(agent=agent, skipped=[first.pk]) == second
    queue.give_back(agent=agent, item=second)
    queue.reserve_next(agent=agent, after=first)
    clock.shift(timedelta(minutes=4))
    assert queue.take_next(agent=adviser(3)) == second
    assert Event.LEASE_ENDED not in events_of(second)


def test_only_one_item_is_set_apart(agent: Account, member: Member) -> None:
    first, _rib = waiting(member, 2)
    [quote] = waiting(member, 1, kind="devis")
    queue.take(agent=agent, item=first)
    queue.reserve_next(agent=agent, after=first)
    assert queue.reserve_next(agent=agent, after=first, filters=Filters(kind="devis")) == quote
    assert list(Item.objects.held().filter(taken_at=None)) == [quote]


def test_what_was_left_in_hand_too_long_is_set_apart_and_taken_before_any_sweep(
    agent: Account, colleague: Account, member: Member, clock: time_machine.Traveller
) -> None:
    left, first = waiting(member, 2)
    queue.take(agent=agent, item=left)
    queue.take(agent=colleague, item=first)
    clock.shift(timedelta(minutes=16))
    assert queue.reserve_next(agent=colleague, after=first) == left
    assert state_of(left) == State.IN_PROGRESS
    assert events_of(left) == [Event.DOCUMENT_TAKEN, Event.LEASE_ENDED]
    assert queue.take_next(agent=colleague, skipped=[first.pk]) == left
    assert state_of(left) == State.IN_PROGRESS


def test_what_was_left_in_hand_too_long_is_assigned_as_what_nobody_ever_held(
    agent: Account, colleague: Account, member: Member, clock: time_machine.Traveller
) -> None:
    [item] = waiting(member)
    queue.take(agent=agent, item=item)
    clock.shift(timedelta(minutes=16))
    queue.assign(agent=make_agent(Role.SUPERVISOR), item=item, to=colleague)
    assert state_of(item) == State.IN_PROGRESS
    assert events_of(item) == [Event.DOCUMENT_TAKEN, Event.LEASE_ENDED, Event.DOCUMENT_ASSIGNED]
    assert queue.take_next(agent=agent) is None
    assert queue.take_next(agent=colleague) == item


def test_what_was_destroyed_in_a_hand_that_let_it_go_is_neither_set_apart_nor_assigned(
    agent: Account, colleague: Account, member: Member, clock: time_machine.Traveller
) -> None:
    destroyed, held, free = waiting(member, 3)
    queue.take(agent=agent, item=destroyed)
    queue.take(agent=colleague, item=held)
    erased = {"erased_at": timezone.now(), "erased_because": Erased.RETENTION, "wrapped_key": b""}
    Document.objects.filter(pk=destroyed.document_id).update(**erased)
    clock.shift(timedelta(minutes=16))
    with pytest.raises(NotAvailable):
        queue.assign(agent=make_agent(Role.SUPERVISOR), item=destroyed, to=colleague)
    assert queue.reserve_next(agent=colleague, after=held) == free


def test_what_no_hand_holds_and_reads_in_progress_comes_back(agent: Account, member: Member) -> None:
    [item] = waiting(member)
    Document.objects.filter(pk=item.document_id).update(state=State.IN_PROGRESS)
    Item.objects.filter(pk=item.pk).update(status=Status.GONE)
    assert entering.put_right() == 1
    assert state_of(item) == State.IN_PROGRESS
    assert queue.take_next(agent=agent) == item


def test_what_its_member_took_back_leaves_the_queue(agent: Account, member: Member) -> None:
    first, second = waiting(member, 2)
    take_back(acting=on_own_file(member), document_id=first.document_id)
    assert queue.take_next(agent=agent) == second
    assert Item.objects.get(pk=first.pk).status == Status.GONE
    with pytest.raises(NotAvailable):
        queue.take(agent=agent, item=first)
    with pytest.raises(TooLateToTakeBack):
        take_back(acting=on_own_file(member), document_id=second.document_id)


def test_what_was_taken_back_or_set_aside_leaves_without_anybody_asking(member: Member) -> None:
    first, second, third = waiting(member, 3)
    take_back(acting=on_own_file(member), document_id=first.document_id)
    Document.objects.filter(pk=second.document_id).update(set_aside=SetAside.ALTERED)
    assert entering.put_right() == 2
    assert list(Item.objects.waiting()) == [third]
    Document.objects.filter(pk=second.document_id).update(set_aside="")
    entering.put_right()
    assert set(Item.objects.waiting()) == {second, third}
