"""An agent finds a conversation by whose it is and where it stands, by the keyboard."""

import pytest
from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit


@pytest.mark.parametrize(
    ("size", "scheme", "scripted"),
    [("desktop", "light", True), ("phone", "dark", True), ("desktop", "dark", False)],
)
def test_an_agent_finds_a_conversation(
    visit: Visit, member: Person, size: str, scheme: str, scripted: bool
) -> None:
    at_home = visit("desktop").enter(member).open("/adherent/messages/nouveau/")
    at_home.write({"Objet": "Couronne à chercher", "Votre message": "Est-ce pris en charge ?"})
    at_home.click("Envoyer le message")
    expect(at_home.title).to_have_text("Couronne à chercher")

    agent = visit(size, scheme=scheme, scripted=scripted)
    name = f"chercheur.{size}.{scheme}@mese.example"
    enter_as_agent(agent, name, name="Hugo Chercheur")
    agent.open("/gestion/messages/")
    if scripted:
        agent.keys.press("c")
    else:
        agent.click_containing("Chercher une conversation")
    expect(agent.title).to_have_text("Chercher une conversation")
    agent.look("find-threads")
    agent.write({"Adhérent": member.number})
    agent.field("État").select_option("À répondre")
    agent.field("Adhérent").press("Enter")
    expect(agent.main).to_contain_text("Couronne à chercher")
    assert member.number not in agent.page.url
    agent.look("find-threads-found")
    agent.field("État").select_option("Fermées")
    agent.field("Adhérent").press("Enter")
    expect(agent.main).to_contain_text("Aucune conversation.")
    agent.look("find-threads-none")
    agent.write({"Adhérent": "Zzyzx Personne"})
    agent.field("Adhérent").press("Enter")
    expect(agent.page.get_by_role("alert")).to_contain_text("Aucun adhérent n’a ce numéro ni ce nom.")
    agent.look("find-threads-error")
    agent.open("/gestion/messages/recherche/").click_containing("Couronne à chercher")
    expect(agent.title).to_contain_text("Couronne à chercher")
