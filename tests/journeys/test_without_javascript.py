"""What a member must be able to do where no script runs: sign in, sign up, get a new password, send."""

import pytest
from playwright.sync_api import expect

from tests.cast import ANGE, NEW_PASSWORD, Person
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo, sheets
from tests.journeys.test_page_5_first_connection import fill_claim
from tests.journeys.visitor import Size


@pytest.mark.rule("G8")
@pytest.mark.rule("G1")
def test_a_first_connection_and_a_sign_in_without_javascript(visit: Visit) -> None:
    visitor = (
        visit("desktop", scripted=False).open("/adherent/premiere-connexion/").look("first-connection-plain")
    )
    fill_claim(visitor, ANGE)
    visitor.open(visitor.mail(ANGE, "Votre accès à l’espace adhérents").link).look("new-password-plain")
    visitor.write_birth_date(ANGE)
    visitor.write({"Définir le mot de passe": NEW_PASSWORD, "Confirmer le mot de passe": NEW_PASSWORD}).click(
        "Valider"
    )
    expect(visitor.main).to_contain_text(ANGE.number)
    visitor.sign_in(ANGE, NEW_PASSWORD)
    # The eye does nothing without the script, so it is not there.
    visitor.choose_in_menu("Se déconnecter").open("/adherent/").look("sign-in-plain")
    expect(visitor.page.get_by_role("button", name="Afficher le mot de passe")).to_be_hidden()


@pytest.mark.rule("G5")
@pytest.mark.rule("G7")
def test_a_forgotten_password_without_javascript(visit: Visit, member: Person, size: Size) -> None:
    visitor = visit(size, scripted=False)
    visitor.ask_for_a_link(member)
    visitor.open(visitor.mail(member, "Création de votre mot de passe").link).write_birth_date(member)
    visitor.write({"Définir le mot de passe": NEW_PASSWORD, "Confirmer le mot de passe": NEW_PASSWORD}).click(
        "Valider"
    )
    expect(visitor.main).to_contain_text("Un mail de confirmation vous a été envoyé.")
    visitor.sign_in(member, NEW_PASSWORD)


@pytest.mark.rule("G13")
def test_sending_without_javascript(visit: Visit, member: Person, size: Size) -> None:
    visitor = visit(size, scripted=False).sign_in(member)
    visitor.choose_in_menu("Mes documents").click("Envoyer un document").look("send-plain")
    visitor.choose_kind("Facture dentaire")
    visitor.page.get_by_label("Prendre en photo").set_input_files(file("IMG_1.jpg", photo()))
    visitor.page.get_by_label("Choisir des fichiers").set_input_files([file("devis.pdf", sheets())])
    visitor.click("Envoyer")
    expect(visitor.title).to_have_text("C’est bien arrivé")
    expect(visitor.main).to_contain_text("devis.pdf")
    expect(visitor.main).to_contain_text("IMG_1.jpg")
