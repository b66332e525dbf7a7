"""The n° adhérent beside a new password: where its reader knows it already, and on the sign-in page that follows (G9)."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Purpose
from adherents.accounts.services.access_link import make_link
from tests.accounts.steps import (
    CHANGE_PAGE,
    LINK_PAGE,
    Mails,
    ask_for_link,
    choose_password,
    follow,
    is_signed_in,
    link_for,
    sign_in,
    text_of,
)
from tests.agents import SIGN_IN, code_of, enter, make_agent
from tests.cast import CAMILLE, EVE, NEW_PASSWORD, NO_MAIL, PASSWORD
from tests.enrolment.letters import letter_to
from tests.factories import add_to_register, open_account

# What a page says to whom.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
OWN = re.compile(r'id="id_own_identifier" value="([^"]*)" autocomplete="username" readonly')
FILLED_IN = re.compile(r'name="identifier" value="([^"]*)"')


def shown(page: object) -> list[str]:
    return OWN.findall(text_of(page))  # type: ignore[arg-type]


def filled_in(client: Client, door: str = "/adherent/") -> list[str]:
    return FILLED_IN.findall(text_of(client.get(door)))  # type: ignore[arg-type]


def link_of(account: Account, purpose: str) -> str:
    return LINK_PAGE + make_link(account=account, purpose=purpose, validity=timedelta(hours=2))


@pytest.mark.rule("G7")
def test_the_number_is_beside_the_password_where_it_was_typed_to_ask_for_the_link(mails: Mails) -> None:
    open_account(CAMILLE)
    browser = Client()
    ask_for_link(browser, f" {CAMILLE.number[:4]} {CAMILLE.number[4:]} ".lower())
    assert shown(follow(browser, mails()[-1])) == [CAMILLE.number]


@pytest.mark.rule("G7")
@pytest.mark.rule("G9")
@pytest.mark.parametrize("purpose", [Purpose.RESET, Purpose.FIRST_CONNECTION])
@pytest.mark.parametrize("typed", ["", EVE.number, "00000000"])
def test_opening_a_link_alone_tells_no_number(purpose: str, typed: str) -> None:
    account = open_account(CAMILLE)
    browser = Client()
    if typed:
        ask_for_link(browser, typed)
    page = browser.get(link_of(account, purpose), follow=True)
    assert shown(page) == []
    assert CAMILLE.number not in text_of(page)  # type: ignore[arg-type]
    assert all(CAMILLE.number not in str(cookie) for cookie in page.cookies.values())


@pytest.mark.rule("G5")
def test_what_was_typed_leaves_the_same_cookie_for_any_number() -> None:
    before, after = Client(), Client()
    with time_machine.travel(timezone.now(), tick=False):
        ask_for_link(before, CAMILLE.number)
        open_account(CAMILLE)
        ask_for_link(after, CAMILLE.number)
    kept = [browser.cookies["demande"] for browser in (before, after)]
    assert kept[0].OutputString() == kept[1].OutputString()
    assert CAMILLE.number not in kept[0].value


@pytest.mark.rule("G7")
@pytest.mark.rule("G9")
def test_the_number_is_filled_in_after_a_new_password_and_goes_once_somebody_signed_in(
    mails: Mails,
) -> None:
    open_account(CAMILLE)
    browser = Client()
    follow(browser, link_for(CAMILLE, mails))
    assert filled_in(browser) == []
    choose_password(browser, CAMILLE.birth_day)
    assert not is_signed_in(browser)
    assert filled_in(browser) == [CAMILLE.number]
    assert filled_in(browser, SIGN_IN) == []
    sign_in(browser, CAMILLE.number, NEW_PASSWORD)
    browser.post("/adherent/deconnexion/")
    assert filled_in(browser) == []


def test_the_number_that_is_offered_is_sealed_and_forgotten_after_ten_minutes(mails: Mails) -> None:
    open_account(CAMILLE)
    browser = Client()
    follow(browser, link_for(CAMILLE, mails))
    answer = choose_password(browser, CAMILLE.birth_day)
    offered = answer.cookies["numero"]
    assert CAMILLE.number not in offered.value
    assert offered["max-age"] == 600
    assert offered["httponly"]
    for altered in ("", "x", offered.value[:-4] + "AAAA"):
        browser.cookies["numero"] = altered
        assert filled_in(browser) == []


def test_a_wrong_birth_date_or_a_weak_password_offers_nothing(mails: Mails) -> None:
    open_account(CAMILLE)
    browser = Client()
    follow(browser, link_for(CAMILLE, mails))
    choose_password(browser, ("01", "04", "1954"))
    choose_password(browser, CAMILLE.birth_day, "trop-court")
    assert filled_in(browser) == []


@pytest.mark.rule("G12")
def test_a_change_of_password_shows_the_number(client: Client) -> None:
    open_account(CAMILLE)
    sign_in(client, CAMILLE.number)
    assert shown(client.get(CHANGE_PAGE)) == [CAMILLE.number]


@pytest.mark.rule("G10")
def test_a_letters_page_shows_the_number_that_the_letter_bears(client: Client) -> None:
    member = add_to_register(NO_MAIL)
    names = ("birth_date_day", "birth_date_month", "birth_date_year")
    typed = dict(zip(names, NO_MAIL.birth_day, strict=True)) | {"code": letter_to(member)}
    page = client.post("/adherent/premiere-connexion/code/", typed, follow=True)
    assert shown(page) == [NO_MAIL.number]
    client.post(
        "/adherent/premiere-connexion/code/mot-de-passe/",
        {"password": NEW_PASSWORD, "confirmation": NEW_PASSWORD},
    )
    assert filled_in(client) == [NO_MAIL.number]


@pytest.mark.parametrize("purpose", [Purpose.RESET, Purpose.INVITATION])
def test_an_agents_page_shows_their_address_and_their_sign_in_page_is_filled_in(
    client: Client, purpose: str
) -> None:
    agent = make_agent()
    assert shown(client.get(link_of(agent, purpose), follow=True)) == [agent.identifier]
    client.post(LINK_PAGE, {"password": NEW_PASSWORD, "confirmation": NEW_PASSWORD})
    assert filled_in(client, SIGN_IN) == [agent.identifier]
    assert filled_in(client) == []


def test_adding_a_passkey_or_an_app_says_before_what_it_changes() -> None:
    open_account(CAMILLE)
    member, agent = Client(), Client()
    sign_in(member, CAMILLE.number)
    member.post("/compte/securite/mot-de-passe/", {"password": PASSWORD})
    enter(agent, make_agent())
    for client in (member, agent):
        page = text_of(client.get("/compte/securite/cles/ajouter/"))  # type: ignore[arg-type]
        assert page.index("avec cette clé seule, sans mot de passe") < page.index("Créer la clé d’accès")
        page = text_of(client.get("/compte/securite/application/"))  # type: ignore[arg-type]
        assert page.index("vous sera demandé à chaque connexion") < page.index("Enregistrer l’application")


def test_the_authenticators_page_opens_the_app_of_the_phone_that_shows_it(client: Client) -> None:
    enter(client, make_agent())
    page = text_of(client.get("/compte/securite/application/"))  # type: ignore[arg-type]
    match = re.search(r'<p class="on-a-phone"><a [^>]*href="(otpauth://totp/[^"]+)"', page)
    assert match, page
    secret = re.search(r"secret=([A-Z2-7]+)", match[1])
    assert secret
    with time_machine.travel(timezone.now(), tick=False):
        answer = client.post("/compte/securite/application/", {"code": code_of(secret[1])})
    assert answer.status_code == 302
