"""The guide's first page: the number on the card, the password, the eye."""

import pytest
from playwright.sync_api import expect

from tests.cast import PASSWORD, Person
from tests.journeys.conftest import Visit
from tests.journeys.visitor import Size


@pytest.mark.rule("G1")
def test_a_member_signs_in_with_the_number_on_the_card(visit: Visit, member: Person, size: Size) -> None:
    visitor = visit(size).open("/")
    expect(visitor.title).to_have_text("Espace Adhérents")
    visitor.look("sign-in")

    spaced = f"{member.number[:3]} {member.number[3:6]} {member.number[6:]}"
    visitor.write({"N° adhérent": spaced, "Mot de passe": PASSWORD + "x"})
    password = visitor.field("Mot de passe")
    expect(password).to_have_attribute("type", "password")
    visitor.click("Afficher le mot de passe")
    expect(password).to_have_attribute("type", "text")
    visitor.click("Masquer le mot de passe")
    expect(password).to_have_attribute("type", "password")

    visitor.click("Valider")
    expect(visitor.page.get_by_role("alert")).to_contain_text("N° adhérent ou mot de passe incorrect")
    expect(visitor.page.get_by_role("alert")).to_be_focused()
    expect(visitor.field("N° adhérent")).to_have_value(spaced)
    visitor.look("sign-in-refused")

    visitor.write({"Mot de passe": PASSWORD}).click("Valider")
    expect(visitor.title).to_have_text("Bonjour Camille")
    visitor.look("home-first-time")

    visitor.choose_in_menu("Se déconnecter")
    expect(visitor.title).to_have_text("Vous êtes déconnecté(e)")
    visitor.look("signed-out")
    visitor.open("/adherent/documents/")
    expect(visitor.field("N° adhérent")).to_be_visible()


@pytest.mark.rule("G1")
@pytest.mark.rule("G13")
def test_what_was_typed_wrong_is_said_beside_its_field(visit: Visit, size: Size) -> None:
    visitor = visit(size).open("/adherent/").click("Valider")
    summary = visitor.page.get_by_role("alert")
    expect(summary).to_contain_text("Il y a 2 points à corriger")
    visitor.look("sign-in-empty")
    summary.get_by_role("link", name="Mot de passe : Indiquez votre mot de passe.").click()
    expect(visitor.field("Mot de passe")).to_be_focused()
