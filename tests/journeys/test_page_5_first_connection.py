"""The guide’s « Première connexion », for members who are only lines of the insurer’s file; « Identifiant perdu »."""

from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.cast import EVE, KARIM, NEW_PASSWORD, PASSWORD, Person
from tests.journeys.conftest import Visit
from tests.journeys.visitor import Size, Visitor


@pytest.mark.rule("G8")
@pytest.mark.parametrize(
    ("size", "person", "name", "first_name", "department"),
    [
        # Her usual name in capitals without its accents, her first given names: as her card has them.
        pytest.param("phone", EVE, "HOARAU", "Marie-Eve", "974", id="phone"),
        # Born abroad, on an unknown day.
        pytest.param("desktop", KARIM, "benaissa", "Karim", "99", id="desktop"),
    ],
)
def test_a_line_of_the_file_becomes_an_account(
    visit: Visit, size: Size, person: Person, name: str, first_name: str, department: str
) -> None:
    visitor = visit(size).open("/adherent/").click("Première connexion / Identifiant perdu")
    expect(visitor.title).to_have_text("Première connexion")
    expect(visitor.main).to_contain_text("Les champs marqués d’une étoile (*) rouge sont obligatoires.")
    visitor.look("first-connection")

    visitor.click("Valider")
    expect(visitor.page.get_by_role("alert")).to_contain_text("Il y a 5 points à corriger")
    visitor.look("first-connection-refused")

    number = visitor.field("N° Sécurité sociale")
    number.press_sequentially(person.nir)
    expect(number).to_have_value(_spaced(person.nir))
    day, month, year = visitor.field("Jour"), visitor.field("Mois"), visitor.field("Année")
    day.press_sequentially("".join(person.birth_day)[:2])
    expect(month).to_be_focused()
    month.press_sequentially(person.birth_day[1])
    expect(year).to_be_focused()
    year.press_sequentially(person.birth_day[2])
    visitor.write({"Département de naissance": department, "Nom": name, "Prénom": first_name})
    visitor.look("first-connection-filled")
    visitor.click("Valider")
    expect(visitor.title).to_have_text("Vos paramètres d'accès vous ont été envoyés")

    mail = visitor.mail(person, "Votre accès à l’espace adhérents")
    assert mail.sender == "MESE Adh"
    assert "120 minutes" in mail.text
    _set_password(visitor.open(mail.link), person, NEW_PASSWORD)
    expect(visitor.main).to_contain_text(person.number)
    assert person.number in visitor.mail(person, "Votre mot de passe a bien été enregistré").text

    visitor.click("Se connecter").write({"N° adhérent": person.number, "Mot de passe": NEW_PASSWORD}).click(
        "Valider"
    )
    expect(visitor.title).to_contain_text("Bonjour")
    expect(visitor.page.get_by_text("C’est votre première connexion.")).to_be_visible()


@pytest.mark.rule("G9")
def test_a_lost_identifier_is_on_the_last_screen_and_in_the_mail(
    visit: Visit, member: Person, size: Size
) -> None:
    visitor = visit(size).open("/adherent/premiere-connexion/")
    fill_claim(visitor, member)
    mail = visitor.mail(member, "Votre accès à l’espace adhérents")
    assert member.number not in mail.text + mail.html
    _set_password(visitor.open(mail.link), member, NEW_PASSWORD)
    expect(visitor.main).to_contain_text("Votre n° adhérent, à saisir à chaque connexion")
    expect(visitor.main).to_contain_text(member.number)
    visitor.look("identifier-found")
    assert member.number in visitor.mail(member, "Votre mot de passe a bien été enregistré").text


@pytest.mark.rule("G8")
def test_a_person_who_is_in_no_file_gets_the_same_page_and_no_mail(visit: Visit, newcomer: Person) -> None:
    visitor = visit("phone").open("/adherent/premiere-connexion/")
    fill_claim(visitor, newcomer)
    page_text = visitor.words()
    visitor.mail(newcomer, "Votre accès à l’espace adhérents")
    visitor.open("/adherent/premiere-connexion/")
    fill_claim(visitor, newcomer, Prénom="Robert")
    assert visitor.words() == page_text


def fill_claim(visitor: Visitor, person: Person, **other: str) -> None:
    """« Première connexion » from its first field to its last page."""
    visitor.write_birth_date(person).write(
        {
            "N° Sécurité sociale": person.nir,
            "Département de naissance": person.department,
            "Nom": person.birth_name,
            "Prénom": person.first_names.split(",")[0],
        }
        | other
    )
    visitor.click("Valider")
    expect(visitor.title).to_have_text("Vos paramètres d'accès vous ont été envoyés")


def _set_password(visitor: Visitor, person: Person, password: str) -> None:
    assert password != PASSWORD
    visitor.write_birth_date(person)
    visitor.write({"Définir le mot de passe": password, "Confirmer le mot de passe": password}).click(
        "Valider"
    )
    expect(visitor.title).to_have_text("Votre mot de passe a bien été enregistré.")


def _spaced(nir: str) -> str:
    """As on the card: 2 90 02 97 411 023 12."""
    cuts = [0, 1, 3, 5, 7, 10, 13, 15]
    return " ".join(nir[a:b] for a, b in pairwise(cuts))
