"""An agent comes in by the insurer's directory, and another one waits to be linked: a portal, a provider, a browser."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.agents import code_at
from tests.cast import PASSWORD
from tests.journeys.conftest import Visit
from tests.journeys.running import ROOT, Portal
from tests.journeys.visitor import Visitor
from tests.openid_provider import SECRET, TestProvider, running

DOOR = "/gestion/connexion/"
NADIA = {"email": "nadia.k@mese.example", "name": "Nadia Kessler", "amr": ["mfa"], "groups": ["conseillers"]}
TABLE = """
[agents.oidc]
name = {{ fr = "l’annuaire de la mutuelle", en = "the insurer’s directory" }}
issuer = "{issuer}"
client_id = "espace-adherents"
role_claim = "groups"
roles = [{{ value = "conseillers", role = "conseiller" }}]
passwords = {passwords}
break_glass = "secours@mese.example"
"""


@pytest.fixture(scope="module")
def there() -> Iterator[TestProvider]:
    with running() as provider:
        provider.say_of("nadia", **NADIA)
        provider.say_of("claire", **NADIA | {"email": "claire@mese.example", "name": "Claire Morel"})
        yield provider


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, there: TestProvider) -> Iterator[Portal]:
    """In place of the folder's: its profile names the directory."""
    folder = tmp_path_factory.mktemp("directory")
    profile = folder / "profile.toml"
    mese = (ROOT / "profiles" / "mese.toml").read_text()
    profile.write_text(mese + TABLE.format(issuer=there.issuer, passwords="false"))
    portal = Portal(folder)
    portal.environment |= {"ADHERENTS_PROFILE": str(profile), "ADHERENTS_AGENTS_OIDC_SECRET": SECRET}
    try:
        portal.start([], with_account=[])
        yield portal
    finally:
        portal.stop()


def over_there(agent: Visitor, there: TestProvider, sub: str) -> None:
    """Press the button, and sign in at the provider's: a third party, on purpose."""
    agent.context.route("https://cdn.jsdelivr.net/**", lambda route: route.abort())
    agent.click("Se connecter avec l’annuaire de la mutuelle")
    agent.page.get_by_placeholder("sub").fill(sub)
    agent.page.get_by_role("button", name="Authorize").click()
    expect(agent.page).to_have_url(re.compile(re.escape(agent.portal.base)))
    theirs = (there.issuer, "cdn.jsdelivr.net")  # its page has a style from elsewhere, which is not fetched
    agent.faults[:] = [fault for fault in agent.faults if not any(place in fault for place in theirs)]


def look(visitor: Visitor, name: str) -> None:
    """On a large screen in the light, and on a phone in the dark."""
    visitor.look(name)
    visitor.page.emulate_media(color_scheme="dark")
    visitor.page.set_viewport_size({"width": 360, "height": 800})
    size, scheme = visitor.size, visitor.scheme
    visitor.size, visitor.scheme = "phone", "dark"
    visitor.look(name)
    visitor.size, visitor.scheme = size, scheme
    visitor.page.set_viewport_size({"width": 1280, "height": 800})
    visitor.page.emulate_media(color_scheme="light")


def test_an_agent_comes_in_by_the_directory_and_who_was_here_before_is_linked(
    portal: Portal, visit: Visit, there: TestProvider
) -> None:
    portal.prepare_agent("claire@mese.example", role="conseiller", name="Claire Morel")
    key = portal.prepare_agent("secours@mese.example", role="administrateur", name="Inès Faure")
    agent = visit().open(DOOR)
    look(agent, "agent-sign-in directory")
    over_there(agent, there, "nadia")
    expect(agent.title).to_contain_text("À traiter")
    agent.page.get_by_role("button", name="Se déconnecter").click()
    expect(agent.title).to_have_text("Gestion")
    look(agent, "agent-sign-in directory left")

    agent.expecting(400)
    over_there(agent, there, "claire")
    expect(agent.title).to_have_text("La connexion n’a pas abouti")
    look(agent, "directory refused")

    administrator = visit().open(DOOR)
    administrator.write({"Adresse e-mail": "secours@mese.example", "Mot de passe": PASSWORD})
    administrator.click("Se connecter").write({"Code de sécurité": code_at(key, time.time())})
    administrator.click("Continuer")
    expect(administrator.title).to_contain_text("À traiter")
    administrator.page.set_viewport_size({"width": 1280, "height": 720})
    head = administrator.page.locator("header.top").bounding_box()
    assert head is not None
    assert head["height"] < 70, "the longest menu of the desk is on one line"
    look(administrator.open("/gestion/agents/"), "agents directory")
    administrator.click_containing("à relier à l’annuaire")
    look(administrator, "agent directory")
    look(administrator.click("Relier à l’annuaire"), "link agent")
    administrator.write({"Motif": "Vue avec elle au téléphone"}).click("Relier")
    expect(administrator.main).to_contain_text("Agent relié à l’annuaire")
    look(administrator, "agent linked")
    over_there(agent.open(DOOR), there, "claire")
    expect(agent.title).to_contain_text("À traiter")
