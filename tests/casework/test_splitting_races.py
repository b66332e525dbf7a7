"""Splitting on a real PostgreSQL, against decisions and itself."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from adherents.casework.models import Decision, Item, Status
from adherents.casework.services import deciding, queue, splitting
from adherents.casework.services.splitting import (
    DecidedMeanwhile,
)
from adherents.members.models import Member
from adherents.vault.models import Document
from tests.at_once import at_once, kinds
from tests.casework.queueing import adviser
from tests.casework.test_splitting import cut, held

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
Words = Callable[[Any], str]
Kinds = tuple[str, ...]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("whole_journal")
def test_a_split_against_a_decision_has_one_winner(member: Member) -> None:
    agent = adviser(1)
    for _ in range(10):
        item = held(agent, member)
        done, decided = at_once(
            [
                partial(splitting.split, agent=agent, item=item, slices=cut((1, 1), (2, 4))),
                partial(deciding.accept, agent=agent, item=item),
            ]
        )
        item.refresh_from_db()
        parts = Document.objects.filter(part_of=item.document_id).count()
        if isinstance(decided, Decision):
            assert isinstance(done, queue.NotAvailable), done
            assert (item.status, parts) == (Status.DECIDED, 0)
        else:
            assert isinstance(done, list), done
            assert (item.status, parts) == (Status.DONE, 2)
        Item.objects.update(status=Status.DONE)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("whole_journal")
def test_putting_together_against_a_decision_on_a_part_has_one_winner(member: Member) -> None:
    agent = adviser(1)
    for _ in range(10):
        item = held(agent, member)
        [part, _rest] = splitting.split(agent=agent, item=item, slices=cut((1, 1), (2, 4)))
        together, decided = at_once(
            [
                partial(splitting.put_together, agent=agent, item=item),
                partial(deciding.accept, agent=agent, item=part),
            ]
        )
        stands = Decision.objects.filter(item__document__part_of=item.document_id).exists()
        assert stands == isinstance(decided, Decision), decided
        assert isinstance(together, DecidedMeanwhile if stands else Item), together
        Item.objects.update(status=Status.DONE)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("whole_journal")
def test_two_presses_split_it_once(member: Member) -> None:
    agent = adviser(1)
    item = held(agent, member)
    press = partial(splitting.split, agent=agent, item=item, slices=cut((1, 1), (2, 4)))
    assert kinds(at_once([press, press, press])) == {"list": 1, "NotAvailable": 2}
    assert Document.objects.filter(part_of=item.document_id).count() == 2
