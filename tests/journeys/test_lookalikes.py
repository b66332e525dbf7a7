"""The same paper sent again as a photo: the agent reads that it looks like one that was accepted, and compares by keyboard."""

from uuid import UUID

import pytest
from bench.forms import drawn, invoice, photographed
from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file
from tests.journeys.test_reopening import look
from tests.journeys.test_treating import opened
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.usefixtures("reader")


def send(visitor: Visitor, name: str, content: bytes) -> None:
    visitor.open("/adherent/documents/envoyer/")
    visitor.choose_kind("Facture d’optique")
    visitor.page.get_by_label("Choisir des fichiers").set_input_files([file(name, content)])
    visitor.main.locator("button.button-primary").click()
    expect(visitor.title).to_have_text("C’est bien arrivé", timeout=90_000)


def documents_of(visitor: Visitor, member: Person) -> list[str]:
    """The addresses' ids of what has an imprint, the first sent first."""
    found = visitor.portal.sql(
        "SELECT d.id FROM vault_document d JOIN members_member m ON m.id = d.member_id JOIN casework_item i"
        " ON i.document_id = d.id JOIN vault_page p ON p.document_id = d.id"
        " WHERE m.number = ? AND length(p.imprint) > 0 ORDER BY d.at",
        member.number,
    )
    return [str(UUID(str(key))) for (key,) in found]


def test_an_agent_compares_by_keyboard_what_looks_alike_and_nothing_is_proposed(
    visit: Visit, member: Person
) -> None:
    at_home = visit("phone").enter(member)
    paper = invoice(5, 1)
    send(at_home, "lunettes.pdf", paper)
    send(at_home, "lunettes.jpg", photographed(drawn(paper), 1))
    agent = visit("desktop")
    enter_as_agent(agent, "ines.pareil@mese.example", name="Inès Pareil")
    agent.until(lambda: len(documents_of(agent, member)) == 2, "both have an imprint")
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
    line = agent.main.locator(".in-sight").filter(has_text="Ressemble à")
    expect(line).to_contain_text("par Inès Pareil")
    expect(line).to_be_in_viewport()
    look(agent, "treat-looks-like")
    keys.press("w")
    agent.page.wait_for_url("**/comparer/**")
    expect(agent.main.get_by_role("img")).to_have_count(2)
    agent.until_drawn()
    look(agent, "compare-looks-like")
    keys.press("Escape")
    assert opened(agent) == again
    agent.open(f"/gestion/documents/{again}/")
    expect(agent.main.get_by_role("heading", name="Ressemble à un document déjà envoyé")).to_be_visible()
    look(agent, "document-looks-like")
    agent.open(f"/gestion/traiter/{again}/refuser/")
    expect(agent.main).not_to_contain_text("est proposé")
