"""The words of a sending are kept beside its files: in their order, without a change told, and for another device."""

import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Response, expect

from tests.cast import Person
from tests.journeys.conftest import Visit
from tests.journeys.slow_line import Held
from tests.journeys.test_sending import SEND
from tests.journeys.test_unsent import kind, ready, signs_in_in_another_tab

NOTE = "Un mot pour le conseiller (facultatif)"


def keeping(note: str) -> Callable[[Response], bool]:
    """Whether an answer is the one that kept this note."""
    said = urlencode({"note": note})
    return lambda answer: "/garder/" in answer.url and said in (answer.request.post_data or "")


def kept_note(member: Person, visit: Visit) -> str:
    """What another device shows of it."""
    other = visit("desktop").enter(member)
    other.click_containing("Envoi à terminer")
    return other.field(NOTE).input_value()


def test_of_two_words_kept_at_once_the_last_one_stands(visit: Visit, member: Person) -> None:
    phone = visit("phone").enter(member).open(SEND)
    ready(phone, "rib.pdf")
    held = Held(phone, "**/garder/**")
    for words in ("Un", "Un autre", "Le nouveau compte"):
        phone.field(NOTE).fill(words)
        phone.field(NOTE).blur()
    held.until_there()
    phone.page.wait_for_timeout(300)
    assert len(held.routes) == 1  # the others wait for it: they cannot overtake it
    with phone.page.expect_response(keeping("Le nouveau compte")):
        held.let_go()
    assert kept_note(member, visit) == "Le nouveau compte"


@pytest.mark.parametrize("event", ["hidden", "online"])
def test_words_that_were_not_kept_are_once_the_page_is_left_or_the_network_is_back(
    visit: Visit, member: Person, event: str
) -> None:
    phone = visit("phone").enter(member).open(SEND)
    ready(phone, "rib.pdf")
    phone.field(NOTE).fill("Le nouveau compte")  # and no change yet: the phone goes to another app
    if event == "online":
        phone.context.set_offline(True)
        phone.field(NOTE).blur()
        phone.page.wait_for_timeout(300)
        phone.faults.clear()
    with phone.page.expect_response(keeping("Le nouveau compte")):
        if event == "online":
            phone.context.set_offline(False)
        else:
            phone.page.evaluate(
                """() => {
                  Object.defineProperty(document, "visibilityState", { value: "hidden" });
                  document.dispatchEvent(new Event("visibilitychange"));
                }"""
            )
    assert kept_note(member, visit) == "Le nouveau compte"


def test_words_are_kept_after_the_same_member_signed_in_again_in_another_tab(
    visit: Visit, member: Person
) -> None:
    phone = visit("phone").enter(member).open(SEND)
    ready(phone, "rib.pdf")
    signs_in_in_another_tab(phone, member)
    phone.expecting(403)
    with phone.page.expect_response(lambda answer: keeping("Mes lunettes")(answer) and answer.status == 204):
        phone.field(NOTE).fill("Mes lunettes")
        phone.field(NOTE).blur()
    assert kept_note(member, visit) == "Mes lunettes"


def test_another_device_takes_a_sending_over_on_purpose(visit: Visit, member: Person) -> None:
    phone = visit("phone").enter(member).open(SEND)
    ready(phone, "rib.pdf")
    kind(phone, "RIB")
    with phone.page.expect_response(keeping("Le nouveau compte")):
        phone.field(NOTE).fill("Le nouveau compte")
        phone.page.locator("#id_kind").focus()
    desktop = visit("desktop").enter(member)
    expect(desktop.main).to_contain_text("Envoi à terminer")
    expect(desktop.main).to_contain_text(re.compile(r"Gardé jusqu’au \d\d/\d\d/\d{4}"))
    desktop.look("home-ready").click_containing("Envoi à terminer")
    expect(desktop.main).to_contain_text("1 fichier prêt à envoyer")
    expect(desktop.page.get_by_role("radio", name="RIB")).to_be_checked()
    expect(desktop.field(NOTE)).to_have_value("Le nouveau compte")
    desktop.look("sending-taken-over").click("Envoyer 1 document")
    expect(desktop.title).to_have_text("C’est bien arrivé")
    number = desktop.main.locator("strong").first.inner_text()
    phone.click("Envoyer 1 document")  # pressed there too: the same receipt
    expect(phone.title).to_have_text("C’est bien arrivé")
    expect(phone.main).to_contain_text(number)
