"""All documents of a member: by pages, by kind, person, state and year, each counted."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from bench.pages import keep_documents
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Beneficiary, Member
from adherents.vault.legibility import SetAside
from adherents.vault.models import Document, State
from adherents.vault.origins import Erased, Origin
from adherents.vault.selectors.listing import (
    NO_STATE,
    SET_ASIDE,
    THEMSELVES,
    count_documents,
    in_state,
    narrowed_to,
)
from adherents.vault.selectors.listing import Narrowing as Asked
from adherents.vault.services.erasing import erase
from tests.casework.queueing import checked
from tests.vault.conftest import deposited, pdf

Words = Callable[[Any], str]
pytestmark = pytest.mark.django_db


def page(member: Member) -> str:
    return f"/gestion/adherents/{member.pk}/documents/"


def test_the_record_says_how_many_there_are_and_leads_to_them_all(
    member: Member, desk: Client, words: Words, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    keep_documents(member, 510)
    record = desk.get(f"/gestion/adherents/{member.pk}/")
    assert "Les 510 documents" in words(record)
    assert page(member) in record.content.decode()
    with django_assert_max_num_queries(14):
        first = desk.get(page(member))
    assert "Documents de Camille DUPONT 510" in words(first)
    assert "Page 1 sur 13" in words(first)
    seen = [
        line
        for number in range(1, 14)
        for line in desk.get(page(member), {"page": number}).context["page"].object_list
    ]
    assert len({document.pk for document in seen}) == 510
    assert Entry.objects.filter(event=Event.MEMBER_CONSULTED, subject=member.subject).count() == 1


@pytest.fixture
def several(member: Member) -> list[Document]:
    """Two kinds, two people, three states, three years."""
    child = Beneficiary.objects.create(member=member, rank=1, birth_name="Dupont", first_names="Noé")
    facts = [
        ("rib", None, State.ACCEPTED, 2024),
        ("rib", child, State.REFUSED, 2025),
        ("releve", child, State.REFUSED, 2026),
        ("releve", None, State.CHECKED, 2026),
    ]
    documents = []
    for kind, person, state, year in facts:
        document = checked(member, kind=kind, at=datetime(year, 6, 1, tzinfo=UTC))
        Document.objects.filter(pk=document.pk).update(beneficiary=person, state=state)
        documents.append(document)
    return documents


def test_each_filter_shows_what_its_choice_counts(
    member: Member, desk: Client, several: list[Document]
) -> None:
    child = Beneficiary.objects.get()
    counts = count_documents(member)
    assert (counts.total, counts.gone) == (4, 0)
    assert counts.kinds == {"rib": 2, "releve": 2}
    assert counts.people == {THEMSELVES: 2, str(child.pk): 2}
    assert counts.states == {"accepted": 1, "refused": 2, "checked": 1}
    assert counts.years == {"2024": 1, "2025": 1, "2026": 2}
    for name in ("kind", "person", "state", "year"):
        counted = {
            "kind": counts.kinds,
            "person": counts.people,
            "state": counts.states,
            "year": counts.years,
        }[name]
        for code, number in counted.items():
            shown = desk.get(page(member), {name: code})
            assert shown.context["page"].paginator.count == number, (name, code)
            assert f'<option value="{code}" selected>' in shown.content.decode()
    both = desk.get(page(member), {"kind": "releve", "person": str(child.pk), "year": "2026"})
    assert [document.pk for document in both.context["page"]] == [several[2].pk]


def test_a_year_is_that_of_paris(member: Member) -> None:
    """23:30 on 31 December in London is the next year here."""
    checked(member, at=datetime(2025, 12, 31, 23, 30, tzinfo=UTC))
    assert count_documents(member).years == {"2026": 1}
    assert narrowed_to(Document.objects.of(member), Asked(year="2026")).count() == 1


@pytest.mark.parametrize(
    "query", [{"kind": "evil"}, {"person": "'"}, {"year": "99999"}, {"state": "\x00"}, {"page": "zz"}]
)
@pytest.mark.any_database
def test_what_is_not_understood_narrows_nothing(
    member: Member, desk: Client, several: list[Document], query: dict[str, str]
) -> None:
    shown = desk.get(page(member), query)
    assert shown.status_code == 200
    assert shown.context["page"].paginator.count == 4


def test_a_state_is_found_as_it_is_shown(member: Member) -> None:
    for origin, state, aside in product(Origin, State, ("", SetAside.INFECTED)):
        document = checked(member)
        Document.objects.filter(pk=document.pk).update(origin=origin, state=state, set_aside=aside)
    every = list(Document.objects.all())
    for code in (*State, SET_ASIDE, NO_STATE):
        shown = {document.pk for document in every if (document.shown_state[0] or NO_STATE) == code}
        assert set(Document.objects.filter(in_state(code)).values_list("pk", flat=True)) == shown, code
    assert sum(count_documents(member).states.values()) == len(every)


def test_what_was_erased_is_counted_and_not_listed(member: Member, desk: Client, words: Words) -> None:
    gone, kept = deposited(member, pdf()), deposited(member, pdf())
    erase(document_id=gone.pk, because=Erased.RETENTION)
    shown = desk.get(page(member))
    assert [document.pk for document in shown.context["page"]] == [kept.pk]
    assert "1 autre a été repris ou effacé" in words(shown)


@pytest.mark.any_database
def test_the_list_is_read_through_an_index_of_the_members_documents(
    member: Member, desk: Client, several: list[Document]
) -> None:
    with CaptureQueriesContext(connection) as captured:
        desk.get(page(member), {"kind": "rib", "state": "refused", "year": "2025"})
    asked = [
        query["sql"]
        for query in captured.captured_queries
        if 'FROM "vault_document"' in query["sql"]
        and '"vault_document"."member_id" =' in query["sql"]
        and "EXPLAIN" not in query["sql"]
    ]
    assert len(asked) == 3  # counted, counted as narrowed, listed
    for sql in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = " ".join(str(step[3]) for step in cursor.fetchall())
        assert "SEARCH vault_document USING" in plan
        assert "(member_id=?" in plan, plan
