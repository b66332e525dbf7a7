"""A letter came by post: the agent deposits it for the member, who reads how it came; the agent treats it from there."""

from datetime import date, timedelta

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, sheets
from tests.journeys.test_desk import search
from tests.journeys.test_reopening import look

KIND = "Attestation de Sécurité sociale"


def a_month_ago() -> str:
    return (date.today() - timedelta(days=31)).isoformat()


def test_an_agent_deposits_a_letter_by_keyboard_and_the_member_reads_how_it_came(
    visit: Visit, member: Person
) -> None:
    agent = visit("desktop")
    enter_as_agent(agent, "rose.courrier@mese.example", name="Rose Courrier")
    search(agent, member.number)
    keys = agent.keys
    keys.press("k")
    agent.page.wait_for_url("**/deposer/")
    look(agent, "enter-deposit")
    agent.page.get_by_label("Par courrier").check()
    agent.field("Reçu le").fill(a_month_ago())
    agent.field("Fichiers numérisés").set_input_files(file("lettre.pdf", sheets()))
    agent.click("Déposer")
    expect(agent.page.get_by_role("alert")).to_contain_text("Choisissez un type")
    expect(agent.main).to_contain_text("Fichiers déjà arrivés")
    look(agent, "enter-deposit-refused")
    agent.field("Type").select_option(label=KIND)
    agent.click("Déposer")
    expect(agent.main).to_contain_text("Déjà en retard")
    look(agent, "enter-deposit-late")
    expect(agent.main).to_contain_text("reçu par courrier le")
    keys.press("d")
    agent.page.wait_for_url("**/documents/")
    agent.main.get_by_role("link", name=KIND).first.click()
    agent.page.wait_for_url("**/gestion/documents/*/")
    agent.until(
        lambda: agent.main.get_by_text("Prendre", exact=False).count() > 0,
        "it waits in the queue",
        again=True,
    )
    look(agent, "document-by-post")
    keys.press("p")
    agent.page.wait_for_url("**/traiter/**")
    keys.press("a")
    expect(agent.main.locator(".undo")).to_be_visible()

    at_home = visit("phone").enter(member)
    at_home.open("/adherent/documents/")
    expect(at_home.main).to_contain_text("reçu par courrier le")
    look(at_home, "documents-by-post")
    at_home.click_containing(KIND)
    expect(at_home.main).to_contain_text("Un conseiller l’a déposé pour vous.")
    look(at_home, "own-document-by-post")
    at_home.main.get_by_role("link", name="Accusé").or_(
        at_home.main.get_by_role("link", name="n°")
    ).first.click()
    expect(at_home.title).to_have_text("C’est bien arrivé")
    look(at_home, "receipt-by-post")
    mail = at_home.mail(member, "Votre document est dans votre espace")
    assert "reçu par courrier le" in mail.text
