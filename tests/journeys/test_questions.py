"""The guide's « réponses aux questions les plus fréquentes »: not recognised, expired, locked, changed by oneself."""

import pytest
from playwright.sync_api import expect

from tests.cast import NEW_PASSWORD, PASSWORD, Person
from tests.journeys.conftest import Visit
from tests.journeys.visitor import Size

QUESTIONS = {
    "mot-de-passe-non-reconnu": "n’est pas reconnu",
    "compte-bloque": "bloqué",
    "modifier-mot-de-passe": "modifier mon mot de passe",
    "pas-de-mail": "mail",
    "premiere-connexion": "première",
    "navigateur": "navigateur",
}


@pytest.mark.rule("G16")
@pytest.mark.rule("G15")
def test_each_question_of_the_guide_is_answered(visit: Visit, size: Size) -> None:
    visitor = visit(size).open("/adherent/").click("Mon mot de passe n’est pas reconnu")
    expect(visitor.page.locator("#mot-de-passe-non-reconnu")).to_be_in_viewport()
    visitor.look("help")
    for anchor, words in QUESTIONS.items():
        expect(visitor.page.locator(f"#{anchor}")).to_contain_text(words, ignore_case=True)
    for words in (
        "cliquez sur l’œil",
        "180 jours",
        "24 heures",
        "Données personnelles",
        "Internet Explorer",
    ):
        expect(visitor.main).to_contain_text(words)
    visitor.open("/navigateur/").look("browser")


@pytest.mark.rule("G4")
def test_past_180_days_the_right_password_leads_to_a_new_one(
    visit: Visit, member: Person, size: Size
) -> None:
    visitor = visit(size)
    visitor.portal.sql(
        "UPDATE accounts_account SET password_changed_at = datetime('now', '-178 days') WHERE identifier = ?",
        member.number,
    )
    visitor.sign_in(member).look("home-password-near-its-end")
    expect(visitor.main).to_contain_text("2 jours")
    visitor.choose_in_menu("Se déconnecter")

    visitor.portal.sql(
        "UPDATE accounts_account SET password_changed_at = datetime('now', '-181 days') WHERE identifier = ?",
        member.number,
    )
    visitor.open("/adherent/").write({"N° adhérent": member.number, "Mot de passe": PASSWORD}).click(
        "Valider"
    )
    expect(visitor.title).to_have_text("Votre mot de passe est périmé")
    expect(visitor.main).to_contain_text("180 jours")
    visitor.look("expired").click("Mot de passe oublié ?")
    visitor.ask_for_a_link(member)
    visitor.open(visitor.mail(member, "Création de votre mot de passe").link).write_birth_date(member)
    visitor.write({"Définir le mot de passe": NEW_PASSWORD, "Confirmer le mot de passe": NEW_PASSWORD}).click(
        "Valider"
    )
    expect(visitor.title).to_have_text("Votre mot de passe a bien été enregistré.")
    visitor.sign_in(member, NEW_PASSWORD)


@pytest.mark.rule("G11")
def test_five_wrong_passwords_lock_for_24_hours_and_then_only_a_reset_opens(
    visit: Visit, member: Person, size: Size
) -> None:
    visitor = visit(size)
    for left in (4, 3, 2, 1, 0):
        visitor.open("/adherent/").write({"N° adhérent": member.number, "Mot de passe": f"Faux-{left}-faux"})
        visitor.click("Valider")
        if left in {1, 2}:
            expect(visitor.page.get_by_role("alert")).to_contain_text(f"Il vous reste {left} essai")
    expect(visitor.title).to_have_text("Ce compte est bloqué")
    visitor.look("locked")
    assert "Personne n’est entré" in visitor.mail(member, "Votre compte est bloqué pour 24 heures").text

    # The right password opens nothing now; a link is not sent either, but a mail says until when.
    visitor.open("/adherent/").write({"N° adhérent": member.number, "Mot de passe": PASSWORD}).click(
        "Valider"
    )
    expect(visitor.title).to_have_text("Ce compte est bloqué")
    visitor.ask_for_a_link(member)
    visitor.mail(member, "Votre compte est bloqué jusqu’au")

    # A day later.
    visitor.portal.sql(
        "UPDATE accounts_signincounter SET locked_at = datetime(locked_at, '-24 hours', '-1 minute')"
    )
    visitor.open("/adherent/").write({"N° adhérent": member.number, "Mot de passe": PASSWORD}).click(
        "Valider"
    )
    expect(visitor.main).to_contain_text("Le temps d’attente est passé.")
    visitor.look("lock-over").click("Mot de passe oublié ?")
    visitor.ask_for_a_link(member)
    visitor.open(visitor.mail(member, "Création de votre mot de passe").link).write_birth_date(member)
    visitor.write({"Définir le mot de passe": NEW_PASSWORD, "Confirmer le mot de passe": NEW_PASSWORD}).click(
        "Valider"
    )
    expect(visitor.title).to_have_text("Votre mot de passe a bien été enregistré.")
    visitor.sign_in(member, NEW_PASSWORD)


@pytest.mark.rule("G12")
@pytest.mark.rule("G3")
def test_a_member_changes_the_password_in_personal_data(visit: Visit, member: Person, size: Size) -> None:
    elsewhere = visit("phone").sign_in(member)
    visitor = visit(size).sign_in(member)
    visitor.mail(member, "Connexion depuis un nouvel appareil")
    visitor.choose_in_menu("Données personnelles")
    expect(visitor.title).to_have_text("Données personnelles")
    expect(visitor.main).not_to_contain_text(member.nir13[:10])
    visitor.look("personal-data").click("Mon mot de passe")
    expect(visitor.title).to_have_text("Mon mot de passe")
    visitor.look("change-password")

    new = {"Définir le mot de passe": NEW_PASSWORD, "Confirmer le mot de passe": NEW_PASSWORD}
    visitor.write({"Ancien mot de passe": "Pas-le-bon-12"} | new).click("Valider")
    expect(visitor.page.get_by_role("alert")).to_contain_text("Ce n’est pas votre mot de passe actuel.")
    visitor.look("change-password-refused")
    visitor.write({"Ancien mot de passe": PASSWORD} | new).click("Valider")
    expect(visitor.title).to_have_text("Votre mot de passe a bien été enregistré.")
    visitor.look("password-changed")
    visitor.mail(member, "Votre mot de passe a été modifié")

    # Still here; elsewhere, signed out.
    visitor.click("Revenir à l’accueil")
    expect(visitor.title).to_contain_text("Bonjour")
    elsewhere.open("/adherent/documents/")
    expect(elsewhere.field("Mot de passe")).to_be_visible()

    visitor.open("/adherent/donnees-personnelles/historique/")
    visitor.look("history")
    expect(visitor.main).to_contain_text("mot de passe")
