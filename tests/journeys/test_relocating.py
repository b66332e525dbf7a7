"""A paper that concerns another member: filed with that member by keyboard, taken back in time, then read by both of them."""

from uuid import UUID

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, sheets
from tests.journeys.test_refiling import NEWEST
from tests.journeys.test_reopening import look

WENT = "SELECT r.settled_at FROM casework_relocation r JOIN casework_item i ON i.id = r.item_id WHERE i.document_id = ?"


def test_a_paper_goes_to_the_member_whom_it_concerns(
    visit: Visit, member: Person, another_member: Person
) -> None:
    at_home = visit("phone").enter(member)
    at_home.open("/adherent/documents/envoyer/")
    at_home.choose_kind("Facture d’optique")
    at_home.page.get_by_label("Choisir des fichiers").set_input_files([file("camille-dupont.pdf", sheets())])
    at_home.click("Envoyer 1 document")
    expect(at_home.title).to_have_text("C’est bien arrivé", timeout=90_000)
    agent = visit("desktop")
    enter_as_agent(agent, "rose.ailleurs@mese.example", name="Rose Ailleurs", role="responsable")
    [(key,)] = agent.until(lambda: agent.portal.sql(NEWEST, member.number), "the document waits")
    document = str(UUID(key))
    agent.open(f"/gestion/traiter/{document}/?from=record")
    keys = agent.keys
    keys.press("p")
    expect(agent.main.get_by_role("button", name="Accepter", exact=True)).to_be_visible()
    for again in (False, True):
        keys.press("y")
        agent.page.wait_for_url("**/reclasser/**")
        if not again:
            look(agent, "refile-by-who-leads")
        keys.press("0")
        agent.page.wait_for_url("**/autre-dossier/**")
        who = agent.page.get_by_label("N° adhérent, nom ou date de naissance")
        expect(who).to_be_focused()
        if not again:
            look(agent, "relocate")
            who.fill("personne de ce nom")
            keys.press("Enter")
            expect(agent.main).to_contain_text("Aucun autre adhérent ne correspond.")
        who.fill(another_member.number)
        keys.press("Enter")
        chosen = agent.main.get_by_role("group", name="Adhérents trouvés")
        expect(chosen).to_be_visible()
        if not again:
            look(agent, "relocate-found")
        keys.press("1")
        agent.page.wait_for_url("**member=**")
        reason = agent.page.get_by_label("Motif")
        expect(reason).to_be_focused()
        if not again:
            keys.press("Enter")
            expect(agent.page.get_by_role("alert")).to_contain_text("Dites pourquoi")
            look(agent, "relocate-error")
        reason.fill("Le document est au nom d’un autre adhérent")
        if not again:
            look(agent, "relocate-why")
        keys.press("Enter")
        agent.page.wait_for_url(f"**/gestion/documents/{document}/**")
        undo = agent.main.locator(".undo")
        expect(undo).to_contain_text("Aucun des deux adhérents n’en sait encore rien.")
        if not again:
            look(agent, "relocated-in-time")
            keys.press("z")
            expect(agent.main).to_contain_text("le document reste dans ce dossier")
    agent.until(lambda: any(at for (at,) in agent.portal.sql(WENT, key)), "its time is over")
    assert "autre dossier" in agent.mail(member.email, "est classé dans un autre dossier").text
    told = agent.mail(another_member.email, "est ajouté à votre dossier").text
    assert member.number not in told
    agent.open(f"/gestion/documents/{document}/")
    expect(agent.main).to_contain_text("Motif : Le document est au nom d’un autre adhérent")
    look(agent, "relocated")
    at_home.open(f"/adherent/documents/{document}/")
    expect(at_home.main).to_contain_text("Classé dans un autre dossier")
    at_home.look("document-relocated")
    at_home.open("/adherent/documents/")
    at_home.look("documents-with-one-relocated")
    visit("desktop", scheme="dark").enter(member).open(f"/adherent/documents/{document}/").look(
        "document-relocated"
    )
    other = visit("phone").enter(another_member)
    other.open("/adherent/documents/")
    other.page.get_by_role("link", name="Facture d’optique").first.click()
    expect(other.main).to_contain_text("Un conseiller l’a classé dans votre dossier.")
    assert member.number not in other.words()
    other.look("document-filed-here")
