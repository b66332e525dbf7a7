"""A member writes with a photo, from a phone; an agent notes, answers with an answer kept ready; the member reads it."""

import re

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo

AGENT = "nadia.petit@mese.example"
NOTE = "Vérifier le plafond avant de promettre."


def test_a_member_and_the_service_write_to_each_other(visit: Visit, member: Person) -> None:
    at_home = visit("phone").enter(member)
    at_home.choose_in_menu("Messages")
    expect(at_home.main).to_contain_text("Vous n’avez encore aucun message")
    at_home.look("messages-empty").click("Écrire au service")
    at_home.click("Envoyer le message")
    expect(at_home.page.get_by_role("alert")).to_contain_text("Écrivez votre message")
    at_home.look("messages-new-wrong")
    at_home.write(
        {"Objet": "Lunettes de mon fils", "Votre message": "Voici le devis.\nEst-ce pris en charge ?"}
    )
    at_home.page.get_by_label("Choisir des fichiers").set_input_files(file("devis.jpg", photo()))
    at_home.look("messages-new").click("Envoyer le message")
    expect(at_home.title).to_have_text("Lunettes de mon fils")
    expect(at_home.main).to_contain_text("devis.jpg")
    at_home.look("messages-thread")

    agent = visit("desktop")
    enter_as_agent(agent, AGENT, name="Nadia Petit", role="responsable")
    agent.keys.press("i")
    expect(agent.title).to_have_text("Messages")
    agent.look("desk-messages")
    agent.main.get_by_role("link").filter(has_text="Lunettes de mon fils").first.click()
    agent.look("desk-thread")
    agent.keys.press("n")
    expect(agent.field("Note interne")).to_be_focused()
    agent.keys.type(NOTE)
    agent.click("Ajouter la note interne")
    expect(agent.main).to_contain_text(NOTE)
    answer = agent.field("Réponse à l’adhérent")
    place = agent.main.get_by_role("button", name="Délai de remboursement").get_attribute("data-key")
    assert place
    agent.keys.press(place)  # an answer kept ready, for this member
    expect(answer).to_have_value(re.compile("^Bonjour Camille,"))
    answer.press("Control+End")
    agent.keys.type(" Oui, à 60 %.")
    agent.look("desk-thread-answering")
    answer.blur()
    agent.keys.press("s")
    expect(agent.main).to_contain_text("Réponse envoyée.")
    agent.look("desk-thread-answered").open("/gestion/modeles/")
    agent.look("desk-canned").click_containing("Délai de remboursement")
    agent.look("desk-canned-one")

    mail = at_home.mail(member, "Un message vous attend")
    assert "Lunettes" not in mail.text + mail.html + mail.subject
    at_home.open("/adherent/").look("home-with-a-message").click_containing("Un message vous attend")
    at_home.look("messages-list").click("Lunettes de mon fils")
    expect(at_home.main).to_contain_text("oui, à 60 %", ignore_case=True)
    expect(at_home.page.locator("body")).not_to_contain_text(NOTE)
    at_home.look("messages-thread-answered")
    dark = visit("desktop", scheme="dark").enter(member)
    dark.open("/adherent/messages/").look("messages-list").click("Lunettes de mon fils")
    dark.look("messages-thread-answered")
