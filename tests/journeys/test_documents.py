"""The « coffre-fort numérique »: a member sends documents, knows that they arrived and finds them, and no other member does."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo, sheets
from tests.journeys.visitor import Size


@pytest.mark.rule("G13")
def test_papers_are_sent_acknowledged_found_and_read_by_their_owner_only(
    visit: Visit, member: Person, another_member: Person, size: Size
) -> None:
    rib, statement, iphone = (
        photo(),
        sheets(),
        photo(kind="HEIF", lines=["FACTURE D’OPTIQUE", "Total 320,00 €"]),
    )
    visitor = visit(size).sign_in(member).click("Envoyer un document")
    expect(visitor.title).to_have_text("Envoyer un document")
    expect(visitor.main).to_contain_text("20 Mo par fichier")
    visitor.look("send")

    # First with a kind that is no more, and with a file of no use: what arrives stays.
    files = visitor.page.get_by_label("Choisir des fichiers")
    files.set_input_files([file("releve.pdf", sheets()), file("notes.txt", b"Bonjour")])
    expect(visitor.main).to_contain_text("prêt à envoyer")
    expect(visitor.main.locator(".upload").filter(has_text="notes.txt")).to_contain_text(
        "Ce format n’est pas accepté."
    )
    visitor.choose_a_dropped_kind()
    visitor.look("send-chosen").click("Envoyer 1 document")
    expect(visitor.page.get_by_role("alert")).to_contain_text("Choisissez dans la liste ce que vous envoyez.")
    expect(visitor.main).to_contain_text("1 fichier prêt à envoyer")
    visitor.look("send-refused")

    visitor.choose_kind("RIB")
    visitor.page.get_by_label("Pour qui ?").select_option(index=0)
    visitor.write({"Un mot pour le conseiller (facultatif)": "Nouveau compte, merci."})
    if size == "phone":
        visitor.page.get_by_label("Prendre en photo").set_input_files(file("rib.jpg", rib))
        files.set_input_files([file("IMG_0042.HEIC", iphone)])
    else:
        files.set_input_files([file("rib.jpg", rib), file("IMG_0042.HEIC", iphone)])
    visitor.click("Envoyer 3 documents")
    expect(visitor.title).to_have_text("C’est bien arrivé")
    number = re.search(r"D-\d{4}-\d{6}", visitor.words())
    assert number
    expect(visitor.main).to_contain_text("Conservez cet accusé de dépôt.")
    for name in ("releve.pdf", "rib.jpg", "IMG_0042.HEIC"):
        expect(visitor.main).to_contain_text(name)
    visitor.look("receipt")
    receipt = visitor.page.url
    assert number[0] in visitor.mail(member, "Vos 3 documents sont bien arrivés").text

    visitor.click("Voir mes documents")
    entries = visitor.main.get_by_role("listitem")
    expect(entries).to_have_count(3)
    expect(entries.first).to_contain_text(re.compile("Reçu|Vérifié"))
    visitor.look("documents")
    for name, content in (("rib.jpg", rib), ("releve.pdf", statement), ("IMG_0042.HEIC", iphone)):
        visitor.open("/adherent/documents/")
        visitor.main.get_by_role("listitem").filter(has_text=name).get_by_role("link").click()
        expect(visitor.title).to_have_text("RIB")
        expect(visitor.main).to_contain_text("Nouveau compte, merci.")
        with visitor.page.expect_download() as download:
            visitor.click("Télécharger")
        assert download.value.suggested_filename == name
        assert Path(download.value.path()).read_bytes() == content
    visitor.look("document")
    document = visitor.page.url

    stranger = visit(size).enter(another_member).expecting(404)
    for address in (document, f"{document}telecharger/", receipt):
        stranger.open(address)
        expect(stranger.main).not_to_contain_text("RIB")
        expect(stranger.title).to_contain_text("n’existe pas")
    stranger.look("not-found")
    stranger.open("/adherent/documents/")
    expect(stranger.main).to_contain_text("Vous n’avez encore rien envoyé.")
    stranger.look("documents-none")


@pytest.mark.rule("G13")
def test_a_file_too_heavy_is_said_before_and_after_it_leaves(
    visit: Visit, member: Person, tmp_path: Path
) -> None:
    visitor = visit("phone").enter(member).open("/adherent/documents/envoyer/")
    visitor.choose_kind("Devis")
    (tmp_path / "gros.pdf").write_bytes(b"%PDF-1.7\n" + b"0" * 21_000_000)
    visitor.page.get_by_label("Choisir des fichiers").set_input_files(tmp_path / "gros.pdf")
    expect(visitor.main.locator(".upload")).to_contain_text("Ce fichier est trop lourd.")
    visitor.click("Envoyer")
    expect(visitor.page.get_by_role("alert")).to_contain_text("rien n’est encore arrivé")
    visitor.look("send-too-heavy")
