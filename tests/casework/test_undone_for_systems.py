"""What a system decided by mistake: at the desk, as long as an agent's own decision could be undone."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from adherents.accounts.models import Account
from adherents.casework.models import Decision
from adherents.feed.models import Announcement
from adherents.members.models import Member
from adherents.work.services import run_until_nothing_is_left
from tests.api.systems import System, code_of
from tests.casework.queueing import waiting

Words = Callable[[Any], str]
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 23, 9, 0, tzinfo=UTC), tick=False) as travelled:
        yield travelled


def test_what_a_system_decided_is_undone_at_the_desk_by_who_treats_documents_and_in_time_only(
    desk: Client, agent: Account, member: Member, words: Words, clock: time_machine.Traveller
) -> None:
    system, [item, late] = System(), waiting(member, 2)
    said = {"outcome": "refuse", "reason": "rib_illisible", "words": {"fr": "Illisible, désolé."}}
    assert system.post(f"documents/{item.document_id}/decision", said).status_code == 202
    page = f"/gestion/documents/{item.document_id}/"
    address = f"/gestion/decisions/{Decision.objects.get().pk}/annuler/"
    shown = desk.get(page)
    assert f'action="{address}?from=record"' in shown.content.decode()
    assert "pas encore prévenu" in words(shown)
    answer = desk.post(f"{address}?from=record", follow=True)
    assert "Décision annulée" in words(answer)
    item.refresh_from_db()
    assert item.agent == agent
    assert "Illisible, désolé." in desk.get(f"/gestion/traiter/{item.document_id}/refuser/").content.decode()
    assert address not in desk.get(page).content.decode()
    assert system.get(f"documents/{item.document_id}").json()["decision"] is None
    assert code_of(system.post(f"documents/{item.document_id}/decision", said)) == "in-hand"
    run_until_nothing_is_left()
    assert not Announcement.objects.filter(type="document.decided").exists()

    assert system.post(f"documents/{late.document_id}/decision", said).status_code == 202
    address = f"/gestion/decisions/{Decision.objects.latest('pk').pk}/annuler/"
    clock.shift(timedelta(seconds=11))
    assert address not in desk.get(f"/gestion/documents/{late.document_id}/").content.decode()
    assert "trop tard" in words(desk.post(address, follow=True))
