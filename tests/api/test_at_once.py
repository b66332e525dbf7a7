"""The same call twice at one moment, on a real PostgreSQL: one works, the other gets its answer."""

from functools import partial

import pytest

from adherents.casework.models import Decision
from adherents.members.models import Member
from tests.accounts.test_races import at_once
from tests.api.systems import System
from tests.casework.queueing import waiting

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_ten_equal_calls_at_once_decide_once_and_answer_alike(member: Member) -> None:
    system = System()
    [item] = waiting(member)
    call = partial(system.post, f"documents/{item.document_id}/decision", {"outcome": "accept"}, key="k1")
    given = at_once([call] * 10, threads=10)
    assert {answer.status_code for answer in given} == {202}  # type: ignore[attr-defined]
    assert len({answer.content for answer in given}) == 1  # type: ignore[attr-defined]
    assert Decision.objects.count() == 1


def test_two_systems_that_decide_at_once_decide_once(member: Member) -> None:
    systems = [System(f"systeme-{n}") for n in range(6)]
    [item] = waiting(member)
    calls = [
        partial(system.post, f"documents/{item.document_id}/decision", {"outcome": "accept"}, key="k")
        for system in systems
    ]
    given = at_once(calls, threads=6)
    assert sorted(answer.status_code for answer in given) == [202] + [409] * 5  # type: ignore[attr-defined]
    assert Decision.objects.count() == 1
