"""Who undoes a circular against the worker that begins it, and two workers on one, on a real PostgreSQL."""

from datetime import timedelta

import pytest
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.members.models import Member
from adherents.messaging.models import Circular, CircularCopy, Thread
from adherents.messaging.services import circulars
from tests.agents import make_agent
from tests.at_once import at_once
from tests.cast import ENGLISH, EVE, JEAN_FRANCOIS, KARIM
from tests.factories import open_account
from tests.messaging.test_circulars import written

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lead(db: None) -> Account:
    return make_agent(Role.SUPERVISOR)


@pytest.fixture
def five(member: Member) -> list[Member]:
    others = [open_account(person) for person in (JEAN_FRANCOIS, ENGLISH, EVE, KARIM)]
    return [member, *Member.objects.filter(account__in=others).order_by("pk")]


def due(lead: Account, members: list[Member]) -> Circular:
    circular = written(lead, members)
    Circular.objects.filter(pk=circular.pk).update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    return circular


@pytest.mark.parametrize("turn", range(8))
def test_it_is_undone_for_all_or_sent_to_all(lead: Account, five: list[Member], turn: int) -> None:
    circular = due(lead, five)

    def undo() -> object:
        return circulars.undo_circular(agent=lead, circular_id=circular.pk)

    acts = [undo, circulars.send_due]
    results = at_once(acts if turn % 2 else acts[::-1])
    circulars.send_due()
    circular.refresh_from_db()
    if circular.undone_at is not None:
        assert Thread.objects.count() == 0
        assert circular.begun_at is None
    else:
        assert any(isinstance(result, circulars.CircularBegun) for result in results)
        assert Thread.objects.count() == len(five)
        assert circular.ended_at is not None


def test_two_workers_of_whom_one_lost_its_lease_send_each_copy_once(
    lead: Account, five: list[Member]
) -> None:
    circular = due(lead, five)
    [first] = Circular.objects.claim_due()
    Circular.objects.filter(pk=circular.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    [second] = Circular.objects.claim_due()
    at_once([lambda: circulars.send(first), lambda: circulars.send(second)] * 2)
    assert Thread.objects.count() == len(five)
    assert CircularCopy.objects.sent().count() == len(five)


def test_a_form_that_is_sent_eight_times_at_once_is_one_circular(lead: Account, five: list[Member]) -> None:
    import uuid

    key = uuid.uuid4()
    results = at_once([lambda: written(lead, five, key=key)] * 8)
    assert {result.pk for result in results if isinstance(result, Circular)} == {key}
    assert Circular.objects.count() == 1
    assert CircularCopy.objects.count() == len(five)
