"""Sending from a phone in a train: each file goes as it is chosen, and goes on after whatever cut it."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.cast import Person
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo, sheets
from tests.journeys.running import Portal
from tests.journeys.slow_line import in_a_train
from tests.journeys.visitor import Size, Visitor

SEND = "/adherent/documents/envoyer/"
WELL_BEGUN = re.compile(r"1,\d\ssur\s\d,\d\sMo")
READY = "prêt à envoyer"
GOING_ON = re.compile(r"\d,\d\ssur\s\d,\d\sMo")


@pytest.fixture(scope="module")
def heavy() -> bytes:
    """A photo of three megabytes, which nothing makes smaller."""
    noise = Image.effect_noise((1900, 1500), 90).convert("RGB")
    written = io.BytesIO()
    noise.save(written, "JPEG", quality=97)
    return written.getvalue()


def kept(folder: Path, name: str, content: bytes) -> Path:
    """A file of the device. The browser reads it there: megabytes that are handed over in a call take seconds to arrive."""
    path = folder / name
    path.write_bytes(content)
    return path


def line(visitor: Visitor, name: str) -> Locator:
    return visitor.page.locator(".upload").filter(has_text=name)


def choose(visitor: Visitor, *files: object) -> None:
    source = "Prendre en photo" if visitor.size == "phone" and len(files) == 1 else "Choisir des fichiers"
    visitor.page.get_by_label(source).set_input_files(list(files))  # type: ignore[arg-type]


def offsets_of(visitor: Visitor) -> list[int]:
    """From where each request that brings bytes goes on."""
    offsets: list[int] = []
    visitor.page.on(
        "request",
        lambda request: (
            offsets.append(int(request.headers["upload-offset"])) if request.method == "PATCH" else None
        ),
    )
    return offsets


@pytest.mark.rule("G13")
@pytest.mark.parametrize(("size", "scheme"), [("phone", "dark"), ("desktop", "light")])
def test_each_file_goes_as_soon_as_it_is_chosen(
    visit: Visit, portal: Portal, member: Person, size: Size, scheme: str, heavy: bytes, tmp_path: Path
) -> None:
    visitor = visit(size, scheme=scheme)
    with in_a_train(visitor, portal, kilobytes=900):
        visitor.enter(member).open(SEND).look("sending-none")
        visitor.choose_kind("Facture dentaire")
        files = (
            kept(tmp_path, "IMG_2041.jpg", photo()),
            kept(tmp_path, "IMG_2042.jpg", heavy),
            kept(tmp_path, "devis.docx", b"PK" * 99),
        )
        choose(visitor, *files)
        expect(line(visitor, "IMG_2041.jpg")).to_contain_text(READY)
        expect(line(visitor, "IMG_2042.jpg")).to_contain_text(GOING_ON)
        visitor.look("sending-on-the-way")
        expect(line(visitor, "devis.docx")).to_contain_text("Ce format n’est pas accepté.")
        expect(line(visitor, "IMG_2042.jpg")).to_contain_text(READY)
        visitor.look("sending-arrived-and-refused")
        line(visitor, "devis.docx").get_by_role("button", name="Retirer").click()
        visitor.click("Envoyer 2 documents")
        expect(visitor.title).to_have_text("C’est bien arrivé")
        names = visitor.main.get_by_role("link", name=re.compile("IMG_"))
        expect(names).to_have_text(["IMG_2041.jpg", "IMG_2042.jpg"])


@pytest.mark.rule("G13")
@pytest.mark.parametrize("knows", [True, False], ids=["the browser knows", "nobody knows"])
def test_a_lost_connection_is_said_and_sending_goes_on_by_itself(
    visit: Visit, portal: Portal, member: Person, heavy: bytes, knows: bool, tmp_path: Path
) -> None:
    visitor = visit("phone" if knows else "desktop")
    with in_a_train(visitor, portal, kilobytes=700) as train:
        visitor.enter(member).open(SEND)
        visitor.choose_kind("RIB")
        offsets = offsets_of(visitor)
        choose(visitor, kept(tmp_path, "IMG_3.jpg", heavy))
        expect(line(visitor, "IMG_3.jpg")).to_contain_text(WELL_BEGUN)
        train.cut()
        visitor.context.set_offline(knows)
        expect(line(visitor, "IMG_3.jpg")).to_contain_text("connexion perdue")
        if not knows:  # who judges the page asks nothing of the network either way
            visitor.faults.clear()
        visitor.look("sending-lost")
        visitor.click("Envoyer 1 document")
        expect(visitor.main).to_contain_text("Vos documents partiront dès que le dernier sera arrivé.")
        train.restore()
        visitor.context.set_offline(False)
        expect(visitor.title).to_have_text("C’est bien arrivé", timeout=40_000)
        assert offsets[0] == 0
        assert offsets[-1] > 500_000, "it began again from the start"


@pytest.mark.rule("G13")
def test_sending_goes_on_in_another_browser_after_the_page_was_closed(
    visit: Visit, portal: Portal, member: Person, heavy: bytes, tmp_path: Path
) -> None:
    first = visit("phone")
    with in_a_train(first, portal, kilobytes=700) as train:
        first.enter(member).open(SEND)
        choose(first, kept(tmp_path, "IMG_4.jpg", heavy))
        expect(line(first, "IMG_4.jpg")).to_contain_text(WELL_BEGUN)
        train.cut()
        first.page.close()

    later = visit("desktop").enter(member)
    expect(later.main).to_contain_text("Envoi à terminer")
    later.look("home-unsent").open(SEND)
    expect(later.main).to_contain_text("Un autre envoi est commencé")
    expect(later.main).to_contain_text("1 fichier n’est arrivé qu’en partie.")
    later.look("sending-another-waits").click_containing("Reprendre cet envoi")
    expect(later.main).to_contain_text("1 fichier arrivé en partie")
    expect(line(later, "IMG_4.jpg")).to_contain_text(re.compile(r"1,\d\sMo sur 3,4\sMo"))
    later.look("sending-half")
    offsets = offsets_of(later)
    choose(later, kept(tmp_path, "autre nom.jpg", heavy))
    expect(line(later, "autre nom.jpg")).to_contain_text(READY)
    expect(later.main).not_to_contain_text("arrivé en partie")
    assert offsets[0] > 500_000, "it began again from the start"
    later.choose_kind("RIB")
    later.click("Envoyer 1 document")
    expect(later.title).to_have_text("C’est bien arrivé")
    later.click("Voir mes documents")
    later.main.get_by_role("listitem").get_by_role("link").first.click()
    with later.page.expect_download() as download:
        later.click("Télécharger")
    assert Path(download.value.path()).read_bytes() == heavy


@pytest.mark.rule("G13")
def test_what_cannot_enter_is_said_without_being_sent(visit: Visit, member: Person, tmp_path: Path) -> None:
    visitor = visit("phone").enter(member).open(SEND)
    sent: list[str] = []
    visitor.page.on(
        "request", lambda request: sent.append(request.method) if "/fichiers/" in request.url else None
    )
    files = visitor.page.get_by_label("Choisir des fichiers")
    files.set_input_files([file("vide.pdf", b""), file("page.pdf", b"<html>" * 50)])
    expect(line(visitor, "vide.pdf")).to_contain_text("Ce fichier est vide.")
    expect(line(visitor, "page.pdf")).to_contain_text("Ce format n’est pas accepté.")
    files.set_input_files([kept(tmp_path, "gros.pdf", b"%PDF-1.7\n" + b"0" * 21_000_000)])
    expect(line(visitor, "gros.pdf")).to_contain_text("Ce fichier est trop lourd.")
    visitor.look("sending-refused")
    assert not sent
    files.set_input_files([file(f"{number}.pdf", sheets(1)) for number in range(21)])
    expect(line(visitor, "20.pdf")).to_contain_text("Il y a trop de fichiers dans cet envoi.")
    expect(line(visitor, "19.pdf")).to_contain_text(READY, timeout=90_000)  # after nineteen others
    expect(visitor.page.get_by_role("button", name="Envoyer 20 documents")).to_be_visible()
    assert sent.count("PATCH") == 20
    visitor.choose_kind("RIB")
    visitor.click("Envoyer 20 documents")
    expect(visitor.main).to_contain_text("4 fichiers n’ont pas été acceptés")  # as without a script
    expect(visitor.main).to_contain_text("20.pdf Il y a trop de fichiers")


def test_the_server_has_the_last_word_and_says_it_in_words(visit: Visit, member: Person) -> None:
    visitor = visit("phone").enter(member).open(SEND).expecting(422)
    choose(visitor, file("coupe.pdf", sheets(40)[:9000]))
    expect(line(visitor, "coupe.pdf")).to_contain_text("Ce fichier est incomplet ou abîmé.")


def test_a_file_is_cancelled_while_it_goes_and_nothing_is_left(
    visit: Visit, portal: Portal, member: Person, heavy: bytes, tmp_path: Path
) -> None:
    visitor = visit("phone")
    with in_a_train(visitor, portal, kilobytes=300):
        visitor.enter(member).open(SEND)
        choose(visitor, kept(tmp_path, "IMG_5.jpg", heavy))
        expect(line(visitor, "IMG_5.jpg")).to_contain_text(GOING_ON)
        with visitor.page.expect_response(lambda response: response.request.method == "DELETE"):
            line(visitor, "IMG_5.jpg").get_by_role("button", name="Annuler").click()
        expect(visitor.page.locator(".upload")).to_have_count(0)
        expect(visitor.page.locator("[data-say]")).to_have_text("IMG_5.jpg est retiré.")
        assert visitor.focus() == "files"
        visitor.open(SEND)
        expect(visitor.main).not_to_contain_text("IMG_5.jpg")


def test_a_portal_that_fails_is_said_and_can_be_tried_again(visit: Visit, member: Person, size: Size) -> None:
    visitor = visit(size).enter(member).open(SEND).expecting(403)
    visitor.page.route("**/envoyer/fichiers/", lambda route: route.fulfill(status=429, body="{}"))
    visitor.expecting(429)
    choose(visitor, file("rib.jpg", photo()))
    expect(line(visitor, "rib.jpg")).to_contain_text("L’envoi s’est interrompu.")
    visitor.look("sending-failed")
    visitor.click("Envoyer 1 document")
    expect(visitor.main).to_contain_text("Un fichier n’est pas arrivé entier")
    visitor.page.unroute("**/envoyer/fichiers/")
    line(visitor, "rib.jpg").get_by_role("button", name="Réessayer").click()
    expect(line(visitor, "rib.jpg")).to_contain_text(READY)


def test_files_can_be_dropped_or_pasted(visit: Visit, member: Person) -> None:
    visitor = visit("desktop").enter(member).open(SEND)
    for kind, event, carrier in (
        ("drop", "DragEvent", "dataTransfer"),
        ("paste", "ClipboardEvent", "clipboardData"),
    ):
        visitor.page.evaluate(
            """([kind, event, carrier]) => {
              const data = new DataTransfer();
              data.items.add(new File(["%PDF-1.7 court %%EOF"], `${kind}.pdf`, {type: "application/pdf"}));
              document.body.dispatchEvent(new window[event](kind, {[carrier]: data, bubbles: true, cancelable: true}));
            }""",
            [kind, event, carrier],
        )
        expect(line(visitor, f"{kind}.pdf")).to_contain_text(READY)


def test_what_arrived_stays_when_a_field_is_refused(visit: Visit, member: Person, size: Size) -> None:
    visitor = visit(size).enter(member).open(SEND)
    choose(visitor, file("rib.jpg", photo()))
    expect(line(visitor, "rib.jpg")).to_contain_text(READY)
    visitor.choose_a_dropped_kind().click("Envoyer 1 document")
    expect(visitor.page.get_by_role("alert")).to_contain_text("Choisissez dans la liste ce que vous envoyez.")
    expect(visitor.main).to_contain_text("1 fichier prêt à envoyer")
    choose(visitor, file("releve.pdf", sheets()))
    expect(line(visitor, "releve.pdf")).to_contain_text(READY)
    visitor.look("sending-again")
    line(visitor, "rib.jpg").get_by_role("button", name="Retirer").click()
    expect(line(visitor, "rib.jpg")).to_have_count(0)
    expect(line(visitor, "releve.pdf")).to_be_visible()
    visitor.choose_kind("RIB")
    visitor.click("Envoyer 1 document")
    expect(visitor.title).to_have_text("C’est bien arrivé")
