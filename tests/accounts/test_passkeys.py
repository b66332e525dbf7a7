"""A passkey's answer works on the page that asked for it, for its own account, once, with its holder verified."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Session, SignInCounter, UsedToken
from tests.accounts.passkeys import (
    ADD,
    EVERYBODY,
    OPENING,
    USES,
    agent,
    give_password,
    member,
    passkey_of,
    stand_at,
)
from tests.accounts.security_key import OPTIONS, SecurityKey, options_on, sign_in_options
from tests.accounts.steps import is_signed_in
from tests.agents import STEP, enter
from tests.at_once import at_once
from tests.cast import EVE
from tests.factories import open_account

# What decides is a signature; of the twelve answers at once, PostgreSQL has its own.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
REFUSED, STALE = (
    "Cette clé d’accès n’a pas été acceptée",
    "Cette demande a trop attendu, ou elle a déjà servi",
)


@EVERYBODY
@pytest.mark.parametrize("use", OPENING)
def test_a_key_opens_for_each_use_with_its_holder_verified_and_for_none_without(
    make: Callable[[], Account], use: str
) -> None:
    account = make()
    key, client = passkey_of(account)
    browser = stand_at(use, account, client)
    refused = USES[use].answer(browser, key.signed(USES[use].ask(browser), verified=False))
    assert not USES[use].opened(browser, refused)
    options = USES[use].ask(browser)
    assert options["publicKey"]["userVerification"] == "required"
    opened = USES[use].answer(browser, key.signed(options))
    assert USES[use].opened(browser, opened), opened.content.decode()


@EVERYBODY
@pytest.mark.parametrize("asked_at", list(USES))
@pytest.mark.parametrize("answered_at", OPENING)
@pytest.mark.parametrize("verified", [True, False])
def test_a_challenge_of_one_use_opens_no_other(
    make: Callable[[], Account], asked_at: str, answered_at: str, verified: bool
) -> None:
    """A stolen key and an account of one's own: the password's step gave a challenge that the sign-in by passkey took."""
    if asked_at == answered_at:
        return
    account = make()
    key, client = passkey_of(account)
    asking = stand_at(asked_at, account, client)
    signed = key.signed(USES[asked_at].ask(asking), verified=verified)
    browser = stand_at(answered_at, account, client)
    if asked_at == "second_step" and answered_at == "sign_in":
        browser = asking  # the very browser, whose step was given up: this is how the desk was opened
        session = asking.session
        session.pop("account_login")
        session.save()
    assert not USES[answered_at].opened(browser, USES[answered_at].answer(browser, signed))


@EVERYBODY
def test_a_challenge_of_one_account_is_answered_by_no_other(make: Callable[[], Account]) -> None:
    mine, other = make(), open_account(EVE)
    key, _ = passkey_of(mine)
    foreign, _ = passkey_of(other)
    browser, elsewhere = Client(), Client()
    give_password(browser, mine)
    give_password(elsewhere, other)
    signed = foreign.signed(USES["second_step"].ask(browser))
    for client in (browser, elsewhere):
        USES["second_step"].answer(client, signed)
        assert not is_signed_in(client)
    USES["second_step"].answer(elsewhere, key.signed(USES["second_step"].ask(elsewhere)))
    assert not is_signed_in(elsewhere)


@pytest.mark.parametrize("use", OPENING)
def test_an_answer_opens_in_the_browser_that_asked_only(use: str) -> None:
    account = member()
    key, client = passkey_of(account)
    signed = key.signed(USES[use].ask(stand_at(use, account, client)))
    other = Client()
    if use == "again":
        give_password(other, account)
        USES["second_step"].answer(other, key.signed(USES["second_step"].ask(other)))
    else:
        other = stand_at(use, account, client)
        USES[use].ask(other)
    assert not USES[use].opened(other, USES[use].answer(other, signed))


@pytest.mark.parametrize("use", OPENING)
def test_an_answer_opens_once(use: str) -> None:
    account = member()
    key, client = passkey_of(account, SecurityKey(counts=False))
    browser = stand_at(use, account, client)
    signed = key.signed(USES[use].ask(browser))
    as_it_was = Client()
    as_it_was.cookies = copy.deepcopy(browser.cookies)
    assert USES[use].opened(browser, USES[use].answer(browser, signed))
    for again in (as_it_was, stand_at(use, account, browser)):
        if use == "again":
            assert not USES[use].opened(again, USES[use].answer(again, signed))
        else:
            USES[use].answer(again, signed)
            assert not is_signed_in(again)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_twelve_answers_to_one_challenge_at_once_one_opens() -> None:
    account = member()
    key, _ = passkey_of(account, SecurityKey(counts=False))
    asking = Client()
    signed = key.signed(sign_in_options(asking))
    browsers = []
    for _ in range(12):
        browsers.append(Client())
        browsers[-1].cookies = copy.deepcopy(asking.cookies)
    at_once([lambda b=browser: b.post(OPTIONS, {"credential": signed}) for browser in browsers])  # type: ignore[misc]
    assert [is_signed_in(browser) for browser in browsers].count(True) == 1
    assert UsedToken.objects.count() == 2  # and the one that added the key


@pytest.mark.parametrize("use", OPENING)
def test_a_challenge_lives_a_quarter_of_an_hour(use: str) -> None:
    account = member()
    key, client = passkey_of(account)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        browser = stand_at(use, account, client)
        options = USES[use].ask(browser)
        clock.shift(timedelta(minutes=15))
        assert not USES[use].opened(browser, USES[use].answer(browser, key.signed(options)))


def test_what_a_step_asked_is_worth_nothing_once_the_step_has_ended() -> None:
    account = member()
    key, _ = passkey_of(account)
    browser = Client()
    give_password(browser, account)
    signed = key.signed(USES["second_step"].ask(browser))
    give_password(browser, account)
    USES["second_step"].answer(browser, signed)
    assert not is_signed_in(browser)


def test_no_session_keeps_a_challenge() -> None:
    account = member()
    _, client = passkey_of(account)
    for use, asked in USES.items():
        asked.ask(stand_at(use, account, client))
    kept = json.dumps([row.get_decoded() for row in Session.objects.all()])
    assert "challenge" not in kept
    assert "webauthn.state" not in kept


def test_asking_at_the_sign_in_page_leaves_no_row() -> None:
    for _ in range(3):
        sign_in_options(Client())
    assert not Session.objects.exists()
    assert not UsedToken.objects.exists()


def test_two_tabs_of_the_sign_in_page_both_open() -> None:
    account = member()
    key, _ = passkey_of(account)
    browser = Client()
    first = sign_in_options(browser)
    sign_in_options(browser)
    browser.post(OPTIONS, {"credential": key.signed(first)})
    assert is_signed_in(browser)


def test_a_key_is_added_with_its_holder_verified_only_and_for_the_account_that_asked() -> None:
    mine, other = member(), open_account(EVE)
    _, client = passkey_of(mine)
    _, elsewhere = passkey_of(other)
    for browser, options, verified in (
        (client, options_on(client.get(ADD)), False),
        (client, options_on(elsewhere.get(ADD)), True),
        (client, sign_in_options(Client()) | {"user": {"id": "MQ"}}, True),
    ):
        options["publicKey"].setdefault("user", {"id": "MQ"})
        made = SecurityKey().made(options, verified=verified)
        assert browser.post(ADD, {"credential": made, "name": ""}).status_code == 200
    options = options_on(client.get(ADD))
    made = SecurityKey().made(options)
    assert client.post(ADD, {"credential": made, "name": ""}).status_code == 302
    assert STALE in client.post(ADD, {"credential": made, "name": ""}).content.decode()


def test_an_answer_that_came_too_late_is_no_wrong_try_and_a_forged_one_is() -> None:
    account = member()
    key, _ = passkey_of(account)
    browser = Client()
    give_password(browser, account)
    late = USES["second_step"].ask(browser)
    give_password(browser, account)
    assert STALE in USES["second_step"].answer(browser, key.signed(late)).content.decode()
    assert failures() == 0
    thief = SecurityKey(id=key.id, owner=key.owner)
    for _ in range(4):
        forged = thief.signed(USES["second_step"].ask(browser))
        assert REFUSED in USES["second_step"].answer(browser, forged).content.decode()
    assert failures() == 4


def failures() -> int:
    return sum(SignInCounter.objects.values_list("failures", flat=True))


UNREADABLE = [
    "null",
    "[]",
    "[1]",
    "1",
    '"a"',
    "{}",
    '{"id": 1, "rawId": 2, "response": 3}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}',
    '{"rawId": "AA", "response": {"clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA"}}',
    '{"rawId": "AA", "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"}}',
    '{"rawId": "AA", "response": {"clientDataJSON": "e30", "attestationObject": "AA"}}',
    '{"rawId": "AA", "response": {"clientDataJSON": "W10", "attestationObject": "oA"}}',
    '{"rawId": "AA", "response": {"clientDataJSON": "' + "_" * 50_000 + '"}}',
    "[" * 50_000,
    "9" * 5000,  # more digits than Python reads
]


@pytest.mark.parametrize("posted", UNREADABLE, ids=range(len(UNREADABLE)))
@pytest.mark.parametrize("use", list(USES))
def test_what_no_browser_answers_is_refused_in_words(use: str, posted: str) -> None:
    account = member()
    _, client = passkey_of(account)
    browser = stand_at(use, account, client)
    USES[use].ask(browser)
    if use == "add":
        answer = browser.post(ADD, {"credential": posted, "name": ""})
    else:
        answer = USES[use].answer(browser, posted)
    assert answer.status_code in {200, 302}
    assert not USES[use].opened(browser, answer)


@pytest.mark.parametrize("handle", [b"", b"\xff\xfe", b"zzzzzzzzzzzzz", b"-1", b"0", b"1" * 64])
def test_a_key_of_nobody_is_refused(handle: bytes) -> None:
    key, _ = passkey_of(member())
    key.owner, browser = handle, Client()
    answer = browser.post(OPTIONS, {"credential": key.signed(sign_in_options(browser))})
    assert answer.status_code == 302
    assert not is_signed_in(browser)


def test_an_altered_signature_or_challenge_is_refused() -> None:
    key, _ = passkey_of(member())
    for part in ("signature", "clientDataJSON", "authenticatorData"):
        browser = Client()
        signed = json.loads(key.signed(sign_in_options(browser)))
        text = signed["response"][part]
        signed["response"][part] = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]
        browser.post(OPTIONS, {"credential": json.dumps(signed)})
        assert not is_signed_in(browser), part


def test_the_agents_second_step_is_passed_by_a_verified_key() -> None:
    account = agent()
    key, _ = passkey_of(account)
    browser = Client()
    enter(browser, account)
    browser.post(STEP, {"credential": key.signed(options_on(browser.get(STEP)))})
    assert browser.get("/gestion/").status_code == 200
