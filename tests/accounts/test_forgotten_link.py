"""The link in the mail of « Mot de passe oublié ? »: how long it lives, what it dies of, and who never sees its token (G6)."""

import io
import logging
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from adherents.accounts.browser import LINK_COOKIE
from adherents.accounts.models import AccessLink
from adherents.accounts.tokens import hash_token
from adherents.config.logs import JsonFormatter
from adherents.insurer.profile import Profile
from adherents.work.services import run_until_nothing_is_left
from tests.accounts.steps import (
    LINK_PAGE,
    Mails,
    ask_for_link,
    change_password,
    choose_password,
    follow,
    is_signed_in,
    link_for,
    reset,
    sign_in,
    text_of,
)
from tests.cast import CAMILLE, EVE, NEW_PASSWORD
from tests.database_contents import everything_stored
from tests.factories import open_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def json_lines() -> Iterator[io.StringIO]:
    """Every log line as production writes it, of every logger at every level."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.setLevel(before)
    root.removeHandler(handler)


@pytest.mark.rule("G6")
def test_a_mail_from_mese_adh_holds_the_link_and_its_minutes(mails: Mails) -> None:
    open_account(CAMILLE)
    mail = link_for(CAMILLE, mails)
    assert mail.to == CAMILLE.email
    assert mail.sender == "MESE Adh <fr-contact@mese.se.com>"
    assert mail.subject == "Création de votre mot de passe"
    assert re.fullmatch(r"/adherent/authentication/mot-de-passe/[0-9a-f]{32}", mail.link)
    for part in (mail.text, mail.html):
        assert f"http://testserver{mail.link}" in part
        assert "120 minutes" in part
        assert "30 minutes" not in part
        assert CAMILLE.number not in part


@pytest.mark.rule("G6")
def test_another_insurers_minutes_are_said_everywhere_and_kept(
    client: Client, mails: Mails, settings: LazySettings
) -> None:
    own: Profile = settings.ADHERENTS_PROFILE
    password = own.password.model_copy(update={"link_validity_minutes": 45})
    settings.ADHERENTS_PROFILE = own.model_copy(update={"password": password})
    open_account(CAMILLE)
    mail = link_for(CAMILLE, mails)
    pages = [mail.text, mail.html, text_of(client.get("/adherent/mot-de-passe-oublie/envoye/"))]  # type: ignore[arg-type]
    with time_machine.travel(timezone.now() + timedelta(minutes=45, seconds=1)):
        pages.append(text_of(follow(Client(), mail)))
    for page in pages:
        assert "45 minutes" in page
        assert "120 minutes" not in page
    assert "Ce lien n’est plus valable" in pages[-1]


@pytest.mark.rule("G6")
def test_the_link_lives_120_minutes_to_the_second(mails: Mails) -> None:
    open_account(CAMILLE)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        mail = link_for(CAMILLE, mails)
        clock.shift(timedelta(minutes=119, seconds=59))
        assert follow(Client(), mail).status_code == 200
        late = Client()
        late.get(mail.link)
        clock.shift(timedelta(seconds=1))
        assert follow(Client(), mail).status_code == 410
        assert choose_password(late, CAMILLE.birth_day).status_code == 410


@pytest.mark.rule("G6")
def test_nothing_stored_holds_the_token_before_or_after_the_mail_leaves(
    mails: Mails, mailoutbox: list[object]
) -> None:
    open_account(CAMILLE)
    ask_for_link(Client(), CAMILLE.number)
    run_until_nothing_is_left("reset requests")
    before = everything_stored()
    assert mailoutbox == []
    mail = mails()[-1]
    after = everything_stored()
    for stored in (before, after):
        assert hash_token(mail.token).encode() in stored
        assert mail.token.encode() not in stored
        assert bytes.fromhex(mail.token) not in stored


@pytest.mark.rule("G6")
def test_tokens_are_128_random_bits() -> None:
    tokens = {AccessLink.new_token() for _ in range(200)}
    assert len(tokens) == 200
    assert all(len(bytes.fromhex(token)) == 16 for token in tokens)


@pytest.mark.rule("G6")
def test_opening_the_link_changes_nothing_however_often_and_in_any_browser(mails: Mails) -> None:
    open_account(CAMILLE)
    mail = link_for(CAMILLE, mails)
    stored = everything_stored()
    for client in (Client(), Client(headers={"user-agent": "scanner/1"}), Client()):
        assert client.head(mail.link).status_code in {302, 405}
        assert follow(client, mail).status_code == 200
    assert everything_stored() == stored


@pytest.mark.rule("G6")
def test_the_token_leaves_the_address_bar_for_a_cookie_that_no_script_reads(
    client: Client, mails: Mails
) -> None:
    open_account(CAMILLE)
    mail = link_for(CAMILLE, mails)
    opened = client.get(mail.link)
    assert opened.headers["Location"] == LINK_PAGE
    cookie = opened.cookies[LINK_COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 120 * 60
    for response in (opened, client.get(LINK_PAGE)):
        assert response.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
        assert response.headers["Cache-Control"] == "no-store"
        assert mail.token not in response.content.decode()


@pytest.mark.rule("G6")
def test_the_same_mail_works_in_another_browser(mails: Mails) -> None:
    open_account(CAMILLE)
    mail = link_for(CAMILLE, mails)
    follow(Client(), mail)
    phone = Client()
    follow(phone, mail)
    assert "a bien été enregistré" in text_of(choose_password(phone, CAMILLE.birth_day))


@pytest.mark.rule("G6")
def test_the_page_without_a_link_is_a_dead_link(client: Client) -> None:
    assert client.get(LINK_PAGE).status_code == 410
    for token in ("0" * 32, "x", "../..", "é", "0" * 4000):
        assert client.get(LINK_PAGE + token, follow=True).status_code in {404, 410}


@pytest.mark.rule("G6")
def test_a_link_dies_of_its_use(mails: Mails) -> None:
    open_account(CAMILLE)
    mail = link_for(CAMILLE, mails)
    follow(first := Client(), mail)
    follow(second := Client(), mail)
    assert choose_password(first, CAMILLE.birth_day).status_code == 200
    dead = choose_password(second, CAMILLE.birth_day, "violon-Orange-31")
    assert dead.status_code == 410
    assert LINK_COOKIE not in {name for name, cookie in second.cookies.items() if cookie.value}
    sign_in(browser := Client(), CAMILLE.number, NEW_PASSWORD)
    assert is_signed_in(browser)


@pytest.mark.rule("G6")
def test_a_second_request_does_not_kill_the_first_link_but_a_use_kills_both(mails: Mails) -> None:
    open_account(CAMILLE)
    first, second = link_for(CAMILLE, mails), link_for(CAMILLE, mails)
    assert first.token != second.token
    assert follow(Client(), first).status_code == 200
    follow(browser := Client(), second)
    choose_password(browser, CAMILLE.birth_day)
    assert follow(Client(), first).status_code == 410
    assert follow(Client(), second).status_code == 410


@pytest.mark.rule("G6")
@pytest.mark.rule("G12")
def test_a_link_dies_of_a_change_in_the_members_own_space(client: Client, mails: Mails) -> None:
    open_account(CAMILLE)
    mail = link_for(CAMILLE, mails)
    sign_in(client, CAMILLE.number)
    change_password(client)
    assert follow(Client(), mail).status_code == 410


@pytest.mark.rule("G6")
def test_anothers_use_leaves_ones_own_link_alive(mails: Mails) -> None:
    open_account(CAMILLE)
    open_account(EVE)
    mine = link_for(CAMILLE, mails)
    reset(EVE, mails)
    assert follow(Client(), mine).status_code == 200


@pytest.mark.rule("G6")
def test_neither_the_token_nor_anything_typed_is_ever_in_a_log(mails: Mails, json_lines: io.StringIO) -> None:
    open_account(CAMILLE)
    sign_in(Client(), CAMILLE.number, "pas-le-Bon-00")
    mail = link_for(CAMILLE, mails)
    follow(client := Client(), mail)
    choose_password(client, ("01", "02", "1960"))
    choose_password(client, CAMILLE.birth_day)
    # What goes wrong is logged too: a method that the page has not, a form without its token, a dead link.
    Client().post(mail.link)
    Client(enforce_csrf_checks=True).post(mail.link)
    Client().get(mail.link + "/x")
    assert follow(Client(), mail).status_code == 410
    lines = json_lines.getvalue()
    assert '"route": "/adherent/authentication/mot-de-passe/<str:token>"' in lines
    for secret in (
        mail.token,
        hash_token(mail.token),
        CAMILLE.number,
        CAMILLE.email,
        "1954",
        "1960",
        "Bon-00",
        NEW_PASSWORD,
    ):
        assert secret not in lines, secret


@pytest.mark.rule("G6")
def test_not_even_a_fault_of_ours_writes_the_token_in_a_log(
    mails: Mails, json_lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_account(CAMILLE)
    mail = link_for(CAMILLE, mails)

    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("adherents.accounts.views.member.carry_link", broken)
    client = Client(raise_request_exception=False)
    assert client.get(mail.link).status_code == 500
    assert "broken" in json_lines.getvalue()
    assert mail.token not in json_lines.getvalue()


@pytest.mark.rule("G10")
def test_an_address_that_the_service_corrects_gets_the_next_link_and_kills_the_last(mails: Mails) -> None:
    from adherents.accounts.services.email import change_email

    account = open_account(CAMILLE)
    old = link_for(CAMILLE, mails)
    change_email(account=account, email="nouvelle@example.org", actor="agent:1", reason="appel")
    assert {mail.to for mail in mails()} == {CAMILLE.email, "nouvelle@example.org"}
    assert follow(Client(), old).status_code == 410
    assert link_for(CAMILLE, mails).to == "nouvelle@example.org"
