"""« Conservez cet accusé de dépôt »: downloaded by the member, checked by anybody, with the file that was kept."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, sheets
from tests.journeys.visitor import Size, Visitor

KEPT = file("releve.pdf", sheets())
OTHER = file("autre.pdf", sheets(3))
COMPARE = "Avez-vous gardé un de ces fichiers\u202f? Comparez-le"
TO_FIND = "Comparer un fichier que vous avez gardé"


def send_one(visitor: Visitor) -> None:
    visitor.open("/adherent/documents/envoyer/")
    visitor.choose_kind("Relevé de prestations")
    visitor.page.get_by_label("Choisir des fichiers").set_input_files([KEPT])
    visitor.page.get_by_role("main").locator("button[type=submit].button-primary").click()
    expect(visitor.title).to_have_text("C’est bien arrivé")


def download(visitor: Visitor, words: str, folder: Path) -> Path:
    with visitor.page.expect_download() as begun:
        visitor.click(words)
    target = folder / begun.value.suggested_filename
    begun.value.save_as(target)
    return target


def check(visitor: Visitor, receipt: Path) -> Visitor:
    visitor.page.get_by_label("Votre accusé de dépôt").set_input_files(receipt)
    return visitor.click("Vérifier")


@pytest.mark.rule("G13")
def test_a_receipt_is_downloaded_and_checked_by_somebody_else(
    visit: Visit, member: Person, size: Size, tmp_path: Path
) -> None:
    at_home = visit(size, scripted=False).enter(member)
    send_one(at_home)
    at_home.look("receipt-signed")
    pdf = download(at_home, "Télécharger l’accusé de dépôt", tmp_path)
    at_home.main.get_by_text("Preuve technique").click()
    as_json = download(at_home, "L’accusé de dépôt en JSON", tmp_path)
    assert pdf.read_bytes().startswith(b"%PDF-1.7")
    assert pdf.suffix == ".pdf"
    assert as_json.suffix == ".json"

    anybody = visit(size).open("/verifier/").look("check")
    for receipt in (as_json, pdf):
        check(anybody, receipt)
        expect(anybody.main.get_by_role("status").first).to_contain_text("Cet accusé est authentique")
        expect(anybody.main).to_contain_text(pdf.stem.removeprefix("accuse-"))
        expect(anybody.main.get_by_role("alert")).to_have_count(0)
    asked: list[str] = []
    anybody.page.on("request", lambda request: asked.append(request.url))
    compare = anybody.page.get_by_label(COMPARE)
    compare.set_input_files([OTHER])
    expect(anybody.main).to_contain_text("Non\u00a0: ce fichier n’est aucun de ceux de l’accusé")
    compare.set_input_files([KEPT])
    expect(anybody.main).to_contain_text("le fichier «\u00a0releve.pdf\u00a0»")
    assert asked == []  # the file went nowhere
    anybody.look("check-authentic")

    anybody.expecting(422)
    forged = tmp_path / "faux.json"
    forged.write_text(as_json.read_text().replace('"signature": "', '"signature": "AAAA'))
    check(anybody.open("/verifier/"), forged)
    expect(anybody.main.get_by_role("alert")).to_contain_text(
        "Ce fichier n’est pas un accusé de dépôt authentique"
    )
    anybody.look("check-altered")

    # Without the receipt: its number, and the file that was kept.
    anybody.open("/verifier/").page.get_by_text(TO_FIND).click()
    anybody.write({"Numéro de l’accusé de dépôt": pdf.stem.removeprefix("accuse-")})
    anybody.page.get_by_label("Le fichier que vous avez gardé").set_input_files([KEPT])
    fingerprint = anybody.field("Empreinte SHA-256 du fichier que vous avez gardé")
    expect(fingerprint).not_to_have_value("")
    anybody.look("check-by-number").click("Vérifier")
    expect(anybody.main.get_by_role("status").first).to_contain_text("Nous avons bien reçu ce fichier")
    anybody.look("check-received")


def test_a_receipt_is_checked_without_javascript_and_in_english(visit: Visit) -> None:
    visitor = visit("desktop", language="en").open("/verifier/").look("check")
    expect(visitor.title).to_have_text("Check a receipt")
    plain = visit("phone", scripted=False).open("/verifier/").look("check-plain")
    plain.page.get_by_text(TO_FIND).click()
    expect(plain.page.get_by_label("Le fichier que vous avez gardé")).to_be_hidden()
    plain.expecting(422).click("Vérifier")
    expect(plain.page.get_by_role("alert")).to_contain_text("Choisissez l’accusé de dépôt à vérifier")
