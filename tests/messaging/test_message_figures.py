"""Messages in the figures: a conversation is counted as its member begins it and as it is first answered, once."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from adherents.accounts.models import Account, Role
from adherents.casework.figures.selectors import read
from adherents.desk.figures.sections import FiguresSection
from adherents.desk.figures.wanted import FiguresFilter
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.messaging.models import Message, MessageDayTally, MessageTally, Thread
from adherents.messaging.models.figures import COLUMNS, DAY_COLUMNS
from adherents.messaging.services import retention, tallying, threads
from tests.agents import make_agent, signed_in
from tests.api.systems import System
from tests.casework.queueing import adviser, checked
from tests.messaging.exchanges import answered, asked

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Words = Callable[[Any], str]
Clock = time_machine.Traveller


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


def in_team(rank: int, team: str, role: Role = Role.ADVISER) -> Account:
    agent = adviser(rank, role)
    Account.objects.filter(pk=agent.pk).update(team=team)
    agent.refresh_from_db()
    return agent


def weeks() -> dict[tuple[object, ...], dict[str, int]]:
    """What each week's rows count, without what is nought."""
    return {
        (str(row.week), row.kind, row.team): {c: getattr(row, c) for c in COLUMNS if getattr(row, c)}
        for row in MessageTally.objects.all()
    }


def days() -> dict[tuple[object, ...], tuple[int, ...]]:
    rows = MessageDayTally.objects.all()
    return {
        (str(row.counted_on), row.kind, row.team): tuple(getattr(row, c) for c in DAY_COLUMNS) for row in rows
    }


def wrote(thread: Thread, body: str = "Et pour mon fils ?") -> None:
    member = thread.member
    assert member.account
    threads.write(acting=on_own_file(member), author=member.account, thread_id=thread.pk, body=body)


def several(member: Member, clock: Clock) -> None:
    """Two groups and an agent of none; about a quote and about nothing; answered twice, late, by a note only, and not at all."""
    optics, desk, alone = in_team(1, "Optique"), in_team(2, "Accueil"), in_team(3, "")
    for rank, team in enumerate(("Optique", "Accueil", ""), 11):
        in_team(rank, team)
    quote = asked(member, "Un devis.", document_id=checked(member, kind="devis").pk)
    plain = asked(member, "Une question.")
    unanswered = asked(member, "Sans réponse.")
    threads.note(agent=alone, thread_id=unanswered.pk, body="À voir.")
    clock.shift(timedelta(minutes=90))
    answered(quote, optics)
    answered(quote, desk, "Encore un mot.")
    clock.shift(timedelta(days=1))
    answered(plain, desk)
    wrote(plain)
    answered(plain, alone, "De même.")
    begun = threads.start(agent=optics, member=member, subject="Votre contrat", body="Bonjour.")
    clock.shift(timedelta(days=7))
    wrote(begun, "Merci, une question.")
    clock.shift(timedelta(hours=3))
    answered(begun, alone)


EXPECTED = {
    ("2026-11-23", "", ""): {"opened": 2},
    ("2026-11-23", "devis", ""): {"opened": 1},
    ("2026-11-23", "devis", "Optique"): {"answered": 1, "within_2h": 1},
    ("2026-11-23", "", "Accueil"): {"answered": 1, "within_36h": 1},
    ("2026-11-30", "", ""): {"opened": 1, "answered": 1, "within_4h": 1},
}


@any_database
def test_a_conversation_is_counted_once_as_it_begins_and_once_as_it_is_answered(
    member: Member, clock: Clock
) -> None:
    several(member, clock)
    assert weeks() == EXPECTED
    assert days() == {
        ("2026-11-23", "", ""): (2, 0),
        ("2026-11-23", "devis", ""): (1, 0),
        ("2026-11-23", "devis", "Optique"): (0, 1),
        ("2026-11-24", "", "Accueil"): (0, 1),
        ("2026-12-01", "", ""): (1, 1),
    }


@any_database
def test_counting_again_gives_the_same_whoever_moved_meanwhile(member: Member, clock: Clock) -> None:
    several(member, clock)
    by_day = days()
    Account.objects.filter(team="Optique").update(team="Ailleurs")
    for spoil in (
        lambda: None,
        lambda: MessageTally.objects.all().delete(),
        lambda: MessageDayTally.objects.update(opened=7),
        lambda: MessageDayTally.objects.create(counted_on=date(2026, 10, 1), opened=7),
    ):
        spoil()
        said = StringIO()
        call_command("rebuild_figures", stdout=said)
        assert (weeks(), days()) == (EXPECTED, by_day)
    assert "7 conversation event(s) counted again in 10 week(s)" in said.getvalue()


def test_an_answer_of_before_the_group_was_kept_is_of_the_agents_group_now(
    member: Member, clock: Clock
) -> None:
    several(member, clock)
    Message.objects.update(team=None)
    Account.objects.filter(team="Optique").update(team="Ailleurs")
    list(tallying.rebuild())
    assert weeks()["2026-11-23", "devis", "Ailleurs"] == {"answered": 1, "within_2h": 1}


def test_what_was_erased_stays_counted_and_is_not_counted_again_as_nothing(
    member: Member, clock: Clock
) -> None:
    agent = in_team(1, "")
    first = asked(member, "Il y a longtemps.")
    answered(first, agent, then_close=True)
    before = weeks()
    clock.shift(timedelta(days=6 * 365))
    kept = asked(member, "Hier.")
    answered(kept, agent, then_close=True)
    clock.shift(timedelta(days=14))
    asked(member, "Aujourd’hui.")
    counted = weeks()
    assert retention.erase_threads(10) == 1
    list(tallying.rebuild())
    assert weeks() == counted
    assert before.items() <= counted.items()
    assert [monday for monday, number in tallying.rebuild() if number] == [date(2032, 11, 29)]


def test_a_message_to_many_counts_once_its_member_writes(member: Member, clock: Clock) -> None:
    head = in_team(1, "", Role.SUPERVISOR)
    thread = threads.start(agent=head, member=member, subject="Fermeture", body="L’agence ferme.")
    assert weeks() == {}
    answered(thread, head, "Un rappel.")
    assert weeks() == {}
    wrote(thread)
    assert weeks() == {("2026-11-23", "", ""): {"opened": 1}}


def test_what_is_refused_counts_nothing(member: Member, clock: Clock) -> None:
    thread = asked(member)
    agent = in_team(1, "")
    with pytest.raises(threads.SomethingNew):
        threads.answer(agent=agent, thread_id=thread.pk, body="Oui.", after=0)
    assert asked(member) == thread  # the form came twice
    assert weeks() == {("2026-11-23", "", ""): {"opened": 1}}


def section(query: str = "", client: Client | None = None) -> FiguresSection:
    page = (client or signed_in(make_agent(Role.SUPERVISOR))).get(f"/gestion/chiffres/{query}")
    found: FiguresSection = page.context["figures"].sections[0]
    return found


def rows(found: FiguresSection, name: str) -> list[list[str]]:
    [table] = [table for table in (*found.now, *found.during) if table.name == name]
    return [[cell.shown for cell in row] for row in table.rows]


@any_database
def test_the_page_says_what_was_opened_answered_and_how_soon(
    member: Member, clock: Clock, words: Words
) -> None:
    several(member, clock)
    head = signed_in(make_agent(Role.SUPERVISOR))
    found = section(client=head)
    assert found.sums[:2] == [("Conversations ouvertes", "4"), ("Premières réponses", "3")]
    assert [row[:3] for row in rows(found, "messages-semaines")[-2:]] == [
        ["23/11/2026", "3", "2"],
        ["30/11/2026", "1", "1"],
    ]
    assert rows(found, "messages-semaines")[-1][3].startswith("3")  # three hours, in a tranche of two to four
    assert rows(found, "messages-types")[0][:3] == ["Sans document", "3", "2"]
    assert rows(found, "messages-types")[1][:3] == ["Devis", "1", "1"]
    assert [row[:2] for row in rows(found, "messages-groupes")] == [
        ["Sans groupe", "1"],
        ["Accueil", "1"],
        ["Optique", "1"],
    ]
    by_day = {row[0]: row[1:] for row in rows(found, "messages-jours")}
    assert len(by_day) == 31
    assert by_day["24/11/2026"] == ["0", "1"]
    shown = words(head.get("/gestion/chiffres/"))
    assert "Conversations par semaine" in shown
    file = head.get("/gestion/chiffres/messages-jours/csv/")
    assert "23/11/2026;3;1" in file.content.decode("utf-8-sig")


def test_the_filters_of_the_page_are_those_of_the_messages_too(member: Member, clock: Clock) -> None:
    several(member, clock)
    head = signed_in(make_agent(Role.SUPERVISOR))
    assert section("?kind=devis", head).sums[:2] == [
        ("Conversations ouvertes", "1"),
        ("Premières réponses", "1"),
    ]
    # No group opens a conversation.
    assert section("?team=Accueil", head).sums[0] == ("Premières réponses", "1")
    assert section("?team=+", head).sums[0] == ("Premières réponses", "1")
    without = section("?team=+", head)
    assert [row[:2] for row in rows(without, "messages-types")] == [["Sans document", "1"]]
    assert {plot.caption for table in without.during for plot in table.plots} == {
        "Premières réponses",
        "Temps médian jusqu’à la première réponse",
    }
    assert rows(section("?team=Accueil", head), "messages-jours")[-8][1:] == ["1"]


@any_database
def test_where_nothing_was_written_it_says_so(words: Words) -> None:
    browser = signed_in(make_agent(Role.SUPERVISOR))
    assert section(client=browser).sums == []
    assert "Aucune conversation ouverte ni répondue dans ces semaines" in words(
        browser.get("/gestion/chiffres/")
    )


def test_what_waits_for_an_answer_is_there_by_kind_and_late_after_the_announced_days(
    member: Member, clock: Clock
) -> None:
    several(member, clock)  # it is Tuesday, the 1st of December; two working days are announced
    rest = asked(member, "Le devis ?", document_id=checked(member, kind="devis").pk)
    assert rows(section(), "messages-attente") == [
        ["Sans document", "1", "1", "il y a 8 j 4 h"],
        ["Devis", "1", "0", "à l’instant"],
    ]
    answered(rest, in_team(5, ""))
    assert [
        row[0] for row in rows(section(client=signed_in(make_agent(Role.ADMINISTRATOR))), "messages-attente")
    ] == ["Sans document"]


@pytest.mark.parametrize(("days_ago", "late"), [(3, "1"), (2, "0")])
def test_an_answer_is_late_the_day_after_the_announced_one(
    member: Member, clock: Clock, days_ago: int, late: str
) -> None:
    friday = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    clock.move_to(friday - timedelta(days=days_ago))
    asked(member)
    clock.move_to(friday)
    assert rows(section(), "messages-attente")[0][1:3] == ["1", late]


def test_a_group_of_one_agent_is_shown_to_that_agent_only(member: Member, clock: Clock) -> None:
    several(member, clock)
    alone = in_team(20, "Seule", Role.SUPERVISOR)
    answered(asked(member, "Encore une."), alone)
    head = signed_in(make_agent(Role.SUPERVISOR))
    # Alone it would be what the others leave of the total: one of the smallest is closed with it.
    shown = {row[0] for row in rows(section(client=head), "messages-groupes")}
    assert "Seule" not in shown
    assert len(shown) == 2
    asked_for = head.get("/gestion/chiffres/?team=Seule").context["figures"]
    assert asked_for.wanted.team == ""
    assert b"Seule" not in head.get("/gestion/chiffres/messages-groupes/csv/").content
    own = read(FiguresFilter(), alone).table("messages-groupes")
    assert own is not None
    assert "Seule" in {row[0].shown for row in own.rows}


def test_what_a_program_answers_is_the_systems_and_closes_no_group(member: Member, clock: Clock) -> None:
    for rank, team in enumerate(["Accueil", "Accueil", "Optique", "Optique", "Optique"], 31):
        answered(asked(member, f"{rank}"), in_team(rank, team))
    answered(asked(member, "À un système."), System().client.account)
    head = in_team(41, "Optique", Role.SUPERVISOR)
    table = read(FiguresFilter(), head).table("messages-groupes")
    assert table is not None
    assert {row[0].shown for row in table.rows} == {"Accueil", "Optique", "Systèmes"}
    Message.objects.update(team=None)  # as an older version left it
    before = weeks()
    call_command("rebuild_figures", stdout=StringIO())
    assert weeks() == before


def test_the_page_makes_as_many_queries_however_many_messages(member: Member, clock: Clock) -> None:
    several(member, clock)
    agent = make_agent(Role.SUPERVISOR)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            read(FiguresFilter(), agent)
        return len(captured)

    before = queries()
    for number in range(5):
        answered(asked(member, f"Question {number}."), in_team(30 + number, "Accueil"))
    assert queries() == before
