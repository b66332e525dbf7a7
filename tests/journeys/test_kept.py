"""What a member does with what is kept: finds it, sees who opened it, takes it back, takes all of it away."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.conftest import Visit
from tests.journeys.papers import sheets
from tests.journeys.test_desk import send
from tests.journeys.visitor import Size


@pytest.mark.rule("G13")
def test_a_document_is_found_taken_away_and_taken_back(
    visit: Visit, member: Person, size: Size, tmp_path: Path
) -> None:
    content = sheets()
    visitor = visit(size).enter(member)
    send(visitor, "releve-ete.pdf", content, kind="Relevé de prestations")
    send(visitor, "releve-encore.pdf", content, kind="RIB")
    expect(visitor.main).to_contain_text("Vous avez déjà envoyé ce fichier le")
    visitor.look("receipt-sent-before")

    visitor.open("/adherent/documents/")
    visitor.page.locator("summary", has_text="Chercher un document").click()
    visitor.look("documents-find")
    visitor.write({"Nom du fichier ou n° d’accusé": "RELEVÉ été"}).click("Chercher")
    expect(visitor.main).to_contain_text("1 document trouvé")
    expect(visitor.main.get_by_role("listitem").filter(has_text="releve-ete.pdf")).to_be_visible()
    visitor.look("documents-found")

    visitor.click("Tout revoir").click("Tout télécharger (zip)").look("export")
    with visitor.page.expect_download() as download:
        visitor.click("Télécharger le zip")
    with zipfile.ZipFile(download.value.path()) as opened:
        assert opened.testzip() is None
        assert sum(opened.read(name) == content for name in opened.namelist()) == 2

    visitor.open("/adherent/documents/")
    visitor.main.get_by_role("listitem").filter(has_text="releve-ete.pdf").get_by_role("link").click()
    expect(visitor.main).to_contain_text("Vous l’avez téléchargé.")
    visitor.look("document-history")
    visitor.click("Reprendre ce document")
    expect(visitor.title).to_contain_text("Reprendre ce document")
    visitor.look("take-back")
    visitor.click("Reprendre ce document")
    expect(visitor.main).to_contain_text("Vous avez repris ce document le")
    visitor.look("document-taken-back")
