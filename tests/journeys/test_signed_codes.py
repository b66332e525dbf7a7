"""A paper with a signed code, from the list of authorities to the agent's panel; and one on which such a code was pasted."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file
from tests.journeys.test_refiling import newest
from tests.journeys.test_reopening import look
from tests.journeys.visitor import Visitor
from tests.reading.invented_codes import (
    OWNER,
    cast_of_codes,
    genuine,
    list_signer,
    signed_list,
    unsigned_list,
)
from tests.reading.sheets import say
from tests.reading.test_codes import PAGE, notice

pytestmark = pytest.mark.usefixtures("reader")
DIFFER = "Le code et la page ne disent pas la même chose."
OTHERS = (PAGE[0], say("M MARTIN PAUL né le 10/03/1954, 3 rue des Roses, 29000 Quimper", y=740), PAGE[2])
READ = (
    "SELECT r.id FROM reading_paperreading r JOIN vault_document d ON r.document_id = d.id JOIN members_member m"
    " ON m.id = d.member_id WHERE m.number = ? AND r.outcome = 'read'"
)


def send(visitor: Visitor, member: Person, content: bytes, *, read: int) -> None:
    visitor.open("/adherent/documents/envoyer/")
    visitor.choose_kind("RIB")
    visitor.page.get_by_label("Choisir des fichiers").set_input_files([file("avis.pdf", content)])
    visitor.main.locator("button.button-primary").click()
    expect(visitor.title).to_have_text("C’est bien arrivé", timeout=90_000)
    visitor.until(lambda: len(visitor.portal.sql(READ, member.number)) == read, "the document is read")


def take_in_our_list(visitor: Visitor, folder: Path) -> None:
    """As the person who runs the portal does it."""
    cast = cast_of_codes()
    contents = {
        "list.xml": signed_list(unsigned_list([cast.issuer])), "signer.pem": list_signer().pem,
        "certificates.pem": cast.certificate.public_bytes(Encoding.PEM),
    }  # fmt: skip
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    said = visitor.portal.run(
        "import_tsl", str(folder / "list.xml"), "--signer", str(folder / "signer.pem"),
        "--certificates", str(folder / "certificates.pem"),
    )  # fmt: skip
    assert "list 90 of 2026-06-01" in said


def test_an_agent_reads_who_signed_a_code_and_in_red_that_the_page_says_something_else(
    visit: Visit, member: Person, tmp_path: Path
) -> None:
    at_home = visit("phone").enter(member)
    take_in_our_list(at_home, tmp_path)
    send(at_home, member, notice(genuine()), read=1)
    agent = visit("desktop")
    enter_as_agent(agent, "sabine.code@mese.example", name="Sabine Code")
    document = newest(agent, member)
    panel = agent.main.get_by_role("region", name="Lu sur le document")
    expect(panel).to_contain_text(f"Code lu, signé par {OWNER}")
    expect(panel).to_contain_text("La signature prouve le code, et non la page autour de lui.")
    expect(panel).not_to_contain_text(DIFFER)
    lit = agent.main.locator("svg.page-image polygon.lit")
    panel.get_by_text("La signature prouve le code").hover()
    expect(lit).to_have_class("lit lit-now")
    framed, page = lit.bounding_box(), agent.main.locator("svg.page-image").bounding_box()
    assert framed
    assert page
    assert page["y"] < framed["y"] < framed["y"] + framed["height"] < page["y"] + page["height"]
    assert abs(framed["width"] - framed["height"]) < framed["width"] / 4  # a 2D-Doc is square, or nearly
    expect(panel.get_by_role("img", name="Code 2D-Doc : extrait")).to_be_visible()
    panel.get_by_text("Ce que dit le code").click()
    expect(panel).to_contain_text("DUPONT CAMILLE")
    look(agent, "treat-code")

    at_home.open(f"/adherent/documents/{document}/")
    expect(at_home.main).to_contain_text(f"Nous avons lu le code de ce document, signé par {OWNER}.")
    at_home.look("document-code")

    send(at_home, member, notice(genuine(), *OTHERS), read=2)
    pasted = newest(agent, member)
    assert pasted != document
    expect(agent.main.get_by_text(DIFFER)).to_have_count(2)
    expect(panel.get_by_text("La page dit autre chose.")).to_be_visible()
    look(agent, "treat-code-differs")
    assert "DUPONT" not in agent.page.url
    at_home.open(f"/adherent/documents/{pasted}/")
    expect(at_home.main).not_to_contain_text("la même chose")
    assert "DUPONT CAMILLE" not in at_home.portal.log()
