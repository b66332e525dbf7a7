"""Who is suspended, comes back or is given something while others ask for the next item, on a real PostgreSQL."""

from functools import partial

import pytest
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.accounts.services import agents
from adherents.casework.models import Item, Status
from adherents.casework.services import deciding, queue
from adherents.members.models import Member
from tests.agents import make_agent
from tests.at_once import at_once
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
