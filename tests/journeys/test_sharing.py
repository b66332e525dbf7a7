"""A responsable shares out what waits, and an agent hands over with a word; days off are noted, all by the mouse of a browser."""

from datetime import date

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.test_reopening import look
from tests.journeys.test_treating import clear, send, until_waiting

KIND = "Facture d’optique"


def test_a_responsable_gives_what_is_ticked_and_the_agent_hands_it_over(visit: Visit, member: Person) -> None:
    at_home = visit("phone").enter(member)
    clear(at_home, kind="facture_optique")
    send(at_home, 2, kind=KIND)
    head, agent = visit("desktop"), visit("desktop")
    enter_as_agent(head, "rene.partage@mese.example", name="René Partage", role="responsable")
    enter_as_agent(agent, "alice.recoit@mese.example", name="Alice Reçoit")
    until_waiting(agent, 2, kind="facture_optique", alone=False)

    head.open("/gestion/repartition/?kind=facture_optique")
    head.click("Attribuer les documents cochés")
    expect(head.main).to_contain_text("Cochez au moins un document.")
    look(head, "sharing-refused")
    for box in head.each(head.main.get_by_role("checkbox"))[:2]:
        box.check()
    head.field("À qui").select_option(label="Alice Reçoit")
    head.click("Attribuer les documents cochés")
    expect(head.main).to_contain_text("2 documents attribués.")
    look(head, "sharing")

    agent.open("/gestion/?kind=facture_optique").click("Suivant")
    agent.page.wait_for_url("**/traiter/*/?kind=facture_optique")
    agent.main.get_by_role("link", name="Transmettre").click()
    look(agent, "hand-over")
    agent.field("À qui").select_option(label="René Partage")
    agent.write({"Un mot pour votre collègue": "Elle rappelle à 15 h."}).click("Transmettre")
    head.open("/gestion/")
    expect(head.main).to_contain_text("Transmis par Alice Reçoit")
    look(head, "queue-handed")
    head.main.get_by_role("link", name="Elle rappelle à 15 h.").first.click()  # both of the sending
    expect(head.main).to_contain_text("Elle rappelle à 15 h.")
    look(head, "treat-handed")

    head.open("/gestion/absences/").click("Noter l’absence")
    look(head, "absences-refused")
    today = date.today().isoformat()
    head.field("Premier jour").fill(today)
    head.field("Dernier jour").fill(today)
    head.field("Remplaçant").select_option(label="Alice Reçoit")
    head.click("Noter l’absence")
    expect(head.main).to_contain_text("Absence notée.")
    look(head, "absences")
    head.open("/gestion/")
    expect(head.main).to_contain_text("Vous êtes noté absent")
    head.open("/gestion/absences/").main.get_by_role("button", name="Mettre fin à l’absence").first.click()
    expect(head.main).to_contain_text("Absence finie")
