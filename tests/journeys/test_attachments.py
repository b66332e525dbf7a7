"""A member attaches an invoice to a message: one key, a kind, and it waits to be treated; it stays in the conversation."""

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, sheets
from tests.journeys.test_desk import search
from tests.journeys.test_reopening import look

KIND = "Facture d’optique"


def test_an_agent_has_an_attachment_treated_by_one_key(visit: Visit, member: Person) -> None:
    at_home = visit("phone").enter(member)
    at_home.open("/adherent/messages/nouveau/")
    at_home.write({"Objet": "Mes lunettes", "Votre message": "Voici la facture."})
    at_home.page.get_by_label("Choisir des fichiers").set_input_files(file("lunettes.pdf", sheets()))
    at_home.main.locator("form button.button").last.click()
    expect(at_home.main).to_contain_text("lunettes.pdf")

    agent = visit("desktop")
    enter_as_agent(agent, "ines.joint@mese.example", name="Inès Joint")
    search(agent, member.number)
    agent.click_containing("Mes lunettes")
    expect(agent.main).to_contain_text("lunettes.pdf")
    thread = agent.page.url
    look(agent, "thread-attachment")
    agent.keys.press("a")
    agent.page.wait_for_url("**/piece-jointe/**")
    look(agent, "treat-attachment")
    agent.click("Mettre à traiter")
    expect(agent.page.get_by_role("alert")).to_contain_text("Choisissez un type")
    look(agent, "treat-attachment-refused")
    agent.field("Type").select_option(label=KIND)
    agent.click("Mettre à traiter")
    agent.page.wait_for_url(thread)
    expect(agent.main).to_contain_text("Document à traiter")
    look(agent, "thread-attachment-treated")
    agent.click_containing("lunettes.pdf")
    agent.until(
        lambda: agent.main.get_by_text("Prendre", exact=False).count() > 0,
        "it waits in the queue",
        again=True,
    )
    expect(agent.main).to_contain_text("Arrivé avec un message")
    look(agent, "document-of-message")
    agent.keys.press("p")
    agent.page.wait_for_url("**/traiter/**")
    agent.keys.press("a")
    expect(agent.main.locator(".undo")).to_be_visible()

    at_home.open("/adherent/documents/")
    expect(at_home.main).to_contain_text("reçu avec un message le")
    look(at_home, "documents-of-message")
    at_home.click_containing(KIND)
    expect(at_home.main).to_contain_text("un de vos messages")
    look(at_home, "own-document-of-message")
