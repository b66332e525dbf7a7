"""Photos gathered into one PDF, from a phone and from a desk, with the keyboard, and where no script runs."""

import io
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.cast import Person
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo, sheets
from tests.journeys.visitor import Size, Visitor

SEND = "/adherent/documents/envoyer/"
BOX = "Réunir les photos en un seul PDF"


def sheet(name: str) -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": photo(lines=[name, "Total   82,40 €"])}


def pages(visitor: Visitor) -> Locator:
    """Their names, in the order of the pages."""
    return visitor.page.locator(".album-page .upload-name")


def until_arrived(visitor: Visitor, count: int) -> None:
    """All the files chosen: until then their lines grow, and what is below them moves away from a click."""
    expect(visitor.page.get_by_text("· prêt à envoyer")).to_have_count(count)


def until_gathered(visitor: Visitor) -> None:
    """The document's page, once the worker has made the PDF."""
    download = visitor.main.get_by_role("link", name="Télécharger", exact=True)
    visitor.until(download.count, "the PDF is made", again=True)


@pytest.mark.rule("G13")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_photos_are_put_in_order_and_sent_as_one_document(
    visit: Visit, member: Person, size: Size, scheme: str
) -> None:
    visitor = visit(size, scheme=scheme).enter(member).open(SEND)
    visitor.choose_kind("Facture dentaire")
    files, box = visitor.page.get_by_label("Choisir des fichiers"), visitor.page.get_by_label(BOX)
    files.set_input_files([sheet("recto.jpg"), file("devis.pdf", sheets())])  # type: ignore[list-item]
    expect(visitor.page.get_by_role("button", name="Envoyer 2 documents")).to_be_visible()
    expect(box).to_be_hidden()
    files.set_input_files([sheet("verso.jpg"), sheet("suite.jpg"), sheet("de trop.jpg")])  # type: ignore[list-item]
    until_arrived(visitor, 5)
    box.check()
    expect(visitor.page.get_by_role("button", name="Envoyer 2 documents")).to_be_visible()
    expect(pages(visitor)).to_have_text(["recto.jpg", "verso.jpg", "suite.jpg", "de trop.jpg"])
    gone = visitor.page.locator(".upload").filter(has_text="de trop.jpg")
    gone.get_by_role("button", name="Retirer").click()
    expect(visitor.page.locator(".album-page")).to_have_count(3)
    expect(visitor.page.locator(".album-page canvas")).to_have_count(3)

    visitor.page.get_by_role("button", name="Descendre recto.jpg").focus()
    visitor.keys.press("Enter")
    assert visitor.focus() == "Descendre recto.jpg"
    visitor.keys.press("Enter")
    expect(pages(visitor)).to_have_text(["verso.jpg", "suite.jpg", "recto.jpg"])
    expect(visitor.page.locator("[data-say]")).to_have_text("recto.jpg : page 3 sur 3.")
    assert visitor.focus() == "Monter recto.jpg", "the other button, where this one cannot go on"
    visitor.look("gathering")
    if size == "desktop":
        lines = visitor.page.locator(".album-page")
        lines.nth(1).drag_to(lines.nth(0), target_position={"x": 60, "y": 4})
        expect(pages(visitor)).to_have_text(["suite.jpg", "verso.jpg", "recto.jpg"])
    chosen = (
        ["suite.jpg", "verso.jpg", "recto.jpg"]
        if size == "desktop"
        else ["verso.jpg", "suite.jpg", "recto.jpg"]
    )
    expect(pages(visitor)).to_have_text(chosen)

    visitor.click("Envoyer 2 documents")
    expect(visitor.title).to_have_text("C’est bien arrivé")
    expect(visitor.main.locator(".photos > li > span:first-child")).to_have_text(chosen)
    visitor.look("gathered-receipt")
    visitor.page.get_by_role("link", name="3 photos réunies.pdf").click()
    until_gathered(visitor)
    expect(visitor.main.locator(".photos a")).to_have_text(chosen)
    visitor.look("gathered-document")
    with visitor.page.expect_download() as download:
        visitor.click("Télécharger")
    assert len(pdfium.PdfDocument(Path(download.value.path()).read_bytes())) == 3
    assert download.value.suggested_filename == "3 photos réunies.pdf"


def test_the_order_chosen_stays_when_a_field_is_refused(visit: Visit, member: Person) -> None:
    visitor = visit("phone").enter(member).open(SEND)
    files = visitor.page.get_by_label("Choisir des fichiers")
    files.set_input_files([sheet("a.jpg"), sheet("b.jpg")])  # type: ignore[list-item]
    until_arrived(visitor, 2)
    visitor.page.get_by_label(BOX).check()
    visitor.page.get_by_role("button", name="Monter b.jpg").click()
    visitor.choose_a_dropped_kind().click("Envoyer 1 document")
    expect(visitor.page.get_by_role("alert")).to_contain_text("Choisissez dans la liste ce que vous envoyez.")
    expect(visitor.page.get_by_label(BOX)).to_be_checked()
    expect(pages(visitor)).to_have_text(["b.jpg", "a.jpg"])
    visitor.look("gathering-again")


@pytest.mark.rule("G13")
def test_photos_are_gathered_without_javascript(visit: Visit, member: Person, size: Size) -> None:
    visitor = visit(size, scripted=False).enter(member).open(SEND)
    visitor.choose_kind("Facture dentaire")
    files = [sheet("recto.jpg"), sheet("verso.jpg")]
    visitor.page.get_by_label("Choisir des fichiers").set_input_files(files)  # type: ignore[arg-type]
    visitor.page.get_by_label(BOX).check()
    visitor.look("gathering-plain").click("Envoyer")
    expect(visitor.title).to_have_text("C’est bien arrivé")
    visitor.page.get_by_role("link", name="2 photos réunies.pdf").click()
    until_gathered(visitor)
    photos = visitor.main.locator(".photos a")
    expect(photos).to_have_text(["recto.jpg", "verso.jpg"])
    with visitor.page.expect_download() as download:
        photos.first.click()
    given = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert given.size == (1200, 900), "the photo, as it was sent"
