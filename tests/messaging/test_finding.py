"""Conversations found at the desk: by whose they are, what about, where they stand, who follows or answered, and when."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pydantic import TypeAdapter, ValidationError

from adherents.accounts.models import Account, Role
from adherents.insurer.values import Code
from adherents.members.models import Member
from adherents.messaging.finding import NO_DOCUMENT, ThreadsWanted
from adherents.messaging.models import Message, Thread, conversations
from adherents.messaging.selectors import FOUND_A_PAGE, find
from adherents.messaging.services import threads
from adherents.vault.models import Document
from tests.agents import make_agent
from tests.cast import JEAN_FRANCOIS
from tests.factories import open_account
from tests.messaging.exchanges import DESK, answered, asked
from tests.vault.conftest import deposited, pdf

pytestmark = pytest.mark.django_db
Words = Callable[[Any], str]
SEARCH = f"{DESK}recherche/"


@pytest.fixture
def colleague(db: None) -> Account:
    return make_agent(Role.SUPERVISOR)


@pytest.fixture
def other(db: None) -> Member:
    return Member.objects.select_related("account").get(account=open_account(JEAN_FRANCOIS))


def ids(**wanted: Any) -> set[Any]:
    return {thread.pk for thread in find(ThreadsWanted(**wanted))[0]}


def about_a_document(member: Member, kind: str) -> Thread:
    document = deposited(member, pdf())
    Document.objects.filter(pk=document.pk).update(kind=kind)
    return asked(member, document_id=document.pk)


def test_a_member_is_found_by_number_and_by_name_and_the_address_says_neither(
    desk: Client, member: Member, other: Member, words: Words
) -> None:
    mine, others = asked(member), asked(other)
    for typed in (member.number, "dupont"):
        answer = desk.post(SEARCH, {"member": typed}, follow=True)
        assert answer.redirect_chain == [(f"{SEARCH}?member=member%3A{member.pk}", 302)]
        assert f"{DESK}{mine.pk}/" in answer.content.decode()
        assert f"{DESK}{others.pk}/" not in answer.content.decode()
        assert f'value="{member.shown_number}"' in answer.content.decode()


def test_a_name_that_nobody_has_is_said_beside_its_field(desk: Client, member: Member, words: Words) -> None:
    asked(member)
    answer = desk.post(SEARCH, {"member": "Zzyzx"})
    assert "Aucun adhérent n’a ce numéro ni ce nom." in words(answer)
    assert "Couronne dentaire" not in words(answer)


def test_about_no_document_is_no_code_that_a_kind_of_a_profile_can_have() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Code).validate_python(NO_DOCUMENT)


@pytest.mark.parametrize("rare", [conversations.RARE_KIND, 0])
@pytest.mark.any_database
def test_it_is_narrowed_by_what_it_is_about_of_a_rare_kind_and_of_a_common_one(
    member: Member, rare: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "RARE_KIND", rare)
    quote, none = about_a_document(member, "devis"), asked(member, "Autre chose ?")
    assert ids(kind="devis") == {quote.pk}
    assert ids(kind=NO_DOCUMENT) == {none.pk}
    assert ids(kind="ordonnance") == set()


def test_it_is_narrowed_by_where_it_stands(member: Member, other: Member, agent: Account) -> None:
    waiting, done, closed = asked(member), asked(member, "Et ceci ?"), asked(other)
    answered(done, agent)
    answered(closed, agent, then_close=True)
    assert ids(state="waiting") == {waiting.pk}
    assert ids(state="answered") == {done.pk}
    assert ids(state="closed") == {closed.pk}
    assert ids(state="closed", members=(member.pk,)) == set()


def test_it_is_narrowed_by_who_follows_and_by_who_answered(
    member: Member, agent: Account, colleague: Account
) -> None:
    handed, kept = asked(member), asked(member, "Et ceci ?")
    answered(handed, agent)
    threads.transfer(agent=agent, thread_id=handed.pk, to=colleague)
    answered(kept, colleague)
    threads.note(agent=agent, thread_id=kept.pk, body="Rien à voir")
    assert ids(agent=colleague.pk) == {handed.pk, kept.pk}
    assert ids(agent=agent.pk) == set()
    assert ids(answered_by=agent.pk) == {handed.pk}  # a note is no answer
    assert ids(answered_by=colleague.pk) == {kept.pk}
    assert ids(answered_by=member.account_id) == set()  # who asks does not answer


def test_who_has_left_is_still_found_by_their_answers(
    desk: Client, member: Member, colleague: Account, agent: Account
) -> None:
    thread = asked(member)
    answered(thread, colleague)
    colleague.closed_at = datetime.now(ZoneInfo("UTC"))
    colleague.save()
    answer = desk.post(SEARCH, {"author": colleague.pk}, follow=True)
    assert f"{DESK}{thread.pk}/" in answer.content.decode()
    assert answer.context["form"].fields["agent"].choices[1:] == [(str(agent.pk), agent.shown_name)]


def test_it_is_narrowed_by_whole_days_of_paris(desk: Client, member: Member) -> None:
    # A quarter to midnight in Paris is the day before in UTC's winter, and stays that day here.
    with time_machine.travel(datetime(2026, 3, 4, 23, 45, tzinfo=ZoneInfo("Europe/Paris")), tick=False):
        thread = asked(member)
    page = f"{DESK}{thread.pk}/"
    for since, until, is_there in (
        ("2026-03-04", "2026-03-04", True),
        ("2026-03-05", "", False),
        ("", "2026-03-03", False),
    ):
        answer = desk.post(SEARCH, {"since": since, "until": until}, follow=True)
        assert (page in answer.content.decode()) is is_there
    wrong = desk.post(SEARCH, {"since": "2026-03-05", "until": "2026-03-01"})
    assert "Ce jour est avant le premier." in wrong.content.decode()


def test_pages_follow_each_other_without_a_gap(desk: Client, member: Member) -> None:
    now = datetime(2026, 3, 4, 12, tzinfo=ZoneInfo("UTC"))
    Thread.objects.bulk_create(
        Thread(member=member, subject="Objet", last_at=now - timedelta(minutes=rank // 3))
        for rank in range(2 * FOUND_A_PAGE + 10)
    )
    seen: list[Any] = []
    query = f"member=member%3A{member.pk}"
    for _page in range(3):
        answer = desk.get(f"{SEARCH}?{query}")
        seen += [thread.pk for thread in answer.context["found"]]
        query = answer.context["older"]
    assert query == ""
    assert len(seen) == len(set(seen)) == 2 * FOUND_A_PAGE + 10


def test_a_place_that_is_no_place_is_the_beginning(desk: Client, member: Member, words: Words) -> None:
    asked(member)
    key = "6f1e7a3e-0000-4000-8000-000000000000"
    beyond = (f"0001-01-01T00:00:00+14:00_{key}", f"9999-12-31T23:59:59-14:00_{key}")
    for wrong in ("x", "2026-03-04_x", f"2026-03-04T12:00:00_{key}", "_", *beyond):
        assert "Couronne dentaire" in words(desk.get(SEARCH, {"before": wrong}))


def test_no_word_is_searched_and_the_page_says_so(desk: Client, member: Member, words: Words) -> None:
    asked(member)
    answer = desk.get(SEARCH)
    assert "sont chiffrés : on ne les cherche pas" in words(answer)
    assert not {"subject", "body", "words"} & set(answer.context["form"].fields)


def test_a_search_opens_only_the_subjects_that_it_shows(desk: Client, member: Member) -> None:
    for rank in range(3):
        asked(member, f"Question {rank}")
    with CaptureQueriesContext(connection) as captured:
        desk.get(SEARCH, {"state": "waiting"})
    assert not [query for query in captured.captured_queries if Message._meta.db_table in query["sql"]]
    few = len(captured)
    for rank in range(3, 20):
        asked(member, f"Question {rank}")
    with CaptureQueriesContext(connection) as captured:
        desk.get(SEARCH, {"state": "waiting"})
    assert len(captured) == few


def test_a_common_kind_and_none_are_read_in_the_order_of_the_page_and_not_sorted(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "RARE_KIND", 0)
    about_a_document(member, "devis")
    for kind in ("devis", NO_DOCUMENT):
        with CaptureQueriesContext(connection) as captured:
            find(ThreadsWanted(kind=kind))
        plan = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute(plan + captured.captured_queries[-1]["sql"])
            lines = "\n".join(str(row[-1]) for row in cursor.fetchall())
        assert "threads_by_last" in lines, (kind, lines)
        assert "TEMP B-TREE" not in lines, (kind, lines)


def test_each_filter_is_led_by_an_index(member: Member, agent: Account) -> None:
    questions = [
        {"members": (member.pk,)},
        {"state": "waiting"},
        {"state": "answered"},
        {"agent": agent.pk},
        {"answered_by": agent.pk},
        {"since": datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))},
        {},
    ]
    is_postgresql = connection.vendor == "postgresql"
    for wanted in questions:
        with CaptureQueriesContext(connection) as captured:
            find(ThreadsWanted(**wanted))
        with connection.cursor() as cursor:
            if is_postgresql:
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("EXPLAIN " + captured.captured_queries[0]["sql"])
            else:
                cursor.execute("EXPLAIN QUERY PLAN " + captured.captured_queries[0]["sql"])
            plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
        # A few rows: PostgreSQL takes any index that there is, SQLite the one that is meant.
        led = "Seq Scan on messaging_thread" not in plan if is_postgresql else "threads_" in plan
        assert led, (wanted, plan)
