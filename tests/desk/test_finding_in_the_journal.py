"""What an auditor asks the journal: who did it, on whom, in which days; and the same as a file."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from adherents.accounts.models import Account, Role
from adherents.api.scopes import Scope
from adherents.api.services.clients import create_client
from adherents.desk.selectors.journal import actors_meant
from adherents.journal import selectors
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.selectors import Wanted, every, find
from adherents.journal.services import record
from adherents.members.models import Member
from adherents.vault.models import Document
from tests.agents import make_agent, signed_in
from tests.casework.queueing import adviser, checked

Words = Callable[[Any], str]
pytestmark = pytest.mark.django_db
ADDRESS = "/gestion/journal/"


@pytest.fixture
def auditor(db: None) -> Client:
    return signed_in(make_agent(Role.AUDITOR))


def told(
    event: Event, *, actor: str = "system", subject: str = "journal", owner: str = "", **details: str
) -> None:
    with transaction.atomic():
        record(event, subject=subject, actor=actor, owner=owner, **details)


def asked(auditor: Client, **filters: str) -> Any:
    """The page that the form leads to."""
    answer: Any = auditor.post(ADDRESS, filters)
    assert answer.status_code == 302, answer.content.decode()
    for value in filters.values():
        assert not value or value in Event or "@" not in answer.url
    return auditor.get(answer.url)


def events_on(page: Any) -> list[str]:
    return [line.entry.event for line in page.context["lines"]]


def test_an_agent_is_found_by_name_or_address_a_former_one_too(auditor: Client, words: Words) -> None:
    here, gone = adviser(1), adviser(2)
    gone.closed_at, gone.display_name = datetime(2026, 1, 1, tzinfo=UTC), "Élodie Février"
    gone.save()
    told(Event.DOCUMENT_OPENED, actor=here.actor)
    told(Event.DOCUMENT_REFUSED, actor=gone.actor)
    told(Event.SIGNED_IN, actor=gone.subject, subject=gone.subject)
    for text in ("elodie fevrier", "février", gone.email.upper(), gone.actor):
        page = asked(auditor, actor=text)
        assert events_on(page) == ["account.signed_in", Event.DOCUMENT_REFUSED.value], text
        assert "Élodie Février (" in words(page)
    assert actors_meant("agent 1") == [here.actor]
    wrong = auditor.post(ADDRESS, {"actor": "Personne"})
    assert "Ni agent ni système ne s’appelle ainsi." in words(wrong)
    assert wrong.context["lines"] == []
    assert "Rien n’est arrivé encore" not in words(wrong)  # nobody looked
    nothing = asked(auditor, actor=here.actor, event=Event.DOCUMENT_REFUSED.value)
    assert "Rien au journal avec ces filtres." in words(nothing)
    everybody = auditor.post(ADDRESS, {"actor": "e"})
    assert everybody.status_code in {200, 302}


def test_a_system_is_found_by_its_name(auditor: Client) -> None:
    with transaction.atomic():
        client = create_client(name="gestion-nord", scopes=[Scope.DOCUMENTS_READ], actor="system")
    account = Account.objects.get(role=Role.CLIENT)
    assert client
    told(Event.CLIENT_CALLED, actor=account.actor, subject=account.actor)
    assert Event.CLIENT_CALLED.value in events_on(asked(auditor, actor="nord"))


def test_a_member_is_found_by_number_with_the_account_and_an_address_never_says_it(
    auditor: Client, member: Member, words: Words
) -> None:
    document = checked(member)
    told(Event.DOCUMENT_OPENED, subject=document.subject, owner=member.subject)
    assert member.account is not None
    told(Event.PASSWORD_CHANGED, subject=member.account.subject)
    told(Event.PASSWORD_CHANGED, subject="account:999999")
    answer: Any = auditor.post(ADDRESS, {"subject": f" {member.number[:4]} {member.number[4:]} "})
    assert answer.url == f"{ADDRESS}?subject=member%3A{member.pk}"
    assert {"account.password_changed", Event.DOCUMENT_OPENED.value} <= set(
        events_on(auditor.get(answer.url))
    )
    assert "account:999999" not in words(auditor.get(answer.url))
    assert "n’a ce numéro" in words(auditor.post(ADDRESS, {"subject": "70100000"}))


def test_a_sending_is_found_by_its_receipt(auditor: Client, member: Member) -> None:
    first, other = checked(member), checked(member)
    first.deposit.number = "D-2026-000154"
    first.deposit.save()
    told(Event.DOCUMENT_OPENED, subject=first.subject, owner=member.subject)
    told(Event.DOCUMENT_REFUSED, subject=other.subject, owner=member.subject)
    assert events_on(asked(auditor, subject="d 2026 154")) == [Event.DOCUMENT_OPENED.value]
    Document.objects.filter(deposit=first.deposit).delete()
    assert events_on(asked(auditor, subject="D-2026-000154")) == []


def test_days_are_those_of_the_insurer_both_included(auditor: Client, words: Words) -> None:
    for day, hour in ((21, 22), (21, 23), (22, 22), (22, 23)):  # UTC: an hour behind
        with time_machine.travel(datetime(2026, 11, day, hour, 30, tzinfo=UTC), tick=False):
            told(Event.BACKUP_MADE, subject=f"installation:{day}-{hour}")
    page = asked(auditor, event=Event.BACKUP_MADE, since="2026-11-22", until="2026-11-22")
    assert [line.entry.subject for line in page.context["lines"]] == [
        "installation:22-22",
        "installation:21-23",
    ]
    wrong = auditor.post(ADDRESS, {"since": "2026-11-22", "until": "2026-11-21"})
    assert "Ce jour est avant le premier." in words(wrong)


def test_pages_by_key_lose_and_repeat_nothing_whatever_the_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    for rank in range(120):  # four at each moment
        with time_machine.travel(moment + timedelta(minutes=rank // 4), tick=False):
            event = Event.DOCUMENT_OPENED if rank % 3 else Event.DOCUMENT_REFUSED
            told(event, actor=f"agent:{rank % 5}", subject=f"document:{rank % 7}", owner=f"member:{rank % 2}")
    monkeypatch.setattr(selectors, "WINDOW", 10)
    for filters in (
        (),
        ((("event", Event.DOCUMENT_REFUSED.value),),),
        ((("event", Event.DOCUMENT_OPENED.value),), (("actor", "agent:1"), ("actor", "agent:2"))),
        (
            (("actor", "agent:1"),),
            (("owner", "member:1"), ("subject", "document:2")),
            (("event", Event.DOCUMENT_OPENED.value),),
        ),
        ((("owner", "member:1"), ("subject", "document:2")),),
        ((("event", Event.DOCUMENT_OPENED.value),), (("actor", "agent:77"),)),
    ):
        rows = Entry.objects.order_by("-at", "-pk")
        expected = [
            row.pk
            for row in rows
            if all(any(getattr(row, c) == v for c, v in matches) for matches in filters)
        ]
        for limit in (3, 10, 50):
            seen: list[int] = []
            after, turns = None, 0
            while True:
                page = find(Wanted(filters), after=after, limit=limit)
                seen += [entry.pk for entry in page.entries]
                after, turns = page.next, turns + 1
                assert turns < 200
                if after is None:
                    break
            assert seen == expected, (filters, limit)
        assert [entry.pk for entry in every(Wanted(filters))] == expected


def test_a_page_that_read_its_window_says_so_and_leads_on(
    auditor: Client, words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rank in range(30):
        told(Event.BACKUP_MADE, actor="agent:8" if rank == 0 else "agent:9")
        told(Event.RESTORED, actor="agent:8")
    monkeypatch.setattr(selectors, "WINDOW", 12)
    page = auditor.get(ADDRESS, {"event": Event.BACKUP_MADE.value, "actor": "agent:8"})
    assert page.context["lines"] == []
    assert "n’a pas encore été parcouru" in words(page)
    assert "Rien n’est arrivé encore" not in words(page)
    for _turn in range(5):
        if page.context["lines"]:
            break
        page = auditor.get(f"{ADDRESS}?{page.context['older']}")
    assert len(page.context["lines"]) == 1


def test_the_export_has_a_row_an_entry_and_is_an_entry_itself(auditor: Client, member: Member) -> None:
    agent = make_agent()
    told(Event.EMAIL_CHANGED, subject=member.subject, actor=agent.actor, reason="=HYPERLINK(1)")
    told(Event.EMAIL_CHANGED, subject="member:999", actor="system")
    answer: Any = auditor.post(f"{ADDRESS}csv/", {"subject": member.subject, "event": Event.EMAIL_CHANGED})
    assert answer.streaming
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="journal-')
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    head, row = text.splitlines()
    assert head == "moment;evenement;libelle;objet;dossier;auteur;nom;motif;details"
    assert f";{member.subject};{member.subject};{agent.actor};{agent.shown_name};'=HYPERLINK(1);" in row
    entry = Entry.objects.get(event=Event.JOURNAL_EXPORTED)
    assert (entry.owner, entry.details) == (
        member.subject,
        {"of": Event.EMAIL_CHANGED.value, "about": member.subject},
    )
    assert auditor.post(f"{ADDRESS}csv/", {"since": "x"}).status_code == 302
    assert auditor.get(f"{ADDRESS}csv/").status_code == 405


def test_an_export_is_written_down_before_its_first_row_and_holds_memory_for_one_page(
    auditor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _rank in range(7):
        told(Event.BACKUP_MADE)
    asked_for: list[int] = []

    def counting(wanted: Wanted, *, after: Any = None, limit: int) -> Any:
        asked_for.append(limit)
        return find(wanted, after=after, limit=limit)

    monkeypatch.setattr(selectors, "find", counting)
    monkeypatch.setattr(selectors, "EXPORTED_AT_ONCE", 3)
    answer: Any = auditor.post(f"{ADDRESS}csv/", {"event": Event.BACKUP_MADE})
    assert Entry.objects.filter(event=Event.JOURNAL_EXPORTED).exists()
    assert asked_for == []
    assert len(b"".join(answer.streaming_content).splitlines()) == 8
    assert asked_for == [3, 3, 3]


@pytest.mark.parametrize(
    ("role", "status"), [(Role.AUDITOR, 200), (Role.SUPERVISOR, 403), (Role.ADVISER, 403)]
)
def test_only_who_controls_exports(role: Role, status: int, words: Words) -> None:
    client = signed_in(make_agent(role))
    assert client.post(f"{ADDRESS}csv/", {}).status_code == status
    if role != Role.ADVISER:
        assert ("Exporter en CSV" in words(client.get(ADDRESS))) is (status == 200)
