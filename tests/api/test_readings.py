"""What was read and confirmed, as the insurer's systems are told of it and given it."""

from typing import Any

import pytest
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.api.scopes import Scope
from adherents.feed.models import Announcement
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.reading.models import PaperField, PrintedCode
from adherents.reading.selectors import for_agent
from adherents.reading.services import judging
from adherents.vault.models import Document, State
from adherents.vault.selectors.history import entries_of, history_of
from tests.agents import make_agent
from tests.api.systems import System, code_of
from tests.reading.sheets import IBAN
from tests.reading.test_read_for_people import iban_of
from tests.reading.test_readings import read_

pytestmark = pytest.mark.django_db


def judge(agent: Account, field: PaperField, judgement: str) -> None:
    judging.judge_value(
        agent=agent, document_id=field.reading.document_id, field_id=field.pk, judgement=judgement
    )


def items(system: System, document: Document) -> list[dict[str, Any]]:
    answer = system.get(f"documents/{document.pk}/readings")
    assert answer.status_code == 200, answer.content
    listed: list[dict[str, Any]] = answer.json()["items"]
    return listed


def told() -> list[tuple[str, Any]]:
    rows = Announcement.objects.filter(type__startswith="reading.").order_by("id")
    return [(row.type, row.data) for row in rows]


def test_only_what_an_agent_confirmed_is_given_and_each_change_is_told_without_its_value(
    member: Member,
) -> None:
    document, agent, system = read_(member), make_agent(), System()
    assert items(system, document) == []
    judge(agent, iban_of(document), "right")
    judge(agent, iban_of(document), "right")
    [value] = items(system, document)
    assert value.items() >= {"code": "iban", "value": IBAN, "page": 1}.items()
    assert value["proofs"] == iban_of(document).proofs != []
    assert value["confirmed_at"].endswith("Z")

    judge(agent, iban_of(document), "wrong")
    assert items(system, document) == []
    judge(agent, iban_of(document), "wrong")
    judge(agent, iban_of(document), "right")
    whose = {"code": "iban", "member": f"member/{member.pk}"}
    assert told() == [
        ("reading.confirmed", whose),
        ("reading.withdrawn", whose),
        ("reading.confirmed", whose),
    ]
    assert IBAN not in str(list(Announcement.objects.values())) + str(list(Entry.objects.values()))


def test_what_was_always_wrong_is_told_to_nobody(member: Member) -> None:
    document = read_(member)
    judge(make_agent(), iban_of(document), "wrong")
    assert told() == []


def test_it_is_an_opening_which_the_member_reads_once_there_is_something_to_give(member: Member) -> None:
    document, system = read_(member), System()

    def openings() -> int:
        return sum(
            "consulté" in str(line["label"]).lower() for line in history_of(document, entries_of(document))
        )

    items(system, document)
    assert openings() == 0
    judge(make_agent(), iban_of(document), "right")
    system.call("HEAD", f"documents/{document.pk}/readings")
    assert openings() == 0
    items(system, document)
    assert openings() == 1


def test_a_number_of_the_national_register_stays_masked(member: Member) -> None:
    document = read_(member)
    field = PaperField(reading=document.paper_reading, rank=90, code="nir", value=member.nir, page=1)
    field.save()
    judge(make_agent(), field, "right")
    [value] = items(System(), document)
    assert value["code"] == "nir"
    assert member.nir not in value["value"]
    assert value["value"].startswith(member.nir[0])


@pytest.mark.parametrize(
    ("code", "cut"), [("code_2ddoc.88", 15), ("code_2ddoc.88", 13), ("code_2ddoc.5K", 15)]
)
def test_one_that_a_signed_code_says_stays_masked_too(member: Member, code: str, cut: int) -> None:
    document = read_(member)
    number = str(member.nir)[:cut]
    field = PaperField(reading=document.paper_reading, rank=90, code=code, value=number, page=1, of_code=1)
    field.save()
    judge(make_agent(), field, "right")
    [value] = items(System(), document)
    assert value["code"] == code
    assert number[5:13] not in value["value"]
    PrintedCode.objects.create(reading=document.paper_reading, rank=1, page=1, worth="signed")
    for_people = for_agent(document)
    assert for_people is not None
    [shown] = for_people.codes[0].fields
    assert number[5:13] not in shown.value + shown.copied


def test_it_needs_the_scope_that_opens_documents_and_a_document_that_may_be_opened(member: Member) -> None:
    document = read_(member)
    judge(make_agent(), iban_of(document), "right")
    path = f"documents/{document.pk}/readings"
    assert code_of(System("lecteur", [Scope.DOCUMENTS_READ]).get(path)) == "missing-scope"
    Document.objects.filter(pk=document.pk).update(state=State.WITHDRAWN)
    assert code_of(System().get(path)) == "gone"


def test_a_paper_that_is_filed_with_another_member_gives_nothing_and_is_judged_no_more(
    member: Member,
) -> None:
    document, agent = read_(member), make_agent()
    judge(agent, iban_of(document), "right")
    Document.objects.filter(pk=document.pk).update(relocated_at=timezone.now())
    assert items(System(), document) == []
    with pytest.raises(judging.ValueRefused):
        judge(agent, iban_of(document), "wrong")
