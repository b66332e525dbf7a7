"""The guide's last page: mail, telephone, hours, and the English support."""

import pytest
from playwright.sync_api import expect

from tests.cast import ENGLISH, NEW_PASSWORD
from tests.journeys.conftest import Visit
from tests.journeys.test_page_5_first_connection import fill_claim
from tests.journeys.visitor import Size


@pytest.mark.rule("G14")
def test_the_contact_page_says_how_and_when_to_reach_the_service(visit: Visit, size: Size) -> None:
    visitor = visit(size).open("/").choose_in_menu("Contact")
    expect(visitor.title).to_have_text("Nous contacter")
    expect(visitor.main.get_by_role("link", name="04 76 60 56 36")).to_have_attribute(
        "href", "tel:0476605636"
    )
    expect(visitor.main.get_by_role("link", name="fr-contact@mese.se.com")).to_be_visible()
    for words in ("26 26", "Schneider Electric", "8 h 30", "18 h 30", "11 h 45", "tapez 2"):
        expect(visitor.main).to_contain_text(words)
    visitor.look("contact")


@pytest.mark.rule("G14")
def test_the_whole_portal_speaks_english_to_a_visitor_who_chooses_it(visit: Visit) -> None:
    visitor = visit("phone").open("/adherent/premiere-connexion/")
    fill_claim(visitor, ENGLISH)  # his mails are in English by the file
    mail = visitor.mail(ENGLISH, "password")
    assert "120 minutes" in mail.text
    visitor.open(mail.link).choose_in_menu("English")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
    expect(visitor.title).not_to_contain_text("Création")
    for label, text in zip(("Day", "Month", "Year"), ENGLISH.birth_day, strict=True):
        visitor.field(label).fill(text)
    for password in visitor.each(visitor.page.locator("input[type=password]")):
        password.fill(NEW_PASSWORD)
    visitor.main.get_by_role("button", name="Confirm").or_(
        visitor.main.locator("button.button")
    ).first.click()
    expect(visitor.main).to_contain_text(ENGLISH.number)
