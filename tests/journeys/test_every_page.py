"""Every page in the dark, and every page in English: axe, width, weight, console."""

import pytest

from tests.cast import PASSWORD, Person
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo
from tests.journeys.visitor import Size

FOR_ALL = {
    "sign-in": "/adherent/",
    "forgotten": "/adherent/mot-de-passe-oublie/",
    "sent": "/adherent/mot-de-passe-oublie/envoye/",
    "first-connection": "/adherent/premiere-connexion/",
    "signed-out": "/adherent/a-bientot/",
    "contact": "/contact/",
    "help": "/aide/",
    "legal": "/mentions-legales/",
    "privacy": "/donnees-et-confidentialite/",
    "accessibility": "/accessibilite/",
    "browser": "/navigateur/",
    "offline": "/hors-ligne/",
}
FOR_MEMBERS = {
    "home": "/adherent/",
    "documents": "/adherent/documents/",
    "send": "/adherent/documents/envoyer/",
    "personal-data": "/adherent/donnees-personnelles/",
    "history": "/adherent/donnees-personnelles/historique/",
    "sessions": "/adherent/donnees-personnelles/connexions/",
    "change-password": "/adherent/donnees-personnelles/mot-de-passe/",
    "security": "/compte/securite/",
}


@pytest.mark.parametrize(
    ("size", "scheme", "language"), [("phone", "dark", "fr"), ("desktop", "light", "en")]
)
def test_every_page_is_accessible(
    visit: Visit, member: Person, size: Size, scheme: str, language: str
) -> None:
    visitor = visit(size, scheme=scheme, language=language)
    for name, address in FOR_ALL.items():
        visitor.open(address).look(name)
    visitor.expecting(404).open("/nulle-part/").look("not-found")
    visitor.expecting(410).open("/adherent/authentication/mot-de-passe/" + "0" * 32).look("dead-link")
    visitor.open("/adherent/authentication/pas-moi/" + "0" * 32).look("dead-report")

    visitor.expecting().open("/adherent/")
    for name, text in (("identifier", member.number), ("password", "Pas-le-bon-12")):
        visitor.page.locator(f"input[name={name}]").fill(text)
    visitor.main.locator("button.button").first.click()
    visitor.look("sign-in-refused")
    visitor.page.locator("input[name=password]").fill(PASSWORD)
    visitor.main.locator("button.button").first.click()
    visitor.page.wait_for_url("**/adherent/")

    visitor.open("/adherent/documents/envoyer/")
    visitor.page.locator("input[name=kind][value=rib]").check()
    visitor.page.locator("#id_files").set_input_files(file("rib.jpg", photo()))
    visitor.main.locator("button.button-primary").click()
    visitor.page.wait_for_url("**/accuses/**")
    visitor.look("receipt")
    for name, address in FOR_MEMBERS.items():
        visitor.open(address).look(name)
    visitor.open("/adherent/documents/").main.locator("ul.documents a").first.click()
    visitor.look("document")
    visitor.open("/adherent/donnees-personnelles/mot-de-passe/").main.locator("button.button").first.click()
    visitor.look("change-password-refused")
