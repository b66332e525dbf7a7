"""The pages about agents, the profile and the keys, as an administrator and a supervisor use them."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from adherents.accounts.models import Account, Role
from adherents.accounts.services import new_factor
from adherents.crypto.keys import keyring
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.vault.models import SigningKey
from tests.accounts.steps import is_signed_in, sign_in, with_link
from tests.agents import add_totp, has_app, make_agent, signed_in
from tests.conftest import Mail
from tests.vault.conftest import deposited, pdf

pytestmark = pytest.mark.django_db
Mails = Callable[[], list[Mail]]
Words = Callable[[Any], str]
WHY = "Téléphone perdu, reconnu de vive voix"
AGENTS = "/gestion/agents/"


@pytest.fixture
def administrator() -> Account:
    return make_agent(Role.ADMINISTRATOR)


@pytest.fixture
def head(administrator: Account) -> Client:
    """A browser in which the administrator has signed in."""
    return signed_in(administrator)


def address(agent: Account, act: str = "") -> str:
    return f"{AGENTS}{agent.pk}/{act}"


def test_an_administrator_invites_and_the_list_shows_who_waits(
    head: Client, mails: Mails, words: Words
) -> None:
    filled = {
        "email": "C.Morel@mese.example",
        "name": "Claire Morel",
        "role": "conseiller",
        "team": "Optique",
        "language": "fr",
        "reason": "Arrivée dans le service",
    }
    answer = head.post(f"{AGENTS}inviter/", filled, follow=True)
    assert "Invitation envoyée." in words(answer)
    assert mails()[-1].to == "c.morel@mese.example"
    listed = words(head.get(AGENTS))
    assert "Claire Morel" in listed
    assert "invité" in listed
    assert "Optique" in listed
    assert "a déjà cette adresse" in words(head.post(f"{AGENTS}inviter/", filled))


@pytest.mark.parametrize(
    "act",
    ["invitation/", "role/", "suspendre/", "retablir/", "blocage/", "connexions/", "second-facteur/"],
)
@pytest.mark.one_on_postgresql
def test_no_act_on_an_agent_goes_without_a_reason(head: Client, words: Words, mails: Mails, act: str) -> None:
    agent = make_agent()
    mails()
    before = Entry.objects.count()
    assert "Dites pourquoi" in words(head.post(address(agent, act), {"reason": " ", "role": "auditeur"}))
    assert Entry.objects.count() == before
    assert mails() == []


def test_what_is_refused_is_said_on_the_page(head: Client, administrator: Account, words: Words) -> None:
    answer = head.post(address(administrator, "suspendre/"), {"reason": "essai d’arrêt"})
    assert "Personne ne change son propre accès" in words(answer)
    assert "Aucune connexion n’est ouverte" in words(
        head.post(address(make_agent(), "connexions/"), {"reason": "essai d’arrêt"})
    )


def test_a_member_is_not_an_agent_to_change(head: Client, member: Member) -> None:
    assert member.account is not None
    answer = head.post(address(member.account, "role/"), {"role": "administrateur", "reason": WHY})
    assert answer.status_code == 404


def test_a_supervisor_asks_an_administrator_agrees_and_the_agent_is_written_to(
    head: Client, mails: Mails, words: Words
) -> None:
    supervisor, agent = signed_in(make_agent(Role.SUPERVISOR)), make_agent()
    add_totp(agent)
    mails()
    supervisor.post(address(agent, "second-facteur/"), {"reason": WHY})
    accord = address(agent, "second-facteur/accord/")
    assert "Reprendre la demande" in words(supervisor.get(accord))
    refused = supervisor.post(accord, {"answer": "approve", "reason": WHY})
    assert "une seconde personne doit l’accorder" in words(refused)
    assert has_app(agent)

    assert "Une réponse est attendue" in words(head.get(address(agent)))
    assert WHY in words(head.get(accord))
    assert "Accordé" in words(head.post(accord, {"answer": "approve", "reason": WHY}, follow=True))
    assert not has_app(agent)
    arrived = mails()
    assert sorted(mail.to for mail in arrived) == ["administrateur@mese.example", agent.email, agent.email]
    assert "/second-facteur/" in with_link(arrived).link
    assert "n’attend plus" in words(head.post(accord, {"answer": "refuse", "reason": WHY}, follow=True))


def test_who_asked_takes_it_back(head: Client, administrator: Account) -> None:
    agent = make_agent()
    add_totp(agent)
    new_factor.ask(agent=agent, by=administrator, reason=WHY)
    head.post(address(agent, "second-facteur/accord/"), {"answer": "refuse", "reason": "retrouvé"})
    assert has_app(agent)
    assert Entry.objects.filter(event=Event.NEW_FACTOR_REFUSED).count() == 1


def test_a_supervisor_sees_agents_and_no_button_that_is_not_theirs(words: Words) -> None:
    agent, supervisor = make_agent(), signed_in(make_agent(Role.SUPERVISOR))
    page = words(supervisor.get(address(agent)))
    assert "Suspendre" not in page
    assert "Inviter un agent" not in words(supervisor.get(AGENTS))


def test_the_profile_is_shown_whole_and_changes_nothing(head: Client, words: Words) -> None:
    page = words(head.get("/gestion/profil/"))
    for shown_text in ("link_validity_minutes", "120", "second_factor_hours", "MESE", "releve_prestations"):
        assert shown_text in page, shown_text
    assert "<form" not in head.get("/gestion/profil/").content.decode().split("<main")[1]


def test_the_keys_are_named_and_never_shown(head: Client, member: Member, objects_folder: object) -> None:
    deposited(member, pdf())  # its receipt has made the first signing key
    page = head.get("/gestion/cles/").content.decode()
    signing = SigningKey.objects.get()
    assert keyring().primary.id.hex() in page
    assert signing.key_id in page
    for secret in (bytes(signing.sealed_seed), *settings.ADHERENTS_MASTER_KEYS):
        for shown in (secret.hex(), b64encode(secret).decode(), urlsafe_b64encode(secret).decode()):
            assert shown not in page
    assert settings.SECRET_KEY not in page


def test_the_desk_ends_a_members_sessions_from_the_file(
    desk: Client, member: Member, words: Words, mails: Mails
) -> None:
    at_home = Client()
    sign_in(at_home, member.number)
    page = f"/gestion/adherents/{member.pk}/"
    assert "Mettre fin aux connexions" in words(desk.get(page))
    answer = desk.post(f"{page}connexions/", {"reason": WHY}, follow=True)
    assert "Connexions terminées" in words(answer)
    assert not is_signed_in(at_home)
    assert mails()[-1].to == member.email
