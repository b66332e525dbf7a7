"""A paper that was sent as another one: filed anew with two keys, taken back in time, and read in its member's story."""

import re
from uuid import UUID

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.test_reopening import look
from tests.journeys.test_treating import opened, send
from tests.journeys.visitor import Visitor

NEWEST = (
    "SELECT d.id FROM vault_document d JOIN casework_item i ON i.document_id = d.id"
    " JOIN members_member m ON m.id = d.member_id WHERE m.number = ? ORDER BY d.at DESC LIMIT 1"
)


def newest(agent: Visitor, member: Person) -> str:
    """The member's latest document, once it waits; opened by its address, for whatever else waits beside it."""
    [(document,)] = agent.until(lambda: agent.portal.sql(NEWEST, member.number), "the document waits")
    agent.open(f"/gestion/traiter/{UUID(document)}/")
    return opened(agent)


def test_a_paper_is_filed_anew_by_keyboard_and_its_member_reads_it(visit: Visit, member: Person) -> None:
    at_home = visit("phone").enter(member)
    send(at_home, 2, kind="Attestation de Sécurité sociale")
    agent = visit("desktop")
    enter_as_agent(agent, "rose.classe@mese.example", name="Rose Classe")
    document = newest(agent, member)
    keys = agent.page.keyboard
    keys.press("p")
    expect(agent.main.get_by_role("button", name="Accepter")).to_be_visible()
    look(agent, "treat-before-refiling")
    keys.press("y")
    agent.page.wait_for_url("**/reclasser/**")
    expect(agent.page.get_by_role("button", name="Devis")).to_be_in_viewport(ratio=1)
    look(agent, "refile")
    keys.press("Escape")
    agent.page.wait_for_url(re.compile(rf"/traiter/{document}/(#.*)?$"))
    keys.press("y")
    agent.page.wait_for_url("**/reclasser/**")
    keys.press("6")
    agent.page.wait_for_url(re.compile(rf"/traiter/{document}/(#.*)?$"))
    undo = agent.main.locator(".undo")
    expect(undo).to_contain_text("Reclassé : Devis")
    keys.press("z")
    expect(agent.main).to_contain_text("classé comme avant")
    keys.press("y")
    agent.page.wait_for_url("**/reclasser/**")
    keys.press("6")
    expect(undo).to_contain_text("Reclassé : Devis")
    look(agent, "treat-refiled")
    at_home.open(f"/adherent/documents/{document}/")
    expect(at_home.title).to_have_text("Devis")
    expect(at_home.main).to_contain_text("« Devis », et non « Attestation de Sécurité sociale »")
    at_home.look("document-refiled")
    visit("desktop", scheme="dark").enter(member).open(f"/adherent/documents/{document}/").look(
        "document-refiled"
    )
    keys.press("a")
    agent.page.wait_for_url(lambda there: document not in there)
    assert "Devis" in agent.mail(member.email, "accepté").text
