"""A decision that was wrong: reopened, told to its member, and decided anew with a note and a colleague's opinion beside."""

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.test_treating import opened, send, until_waiting
from tests.journeys.visitor import Visitor


def look(agent: Visitor, name: str) -> None:
    """The page on the screen, and the same in the dark and as narrow as a phone: an agent has one session."""
    agent.look(name)
    agent.page.emulate_media(color_scheme="dark")
    agent.page.set_viewport_size({"width": 360, "height": 800})
    agent.size, agent.scheme = "phone", "dark"
    agent.look(name)
    agent.size, agent.scheme = "desktop", "light"
    agent.page.set_viewport_size({"width": 1280, "height": 800})
    agent.page.emulate_media(color_scheme="light")


def test_an_agent_reopens_a_decision_and_asks_a_colleague_before_the_next(
    visit: Visit, member: Person
) -> None:
    at_home = visit("phone").enter(member)
    send(at_home, 2, kind="Autre facture de soins")
    agent, colleague = visit("desktop"), visit("desktop")
    enter_as_agent(agent, "nora.regret@mese.example", name="Nora Regret")
    enter_as_agent(colleague, "paul.avis@mese.example", name="Paul Avis")
    until_waiting(agent, 2, kind="facture_soins")
    keys = agent.keys
    keys.press("n")
    document = opened(agent)
    keys.press("r")
    agent.page.wait_for_url("**/refuser/**")
    keys.press("1")
    expect(agent.field("Ce que l’adhérent lit en français")).to_be_focused()
    keys.press("Control+Enter")
    agent.page.wait_for_url(lambda there: document not in there)
    opened(agent)
    keys.press("a")  # the rest of the sending: its mail leaves once all is decided
    expect(agent.main).to_contain_text("Rien d’autre n’attend.")
    agent.mail(member.email, "1 document à renvoyer")

    agent.open(f"/gestion/documents/{document}/")
    expect(agent.main).to_contain_text("Refusé")
    look(agent, "document-decided")
    agent.click("Rouvrir…")
    look(agent, "reopen")
    agent.click("Rouvrir la décision")
    expect(agent.page.get_by_role("alert")).to_contain_text("Dites pourquoi")
    look(agent, "reopen-error")
    agent.write({"Motif": "Erreur de lecture de notre part"}).click("Rouvrir la décision")
    expect(agent.main).to_contain_text("le document est à vous")
    assert opened(agent) == document
    look(agent, "treat-reopened")

    assert "ne vaut plus" in agent.mail(member.email, "Nous revoyons notre réponse").text
    at_home.open(f"/adherent/documents/{document}/")
    expect(at_home.main).to_contain_text("Décision rouverte")
    at_home.look("document-reopened")
    dark = visit("desktop", scheme="dark").enter(member)
    dark.open(f"/adherent/documents/{document}/").look("document-reopened")

    agent.open(f"/gestion/traiter/{document}/").click("Ajouter une note")
    look(agent, "note")
    to_form, words = agent.page.get_by_role("link", name="Aller au formulaire"), agent.field("Note interne")
    expect(to_form).to_be_hidden()
    agent.page.set_viewport_size({"width": 360, "height": 800})
    expect(words).not_to_be_in_viewport()
    to_form.click()
    expect(words).to_be_in_viewport()
    agent.page.set_viewport_size({"width": 1280, "height": 800})
    agent.page.get_by_label("Ce que c’est").select_option(label="Appel reçu")
    agent.write({"Quand": "", "Avec qui": "le pharmacien"}).click("Ajouter la note")
    expect(agent.page.get_by_role("alert")).to_contain_text("Écrivez quelques mots.")
    look(agent, "note-error")
    said = "Il confirme la date de la facture."
    agent.write({"Quand": "2026-01-05T10:30", "Note interne": said}).click("Ajouter la note")
    expect(agent.main).to_contain_text(said)
    agent.click("Demander un avis")
    look(agent, "ask-opinion")
    agent.page.get_by_label("À qui").select_option(label="Paul Avis")
    agent.write({"Votre question": "La date suffit-elle ?"}).click("Demander l’avis")
    expect(agent.main).to_contain_text("Pas encore de réponse.")
    look(agent, "treat-with-notes")
    for width, height in ((1366, 768), (1280, 800)):
        agent.page.set_viewport_size({"width": width, "height": height})
        agent.page.reload()
        for seen in (
            agent.page.locator(".in-sight").filter(has_text="note interne"),
            agent.page.get_by_role("button", name="Accepter", exact=True),
        ):
            expect(seen).to_be_in_viewport(ratio=1)
    expect(agent.page.locator(".in-sight").filter(has_text="note interne")).to_contain_text("1 note interne")

    colleague.open("/gestion/avis/")
    look(colleague, "opinions")
    colleague.main.get_by_role("link", name="Autre facture de soins").click()
    look(colleague, "give-opinion")
    colleague.write({"Votre avis": "Oui."}).click("Donner l’avis")
    expect(colleague.main).to_contain_text("Personne n’attend votre avis.")
    agent.open("/gestion/avis/")
    look(agent, "opinions-asked")
    agent.open(f"/gestion/documents/{document}/")
    expect(agent.main).to_contain_text("Oui.")
    agent.main.get_by_role("link", name="retirer").click()
    look(agent, "remove-note")
    at_home.page.reload()
    expect(at_home.main).not_to_contain_text("pharmacien")
