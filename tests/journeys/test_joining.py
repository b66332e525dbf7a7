"""Three photos of one paper, sent as three documents: joined with one key, decided once, and read in their member's story."""

from uuid import UUID

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo
from tests.journeys.test_refiling import newest, treated
from tests.journeys.test_reopening import look
from tests.journeys.visitor import Visitor


def send_photos(visitor: Visitor, count: int, *, kind: str) -> None:
    """Each a document of its own, of one sending."""
    visitor.open("/adherent/documents/envoyer/")
    visitor.choose_kind(kind)
    papers = [file(f"photo-{number}.jpg", photo(lines=[f"Page {number}"])) for number in range(1, count + 1)]
    visitor.page.get_by_label("Choisir des fichiers").set_input_files(papers)
    visitor.click(f"Envoyer {count} documents")
    expect(visitor.title).to_have_text("C’est bien arrivé", timeout=90_000)


def test_three_photos_are_joined_by_keyboard_and_their_member_reads_one_story(
    visit: Visit, member: Person
) -> None:
    at_home = visit("phone").enter(member)
    send_photos(at_home, 3, kind="Autre document")  # of a kind that no other journey leaves waiting
    agent = visit("desktop")
    enter_as_agent(agent, "rose.ensemble@mese.example", name="Rose Ensemble")
    agent.open(f"/gestion/traiter/{newest(agent, member)}/?kind=autre")
    keys = agent.keys
    keys.press("p")
    expect(agent.main.get_by_role("button", name="Accepter les 3 qui restent")).to_be_visible()
    look(agent, "treat-before-joining")
    keys.press("h")
    agent.page.wait_for_url("**/reunir-avec/**")
    places = agent.page.get_by_label("Place", exact=True)
    expect(places).to_have_count(3)
    look(agent, "join")
    places.nth(2).fill("1")
    keys.press("Control+Enter")
    expect(agent.page.get_by_role("alert")).to_contain_text("La place 1 est déjà prise.")
    look(agent, "join-error")
    places.nth(2).fill("3")
    keys.press("Control+Enter")
    expect(agent.main).to_contain_text("3 documents n’en font plus qu’un")
    expect(agent.main.get_by_role("region", name="Page 1 sur 3")).to_be_visible()
    made = treated(agent)
    look(agent, "treat-joined")
    sent = [text for (text,) in agent.portal.sql(
        "SELECT id FROM vault_document WHERE joined_into_id = ? ORDER BY joined_rank", made.replace("-", "")
    )]  # fmt: skip
    at_home.open(f"/adherent/documents/{made}/")
    expect(at_home.main).to_contain_text("3 photos réunies")
    at_home.look("document-joined")
    at_home.click("photo-2.jpg")
    expect(at_home.main).to_contain_text("Réuni avec vos 2 autres photos")
    at_home.look("document-in-a-joined-one")
    at_home.open("/adherent/documents/").look("documents-joined")
    at_home.open("/adherent/").look("home-joined")
    expect(at_home.main.get_by_text("Autre document", exact=True)).to_have_count(1)
    dark = visit("desktop", scheme="dark").enter(member)
    dark.open(f"/adherent/documents/{made}/").look("document-joined")
    dark.open("/adherent/documents/").look("documents-joined")
    agent.open(f"/gestion/traiter/{UUID(sent[1])}/?kind=autre")
    expect(agent.main).to_contain_text("c’est l’ensemble qui est décidé")
    look(agent, "treat-in-a-joined-one")
    agent.click("Séparer")
    expect(agent.main).to_contain_text("à nouveau traité à part")
    keys.press("h")
    agent.page.wait_for_url("**/reunir-avec/**")
    keys.press("Control+Enter")
    expect(agent.main).to_contain_text("3 documents n’en font plus qu’un")
    again = treated(agent)
    keys.press("a")
    agent.page.wait_for_url(lambda there: again not in there)
    mail = agent.mail(member.email, "accepté")
    assert mail.text.count("Autre document") >= 1
    at_home.open(f"/adherent/documents/{again}/")
    expect(at_home.main).to_contain_text("Accepté")


def test_it_is_joined_without_a_script(visit: Visit, member: Person) -> None:
    at_home = visit("phone").enter(member)
    send_photos(at_home, 2, kind="Autre document")
    agent = visit("desktop", scripted=False)
    enter_as_agent(agent, "rose.sans.script@mese.example", name="Rose Sans-Script")
    agent.open(f"/gestion/traiter/{newest(agent, member)}/?kind=autre")
    agent.click("Prendre ce document")
    agent.click("Réunir")
    agent.page.get_by_label("Place", exact=True).first.fill("2")
    agent.page.get_by_label("Place", exact=True).nth(1).fill("1")
    agent.click("Réunir ces documents")
    expect(agent.main).to_contain_text("2 documents n’en font plus qu’un")
    agent.click("Accepter")
    expect(agent.main.locator(".undo")).to_be_visible()
