"""Changing one's own address, and taking it back from the former one: in a browser, also where no script runs."""

import pytest
from playwright.sync_api import Route, expect

from tests.cast import PASSWORD, Person
from tests.journeys.conftest import Visit
from tests.journeys.visitor import Size


@pytest.mark.rule("G7")
@pytest.mark.rule("G10")
@pytest.mark.parametrize(
    ("size", "scheme", "scripted"), [("phone", "dark", False), ("desktop", "light", True)]
)
def test_an_address_is_changed_confirmed_and_taken_back(
    visit: Visit, member: Person, size: Size, scheme: str, scripted: bool
) -> None:
    new = f"nouvelle.{member.number}@example.org"
    visitor = visit(size, scheme=scheme, scripted=scripted).enter(member)
    visitor.open("/adherent/donnees-personnelles/").click("Modifier mon adresse e-mail")
    expect(visitor.title).to_have_text("Confirmez que c’est vous")
    visitor.write({"Mot de passe": PASSWORD}).click("Continuer")
    expect(visitor.title).to_have_text("Modifier mon adresse e-mail")
    visitor.look("change-address").click("Envoyer le lien")
    visitor.look("change-address-empty").write({"Nouvelle adresse e-mail": new}).click("Envoyer le lien")
    expect(visitor.main).to_contain_text(new)
    visitor.look("address-asked").open("/adherent/donnees-personnelles/").look("personal-data-waiting")

    mail = visitor.mail(new, "Confirmez votre adresse e-mail")
    link = next(word for word in mail.text.split() if "/adherent/adresse/" in word)
    reader = visit(size, scheme=scheme, scripted=scripted).open(f"{link.removeprefix(visitor.portal.base)}.>")
    reader.look("address-to-confirm").click("Confirmer cette adresse")
    expect(reader.title).to_have_text("Votre adresse est confirmée")
    expect(reader.main).to_contain_text("L’adresse d’avant est prévenue")
    reader.look("address-confirmed")

    mail = visitor.mail(member, "L’adresse e-mail de votre compte a changé")
    owner = visit(size, scheme=scheme, scripted=scripted).open(mail.link.removeprefix(visitor.portal.base))
    expect(owner.title).to_have_text("Vous n’avez pas changé d’adresse e-mail ?")
    owner.look("address-report").write_birth_date(member).write({"Année": "1931"})
    owner.click("Ce n’était pas moi : remettre mon adresse")
    owner.look("address-report-refused").write_birth_date(member)
    owner.click("Ce n’était pas moi : remettre mon adresse")
    expect(owner.title).to_have_text("Votre adresse est remise")
    owner.look("address-put-back")
    visitor.mail(new, "Cette adresse e-mail n’est plus celle de votre compte")
    owner.expecting(410).open("/adherent/authentication/adresse-changee/").look("dead-address-report")

    visitor.expecting().open("/adherent/donnees-personnelles/")
    expect(visitor.title).not_to_have_text("Données personnelles")


def test_a_browser_that_keeps_no_cookie_is_told_so(visit: Visit, size: Size) -> None:
    visitor = visit(size, scripted=False)

    def without(route: Route) -> None:
        answer = route.fetch(max_redirects=0)
        visitor.context.clear_cookies()
        route.fulfill(response=answer, headers={**answer.headers, "set-cookie": ""})

    visitor.page.route("**/*", without)
    visitor.expecting(410).open("/adherent/authentication/mot-de-passe/" + "0" * 32)
    expect(visitor.title).to_have_text("Votre navigateur refuse les cookies")
    visitor.look("no-cookies")
