"""Every role against every address of the portal and every method, from the URL configuration: a page without a rule fails."""

from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.accounts.permissions import TABLE, Act
from adherents.api.urls import urlpatterns as client_pages
from adherents.backup.urls import urlpatterns as backup_pages
from adherents.casework.urls import urlpatterns as queue_pages
from adherents.desk.urls import urlpatterns as desk_pages
from adherents.members import acting
from adherents.members.acting import May
from adherents.members.models import Member
from adherents.messaging.urls import urlpatterns as message_pages
from adherents.notes.urls import urlpatterns as note_pages
from adherents.webhooks.urls import urlpatterns as webhook_pages
from tests.agents import enter, make_agent, signed_in
from tests.cast import CAMILLE, PASSWORD
from tests.config.addresses import ADDRESSES, Address
from tests.factories import open_account
from tests.permissions import (
    EVERYBODY,
    MEMBER,
    ON_A_FILE,
    RULES,
    STRANGER,
    SUPERVISOR,
    SUSPENDED,
    UNPROTECTED,
    Rule,
)
from tests.vault.conftest import deposited, objects_folder, pdf

__all__ = ["objects_folder"]  # a folder of its own for the documents

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"]
NOBODYS = "00000000-0000-4000-8000-000000000000"
PAGES = {
    "casework": queue_pages,
    "messaging": message_pages,
    "notes": note_pages,
    "desk": desk_pages,
    "backup": backup_pages,
    "api": client_pages,
    "webhooks": webhook_pages,
}  # what agents see
FILE_ROOMS = {"vault", "messages", "portal", "reading"}
DOOR, DESK_DOOR, PROTECT = "/adherent/", "/gestion/connexion/", "/compte/securite/"


@any_database
def test_every_address_has_a_rule_and_every_rule_an_address() -> None:
    names = {address.name for address in ADDRESSES}
    assert sorted(names - RULES.keys()) == [], "a page without a rule: add its line to tests/permissions.py"
    assert sorted(RULES.keys() - names) == [], "a rule without a page"


@any_database
def test_every_page_of_the_desk_names_its_act() -> None:
    pages = [page for pages in PAGES.values() for page in pages]
    assert [page.name for page in pages if getattr(page.callback, "act", None) not in set(Act)] == []


@any_database
def test_the_table_and_the_decorators_agree() -> None:
    """Each page of the desk is open to the roles of its act, no more and no fewer."""
    for room, pages in PAGES.items():
        for page in pages:
            roles = {role.value for role in TABLE[page.callback.act]}  # type: ignore[union-attr]
            assert roles == RULES[f"{room}:{page.name}"].who, page.name


@any_database
def test_every_act_is_in_the_table() -> None:
    assert TABLE.keys() == set(Act)
    assert not any(Role.MEMBER in roles for roles in TABLE.values())


def browser_of(who: str, member: Account) -> Client:
    client = Client()
    if who == STRANGER:
        return client
    if who == MEMBER:
        client.post(DOOR, {"identifier": CAMILLE.number, "password": PASSWORD})
    elif who == UNPROTECTED:
        enter(client, make_agent())
    elif who == SUSPENDED:
        agent = make_agent(Role.ADMINISTRATOR)
        signed_in(agent, client)
        Account.objects.filter(pk=agent.pk).update(closed_at=timezone.now())  # the session itself is left
    else:
        signed_in(make_agent(Role(who)), client)
    assert "_auth_user_id" in client.session
    return client


def turned_away(rule: Rule, who: str) -> set[int | str]:
    """What stands in front of those who are not let in: a status, or where they are led."""
    out = who in {STRANGER, SUSPENDED}
    if rule.side == "desk":
        if out:
            return {DESK_DOOR}
        return {PROTECT} if who == UNPROTECTED else {403}
    if rule.side == "member":
        return {DOOR, 401} if out else {403}  # 401: to a script, that a redirect would mislead
    return {DOOR, "/compte/connexion/"}


def wrong_answer(rule: Rule, who: str, address: Address, method: str, got: int | str) -> bool:
    if who not in rule.who:
        refusals = turned_away(rule, who)
        return got not in (refusals if method in rule.methods else refusals | {405})
    if method not in rule.methods:
        return got != 405
    if rule.side == "public":
        return got in {403, 405, 500}
    doors = {DOOR, DESK_DOOR} if rule.side == "account" else {DOOR, DESK_DOOR, PROTECT}
    return got in {403, 405, 500, *doors}


# PostgreSQL answers each page of the desk once, to a supervisor, and below each page about a member's file.
@pytest.mark.parametrize("who", sorted(EVERYBODY, key=lambda who: (who != SUPERVISOR, who)))
@pytest.mark.one_on_postgresql
def test_each_role_reaches_what_it_may_and_nothing_else(who: str) -> None:
    account = open_account(CAMILLE)
    member = Member.objects.get(account=account)
    document = deposited(member, pdf())
    other = Account.objects.create(identifier="x@mese.example", email="x@mese.example", role=Role.ADVISER)
    client = browser_of(who, account)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    wrong = []
    for address in sorted(
        ADDRESSES, key=lambda address: address.name == "vault:take_back"
    ):  # it does away with a file
        rule = RULES.get(address.name)
        path = address.path.replace(NOBODYS, str(document.pk))
        path = path.replace("/adherents/1/", f"/adherents/{member.pk}/").replace(
            "/agents/1/", f"/agents/{other.pk}/"
        )
        for method in METHODS if rule else ():
            with transaction.atomic():  # whatever it did is undone: each answer is a first one
                answer = client.generic(method, path, headers={"Tus-Resumable": "1.0.0"})
                transaction.set_rollback(True)
            client.cookies.load(cookies)
            got = urlsplit(answer.headers.get("Location", "")).path or answer.status_code
            if wrong_answer(rule, who, address, method, got):  # type: ignore[arg-type]
                wrong.append((address.name, method, got))
    assert not wrong, "\n".join(map(str, wrong))


@any_database
def test_each_page_about_a_file_says_what_must_be_permitted_on_it() -> None:
    about_files = {
        name for name, rule in RULES.items() if rule.who == {MEMBER} and name.split(":")[0] in FILE_ROOMS
    }
    assert about_files | {"/adherent/"} == ON_A_FILE.keys()


@pytest.mark.parametrize("right", sorted(May, key=str))
@pytest.mark.one_on_postgresql
def test_what_is_not_permitted_on_a_file_is_refused_and_nothing_else_is(
    right: May, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The day when somebody acts for another: every page asks for its own right, on what is read as on what is done."""
    account = open_account(CAMILLE)
    document = deposited(Member.objects.get(account=account), pdf())
    client = browser_of(MEMBER, account)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    monkeypatch.setattr(
        acting, "on_own_file", lambda member: acting.Acting(member, member, frozenset(May) - {right})
    )
    wrong = []
    for address in ADDRESSES:
        needed = ON_A_FILE.get(address.name, {})
        wants = needed if isinstance(needed, dict) else dict.fromkeys(RULES[address.name].methods, needed)
        for method, wanted in wants.items():
            with transaction.atomic():
                path = address.path.replace(NOBODYS, str(document.pk))
                answer = client.generic(method, path, headers={"Tus-Resumable": "1.0.0"})
                transaction.set_rollback(True)
            client.cookies.load(cookies)
            if (answer.status_code == 403) != (wanted == right.value):
                wrong.append((address.name, method, answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))


@any_database
def test_a_page_that_is_not_there_is_no_door() -> None:
    assert Client().get(reverse("casework:queue") + "nulle-part/").status_code == 404
