"""A document that did not do: from the mail, through the door, to the page that is set already, to the receipt."""

import re

import pytest
from playwright.sync_api import expect

from tests.cast import PASSWORD, Person
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo
from tests.journeys.test_desk import send
from tests.journeys.visitor import Size, Visitor

BUTTON = "Envoyer le bon document"
LINK = re.compile(r"https?://\S+/envoyer/\?replaces=[0-9a-f-]+")


def address_in(visitor: Visitor, person: Person) -> str:
    """Where the mail leads."""
    match = LINK.search(visitor.mail(person, about="RIB").text)
    assert match
    return match[0]


def ask(visitor: Visitor, person: Person, outcome: str = "incomplete") -> None:
    """The member sent half a RIB; an agent says so."""
    send(visitor, "rib-flou.jpg", photo(), kind="RIB")
    visitor.mail(person, about="bien arrivé")
    visitor.portal.decide(person, outcome)


@pytest.mark.rule("G13")
@pytest.mark.parametrize("scripted", [True, False], ids=["script", "plain"])
def test_a_member_answers_a_correction_from_a_phone(visit: Visit, member: Person, scripted: bool) -> None:
    ask(visit("desktop").enter(member), member)
    phone = visit("phone", scripted=scripted)
    phone.open(address_in(phone, member))
    expect(phone.field("N° adhérent")).to_be_visible()
    phone.look("sign-in-on-the-way")
    phone.write({"N° adhérent": member.number, "Mot de passe": PASSWORD}).click("Valider")

    expect(phone.title).to_have_text("Envoyer un document")
    expect(phone.main).to_contain_text("L’IBAN est coupé sur la photo.")
    expect(phone.page.get_by_role("radio", name="RIB")).to_be_checked()
    phone.look("send-instead")
    phone.page.get_by_label("Prendre en photo").set_input_files(file("rib-entier.jpg", photo()))
    if scripted:
        phone.click("Envoyer 1 document")
    else:
        phone.click("Envoyer")
    expect(phone.title).to_have_text("C’est bien arrivé")
    expect(phone.main).to_contain_text("Répond à")
    phone.look("receipt-of-an-answer")

    phone.open("/adherent/")
    expect(phone.title).to_contain_text("Bonjour")
    expect(phone.main).not_to_contain_text("à renvoyer")
    expect(phone.main).to_contain_text("À la place d’un document qui n’allait pas.")
    phone.look("home-answered")
    phone.open("/adherent/documents/").page.get_by_role("link", name="RIB").last.click()
    expect(phone.main).to_contain_text("Remplacé par votre envoi du")
    phone.look("document-answered")


SCREENS = [("light", "fr"), ("dark", "fr"), ("light", "en")]


def test_what_did_not_do_is_first_on_the_home_page_whatever_the_screen(
    visit: Visit, member: Person, size: Size
) -> None:
    """One refusal and one correction, seen in browsers of each kind."""
    at_home = visit(size)
    ask(at_home.enter(member), member, "refused")
    ask(at_home, member)
    for scheme, language in SCREENS:
        visitor = visit(size, scheme=scheme).enter(member)
        if language == "en":
            visitor.context.add_cookies([{"name": "langue", "value": "en", "url": visitor.portal.base}])
            visitor.language = "en"
        visitor.open("/adherent/")
        expect(visitor.main.locator(".line")).to_have_count(2)
        visitor.look("home-asked")
        visitor.open("/adherent/documents/").look("documents-asked")
        for state in ("Refusé", "À compléter") if language == "fr" else ():
            visitor.open("/adherent/").click_containing(state)
            expect(visitor.main).to_contain_text("L’IBAN est coupé")
            visitor.click("Revoir ce document")
            expect(visitor.main).to_contain_text("L’IBAN est coupé")
            visitor.look(f"document-{'refused' if 'Refusé' in state else 'asked'}")
    if size == "desktop":
        send(at_home, "rib.jpg", photo(), kind="RIB")
        at_home.portal.decide(member, "accepted")
        at_home.open("/adherent/documents/").main.get_by_role("link", name="RIB").first.click()
        expect(at_home.main).to_contain_text("vous n’avez rien d’autre à faire")
        at_home.look("document-accepted")
