"""The same paper sent twice: the agent sees it at the decision, compares by keyboard, and refuses what was received already."""

import re
from uuid import UUID

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, sheets
from tests.journeys.test_reopening import look
from tests.journeys.test_treating import opened
from tests.journeys.visitor import Visitor

PAPER = "Facture de lunettes"


def send_once(visitor: Visitor, name: str) -> None:
    visitor.open("/adherent/documents/envoyer/")
    visitor.choose_kind("Facture d’optique")
    visitor.page.get_by_label("Choisir des fichiers").set_input_files([file(name, sheets(2, PAPER))])
    visitor.main.locator("button.button-primary").click()
    expect(visitor.title).to_have_text("C’est bien arrivé", timeout=90_000)


def documents_of(visitor: Visitor, member: Person) -> list[str]:
    """The addresses' ids of what waits of this kind, the first sent first."""
    found = visitor.portal.sql(
        "SELECT d.id FROM vault_document d JOIN members_member m ON m.id = d.member_id JOIN casework_item i"
        " ON i.document_id = d.id WHERE m.number = ? AND d.kind = 'facture_optique' ORDER BY d.at",
        member.number,
    )
    return [str(UUID(str(key))) for (key,) in found]


def test_an_agent_sees_compares_and_refuses_by_keyboard_what_came_twice(visit: Visit, member: Person) -> None:
    at_home = visit("phone").enter(member)
    for name in ("lunettes.pdf", "lunettes-encore.pdf"):
        send_once(at_home, name)
    agent = visit("desktop")
    enter_as_agent(agent, "ines.double@mese.example", name="Inès Double")
    agent.until(lambda: len(documents_of(agent, member)) == 2, "both wait")
    first, again = documents_of(agent, member)
    keys = agent.keys
    agent.open(f"/gestion/traiter/{first}/")
    keys.press("p")
    expect(agent.main.get_by_role("button", name="Accepter", exact=True)).to_be_visible()
    keys.press("a")
    agent.page.wait_for_url(lambda there: first not in there)

    agent.open(f"/gestion/traiter/{again}/")
    keys.press("p")
    expect(agent.main.get_by_role("button", name="Accepter", exact=True)).to_be_visible()
    line = agent.main.locator(".in-sight").filter(has_text="Même fichier")
    expect(line).to_contain_text("par Inès Double")
    expect(line).to_be_in_viewport()
    look(agent, "treat-same-file")
    keys.press("w")
    agent.page.wait_for_url("**/comparer/**")
    expect(agent.main.get_by_role("img")).to_have_count(2)
    agent.until_drawn()
    look(agent, "compare")
    keys.press("ArrowRight")
    expect(agent.main).to_contain_text("Page 2 sur 2")
    keys.press("ArrowLeft")
    expect(agent.main).to_contain_text("Page 1 sur 2")
    keys.press("Escape")
    assert opened(agent) == again
    keys.press("r")
    agent.page.wait_for_url("**/refuser/**")
    expect(agent.main).to_contain_text("est proposé")
    expect(agent.field("Ce que l’adhérent lit en français")).to_have_value(re.compile("Nous avions déjà"))
    look(agent, "refuse-already-received")
    keys.press("Control+Enter")
    agent.page.wait_for_url(lambda there: again not in there)
    assert "déjà" in agent.mail(member.email, "n’est pas accepté").text
