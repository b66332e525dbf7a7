"""What is kept for an agent, or in their hands, never waits for one who does not come."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.accounts.services import agents
from adherents.casework.models import Item
from adherents.casework.services import deciding, entering, queue
from adherents.casework.services.queue import CannotTreat, KeptForAnother, TreatsNoMore
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.vault.models import Document, State
from tests.agents import make_agent, signed_in
from tests.casework.queueing import adviser, waiting

pytestmark = pytest.mark.django_db
FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
Words = Callable[[Any], str]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(FRIDAY, tick=False) as travelled:
        yield travelled


@pytest.fixture
def administrator(db: None) -> Account:
    return make_agent(Role.ADMINISTRATOR)


def suspend(agent: Account, by: Account) -> None:
    agents.suspend(agent=agent, by=by, reason="Absence longue")


def test_what_was_handed_over_is_open_to_all_after_the_profiles_working_days(
    agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    [item], colleague, other = waiting(member), adviser(2), adviser(3)
    queue.take(agent=agent, item=item)
    queue.hand_over(agent=agent, item=item, to=colleague)
    item.refresh_from_db()
    assert item.reserved_since == FRIDAY
    clock.move_to(FRIDAY + timedelta(days=5, hours=13))  # Wednesday, in the evening: the third working day
    with pytest.raises(KeptForAnother):
        queue.take(agent=other, item=item)
    assert queue.take_next(agent=other) is None
    clock.move_to(FRIDAY + timedelta(days=6))
    assert queue.take_next(agent=other) == item


def test_what_was_kept_without_an_end_gets_one(agent: Account, member: Member) -> None:
    """By the version before, which runs beside this one while machines are upgraded."""
    [item] = waiting(member)
    Item.objects.filter(pk=item.pk).update(reserved_for=agent)
    assert entering.put_right() == 1
    item.refresh_from_db()
    assert item.reserved_until == queue.handed_until()
    assert entering.put_right() == 0


def test_suspending_an_agent_frees_what_they_hold_and_what_is_kept_for_them_at_once(
    agent: Account, administrator: Account, member: Member
) -> None:
    in_hand, kept, free = waiting(member, 3)
    queue.take(agent=agent, item=in_hand)
    queue.assign(agent=adviser(5, Role.SUPERVISOR), item=kept, to=agent)
    suspend(agent, administrator)
    left = queue.take_next(agent=adviser(2))
    assert left == in_hand
    kept.refresh_from_db()
    assert (kept.reserved_for, kept.reserved_until, kept.reserved_since) == (None, None, None)
    released = Entry.objects.filter(event=Event.DOCUMENT_RELEASED)
    assert {entry.subject for entry in released} == {in_hand.subject, kept.subject}
    assert {entry.details["agent"] for entry in released} == {agent.actor}
    assert Document.objects.get(pk=in_hand.document_id).state == State.IN_PROGRESS  # as after any lease
    assert free.reserved_for is None


def test_how_much_comes_back_is_said_before_the_suspension_is_confirmed(
    agent: Account, administrator: Account, member: Member, words: Words
) -> None:
    items = waiting(member, 3)
    head = signed_in(administrator)
    address = f"/gestion/agents/{agent.pk}/suspendre/"
    assert "Reviennent à tous" not in words(head.get(address))
    queue.take(agent=agent, item=items[0])
    for item in items[1:]:
        queue.assign(agent=adviser(5 + item.pk.int % 1000, Role.SUPERVISOR), item=item, to=agent)
    shown = words(head.get(address))
    assert "1 document en main, 2 documents réservés à cet agent" in shown
    assert queue.Item.objects.in_hand_of(agent).count() == 1  # nothing is released by looking


def test_a_suspended_agent_is_given_nothing_and_decides_nothing(
    agent: Account, administrator: Account, member: Member
) -> None:
    first, second = waiting(member, 2)
    queue.take(agent=agent, item=first)
    suspend(agent, administrator)
    assert queue.take_next(agent=agent) is None
    assert queue.reserve_next(agent=agent, after=first) is None
    for act in (
        lambda: queue.take(agent=agent, item=second),
        lambda: queue.give_back(agent=agent, item=first),
        lambda: deciding.accept(agent=agent, item=first),
        lambda: queue.hand_over(agent=agent, item=first, to=adviser(2)),
    ):
        with pytest.raises(TreatsNoMore):
            act()


def test_a_decision_of_who_was_suspended_meanwhile_cannot_be_undone_by_them(
    agent: Account, administrator: Account, member: Member
) -> None:
    [item] = waiting(member)
    queue.take(agent=agent, item=item)
    decision = deciding.accept(agent=agent, item=item)
    suspend(agent, administrator)
    with pytest.raises(deciding.TooLate):
        deciding.undo(agent=agent, decision=decision)


def test_what_is_kept_for_an_agent_who_treats_no_more_comes_back_by_itself(
    agent: Account, member: Member
) -> None:
    [item] = waiting(member)
    queue.assign(agent=adviser(5, Role.SUPERVISOR), item=item, to=agent)
    Account.objects.filter(pk=agent.pk).update(role=Role.AUDITOR)
    assert entering.put_right() == 1
    assert queue.take_next(agent=adviser(2)) == item


def test_who_assigns_must_still_be_a_responsable(agent: Account, member: Member) -> None:
    [item] = waiting(member)
    with pytest.raises(TreatsNoMore):
        queue.assign(agent=adviser(4), item=item, to=agent)
    supervisor = adviser(5, Role.SUPERVISOR)
    gone = adviser(6)
    Account.objects.filter(pk=gone.pk).update(closed_at=timezone.now())
    with pytest.raises(CannotTreat):
        queue.assign(agent=supervisor, item=item, to=gone)
