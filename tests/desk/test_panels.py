"""What the rooms above add to the desk's pages: entries of its menu, panels of a member's record."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from adherents.accounts.models import Account, Role
from adherents.accounts.permissions import Act
from adherents.desk import panels
from adherents.desk.panels import DeskEntry
from adherents.members.models import Member
from tests.agents import make_agent, signed_in
from tests.messaging.exchanges import asked

pytestmark = pytest.mark.django_db

ADVISER = ["À traiter", "Sans adresse", "Messages", "Avis", "Sécurité"]
ADMINISTRATOR = [
    "À traiter",
    "Sans adresse",
    "Messages",
    "Avis",
    "Chiffres",
    "Journal",
    "Agents",
    "Systèmes",
    "Sécurité",
]
SUPERVISOR = ["À traiter", "Répartition", *ADMINISTRATOR[1:-2], "Sécurité"]


def menu_of(page: Any) -> list[str]:
    """The menu's labels, without what is counted."""
    nav = re.search(r'<nav class="desk-menu" aria-label="Gestion">.*?</nav>', page.content.decode(), re.S)
    assert nav
    return [label.strip() for label in re.findall(r"<a [^>]*>([^<]*)", nav[0])]


@pytest.fixture
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers goes with it."""
    monkeypatch.setattr(panels, "MENU", menu := list(panels.MENU))
    monkeypatch.setattr("adherents.desk.templatetags.desk.MENU", menu)


@pytest.mark.parametrize(
    ("role", "entries"),
    [
        (Role.ADVISER, ADVISER),
        (Role.SUPERVISOR, SUPERVISOR),
        (Role.ADMINISTRATOR, ADMINISTRATOR),
        (Role.AUDITOR, ["Journal", "Sécurité"]),
    ],
)
def test_the_menu_has_what_a_role_may_open_in_one_order(role: Role, entries: list[str]) -> None:
    assert menu_of(signed_in(make_agent(role)).get("/gestion/", follow=True)) == entries


def test_the_menu_says_which_page_one_is_on(desk: Client, member: Member) -> None:
    for address in (reverse("casework:queue"), reverse("messaging:threads"), reverse("desk:unreachable")):
        assert f'<a href="{address}"' in desk.get(address).content.decode()
        marked = re.findall(
            r'<a href="([^"]*)"[^>]* aria-current="page">', desk.get(address).content.decode()
        )
        assert marked[0] == address
    page = desk.get(reverse("desk:member", args=[member.pk])).content.decode()
    assert 'aria-current="page"' not in page


def test_the_menu_counts_what_waits_for_the_agent(desk: Client, member: Member, words: Any) -> None:
    assert "à répondre)" not in words(desk.get("/gestion/"))
    asked(member)
    assert "Messages ( 1 à répondre)" in words(desk.get("/gestion/"))


@pytest.mark.usefixtures("_registry")
def test_a_room_adds_an_entry_where_its_rank_says(desk: Client, agent: Account) -> None:
    counted: list[Account] = []

    def two(account: Account) -> int:
        counted.append(account)
        return 2

    panels.add_to_menu(
        DeskEntry(Act.TREAT, "desk:search", "Paiements", 33, key="p", count=two, counted="contestés")
    )
    panels.add_to_menu(DeskEntry(Act.SEE_KEYS, "desk:keys", "Clés", 36))
    page = desk.get("/gestion/")
    assert menu_of(page) == [
        "À traiter",
        "Sans adresse",
        "Messages",
        "Paiements",
        "Avis",
        "Sécurité",
    ]
    assert counted == [agent]  # once, though the page shows the keys too
    assert "<dt><kbd>P</kbd></dt>" in page.content.decode()


def test_a_record_shows_the_panels_of_what_the_agent_may_do(
    desk: Client, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = reverse("desk:member", args=[member.pk])
    asked(member)
    assert "Couronne dentaire" in desk.get(page).content.decode()
    shown = next(panel for panel in panels.PANELS if panel.template.startswith("messaging/"))
    monkeypatch.setattr(
        "adherents.desk.templatetags.desk.PANELS", [panels.Panel(Act.SEE_KEYS, shown.template, shown.read)]
    )
    assert "Couronne dentaire" not in desk.get(page).content.decode()
