"""Figures: what was decided is counted as it settles, once; the page, its plots and its files say it."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.casework.figures.selectors import read
from adherents.casework.models import DayTally, Decision, Item, ReasonTally, Tally
from adherents.casework.models.figures import COLUMNS, DAY_COLUMNS
from adherents.casework.services import deciding, queue
from adherents.desk.figures.privacy import closed_teams
from adherents.desk.figures.waits import WAITS, monday_of, waited
from adherents.desk.figures.wanted import FiguresFilter
from adherents.journal.models import Entry
from adherents.members.models import Member
from tests.agents import make_agent, signed_in
from tests.casework.queueing import NEEDED, adviser, waiting

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Words = Callable[[Any], str]
Clock = time_machine.Traveller


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


def heads_browser() -> Client:
    """One in which the responsable has signed in now: the clock of a test may have passed the end of a session."""
    return signed_in(make_agent(Role.SUPERVISOR))


def in_team(rank: int, team: str) -> Account:
    agent = adviser(rank)
    Account.objects.filter(pk=agent.pk).update(team=team)
    agent.refresh_from_db()
    return agent


def decided(agent: Account, item: Item, outcome: str = "accepted") -> Decision:
    queue.take(agent=agent, item=item)
    if outcome == "accepted":
        return deciding.accept(agent=agent, item=item)
    if outcome == "refused":
        return deciding.refuse(agent=agent, item=item, **NEEDED)
    until = timezone.localdate() + timedelta(days=9)
    return deciding.ask_correction(agent=agent, item=item, until=until, **NEEDED)


def settle(clock: Clock) -> None:
    clock.shift(timedelta(seconds=10))
    deciding.settle_due()


def cells() -> dict[tuple[object, ...], tuple[int, ...]]:
    rows = {
        (tally.week, tally.kind, tally.team): tuple(getattr(tally, c) for c in COLUMNS)
        for tally in Tally.objects.all()
    }
    days = {
        (tally.decided_on, tally.kind, tally.team, "day"): tuple(getattr(tally, c) for c in DAY_COLUMNS)
        for tally in DayTally.objects.all()
    }
    reasons = ReasonTally.objects.all()
    return (
        rows
        | days
        | {
            (
                reason_tally.week,
                reason_tally.kind,
                reason_tally.team,
                reason_tally.outcome,
                reason_tally.reason,
            ): (reason_tally.count,)
            for reason_tally in reasons
        }
    )


def recounted() -> Counter[tuple[object, ...]]:
    """From the decisions themselves, in the plainest way."""
    counted: Counter[tuple[object, ...]] = Counter()
    for decision in Decision.objects.filter(settled_at__isnull=False).select_related("item", "agent"):
        counted[
            (
                monday_of(timezone.localdate(decision.at)),
                decision.item.kind,
                decision.agent.team,
                decision.outcome,
            )
        ] += 1
    return counted


def counted() -> Counter[tuple[object, ...]]:
    outcomes = ("accepted", "refused", "incomplete")
    return +Counter(
        {
            (tally.week, tally.kind, tally.team, name): getattr(tally, name)
            for tally in Tally.objects.all()
            for name in outcomes
        }
    )


def several(member: Member, clock: Clock) -> None:
    """Two groups and decisions of no group, three outcomes, two kinds, two weeks, and one decision undone."""
    agents = [in_team(1, "Optique"), in_team(2, "Accueil"), in_team(3, "")]
    for rank, agent in enumerate(agents, 11):
        in_team(rank, agent.team)  # a group of one is not shown
    outcomes = ["accepted", "refused", "incomplete", "accepted", "refused", "accepted"]
    for week in range(2):
        for rank, outcome in enumerate(outcomes):
            [item] = waiting(member, kind="devis" if rank == 3 else "rib")
            decided(agents[(rank + week) % 3], item, outcome)
        settle(clock)
        [item] = waiting(member)
        deciding.undo(agent=agents[0], decision=decided(agents[0], item))
        queue.give_back(agent=agents[0], item=item)
        clock.shift(timedelta(days=7))


def test_the_tallies_are_what_a_recount_of_the_decisions_gives(member: Member, clock: Clock) -> None:
    several(member, clock)
    assert counted() == recounted()
    assert counted().total() == 12
    assert {
        reason_tally.outcome: reason_tally.count
        for reason_tally in ReasonTally.objects.filter(team="Accueil")
    } != {}
    assert sum(ReasonTally.objects.values_list("count", flat=True)) == 6


def test_a_decision_counts_when_it_settles_and_not_before_and_an_undone_one_never(
    agent: Account, member: Member, clock: Clock
) -> None:
    first, second = waiting(member, 2)
    decided(agent, first)
    deciding.undo(agent=agent, decision=decided(agent, second, "refused"))
    assert cells() == {}
    settle(clock)
    deciding.settle(Decision.objects.get(item=first))  # again: it counts once
    assert (Tally.objects.get().accepted, ReasonTally.objects.count()) == (1, 0)
    day_tally = DayTally.objects.get()
    assert (day_tally.decided_on, day_tally.accepted, day_tally.on_time) == (MONDAY.date(), 1, 1)


def test_the_time_counted_is_from_entering_the_queue_and_the_day_is_the_one_promised(
    agent: Account, member: Member, clock: Clock
) -> None:
    soon, late = waiting(member, 2)
    Item.objects.filter(pk=soon.pk).update(entered_at=MONDAY - timedelta(hours=30), due_on=date(2026, 11, 23))
    Item.objects.filter(pk=late.pk).update(entered_at=MONDAY - timedelta(days=40), due_on=date(2026, 11, 20))
    decided(agent, soon)
    decided(agent, late)
    settle(clock)
    tally = Tally.objects.get()
    assert (tally.within_36h, tally.longer, tally.on_time) == (1, 1, 1)


def test_a_decision_stays_with_the_group_that_took_it_also_when_all_is_counted_again(
    member: Member, clock: Clock
) -> None:
    optician = in_team(1, "Optique")
    decided(optician, waiting(member)[0])
    settle(clock)
    Account.objects.filter(pk=optician.pk).update(team="Accueil")
    call_command("rebuild_figures", stdout=StringIO())
    assert Tally.objects.get().team == "Optique"


def test_counting_again_gives_the_same_and_mends_what_was_wrong(member: Member, clock: Clock) -> None:
    several(member, clock)
    right = cells()
    Tally.objects.filter(team="Optique").update(accepted=40, longer=3)
    Tally.objects.filter(team="Accueil").delete()
    DayTally.objects.filter(team="Optique").update(refused=7)
    DayTally.objects.filter(team="Accueil").delete()
    ReasonTally.objects.update(count=9)
    Tally.objects.create(week=date(2026, 11, 2), kind="rib", accepted=5)  # a week of which nothing is left
    output = StringIO()
    call_command("rebuild_figures", stdout=output)
    assert cells() == right
    assert output.getvalue().splitlines()[0] == "12 decision(s) counted again in 5 week(s)"


def test_half_of_the_decisions_is_estimated_within_its_tranche() -> None:
    none = dict.fromkeys(COLUMNS, 0)
    assert waited(none, 0.5) is None
    assert waited(none | {"within_24h": 10}, 0.5) == 18  # half of 12 to 24 hours
    assert waited(none | {"within_1h": 9, "longer": 1}, 0.9) == 1
    assert waited(none | {"within_1h": 1, "longer": 9}, 0.5) == float("inf")
    assert waited(none | {"within_2h": 4, "within_72h": 4}, 0.75) == (WAITS[7] + WAITS[8]) / 2


def test_the_page_says_what_was_decided_and_keeps_to_its_filters(
    member: Member, clock: Clock, words: Words
) -> None:
    several(member, clock)
    head = heads_browser()

    def totals(query: str) -> list[int]:
        figures = head.get(f"/gestion/chiffres/{query}").context["figures"]
        return [int(row[1].raw) for row in figures.table("semaines").rows[-3:]]

    assert totals("") == [6, 6, 0]
    assert totals("?weeks=4&kind=devis") == [1, 1, 0]
    assert totals("?team=Optique") == [2, 2, 0]
    assert totals("?team=+") == [2, 2, 0]  # in no group
    assert totals("?team=Personne&weeks=many") == [6, 6, 0]  # what is not understood counts for nothing
    page = words(head.get("/gestion/chiffres/?team=Optique"))
    assert "Décisions 4 Temps médian" in page
    assert "Groupe Décisions Accepté Refusé Correction demandée" in page
    assert "Sans groupe" in page  # to be chosen
    reasons = head.get("/gestion/chiffres/?team=Accueil").context["figures"].table("motifs")
    assert sum(int(row[3].raw) for row in reasons.rows) < 6


def test_the_page_says_what_waits_now_by_kind_and_by_age(member: Member, words: Words) -> None:
    head = heads_browser()
    old, recent, today = waiting(member, 3)
    for item, days, due in ((old, 20, -1), (recent, 0, 3), (today, 2, 0)):
        Item.objects.filter(pk=item.pk).update(
            entered_at=MONDAY - timedelta(days=days, hours=2), due_on=MONDAY.date() + timedelta(days=due)
        )
    figures = head.get("/gestion/chiffres/").context["figures"]
    [row] = figures.table("attente").rows
    assert [cell.raw for cell in row] == ["RIB", "3", "1", "1", "1", "03/11/2026 08:00"]
    assert [cell.raw for cell in figures.table("attente").total] == [
        "Ensemble",
        *(cell.raw for cell in row[1:]),
    ]
    ages = {row[0].raw: row[1].raw for row in figures.table("anciennete").rows}
    assert {name: number for name, number in ages.items() if number != "0"} == {
        "moins d’un jour": "1",
        "2 à 3 jours": "1",
        "plus de 14 jours": "1",
    }


def test_with_nothing_to_count_the_page_says_so(words: Words) -> None:
    head = heads_browser()
    page = words(head.get("/gestion/chiffres/"))
    assert "Rien n’attend." in page
    assert "Aucune décision dans ces semaines avec ces filtres." in page
    answer = head.get("/gestion/chiffres/semaines/csv/")
    assert answer.content.decode().count("\r\n") == 1


def test_each_plot_is_a_picture_with_a_name_and_has_neither_script_nor_style(
    member: Member, clock: Clock
) -> None:
    several(member, clock)
    head = heads_browser()
    answer = head.get("/gestion/chiffres/")
    plots = re.findall(r"<svg[^>]*plot-bars.*?</svg>", answer.content.decode(), re.DOTALL)
    assert len(plots) == 20  # each is there for a phone too, and the stylesheet shows one of the two
    marks: list[str] = []
    for plot in plots:
        tree = ElementTree.fromstring(plot)
        ids = {node.get("id"): "".join(node.itertext()) for node in tree.iter() if node.get("id")}
        assert tree.get("role") == "img"
        assert all(ids[element_id] for element_id in tree.get("aria-labelledby", "").split())
        marks += [str(element_id) for element_id in ids]
        assert not {node.tag.rpartition("}")[2] for node in tree.iter()} & {"script", "style"}
        assert not [
            name for node in tree.iter() for name in node.attrib if name == "style" or name.startswith("on")
        ]
    assert len(set(marks)) == len(marks)
    assert "style-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_table_is_a_file_for_a_spreadsheet_in_which_no_cell_is_a_formula(
    member: Member, clock: Clock
) -> None:
    decided(in_team(1, '=HYPERLINK("x")'), waiting(member)[0])
    in_team(2, '=HYPERLINK("x")')
    settle(clock)
    head = heads_browser()
    answer = head.get("/gestion/chiffres/groupes/csv/?weeks=4")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="chiffres-groupes-2026-11-02-2026-11-23.csv"'
    )
    heads, line = answer.content.decode().splitlines()
    assert heads == (
        "\ufeffGroupe;Décisions;Accepté;Refusé;Correction demandée;Dans les délais (%);Temps médian (heures);"
        "9 sur 10 en moins de (heures)"
    )
    assert line == '"\'=HYPERLINK(""x"")";1;1;0;0;100;18,0;22,8'
    assert head.get("/gestion/chiffres/personnes/csv/").status_code == 404


def test_the_file_is_of_the_weeks_the_group_and_the_kind_on_the_screen(member: Member, clock: Clock) -> None:
    several(member, clock)
    head = heads_browser()
    page = head.get("/gestion/chiffres/?weeks=4&team=Accueil&kind=devis").content.decode()
    [address] = re.findall(r'href="(/gestion/chiffres/types/csv/[^"]*)"', page)
    line = head.get(address.replace("&amp;", "&")).content.decode().splitlines()[1]
    assert line.startswith("Devis;1;1;0;0;")


def test_fifteen_queries_do_whatever_was_decided(
    member: Member, clock: Clock, django_assert_num_queries: Callable[[int], Any]
) -> None:
    several(member, clock)
    head = make_agent(Role.SUPERVISOR)
    with django_assert_num_queries(15):
        read(FiguresFilter(weeks=52), head)


def test_only_who_may_see_the_figures_is_led_to_them(desk: Client) -> None:
    head = heads_browser()
    assert b'href="/gestion/chiffres/"' in head.get("/gestion/").content
    assert b"chiffres" not in desk.get("/gestion/").content
    assert desk.get("/gestion/chiffres/").status_code == 403
    assert desk.get("/gestion/chiffres/semaines/csv/").status_code == 403


def test_the_figures_name_no_agent_and_no_member(member: Member, clock: Clock) -> None:
    several(member, clock)
    head = heads_browser()
    before = Entry.objects.count()
    page = head.get("/gestion/chiffres/").content.decode()
    assert not re.search(r"Agent [0-9]", page)
    assert member.birth_name not in page
    assert Entry.objects.count() == before


def test_the_page_is_english_for_an_agent_who_reads_english(
    member: Member, clock: Clock, words: Words
) -> None:
    decided(in_team(1, ""), waiting(member)[0])
    settle(clock)
    head = heads_browser()
    head.cookies["langue"] = "en"
    page = words(head.get("/gestion/chiffres/"))
    assert "By kind of document" in page
    assert "Week of Decisions Accepted Refused" in page
    assert "100%" in page
    assert "Décisions" not in page


def test_no_table_shows_a_group_of_one_but_to_that_one(member: Member, clock: Clock) -> None:
    several(member, clock)
    alone = in_team(21, "Seule")
    decided(alone, waiting(member, kind="ordonnance")[0])
    settle(clock)
    head = heads_browser()

    def shown(client: Client, query: str = "") -> set[str]:
        figures = client.get(f"/gestion/chiffres/{query}").context["figures"]
        tables = [*figures.waiting, *figures.decided]
        assert len(tables) > 5
        return {row[0].shown for table in tables for row in table.rows}

    # Alone it would be what the others leave of the total: the smallest of them is closed with it.
    assert shown(head) & {"Seule", "Accueil", "Optique", "Sans groupe"} == {"Optique", "Sans groupe"}
    page = head.get("/gestion/chiffres/?team=Seule")
    assert page.context["figures"].wanted.team == ""
    assert b">Seule" not in page.content  # its address has it, since it was asked for
    assert b"Seule" not in head.get("/gestion/chiffres/groupes/csv/").content

    Account.objects.filter(pk=alone.pk).update(role=Role.SUPERVISOR)
    alone.refresh_from_db()
    assert closed_teams(alone, [{"Seule", "Accueil", "Optique", ""}]) == set()
    rows = read(FiguresFilter(), alone).table("groupes")
    assert rows is not None
    assert "Seule" in {row[0].shown for row in rows.rows}
    in_team(22, "Seule")
    assert "Seule" in shown(head)


def test_a_group_that_everybody_left_does_not_hide_who_is_alone() -> None:
    """What is left of the weeks after they left would be that one agent."""
    for rank, team in enumerate(["Seule", "Accueil", "Accueil", "Optique", "Optique", "Optique"], 31):
        in_team(rank, team)
    reader = in_team(41, "")
    counted = {"Seule", "Ancien nom", "Accueil", "Optique"}
    assert closed_teams(reader, [counted]) == {"Seule", "Ancien nom", "Accueil"}
    assert closed_teams(reader, [counted - {"Seule"}]) == {"Ancien nom", "Accueil"}
    in_team(37, "Autre seule")
    assert closed_teams(reader, [counted | {"Autre seule"}]) == {"Seule", "Autre seule", "Ancien nom"}
