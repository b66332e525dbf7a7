"""A call: the agent finds by a receipt and by a misspelt name, takes the document from there, decides, and is back at it."""

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.test_desk import search
from tests.journeys.test_reopening import look
from tests.journeys.test_treating import send, until_waiting
from tests.journeys.visitor import Visitor


def test_an_agent_treats_by_keyboard_what_a_caller_speaks_of(visit: Visit, member: Person) -> None:
    send(visit("phone").enter(member), 2, kind="Ordonnance")
    agent = visit("desktop")
    enter_as_agent(agent, "lena.appel@mese.example", name="Léna Appel")
    until_waiting(agent, 2, kind="ordonnance", alone=False)
    search(agent, f"{member.birth_name[:-1]}{member.birth_name[-1]}x {member.first_names.split(',')[0]}")
    expect(agent.title).to_contain_text("orthographe proche")
    look(agent, "search-near")
    search(agent, "?!")
    look(agent, "search-nonsense")
    search(agent, f"n° {member.number[:4]}-{member.number[4:]}")
    expect(agent.main).to_contain_text(member.email)
    keys = agent.keys
    keys.press("d")
    agent.page.wait_for_url("**/documents/")
    expect(agent.title).to_contain_text("Documents de")
    look(agent, "documents-of-member")
    agent.page.get_by_label("État").select_option(index=1)
    agent.click("Filtrer")
    look(agent, "documents-of-member-filtered")
    number = agent.main.locator("td.number").first.inner_text()

    search(agent, number.lower().replace("-", " "))  # one document, or the list of its sending
    if "/documents/" not in agent.page.url:
        look(agent, "search-receipt")
        agent.main.get_by_role("link", name="Ordonnance").first.click()
    agent.page.wait_for_url("**/gestion/documents/*/")
    document = agent.page.url
    look(agent, "document-waiting")
    keys.press("p")
    agent.page.wait_for_url("**/traiter/*/?from=record")
    keys.press("a")
    agent.page.wait_for_url(document)
    expect(agent.main).to_contain_text("L’adhérent n’est pas encore prévenu.")
    look(agent, "document-just-decided")
    keys.press("z")
    agent.page.wait_for_url("**/traiter/*/?from=record")
    expect(agent.main).to_contain_text("Décision annulée")
    keys.press("a")
    agent.page.wait_for_url(document)
    told(agent)
    look(agent, "document-told")


def told(agent: Visitor) -> None:
    """The decision settles after its time to undo. Its mail waits for the rest of the sending, and the page says until when."""
    agent.until(lambda: "Un seul mail pour l’envoi" in agent.words(), "the mail's story", again=True)
