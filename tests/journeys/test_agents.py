"""An agent comes by invitation, protects the access with a passkey or an app, and finds a member by the keyboard."""

import itertools
import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.agents import code_at
from tests.cast import NEW_PASSWORD, PASSWORD, Person
from tests.journeys.conftest import Visit
from tests.journeys.running import Portal
from tests.journeys.visitor import Size, Visitor

SIGN_IN = "/gestion/connexion/"
_ranks = itertools.count(1)


@pytest.fixture
def invited(portal: Portal) -> str:
    """The address of an agent of this test only, whose invitation is on its way."""
    address = f"agent.{next(_ranks)}@mese.example"
    portal.run("create_agent", address, "--role", "conseiller", "--name", "Claire Morel")
    return address


@pytest.fixture
def arrive(visit: Visit, invited: str) -> Callable[..., Visitor]:
    """The agent follows the invitation, up to « Protégez votre accès »."""

    def come(**browser: str) -> Visitor:
        agent = visit("desktop", **browser)
        agent.open(agent.mail(invited, "accès").link).look("agent invitation")
        agent.write({"Définir le mot de passe": NEW_PASSWORD, "Confirmer le mot de passe": NEW_PASSWORD})
        agent.click("Valider").look("agent-password-set").click("Se connecter").look("agent-sign-in")
        give_password(agent, invited)
        expect(agent.title).to_have_text("Protégez votre accès")
        return agent

    return come


def give_password(agent: Visitor, address: str) -> None:
    agent.write({"Adresse e-mail": address, "Mot de passe": NEW_PASSWORD}).click("Se connecter")


def with_a_fingerprint_reader(agent: Visitor) -> Visitor:
    """A device that keeps passkeys and always recognises its owner."""
    protocol = agent.context.new_cdp_session(agent.page)
    protocol.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return agent


def leave(agent: Visitor) -> None:
    agent.page.get_by_role("button", name="Se déconnecter").click()
    expect(agent.title).to_have_text("Gestion")


def test_an_agent_enters_by_a_passkey_after_the_password_and_then_without_it(
    arrive: Callable[..., Visitor], invited: str
) -> None:
    agent = with_a_fingerprint_reader(arrive()).look("agent-protect")
    agent.click("Ajouter une clé d’accès").look("passkey new").click("Créer la clé d’accès")
    expect(agent.title).to_have_text("Codes de secours")
    expect(agent.page.locator("#codes li")).to_have_count(10)
    agent.look("agent-recovery-codes").click("C’est noté, aller à la gestion")
    expect(agent.title).to_contain_text("À traiter")
    leave(agent)

    give_password(agent, invited)
    expect(agent.title).to_have_text("Une seconde preuve")
    agent.look("agent-second-proof").click("Utiliser ma clé d’accès")
    expect(agent.title).to_contain_text("À traiter")
    leave(agent)

    agent.click("Se connecter avec une clé d’accès")
    expect(agent.title).to_contain_text("À traiter")


def test_a_browser_without_a_passkey_says_so_and_leaves_the_code(
    arrive: Callable[..., Visitor], invited: str
) -> None:
    agent = add_app(arrive())
    leave(agent)
    with_a_fingerprint_reader(agent)
    agent.click("Se connecter avec une clé d’accès")
    expect(agent.page.get_by_role("alert")).to_contain_text("n’a pas donné de clé d’accès")
    agent.look("no passkey here")
    give_password(agent, invited)
    expect(agent.title).to_have_text("Une seconde preuve")


def test_the_authenticator_of_a_phone_opens_from_the_page_that_it_shows(
    visit: Visit, member: Person, size: Size
) -> None:
    visitor = (
        visit(size).enter(member).open("/compte/securite/mot-de-passe/?next=/compte/securite/application/")
    )
    visitor.write({"Mot de passe": PASSWORD}).page.locator("main button[type=submit]").last.click()
    expect(visitor.title).to_have_text("Ajouter une application d’authentification")
    visitor.look("member app new")
    link = visitor.page.get_by_role("link", name="Ouvrir mon application sur ce téléphone")
    if size == "phone":
        assert str(link.get_attribute("href")).startswith("otpauth://totp/")
        expect(link).to_be_visible()
    else:
        expect(link).to_be_hidden()


def add_app(agent: Visitor) -> Visitor:
    agent.click("Ajouter une application").look("agent-app")
    secret = re.sub(r"\s", "", agent.page.locator(".secret").inner_text())
    agent.write({"Code affiché par l’application": code_at(secret, time.time())})
    agent.click("Enregistrer l’application")
    expect(agent.title).to_have_text("Codes de secours")
    agent.click("C’est noté, aller à la gestion")
    expect(agent.title).to_contain_text("À traiter")
    return agent


def test_an_agent_works_by_the_keyboard_alone(
    arrive: Callable[..., Visitor], member: Person, portal: Portal
) -> None:
    agent = add_app(arrive()).look("desk")
    keyboard = agent.keys
    keyboard.press("/")
    keyboard.type("dupont")
    keyboard.press("Enter")
    expect(agent.title).to_contain_text("adhérents trouvés")
    agent.look("desk found")
    keyboard.press("/")
    keyboard.press("Control+A")
    keyboard.type(member.number)
    keyboard.press("Enter")
    expect(agent.title).to_contain_text("Dossier")
    agent.look("desk member")
    keyboard.press("e")
    expect(agent.title).to_contain_text("Changer l’adresse e-mail")
    agent.look("desk address")
    keyboard.press("Enter")
    expect(agent.page.get_by_role("alert")).to_contain_text("2 points à corriger")
    agent.look("desk address in error")
    agent.field("Nouvelle adresse e-mail").focus()
    keyboard.type(f"neuve.{member.email}")
    keyboard.press("Tab")
    keyboard.type("L’adhérente a appelé")
    keyboard.press("Enter")
    expect(agent.page.get_by_role("main")).to_contain_text("L’ancienne et la nouvelle adresse sont prévenues")
    agent.look("desk address changed")
    assert agent.mail(member.email, "adresse")
    assert agent.mail(f"neuve.{member.email}", "adresse")
    keyboard.press("?")
    expect(agent.page.get_by_text("chercher un adhérent", exact=True)).to_be_visible()
    keyboard.press("g")
    expect(agent.title).to_contain_text("À traiter")


def test_the_desk_is_readable_in_the_dark(arrive: Callable[..., Visitor], member: Person) -> None:
    agent = add_app(arrive(scheme="dark")).look("desk")
    agent.open(f"/gestion/adherents/?q={member.number}").look("desk member")
    agent.open("/gestion/adherents/sans-adresse/").look("desk unreachable")
