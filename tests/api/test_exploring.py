"""The short form of `python -m stress api`: some hundred calls made from the description, on a real port."""

from typing import Any

import pytest

from adherents.casework.services.entering import enter_checked
from adherents.members.models import Member
from adherents.vault.models import Document
from adherents.vault.services.rendition import draw_due
from tests.api.exploring import Known, explore
from tests.api.systems import System
from tests.messaging.exchanges import asked
from tests.vault.conftest import deposited, pdf

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.any_database,
    pytest.mark.filterwarnings("ignore:Generating overly large repr"),
]


def test_no_call_made_from_the_description_is_answered_otherwise_than_it_says(
    member: Member, live_server: Any
) -> None:
    document, *_ = [deposited(member, pdf(), f"{n}.pdf") for n in range(3)]
    while draw_due():
        pass
    enter_checked()
    thread = asked(member)
    known = Known(
        key=System(calls_a_minute=1_000_000).key,
        documents=[str(pk) for pk in Document.objects.values_list("pk", flat=True)],
        threads=[str(thread.pk)],
        numbers=[member.number],
        receipts=[document.deposit.number],
    )
    found = explore(known, live_server.url, most=10, phases=["fuzzing"])
    assert found.wrong == []
    assert found.calls > 150
    assert found.statuses[200] > 20
    assert not {status for status in found.statuses if status >= 500}
