"""A whole sending in one agent's hands: gone through, accepted with one key, taken back with one, told in one mail."""

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.test_refiling import newest
from tests.journeys.test_reopening import look
from tests.journeys.test_treating import opened, send


def test_an_agent_accepts_what_is_left_with_one_key_and_its_member_has_one_mail(
    visit: Visit, member: Person
) -> None:
    at_home = visit("phone").enter(member)
    send(at_home, 3, kind="Autre document")  # of a kind that no other journey leaves waiting
    agent = visit("desktop")
    enter_as_agent(agent, "rose.tout@mese.example", name="Rose Tout")
    agent.open(f"/gestion/traiter/{newest(agent, member)}/?kind=autre")
    keys = agent.keys
    keys.press("p")
    rest = agent.main.get_by_role("button", name="Accepter les 3 qui restent")
    expect(rest).to_be_in_viewport()
    expect(agent.main).to_contain_text("sur 3")
    look(agent, "treat-whole-sending")
    before = opened(agent)
    keys.press("j")
    agent.page.wait_for_url(lambda there: before not in there)
    opened(agent)
    keys.press("Shift+A")
    expect(agent.main).to_contain_text("Rien d’autre n’attend.")
    undo = agent.main.locator(".undo")
    expect(undo).to_contain_text("3 documents de l’envoi")
    look(agent, "queue-whole-sending-undo")
    keys.press("z")
    expect(agent.main).to_contain_text("les 3 documents sont à vous")
    expect(rest).to_be_visible()
    keys.press("a")
    expect(agent.main.get_by_role("button", name="Accepter les 2 qui restent")).to_be_visible()
    keys.press("Shift+A")
    expect(undo).to_contain_text("2 documents de l’envoi")
    mail = agent.mail(member.email, "3 documents acceptés")
    assert mail.text.count("(Autre document)") == 3
    assert not [other for other in agent.portal.mailbox.of(member.email) if "accept" in other.subject]
    at_home.open("/adherent/documents/")
    expect(at_home.main).to_contain_text("Accepté")
