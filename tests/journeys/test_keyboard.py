"""Two journeys with the keyboard alone, the focus always to be seen."""

import re

import pytest
from playwright.sync_api import expect

from tests.cast import NEW_PASSWORD, PASSWORD, Person
from tests.journeys.conftest import Visit
from tests.journeys.visitor import Visitor


def tab_to(visitor: Visitor, words: str, *, at_most: int = 25) -> None:
    """Go on with the Tab key until the focus is there; at each stop it must show."""
    for _ in range(at_most):
        visitor.keys.press("Tab")
        if visitor.focus() == words:
            return
    raise AssertionError(f"Tab never comes to {words!r}")


@pytest.mark.rule("G1")
def test_signing_in_with_the_keyboard_alone(visit: Visit, member: Person) -> None:
    visitor = visit("desktop").open("/adherent/")
    keys = visitor.keys
    keys.press("Tab")
    assert visitor.focus() == "Aller au contenu"
    keys.press("Enter")
    tab_to(visitor, "identifier", at_most=2)
    keys.type(member.number)
    tab_to(visitor, "password", at_most=2)
    keys.type("Pas-le-bon-12")
    keys.press("Enter")
    expect(visitor.page.get_by_role("alert")).to_be_focused()

    tab_to(visitor, "password", at_most=8)
    keys.type(PASSWORD)
    tab_to(visitor, "Afficher le mot de passe", at_most=1)
    keys.press("Space")
    expect(visitor.field("Mot de passe")).to_have_value(PASSWORD)
    expect(visitor.field("Mot de passe")).to_have_attribute("type", "text")
    tab_to(visitor, "Valider", at_most=1)
    keys.press("Enter")
    expect(visitor.title).to_have_text("Bonjour Camille")
    tab_to(visitor, "Se déconnecter")
    keys.press("Enter")
    expect(visitor.title).to_have_text("Vous êtes déconnecté(e)")


@pytest.mark.rule("G5")
@pytest.mark.rule("G7")
def test_a_forgotten_password_with_the_keyboard_alone(visit: Visit, member: Person) -> None:
    visitor = visit("desktop").open("/adherent/")
    keys = visitor.keys
    tab_to(visitor, "Mot de passe oublié ?")
    keys.press("Enter")
    expect(visitor.title).to_have_text("Mot de passe oublié ?")
    tab_to(visitor, "identifier")
    keys.type(member.number)
    tab_to(visitor, "answer", at_most=2)
    asked = re.search(r"(\d+) \+ (\d+) =", visitor.words())
    assert asked
    keys.type(str(int(asked[1]) + int(asked[2])))
    tab_to(visitor, "Valider", at_most=1)
    keys.press("Enter")
    expect(visitor.title).to_have_text("Vos paramètres d'accès vous ont été envoyés")

    visitor.open(visitor.mail(member, "Création de votre mot de passe").link)
    tab_to(visitor, "birth_date_day")
    for part in member.birth_day:  # each field leads to the next by itself
        keys.type(part)
    tab_to(visitor, "password", at_most=1)
    keys.type(NEW_PASSWORD)
    tab_to(visitor, "confirmation", at_most=2)
    keys.type(NEW_PASSWORD)
    keys.press("Enter")
    expect(visitor.title).to_have_text("Votre mot de passe a bien été enregistré.")
    tab_to(visitor, "Se connecter")
    keys.press("Enter")
    expect(visitor.field("N° adhérent")).to_be_visible()
