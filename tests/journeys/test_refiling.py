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
    keys = agent.keys
    keys.press("p")
    expect(agent.main.get_by_role("button", name="Accepter", exact=True)).to_be_visible()
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
    other = treated(agent)  # the other paper of the sending: one mail tells both
    keys.press("a")
    agent.page.wait_for_url(lambda there: other not in there)
    assert "(Devis)" in agent.mail(member.email, "2 documents acceptés").text


def treated(agent: Visitor) -> str:
    """The part on the screen; its address keeps the place that the form was at."""
    expect(agent.main.get_by_role("button", name="Accepter", exact=True)).to_be_visible()
    return agent.page.url.split("/traiter/")[1][:36]


def test_one_file_is_split_by_keyboard_and_each_part_is_decided(visit: Visit, member: Person) -> None:
    at_home = visit("phone").enter(member)
    send(at_home, 2, kind="Facture dentaire")
    agent = visit("desktop")
    enter_as_agent(agent, "rose.coupe@mese.example", name="Rose Coupe")
    original = newest(agent, member)
    keys = agent.keys
    keys.press("p")
    expect(agent.main.get_by_role("button", name="Accepter", exact=True)).to_be_visible()
    keys.press("u")
    agent.page.wait_for_url("**/repartir/**")
    look(agent, "split")
    agent.page.get_by_label("Pages", exact=True).nth(1).fill("1-2")
    keys.press("Control+Enter")
    expect(agent.page.get_by_role("alert")).to_contain_text("La page 1 est déjà dans la partie 1.")
    look(agent, "split-error")
    agent.page.get_by_label("Pages", exact=True).nth(1).fill("2")
    agent.page.get_by_label("Type", exact=True).nth(1).select_option(label="Ordonnance")
    keys.press("Control+Enter")
    expect(agent.main).to_contain_text("Réparti en 2 documents")
    first = treated(agent)
    assert first != original
    expect(agent.main.get_by_role("region", name="Page 1 sur 1")).to_be_visible()
    look(agent, "treat-part")
    at_home.open(f"/adherent/documents/{original}/")
    expect(at_home.main).to_contain_text("un conseiller les traite un par un")
    at_home.look("document-split")
    at_home.open(f"/adherent/documents/{first}/")
    expect(at_home.main).to_contain_text("du fichier que vous avez envoyé")
    at_home.look("document-part")
    dark = visit("desktop", scheme="dark").enter(member)
    dark.open(f"/adherent/documents/{original}/").look("document-split")
    dark.open(f"/adherent/documents/{first}/").look("document-part")
    dark.open("/adherent/documents/").look("documents-with-parts")
    agent.open(f"/gestion/traiter/{original}/")
    expect(agent.main).to_contain_text("ce sont ses parties")
    look(agent, "treat-split")
    agent.click("Annuler la répartition")
    expect(agent.main).to_contain_text("à nouveau un seul")
    keys.press("u")
    agent.page.wait_for_url("**/repartir/**")
    keys.press("Control+Enter")  # in no field
    expect(agent.main).to_contain_text("Réparti en 2 documents")
    for _ in range(3):  # both parts, and the other paper of the sending
        part = treated(agent)
        keys.press("a")
        agent.page.wait_for_url(lambda there, part=part: part not in there)
    agent.mail(member.email, "3 documents acceptés")
