"""What each act announces, in its own transaction, once, and under whose subject."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import transaction

from adherents.accounts.models import Account
from adherents.casework.services import deciding, queue
from adherents.feed.event_types import EventType
from adherents.feed.services import read
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.members.services.accounts import attach_account, change_email
from adherents.vault.models import Document
from adherents.vault.services.erasing import take_back
from adherents.vault.services.from_insurer import deposit_for_member
from adherents.vault.services.rendition import draw_due
from adherents.work.services import run_until_nothing_is_left
from tests.casework.queueing import NEEDED, waiting
from tests.cast import CAMILLE, EVE
from tests.factories import add_to_register
from tests.feed.announcing import all_after, said
from tests.house import MODULES
from tests.members.importing import CAST, run
from tests.members.member_file import child_of, line_of
from tests.messaging.exchanges import answered, asked
from tests.vault.conftest import deposited, pdf

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


def now() -> str:
    """Where the feed is: what a test prepared is behind it."""
    return all_after()[1]


def last_data() -> dict[str, Any]:
    return all_after()[0][-1].data


def test_a_document_arrives_is_checked_and_is_taken_back(member: Member, objects_folder: Path) -> None:
    begin = now()
    document = deposited(member, pdf(2))
    draw_due()
    take_back(acting=on_own_file(member), document_id=document.pk)
    take_back(acting=on_own_file(member), document_id=document.pk)
    subject = f"document/{document.pk}"
    types = ["document.received", "document.checked", "document.taken_back", "document.erased"]
    assert said(begin) == [(kind, subject) for kind in types]
    received, checked, _back, erased = all_after(begin)[0]
    whose = f"member/{member.pk}"
    number = document.deposit.number
    assert received.data == {"member": whose, "origin": "member", "kind": "rib", "receipt": number}
    assert checked.data == {"member": whose, "pages": 2}
    assert erased.data == {"member": whose, "code": "withdrawn"}


def test_what_the_insurer_deposits_is_received_too(member: Member, objects_folder: Path) -> None:
    begin = now()
    made = deposit_for_member(member=member, kind="rib", name="releve.pdf", chunks=[pdf()], actor="api:3")
    assert said(begin) == [("document.received", f"document/{made.pk}")]
    assert last_data()["origin"] == "insurer"


def test_a_decision_is_announced_when_it_can_no_longer_be_undone(
    agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    item, other, third = waiting(member, 3)
    begin = now()
    queue.take(agent=agent, item=item)
    undone = deciding.accept(agent=agent, item=item)
    deciding.undo(agent=agent, decision=undone)
    deciding.refuse(agent=agent, item=item, **NEEDED)
    clock.shift(timedelta(seconds=9))
    run_until_nothing_is_left("casework.decisions")
    assert said(begin) == []
    clock.shift(timedelta(seconds=1))
    run_until_nothing_is_left("casework.decisions")
    assert said(begin) == [("document.decided", f"document/{item.document_id}")]
    assert last_data() == {
        "member": f"member/{member.pk}",
        "outcome": "refuse",
        "reason": NEEDED["reason"],
        "reasons": [NEEDED["reason"]],
    }
    deciding.accept(agent=agent, item=other)
    until = (MONDAY + timedelta(days=9)).date()
    deciding.ask_correction(agent=agent, item=third, until=until, **NEEDED)
    clock.shift(timedelta(seconds=10))
    run_until_nothing_is_left("casework.decisions")
    outcomes = {event.subject: event.data["outcome"] for event in all_after(begin)[0][1:]}
    assert outcomes == {f"document/{other.document_id}": "accept", f"document/{third.document_id}": "correct"}


def test_a_message_of_the_member_is_announced_and_the_services_own_is_not(
    agent: Account, member: Member
) -> None:
    begin = now()
    thread = asked(member)
    answered(thread, agent)
    assert said(begin) == [("message.received", f"thread/{thread.pk}")]
    assert last_data()["documents"] == []
    assert isinstance(last_data()["message"], int)


def test_an_account_opens_once() -> None:
    newcomer = add_to_register(CAMILLE)
    begin = now()
    attach_account(member=newcomer)
    attach_account(member=newcomer)
    assert said(begin) == [("account.opened", f"member/{newcomer.pk}")]


def test_an_address_that_changes_in_the_portal_changes_the_member(member: Member) -> None:
    begin = now()
    change_email(member=member, email="neuve@example.org", actor="agent:1")
    change_email(member=member, email="neuve@example.org", actor="agent:1")
    assert said(begin) == [("member.changed", f"member/{member.pk}")]
    assert last_data() == {"source": "portal", "fields": ["email"]}


def test_an_import_announces_who_is_new_changed_or_ended_once_and_nobody_else(tmp_path: Path) -> None:
    begin = now()
    run(tmp_path, CAST, beneficiaries=[child_of(CAMILLE)])
    every = sorted(f"member/{pk}" for pk in Member.objects.values_list("pk", flat=True))
    assert sorted(subject for _kind, subject in said(begin)) == every

    begin = now()
    run(tmp_path, CAST, beneficiaries=[child_of(CAMILLE)])
    assert said(begin) == []

    camille, eve = (Member.objects.get(number=who.number) for who in (CAMILLE, EVE))
    lines = [line_of(CAMILLE, telephone="0476605636"), *CAST[1:]]
    lines = [line for line in lines if line["numero_adherent"] != EVE.number]
    run(tmp_path, lines, beneficiaries=[child_of(CAMILLE, date_fin="31/12/2027")], allow_gone=100)
    told = {event.subject: event.data for event in all_after(begin)[0]}
    assert len(all_after(begin)[0]) == 2
    assert told == {
        f"member/{camille.pk}": {"source": "file"},
        f"member/{eve.pk}": {"source": "file", "ended": True},
    }

    begin = now()
    run(tmp_path, lines, beneficiaries=[child_of(CAMILLE, lien="conjoint")])
    assert said(begin) == [("member.changed", f"member/{camille.pk}")]


def test_an_import_that_fails_announces_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = now()
    monkeypatch.setattr("adherents.members.services.import_files._journal", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(tmp_path, CAST)
    assert said(begin) == []


def test_a_number_given_to_another_person_ends_the_one_and_announces_the_other(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    former = Member.objects.get(number=CAMILLE.number)
    begin = now()
    run(
        tmp_path,
        [line_of(EVE, numero_adherent=CAMILLE.number, email="luc@example.org"), *CAST[1:]],
        new_persons=[CAMILLE.number],
        allow_gone=100,
    )
    holder = Member.objects.get(number=CAMILLE.number)
    told = {event.subject: event.data for event in all_after(begin)[0]}
    assert told == {
        f"member/{former.pk}": {"source": "file", "ended": True},
        f"member/{holder.pk}": {"source": "file"},
    }


@pytest.mark.any_database
def test_every_type_has_an_announcer() -> None:
    written = "\n".join(file.read_text() for file in MODULES if "feed" not in file.parts)
    announced = {kind for kind in EventType if f"EventType.{kind.name}" in written}
    assert announced == set(EventType)


@pytest.mark.any_database
def test_uids_of_an_import_are_like_the_others(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    with transaction.atomic():
        events = read().items
    assert len({event.uid for event in events}) == len(CAST)
    assert all(isinstance(event.uid, uuid.UUID) for event in events)
    assert Document.objects.count() == 0
