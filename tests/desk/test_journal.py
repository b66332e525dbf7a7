"""The journal, for those who control."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from adherents.accounts.models import Role
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member
from tests.agents import make_agent, signed_in

Words = Callable[[Any], str]
pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(db: None) -> Client:
    return signed_in(make_agent(Role.AUDITOR))


def test_the_auditor_lands_on_the_journal(auditor: Client, words: Words) -> None:
    answer = auditor.get("/gestion/", follow=True)
    assert answer.redirect_chain == [("/gestion/journal/", 302)]
    shown = words(answer)
    assert "Connexion réussie" in shown
    assert "Chercher" not in shown
    assert "Sans adresse" not in shown


def test_the_journal_names_agents_and_no_member(auditor: Client, member: Member, words: Words) -> None:
    adviser = make_agent()
    desk = signed_in(adviser)
    desk.post(f"/gestion/adherents/{member.pk}/lien/", {"reason": "Appel du 12"})
    shown = words(auditor.get("/gestion/journal/"))
    assert "Claire Morel" in shown
    assert "Appel du 12" in shown
    assert member.account is not None
    assert member.account.subject in shown
    assert "DUPONT" not in shown
    assert member.number not in shown


def test_the_journal_is_filtered_and_read_to_its_end(auditor: Client, words: Words) -> None:
    with transaction.atomic():
        for count in range(60):
            record(Event.REGISTER_IMPORTED, subject=f"register:{count}")
    first = auditor.get("/gestion/journal/", {"event": Event.REGISTER_IMPORTED})
    assert "register:59" in words(first)
    assert "register:5 " not in words(first)
    assert "Connexion réussie" not in words(first).split("Motif", 1)[1]
    older = [part for part in first.content.decode().split('"') if "before=" in part]
    second = auditor.get("/gestion/journal/" + older[0].replace("&amp;", "&"))
    assert "register:5 " in words(second)
    assert "register:59" not in words(second)


def test_a_filter_that_finds_nothing_says_so(auditor: Client, words: Words) -> None:
    nothing = words(auditor.get("/gestion/journal/", {"subject": "member:999"}))
    assert "Rien au journal avec ces filtres." in nothing
    assert "Rien n’est arrivé encore" not in nothing
    assert auditor.get("/gestion/journal/", {"before": "x", "event": "y"}).status_code == 200
