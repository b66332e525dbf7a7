"""From a RIB that is sent to the agent's panel: read by the worker, said to its member masked, taken by one key."""

import re
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Locator, expect
from stress.reading_bills import invoice
from stress.reading_papers import rib_paper

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file
from tests.journeys.test_refiling import newest
from tests.journeys.test_reopening import look
from tests.journeys.visitor import Visitor
from tests.reading.test_pixels import jpeg, picture

pytestmark = pytest.mark.usefixtures("reader")

PAPER = rib_paper(7)
IBAN = PAPER.truth["iban"]
READ = (
    "SELECT d.id FROM vault_document d JOIN reading_paperreading r ON r.document_id = d.id JOIN members_member m"
    " ON m.id = d.member_id WHERE m.number = ? AND r.outcome = 'read' ORDER BY d.at DESC LIMIT 1"
)


BILL = invoice(0)


def send_rib(visitor: Visitor, kind: str, paper: bytes = PAPER.content, name: str = "papier.pdf") -> None:
    visitor.open("/adherent/documents/envoyer/")
    visitor.choose_kind(kind)
    visitor.page.get_by_label("Choisir des fichiers").set_input_files([file(name, paper)])
    visitor.main.locator("button.button-primary").click()
    expect(visitor.title).to_have_text("C’est bien arrivé", timeout=90_000)


def check_it_is_lit(agent: Visitor, panel: Locator) -> None:
    """The value that is looked at is lit where it stands on the page, turned or not."""
    value = panel.get_by_role("listitem").filter(has_text="IBAN").first
    lit = agent.main.locator(f"rect#{value.get_attribute('data-lights')}")
    value.hover()
    expect(lit).to_have_class("lit lit-now")
    upright, page = lit.bounding_box(), agent.main.locator("svg.page-image").bounding_box()
    assert upright
    assert page
    assert upright["width"] > upright["height"]
    assert page["y"] < upright["y"] < upright["y"] + upright["height"] < page["y"] + page["height"]
    frame = agent.main.locator("svg.page-image g")
    agent.keys.press("t")
    expect(frame).to_have_attribute("transform", re.compile(r"rotate\(90\)"))
    turned = agent.main.locator(f"rect#{value.get_attribute('data-lights')}").bounding_box()
    assert turned
    assert turned["height"] > turned["width"]
    for degrees in ("180", "270"):
        agent.keys.press("t")
        expect(frame).to_have_attribute("transform", re.compile(rf"rotate\({degrees}\)"))
    agent.keys.press("t")
    expect(frame).not_to_have_attribute("transform", re.compile("."))


def test_a_rib_is_read_its_member_says_yes_and_an_agent_takes_its_value_by_one_key(
    visit: Visit, member: Person
) -> None:
    at_home = visit("phone").enter(member)
    send_rib(at_home, "RIB")
    at_home.until(lambda: at_home.portal.sql(READ, member.number), "the document is read")
    [(key,)] = at_home.portal.sql(READ, member.number)
    agent = visit("desktop")
    enter_as_agent(agent, "lea.lecture@mese.example", name="Léa Lecture")
    document = newest(agent, member)
    assert document.replace("-", "") == str(key).replace("-", "")

    at_home.open(f"/adherent/documents/{document}/")
    masked = f"{IBAN[:4]} … {IBAN[-3:]}"
    expect(at_home.main).to_contain_text(f"Nous avons lu : IBAN {masked}")
    expect(at_home.main).not_to_contain_text(IBAN[4:10])
    at_home.look("document-read")
    visit("desktop", scheme="dark").enter(member).open(f"/adherent/documents/{document}/").look(
        "document-read"
    )
    at_home.page.get_by_role("button", name="Oui, c’est le bon").click()
    expect(at_home.main).to_contain_text("Vous avez dit que c’est le bon.")

    agent.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    agent.page.reload()
    panel = agent.main.get_by_role("region", name="Lu sur le document")
    expect(panel).to_contain_text("L’adhérent dit que c’est le sien.")
    expect(panel).to_contain_text("Autre nom : ce n’est celui d’aucune personne du contrat")
    expect(panel.get_by_role("img", name=re.compile("^IBAN : extrait"))).to_be_visible()
    look(agent, "treat-read")
    check_it_is_lit(agent, panel)
    agent.keys.press("q")
    expect(agent.main.get_by_text("Copié")).to_be_visible()
    assert agent.page.evaluate("navigator.clipboard.readText()") == IBAN
    panel.get_by_role("button", name=re.compile("^Juste IBAN")).click()
    expect(panel.get_by_role("button", name=re.compile("^Juste IBAN"))).to_have_attribute(
        "aria-pressed", "true"
    )
    address = urlsplit(agent.page.url)
    assert (address.path, address.fragment) == (f"/gestion/traiter/{document}/", "lu")
    assert IBAN not in agent.page.url
    tallies = agent.portal.sql("SELECT code, letters, right, wrong FROM reading_fieldtally")
    assert ("iban", "drawn", 1, 0) in [tuple(row) for row in tallies]


def test_a_photo_that_lies_on_its_side_is_lit_where_its_account_stands_and_cut_out_upright(
    visit: Visit, member: Person
) -> None:
    at_home = visit("phone").enter(member)
    held = jpeg(picture(PAPER.content).rotate(90, expand=True))
    send_rib(at_home, "RIB", held, name="papier.jpg")
    at_home.until(lambda: at_home.portal.sql(READ, member.number), "the photo is read")
    [(key,)] = at_home.portal.sql(READ, member.number)
    agent = visit("desktop")
    enter_as_agent(agent, "iris.image@mese.example", name="Iris Image")
    agent.open(f"/gestion/documents/{UUID(str(key))}/")
    panel = agent.main.get_by_role("region", name="Lu sur le document")
    expect(panel).to_contain_text("reconnu sur l’image")
    value = panel.get_by_role("listitem").filter(has_text="IBAN").first
    lit = agent.main.locator(f"rect#{value.get_attribute('data-lights')}")
    value.hover()
    expect(lit).to_have_class("lit lit-now")
    framed, page = lit.bounding_box(), agent.main.locator("svg.page-image").bounding_box()
    assert framed
    assert page
    assert framed["height"] > 3 * framed["width"]  # the page lies, and the account with it
    assert page["x"] < framed["x"] < framed["x"] + framed["width"] < page["x"] + page["width"]
    crop = panel.get_by_role("img", name=re.compile("^IBAN : extrait"))
    expect(crop.locator("image")).to_have_attribute("transform", re.compile(r"rotate\(90\)"))
    _, _, across, down = map(int, (crop.get_attribute("viewBox") or "").split())
    assert across > 3 * down
    look(agent, "document-photo-read")
    plain = visit("phone", scripted=False, scheme="dark")
    enter_as_agent(plain, "ivan.image@mese.example", name="Ivan Image")
    plain.open(f"/gestion/documents/{UUID(str(key))}/")
    plain.main.get_by_role("region", name="Lu sur le document").get_by_role("link", name="IBAN").click()
    expect(plain.main.locator("rect.lit:target")).to_be_visible()
    plain.look("document-photo-read")


def test_without_javascript_the_member_answers_too(visit: Visit, member: Person) -> None:
    at_home = visit("phone", scripted=False).enter(member)
    send_rib(at_home, "RIB")
    at_home.until(lambda: at_home.portal.sql(READ, member.number), "the document is read")
    [(key,)] = at_home.portal.sql(READ, member.number)
    at_home.open(f"/adherent/documents/{UUID(str(key))}/")
    at_home.page.get_by_role("button", name="Non, ce n’est pas le bon").click()
    expect(at_home.main).to_contain_text("Vous avez dit que ce n’est pas le bon.")
    at_home.look("document-read-no")


def test_a_bill_that_was_sent_as_a_rib_is_told_to_both_sides_and_stays_a_rib(
    visit: Visit, member: Person
) -> None:
    at_home = visit("phone").enter(member)
    send_rib(at_home, "RIB", BILL.content)
    at_home.until(lambda: at_home.portal.sql(READ, member.number), "the document is read")
    [(key,)] = at_home.portal.sql(READ, member.number)
    document = UUID(str(key))
    at_home.open(f"/adherent/documents/{document}/")
    expect(at_home.main).to_contain_text("On dirait un document «\u00a0Facture d’optique\u00a0».")
    expect(at_home.main).to_contain_text("Vous n’avez rien à faire")
    expect(at_home.title).to_contain_text("RIB")
    at_home.look("document-looks-like")
    plain = visit("phone", scripted=False, scheme="dark").enter(member)
    plain.open(f"/adherent/documents/{document}/").look("document-looks-like")
    expect(plain.main).to_contain_text("Vous n’avez rien à faire")

    agent = visit("desktop")
    enter_as_agent(agent, "rita.releve@mese.example", name="Rita Relevé", role="responsable")
    agent.open(f"/gestion/documents/{document}/")
    panel = agent.main.get_by_role("region", name="Lu sur le document")
    expect(panel).to_contain_text("On dirait un document «\u00a0Facture d’optique\u00a0».")
    expect(panel).to_contain_text("somme de ses lignes")
    total = f"{BILL.truth['total'].replace('.', ',')}"
    expect(panel.locator("[data-copies]").first).to_have_attribute("data-copies", total)
    look(agent, "document-bill-read")
    panel.get_by_role("button", name=re.compile("^Juste Total lu")).click()
    expect(panel.get_by_role("button", name=re.compile("^Juste Total lu"))).to_have_attribute(
        "aria-pressed", "true"
    )
    agent.open("/gestion/chiffres/")
    figures = agent.main.get_by_role("region", name=re.compile("^Valeurs lues sur les documents"))
    figures.locator("summary").click()
    expect(figures).to_contain_text("Total lu (texte du PDF)")
    look(agent, "figures-read")
