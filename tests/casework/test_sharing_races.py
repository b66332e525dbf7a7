"""Who is suspended, comes back or is given something while others ask for the next item, on a real PostgreSQL."""

from functools import partial

import pytest
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.accounts.services import agents
from adherents.casework.models import Item, Status
from adherents.casework.services import deciding, queue, sharing
from adherents.desk.services.absences import end_absence, note_absence
from adherents.members.models import Member
from tests.agents import make_agent
from tests.at_once import at_once, kinds
from tests.casework.queueing import adviser, waiting

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("whole_journal"),
]


@pytest.fixture
def administrator(db: None) -> Account:
    return make_agent(Role.ADMINISTRATOR)


def suspending(agent: Account, by: Account) -> partial[None]:
    return partial(agents.suspend, agent=agent, by=by, reason="Départ")


def test_suspension_against_next_leaves_nothing_in_the_hands_of_who_left(
    administrator: Account, member: Member
) -> None:
    for turn in range(12):
        [item], agent = waiting(member), adviser(turn)
        at_once([partial(queue.take_next, agent=agent), suspending(agent, administrator)])
        item.refresh_from_db()
        assert (item.agent_id, item.leased_until, item.status) == (None, None, Status.WAITING)
        Item.objects.filter(pk=item.pk).update(status=Status.DONE)


def test_suspension_against_handing_over_keeps_nothing_for_who_left(
    administrator: Account, member: Member
) -> None:
    giver = adviser(100)
    for turn in range(12):
        [item], colleague = waiting(member), adviser(turn)
        queue.take(agent=giver, item=item)
        at_once(
            [
                partial(queue.hand_over, agent=giver, item=item, to=colleague),
                suspending(colleague, administrator),
            ]
        )
        item.refresh_from_db()
        assert item.reserved_for_id is None
        Item.objects.filter(pk=item.pk).update(status=Status.DONE)


def test_suspension_against_a_decision_is_one_or_the_other(administrator: Account, member: Member) -> None:
    for turn in range(12):
        [item], agent = waiting(member), adviser(turn)
        queue.take(agent=agent, item=item)
        decided, _ = at_once(
            [partial(deciding.accept, agent=agent, item=item), suspending(agent, administrator)]
        )
        item.refresh_from_db()
        if isinstance(decided, queue.NotAvailable):
            assert (item.status, item.agent_id) == (Status.WAITING, None)
        else:
            assert item.status == Status.DECIDED
        Item.objects.filter(pk=item.pk).update(status=Status.DONE)


def test_two_agents_who_hand_over_to_each_other_do_not_wait_for_each_other(member: Member) -> None:
    first, second = adviser(1), adviser(2)
    for _ in range(10):
        one, other = waiting(member, 2)
        queue.take(agent=first, item=one)
        queue.take(agent=second, item=other)
        at_once(
            [
                partial(queue.hand_over, agent=first, item=one, to=second),
                partial(queue.hand_over, agent=second, item=other, to=first),
            ]
        )
        assert (
            Item.objects.filter(reserved_for__in=[first, second], reserved_until__gt=timezone.now()).count()
            == 2
        )
        Item.objects.update(status=Status.DONE, reserved_for=None)


def test_who_stands_in_against_who_comes_back_is_one_of_them(member: Member) -> None:
    """The absence ends while both ask for the next item: one gets it, and nobody gets it twice."""
    supervisor = adviser(200, Role.SUPERVISOR)
    for turn in range(12):
        [item], absent, substitute = waiting(member), adviser(2 * turn), adviser(2 * turn + 1)
        queue.assign(agent=supervisor, item=item, to=absent)
        today = timezone.localdate()
        absence = note_absence(by=absent, agent=absent, begins_on=today, ends_on=today, substitute=substitute)
        stood, _, back = at_once(
            [
                partial(queue.take_next, agent=substitute),
                partial(end_absence, by=absent, absence=absence),
                partial(queue.take_next, agent=absent),
            ]
        )
        item.refresh_from_db()
        got = [agent for agent, result in ((substitute, stood), (absent, back)) if result == item]
        assert [agent.pk for agent in got] == [item.agent_id]
        Item.objects.filter(pk=item.pk).update(status=Status.DONE)


def test_two_absences_of_the_same_days_are_one(member: Member) -> None:
    agent, today = adviser(1), timezone.localdate()
    planning = partial(note_absence, by=agent, agent=agent, begins_on=today, ends_on=today)
    results = at_once([planning] * 6)
    assert kinds(results) == {"Absence": 1, "AwayAlready": 5}


def test_bulk_release_against_decisions_leaves_each_item_decided_or_free(member: Member) -> None:
    supervisor, agent = adviser(200, Role.SUPERVISOR), adviser(1)
    for _ in range(6):
        items = waiting(member, 4)
        for item in items:
            queue.take(agent=agent, item=item)
        keys = [item.pk for item in items]
        results = at_once(
            [
                partial(sharing.release_many, agent=supervisor, items=keys),
                *(partial(deciding.accept, agent=agent, item=item) for item in items),
            ]
        )
        rows = Item.objects.filter(pk__in=keys)
        decided = rows.filter(status=Status.DECIDED).count()
        assert decided == kinds(results)["Decision"]
        assert rows.filter(status=Status.WAITING, agent=None, leased_until=None).count() == 4 - decided
        rows.update(status=Status.DONE)
