"""The guide's steps 1 to 4 of « mot de passe oublié », and what it says when no mail comes."""

import pytest
from playwright.sync_api import expect

from tests.cast import NEW_PASSWORD, NO_MAIL, PASSWORD, Person
from tests.journeys.conftest import Visit
from tests.journeys.visitor import Size, Visitor


@pytest.mark.rule("G2")
@pytest.mark.rule("G3")
@pytest.mark.rule("G5")
@pytest.mark.rule("G6")
@pytest.mark.rule("G7")
def test_a_forgotten_password_is_replaced_from_the_mail(visit: Visit, member: Person, size: Size) -> None:
    visitor = visit(size).open("/adherent/").click("Mot de passe oublié ?")
    expect(visitor.title).to_have_text("Mot de passe oublié ?")
    expect(visitor.main).to_contain_text("Par exemple, pour 1 + 3, entrez 4.")
    visitor.look("forgotten")

    visitor.write({"N° Adhérent": member.number}).answer_the_question(wrongly_by=1).click("Valider")
    expect(visitor.page.get_by_role("alert")).to_contain_text("Ce n’est pas le bon résultat.")
    expect(visitor.field("N° Adhérent")).to_have_value(member.number)
    expect(visitor.field("Question mathématique")).to_be_empty()
    visitor.look("forgotten-wrong-answer")

    visitor.answer_the_question().click("Valider")
    expect(visitor.title).to_have_text("Vos paramètres d'accès vous ont été envoyés")
    expect(visitor.main).to_contain_text("valable 120 minutes")
    expect(visitor.main).to_contain_text("indésirables")
    visitor.look("sent")

    mail = visitor.mail(member, "Création de votre mot de passe")
    assert mail.sender == "MESE Adh"
    assert "120 minutes" in mail.text
    assert "120 minutes" in mail.html

    visitor.open(mail.link)
    expect(visitor.title).to_have_text("Création de votre mot de passe")
    assert visitor.page.url == f"{visitor.portal.base}/adherent/authentication/mot-de-passe/"
    visitor.look("new-password")
    _the_criteria_turn_green(visitor)

    day, month, year = member.birth_day
    visitor.write({"Jour": day, "Mois": month, "Année": str(int(year) + 1)})
    _choose(visitor, NEW_PASSWORD)
    expect(visitor.page.get_by_role("alert")).to_contain_text("Il vous reste 4 essais avec ce lien.")
    visitor.look("new-password-wrong-birth-date")

    visitor.write_birth_date(member)
    _choose(visitor, PASSWORD)
    expect(visitor.page.get_by_role("alert")).to_contain_text(
        "Vous l’avez déjà utilisé : choisissez-en un nouveau."
    )
    _choose(visitor, "trop court")
    expect(visitor.page.get_by_role("alert")).to_contain_text("Il faut au moins 12 caractères")

    _choose(visitor, NEW_PASSWORD)
    expect(visitor.title).to_have_text("Votre mot de passe a bien été enregistré.")
    expect(visitor.main).to_contain_text("Un mail de confirmation vous a été envoyé.")
    visitor.look("password-set")
    assert member.number in visitor.mail(member, "Votre mot de passe a bien été enregistré").text

    visitor.sign_in(member, NEW_PASSWORD)
    visitor.choose_in_menu("Se déconnecter")
    visitor.expecting(410).open(mail.link)
    expect(visitor.title).to_have_text("Ce lien n’est plus valable")
    visitor.look("dead-link")
    assert mail.link.rsplit("/", 1)[-1] not in visitor.portal.log()


def _choose(visitor: Visitor, password: str) -> None:
    visitor.write({"Définir le mot de passe": password, "Confirmer le mot de passe": password}).click(
        "Valider"
    )


def _the_criteria_turn_green(visitor: Visitor) -> None:
    """Each rule, as soon as what is typed meets it."""
    met, password = visitor.page.locator("li.met"), visitor.field("Définir le mot de passe")
    shape = visitor.page.locator("li[data-rule=length] .criterion-shape")
    grey = shape.evaluate("one => getComputedStyle(one).backgroundColor + getComputedStyle(one).color")
    expect(met).to_have_count(0)
    password.press_sequentially("tulipe")
    expect(met).to_have_text(["contenir des minuscules (rempli)"])
    password.press_sequentially("Bleue")
    expect(met).to_have_count(1)
    password.press_sequentially("7")
    expect(met).to_have_count(3)  # twelve characters now, and two kinds beside lowercase
    green = shape.evaluate("one => getComputedStyle(one).backgroundColor + getComputedStyle(one).color")
    assert green != grey
    expect(visitor.page.locator("[data-aloud]")).to_have_text("critères remplis : 3 / 3")
    visitor.look("new-password-criteria")
    password.press("Backspace")
    expect(met).to_have_count(1)


@pytest.mark.rule("G10")
def test_a_member_who_gets_no_mail_reads_how_to_reach_the_service(visit: Visit, size: Size) -> None:
    visitor = visit(size)
    visitor.ask_for_a_link(NO_MAIL)
    page_text = visitor.words()
    expect(visitor.main.get_by_role("link", name="fr-contact@mese.se.com")).to_be_visible()
    expect(visitor.main.get_by_role("link", name="04 76 60 56 36")).to_be_visible()
    visitor.click("Plus d’explications")
    expect(visitor.page.locator("#pas-de-mail")).to_be_in_viewport()
    expect(visitor.main).to_contain_text("04 76 60 56 36")

    # A number without an account: the very same page, and no mail either.
    visitor.open("/adherent/mot-de-passe-oublie/").write({"N° Adhérent": "99999999"})
    visitor.answer_the_question().click("Valider")
    expect(visitor.title).to_have_text("Vos paramètres d'accès vous ont été envoyés")
    assert visitor.words() == page_text
    unreachable = (
        "SELECT 1 FROM accounts_accesslink JOIN accounts_account a ON a.id = account_id WHERE a.email = ''"
    )
    assert not visitor.portal.sql(unreachable)


@pytest.mark.rule("G6")
@pytest.mark.rule("G7")
def test_a_link_lives_120_minutes_and_bears_five_wrong_birth_dates(visit: Visit, member: Person) -> None:
    visitor = visit("phone").ask_for_a_link(member).expecting(410)
    mail = visitor.mail(member, "Création de votre mot de passe")
    for left in (4, 3, 2, 1, 0):
        visitor.open(mail.link).write({"Jour": "01", "Mois": "01", "Année": "1950"})
        _choose(visitor, NEW_PASSWORD)
        if left:
            expect(visitor.page.get_by_role("alert")).to_contain_text(f"Il vous reste {left} essai")
    expect(visitor.title).to_have_text("Ce lien n’est plus valable")
    expect(visitor.main).to_contain_text("La date de naissance saisie n’est pas celle de votre dossier")

    visitor.click("Recevoir un nouveau lien")
    visitor.ask_for_a_link(member)
    mail = visitor.mail(member, "Création de votre mot de passe")
    moved = "UPDATE accounts_accesslink SET expires_at = datetime(expires_at, ?) WHERE used_at IS NULL"
    visitor.portal.sql(moved, "-119 minutes")
    visitor.open(mail.link)
    expect(visitor.title).to_have_text("Création de votre mot de passe")
    visitor.portal.sql(moved, "-2 minutes")
    visitor.open(mail.link)
    expect(visitor.title).to_have_text("Ce lien n’est plus valable")
