"""Decisions that settle at once, and are counted again meanwhile, on a real PostgreSQL: each is counted once."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.utils import timezone

from adherents.casework.models import Decision, ReasonTally, Tally
from adherents.casework.services import deciding, queue
from adherents.casework.services.tallying import rebuild
from adherents.members.models import Member
from tests.at_once import at_once
from tests.casework.queueing import NEEDED, adviser, waiting

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_what_settles_at_once_and_is_counted_again_meanwhile_is_counted_once(member: Member) -> None:
    agent = adviser(1)
    decisions = []
    for rank, item in enumerate(waiting(member, 40)):
        queue.take(agent=agent, item=item)
        if rank % 2:
            decisions.append(deciding.refuse(agent=agent, item=item, **NEEDED))
        else:
            decisions.append(deciding.accept(agent=agent, item=item))
    with time_machine.travel(timezone.now() + timedelta(seconds=11), tick=False):
        twice = [
            partial(deciding.settle, Decision.objects.get(pk=decision.pk))
            for decision in decisions
            for _ in range(2)
        ]
        again = [lambda: list(rebuild()) for _ in range(6)]
        acts = [
            act
            for rank, act in enumerate(twice)
            for act in ([act, again.pop()] if rank % 13 == 0 and again else [act])
        ]
        results = at_once(acts)
    assert not [result for result in results if isinstance(result, Exception)]
    assert [(tally.accepted, tally.refused) for tally in Tally.objects.all()] == [(20, 20)]
    assert ReasonTally.objects.get().count == 20
