"""The list of the queue: its orders, kept with the filters, and its file."""

import csv
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.accounts.services.acts import ActRefused
from adherents.casework.listing import selectors
from adherents.casework.listing.selectors import Listed, SortColumn, Sorting, page_of
from adherents.casework.models import Item
from adherents.casework.services import queue
from adherents.casework.services.exporting import export_queue
from adherents.config.readings import promises
from adherents.desk.models import Specialty
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from tests.agents import make_agent, signed_in
from tests.casework.queueing import adviser, waiting
from tests.casework.test_treating import Words
from tests.cast import ANGE, EVE, KARIM
from tests.factories import add_to_register

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
CSV = "/gestion/file/csv/"


def listed(desk: Client, query: str) -> list[str]:
    """The documents that the page shows, in its order."""
    html = desk.get(f"/gestion/?{query}").content.decode()
    return re.findall(r"<th scope=\"row\"><a href=\"/gestion/traiter/([^/]+)", html)


def keys(items: list[Item]) -> list[str]:
    return [str(item.document_id) for item in items]


def others() -> list[Member]:
    return [add_to_register(person) for person in (KARIM, EVE, ANGE)]


def test_the_queue_is_sorted_by_its_heads_both_ways(desk: Client, agent: Account, member: Member) -> None:
    [first, *rest] = others()
    quote, *ribs = [*waiting(first, kind="devis"), *waiting(rest[0], 2)]
    kept = waiting(rest[1], kind="ordonnance")[0]
    hand = waiting(member, kind="autre")[0]
    queue.take(agent=agent, item=hand)
    queue.hand_over(agent=adviser_with(kept), item=kept, to=adviser(8))
    own = keys(list(Item.objects.oldest_due_first()))
    assert listed(desk, "") == listed(desk, "sort=due") == listed(desk, "sort=nonsense") == own
    assert listed(desk, "sort=-due") == own[::-1]
    by_kind = keys(list(Item.objects.order_by("kind", "due_on", "entered_at")))
    assert listed(desk, "sort=kind") == by_kind
    assert listed(desk, "sort=-kind") == by_kind[::-1]
    names = [
        str(item.document_id)
        for item in sorted(
            Item.objects.select_related("document__member"),
            key=lambda item: (
                item.about.member.usage_key or item.about.member.birth_key,
                item.about.member.first_key,
                item.due_on,
                item.entered_at,
            ),
        )
    ]
    assert listed(desk, "sort=member") == names
    backwards = listed(desk, "sort=-member")
    assert backwards[0] == names[-2]  # of one member, the most pressing first again
    assert backwards[1] == names[-1]
    places = listed(desk, "sort=place")
    assert set(places[:3]) == {*keys(ribs), str(quote.document_id)}
    assert places[3:] == [str(hand.document_id), str(kept.document_id)]
    assert listed(desk, "sort=-place")[:2] == places[:2:-1]


def adviser_with(item: Item) -> Account:
    """Another agent who has it in hand."""
    other = adviser(7)
    queue.take(agent=other, item=item)
    return other


@any_database
def test_the_heads_say_the_order_and_keep_the_filters(desk: Client, member: Member) -> None:
    waiting(member, 2)
    html = desk.get("/gestion/?kind=rib&sort=-kind&page=1").content.decode()
    heads = re.findall(r'<th scope="col"([^>]*)>\s*(?:<a class="sort" href="([^"]*)">)?([^<]*)', html)
    assert [(order.strip(), address, name.strip()) for order, address, name in heads][:5] == [
        ('aria-sort="descending"', "?kind=rib&amp;sort=kind", "Document"),
        ("", "?kind=rib&amp;sort=member", "Adhérent"),
        ("", "", "Reçu"),
        ("", "?kind=rib", "À traiter avant"),
        ("", "?kind=rib&amp;sort=place", "État"),
    ]
    assert '<input type="hidden" name="sort" value="-kind">' in html
    own = desk.get("/gestion/").content.decode()
    assert re.search(r'aria-sort="ascending">\s*<a class="sort" href="\?sort=-due">À traiter avant', own)
    assert own.count("aria-sort") == 1


def test_an_order_that_no_index_gives_is_of_the_most_pressing_and_says_so(
    desk: Client, member: Member, words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = waiting(member, 4)
    monkeypatch.setattr(selectors, "MOST_SORTED", 3)
    monkeypatch.setattr("adherents.casework.views.queue.MOST_SORTED", 3)
    assert sorted(listed(desk, "sort=-member")) == sorted(keys(items[:3]))
    assert "Dans cet ordre : les 3 plus pressés." in words(desk.get("/gestion/?sort=member"))
    assert "plus pressés." not in words(desk.get("/gestion/?sort=kind"))
    assert len(listed(desk, "sort=kind")) == 4
    monkeypatch.setattr(selectors, "MOST_SORTED", 4)
    assert "plus pressés." not in words(desk.get("/gestion/?sort=member"))


@pytest.mark.parametrize("text", ["due", "-due", "kind", "-kind"])
def test_an_order_without_a_bound_is_read_from_an_index(member: Member, text: str) -> None:
    waiting(member, 3)
    sorting = Sorting.read(text)
    assert not sorting.is_bounded
    with CaptureQueriesContext(connection) as asked:
        page_of(Listed(), None, sorting)
    [page] = [query["sql"] for query in asked.captured_queries if "LIMIT" in query["sql"]]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for way in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{page}")
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert "items_of_a_kind" in plan or "items_oldest_due_first" in plan, plan
    assert "Sort" not in plan, plan
    assert "TEMP B-TREE" not in plan, plan


def taken(client: Client, **filters: str) -> list[list[str]]:
    """The rows of the file, its head among them."""
    answer: Any = client.post(CSV, filters)
    assert answer.streaming
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(text.splitlines(), delimiter=";"))


def test_the_file_has_a_row_an_item_through_the_filters_and_is_in_the_journal(
    agent: Account, member: Member
) -> None:
    head = make_agent(Role.SUPERVISOR)
    items = waiting(member, 2)
    waiting(member, kind="devis")
    queue.take(agent=agent, item=items[1])
    Member.objects.filter(pk=member.pk).update(first_names="=HYPERLINK(1)")
    heads, *rows = taken(signed_in(head), kind="rib", sort="-member", age="nonsense")
    assert heads == list(selectors.HEADS)
    document = items[0].about
    assert rows[0] == [
        document.deposit.number,
        "rib",
        "RIB",
        member.number,
        f"'=HYPERLINK(1) {(member.usage_name or member.birth_name).upper()}",
        rows[0][5],
        items[0].due_on.isoformat(),
        str(items[0].age.label),
        "À prendre",
        "",
    ]
    assert rows[0][5].endswith("Z")
    assert [row[0] for row in rows] == [item.about.deposit.number for item in items]
    assert rows[1][-2:] == ["En main", agent.shown_name]
    entry = Entry.objects.get(event=Event.QUEUE_EXPORTED)
    assert (entry.subject, entry.actor, entry.details) == ("queue", head.actor, {"kind": "rib"})


@any_database
def test_the_file_in_english(member: Member) -> None:
    waiting(member)
    client = signed_in(make_agent(Role.SUPERVISOR))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert taken(client)[1][-2] == "Open to all"


def test_the_file_reads_a_bounded_number_at_once_and_loses_and_repeats_none(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = waiting(member, 7)
    now = timezone.now()
    Item.objects.update(due_on=timezone.localdate(), entered_at=now)  # only their keys tell them apart
    Item.objects.filter(pk__in=[item.pk for item in items[:3]]).update(entered_at=now - timedelta(hours=1))
    monkeypatch.setattr(selectors, "EXPORTED_AT_ONCE", 2)
    with CaptureQueriesContext(connection) as asked:
        lines = export_queue(agent=make_agent(Role.SUPERVISOR), listed=Listed())
        assert Entry.objects.filter(event=Event.QUEUE_EXPORTED).exists()
        assert not [query for query in asked.captured_queries if 'FROM "casework_item"' in query["sql"]]
        rows = list(lines)
    reads = [query["sql"] for query in asked.captured_queries if 'FROM "casework_item"' in query["sql"]]
    assert len(reads) == 5
    assert all("LIMIT 2" in sql for sql in reads)
    numbers = [row.split(";")[0] for row in rows[1:]]
    assert numbers == [item.about.deposit.number for item in Item.objects.oldest_due_first()]


@any_database
def test_who_leads_no_more_takes_no_file() -> None:
    head = make_agent(Role.SUPERVISOR)
    Account.objects.filter(pk=head.pk).update(role=Role.ADVISER)
    with pytest.raises(ActRefused):
        export_queue(agent=head, listed=Listed())
    assert not Entry.objects.filter(event=Event.QUEUE_EXPORTED).exists()


@any_database
@pytest.mark.parametrize(("role", "may"), [(Role.SUPERVISOR, True), (Role.ADVISER, False)])
def test_the_button_is_there_for_who_may(role: Role, may: bool, member: Member, words: Words) -> None:
    waiting(member)
    assert ("Exporter en CSV" in words(signed_in(make_agent(role)).get("/gestion/"))) is may


@any_database
def test_an_order_reads_back_from_its_own_words() -> None:
    for column in SortColumn:
        for text in (column.value, f"-{column.value}"):
            assert Sorting.read(str(Sorting.read(text))) == Sorting.read(text)
    assert str(Sorting.read("due")) == ""


@any_database
def test_what_is_late_from_tomorrow_on_is_said_above_the_queue(
    desk: Client, agent: Account, member: Member, words: Words
) -> None:
    items = [*waiting(member, 2), *waiting(member, kind="devis")]
    Item.objects.update(due_on=timezone.localdate() + timedelta(days=1))
    head = signed_in(make_agent(Role.SUPERVISOR))
    assert "délai demain" not in words(head.get("/gestion/"))
    Item.objects.update(due_on=timezone.localdate())
    assert "3 documents dépasseront leur délai demain" in words(head.get("/gestion/"))
    Specialty.objects.create(account=agent, kinds=["devis"])
    said = desk.get("/gestion/")
    assert "1 document dépassera son délai demain" in words(said)
    assert keys([items[2]]) == listed(desk, "age=today")
    told = {sample.labels["when"]: sample.value for metric in promises() for sample in metric.samples}
    assert told == {"late": 0, "today": 3}
