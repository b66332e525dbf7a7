"""The second factor: added, asked for, counted, sealed, and never optional for an agent."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Role, Session, SignInCounter
from adherents.accounts.second_factor import services
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.accounts.security_key import SecurityKey, options_on, sign_in_options
from tests.agents import SIGN_IN, STEP, add_totp, code_of, enter, has_app, make_agent, signed_in
from tests.cast import CAMILLE, NEW_PASSWORD, PASSWORD
from tests.factories import open_account

# Codes, cookies and words; test_factor_races has the rows.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

INDEX = "/compte/securite/"
ADD_APP = "/compte/securite/application/"
CODES = "/compte/securite/codes-de-secours/"
DESK = "/gestion/"


def events(account: Account) -> list[str]:
    return list(Entry.objects.chain(account.subject).values_list("event", flat=True))


def secret_shown(page: str) -> str:
    match = re.search(r'class="secret">([^<]+)<', page)
    assert match
    return "".join(match[1].split())


def words(response: object) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())  # type: ignore[attr-defined]


def add_app_by_hand(client: Client) -> str:
    """What an agent does on the page; the secret."""
    secret = secret_shown(client.get(ADD_APP).content.decode())
    answer = client.post(ADD_APP, {"code": code_of(secret)})
    assert answer.status_code == 302, words(answer)
    return secret


def shown_codes(client: Client) -> list[str]:
    match = re.search(r'id="codes">(.*?)</ul>', client.get(CODES).content.decode(), re.DOTALL)
    return ["".join(code.split()) for code in re.findall(r"<li>([^<]+)</li>", match[1])] if match else []


def test_an_agent_without_a_second_factor_is_led_to_add_one(client: Client) -> None:
    enter(client, make_agent())
    answer = client.get(DESK, follow=True)
    assert answer.redirect_chain == [(INDEX, 302)]
    assert "Protégez votre accès" in words(answer)


def test_the_factor_that_an_agent_adds_after_the_password_opens_the_desk(
    client: Client, mails: Callable[[], list[object]]
) -> None:
    agent = make_agent()
    enter(client, agent)
    add_app_by_hand(client)
    assert client.get(DESK).status_code == 200
    assert Event.SECOND_FACTOR_ADDED in events(agent)
    assert [mail.subject for mail in mails()] == ["Une seconde preuve protège maintenant votre compte"]


def test_a_wrong_first_code_adds_nothing_and_keeps_the_same_secret(client: Client) -> None:
    agent = make_agent()
    enter(client, agent)
    before = secret_shown(client.get(ADD_APP).content.decode())
    answer = client.post(ADD_APP, {"code": "000000"})
    assert "Ce code n’est pas celui de maintenant" in words(answer)
    assert secret_shown(answer.content.decode()) == before
    assert not has_app(agent)


@pytest.mark.parametrize("steps_ahead", [-1, 0, 1])
def test_the_code_that_adds_an_app_opens_nothing_afterwards(steps_ahead: int) -> None:
    agent = make_agent()
    browser, thief = Client(), Client()
    enter(browser, agent)
    secret = secret_shown(browser.get(ADD_APP).content.decode())
    with time_machine.travel(timezone.now(), tick=False) as clock:
        code = code_of(secret, ahead=steps_ahead)
        assert browser.post(ADD_APP, {"code": code}).status_code == 302
        enter(thief, agent)
        assert "il a déjà servi" in words(thief.post(STEP, {"code": code}))
        assert "il a déjà servi" in words(browser.post("/compte/securite/code/", {"code": code}))
        clock.shift(timedelta(seconds=60))
        assert thief.post(STEP, {"code": code_of(secret)}).url == DESK  # type: ignore[attr-defined]


def test_each_sign_in_asks_for_the_second_factor(client: Client) -> None:
    agent = make_agent()
    secret = add_totp(agent)
    answer = enter(client, agent)
    assert answer.url == STEP  # type: ignore[attr-defined]
    assert client.get(DESK).url == SIGN_IN  # type: ignore[attr-defined]
    answer = client.post(STEP, {"code": code_of(secret)})
    assert answer.url == DESK  # type: ignore[attr-defined]
    assert client.get(DESK).status_code == 200
    entry = Entry.objects.chain(agent.subject).last()
    assert entry is not None
    assert (entry.event, entry.details["method"]) == (Event.SIGNED_IN, "password+totp")


def test_a_code_opens_once() -> None:
    agent = make_agent()
    code = code_of(add_totp(agent))
    first, second = Client(), Client()
    enter(first, agent)
    enter(second, agent)
    assert first.post(STEP, {"code": code}).status_code == 302
    answer = second.post(STEP, {"code": code})
    assert "il a déjà servi" in words(answer)


def test_a_code_older_than_the_last_one_used_opens_no_more() -> None:
    agent = make_agent()
    secret = add_totp(agent)
    first, second = Client(), Client()
    enter(first, agent)
    enter(second, agent)
    assert first.post(STEP, {"code": code_of(secret)}).status_code == 302
    assert second.post(STEP, {"code": code_of(secret, ahead=-1)}).status_code == 200


@pytest.mark.rule("G11")
def test_five_wrong_codes_lock_though_the_right_password_is_given_between_them() -> None:
    agent = make_agent()
    secret = add_totp(agent)
    client = Client()
    for _ in range(4):
        enter(client, agent)
        assert "Il vous reste" in words(client.post(STEP, {"code": "000000"}))
    enter(client, agent)
    assert "votre accès est bloqué jusqu’au" in words(client.post(STEP, {"code": "000000"}))
    assert "votre accès est bloqué jusqu’au" in words(client.post(STEP, {"code": code_of(secret)}))
    assert "Ce compte est bloqué" in words(enter(Client(), agent))
    assert events(agent).count(Event.SECOND_FACTOR_REFUSED) == 5
    assert Event.LOCKED in events(agent)


def test_a_right_code_starts_the_count_anew(client: Client) -> None:
    agent = make_agent()
    secret = add_totp(agent)
    enter(client, agent)
    client.post(STEP, {"code": "000000"})
    client.post(STEP, {"code": code_of(secret)})
    assert SignInCounter.objects.get().failures == 0


def test_recovery_codes_show_once(client: Client) -> None:
    enter(client, make_agent())
    add_app_by_hand(client)
    assert len(shown_codes(client)) == 10
    assert shown_codes(client) == []
    assert "Il vous reste 10 codes" in words(client.get(CODES))


def test_a_recovery_code_opens_once() -> None:
    agent = make_agent()
    browser, other = Client(), Client()
    enter(browser, agent)
    add_app_by_hand(browser)
    code = shown_codes(browser)[3]
    enter(other, agent)
    assert other.post(STEP, {"code": f"{code[:4]} {code[4:]}"}).url == DESK  # type: ignore[attr-defined]
    assert services.recovery_codes_left(agent) == 9
    third = Client()
    enter(third, agent)
    assert third.post(STEP, {"code": code}).status_code == 200


def test_new_recovery_codes_replace_the_old_ones(client: Client) -> None:
    agent = make_agent()
    enter(client, agent)
    add_app_by_hand(client)
    old = shown_codes(client)
    assert client.post(f"{CODES}nouveaux/").url == CODES  # type: ignore[attr-defined]
    new = shown_codes(client)
    assert len(new) == 10
    assert not set(old) & set(new)


def test_nothing_in_the_database_gives_a_code_away(client: Client) -> None:
    agent = make_agent()
    enter(client, agent)
    secret = secret_shown(client.get(ADD_APP).content.decode())
    waiting = Session.objects.get(account=agent).get_decoded()
    client.post(ADD_APP, {"code": code_of(secret)})
    codes = shown_codes(client)
    kept = json.dumps([waiting, *Authenticator.objects.values_list("data", flat=True)])
    kept += json.dumps([session.get_decoded() for session in Session.objects.all()])
    assert secret not in kept
    assert not [code for code in codes if code in kept]
    assert "seed" not in kept


def test_the_step_ends_when_the_password_changes_meanwhile(client: Client) -> None:
    agent = make_agent()
    secret = add_totp(agent)
    enter(client, agent)
    Account.objects.filter(pk=agent.pk).update(password=make_password(NEW_PASSWORD))
    client.post(STEP, {"code": code_of(secret)})
    assert "_auth_user_id" not in client.session


def test_the_step_ends_after_a_quarter_of_an_hour(client: Client) -> None:
    agent = make_agent()
    secret = add_totp(agent)
    with time_machine.travel(timezone.now() - timedelta(minutes=16)):
        enter(client, agent)
    client.post(STEP, {"code": code_of(secret)})
    assert "_auth_user_id" not in client.session


def test_a_session_older_than_the_factor_must_give_it() -> None:
    agent = make_agent()
    old = Client()
    enter(old, agent)
    secret = add_totp(agent)
    asked = old.get("/gestion/adherents/?q=dupont")
    assert asked.url.startswith("/compte/securite/code/?next=")  # type: ignore[attr-defined]
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        answer = old.post(asked.url, {"code": code_of(secret)})  # type: ignore[attr-defined]
    assert answer.url == "/gestion/adherents/?q=dupont"  # type: ignore[attr-defined]
    assert old.get(DESK).status_code == 200


@pytest.mark.parametrize("page", ["application/retirer/", "cles/ajouter/", "codes-de-secours/nouveaux/"])
def test_a_session_older_than_the_factor_changes_nothing_before_giving_it(page: str) -> None:
    agent = make_agent()
    old = Client()
    enter(old, agent)
    add_totp(agent)
    for answer in (old.get(f"{INDEX}{page}"), old.post(f"{INDEX}{page}")):
        assert answer.url.startswith("/compte/securite/code/?next=")  # type: ignore[attr-defined]


def test_an_agent_never_removes_the_last_factor() -> None:
    agent = make_agent()
    client = Client()
    enter(client, agent)
    add_app_by_hand(client)
    client.post("/compte/securite/mot-de-passe/", {"password": PASSWORD})
    answer = client.post("/compte/securite/application/retirer/")
    assert "Un agent garde toujours un second facteur" in words(answer)
    assert has_app(agent)


def test_changing_what_protects_asks_for_the_password_again() -> None:
    client = signed_in(make_agent())
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        answer = client.get("/compte/securite/cles/ajouter/")
        assert answer.url.startswith("/compte/securite/mot-de-passe/?next=")  # type: ignore[attr-defined]
        assert client.get(answer.url).status_code == 200  # type: ignore[attr-defined]
        refused = client.post(answer.url, {"password": "autre-Chose-12"})  # type: ignore[attr-defined]
        assert "Ce n’est pas votre mot de passe actuel" in words(refused)
        assert client.post(answer.url, {"password": PASSWORD}).status_code == 302  # type: ignore[attr-defined]


def test_a_member_adds_an_app_and_takes_it_away(client: Client, mails: Callable[[], list[object]]) -> None:
    account = open_account(CAMILLE)
    client.post("/adherent/", {"identifier": CAMILLE.number, "password": PASSWORD})
    client.post("/compte/securite/mot-de-passe/", {"password": PASSWORD})
    add_app_by_hand(client)
    assert "Données personnelles" in words(client.get(INDEX))
    assert client.post("/compte/securite/application/retirer/").url == INDEX  # type: ignore[attr-defined]
    assert not Authenticator.objects.filter(user=account).exists()
    assert {Event.SECOND_FACTOR_ADDED, Event.SECOND_FACTOR_REMOVED} <= set(events(account))
    assert "Une protection a été retirée de votre compte" in [mail.subject for mail in mails()]


def test_a_member_with_an_app_gives_its_code_at_each_sign_in(client: Client) -> None:
    secret = add_totp(open_account(CAMILLE))
    answer = client.post("/adherent/", {"identifier": CAMILLE.number, "password": PASSWORD})
    assert answer.url == STEP  # type: ignore[attr-defined]
    assert client.post(STEP, {"code": code_of(secret)}).url == "/adherent/"  # type: ignore[attr-defined]


WITH_A_PASSKEY = "/compte/securite/cles/connexion/"


def add_passkey(account: Account) -> SecurityKey:
    key, client = SecurityKey(), Client()
    enter(client, account)
    page = client.get("/compte/securite/cles/ajouter/")
    client.post("/compte/securite/cles/ajouter/", {"credential": key.made(options_on(page)), "name": ""})
    return key


def test_a_passkey_alone_opens_and_needs_no_second_proof(client: Client) -> None:
    key = add_passkey(make_agent())
    answer = client.post(WITH_A_PASSKEY, {"credential": key.signed(sign_in_options(client))})
    assert answer.url == DESK  # type: ignore[attr-defined]
    assert client.get(DESK).status_code == 200


def test_a_passkey_opens_no_closed_account(client: Client) -> None:
    key = add_passkey(make_agent())
    Account.objects.update(closed_at=timezone.now())
    signed = key.signed(sign_in_options(client))
    answer = client.post(WITH_A_PASSKEY, {"credential": signed, "door": "agents"}, follow=True)
    assert answer.redirect_chain == [(SIGN_IN, 302)]
    assert "Cette clé d’accès n’a pas été acceptée" in words(answer)
    assert "_auth_user_id" not in client.session


@pytest.mark.rule("G11")
def test_a_passkey_opens_no_locked_account(client: Client) -> None:
    agent = make_agent()
    key = add_passkey(agent)
    for _ in range(5):
        enter(Client(), agent, "autre-Chose-12")
    signed = key.signed(sign_in_options(client))
    assert "Ce compte est bloqué" in words(client.post(WITH_A_PASSKEY, {"credential": signed}))
    assert "_auth_user_id" not in client.session


def test_too_many_passkeys_that_open_nothing_are_told_to_wait_in_the_portals_words(client: Client) -> None:
    answers = [
        client.post(WITH_A_PASSKEY, {"credential": "{}"}) for _ in range(301)
    ]  # 300 an hour, as the other door
    assert [answer.status_code for answer in answers] == [302] * 300 + [429]
    assert "Trop de demandes" in words(answers[-1])


def anonymous(response: object) -> str:
    """A page without what changes each time."""
    page = response.content.decode()  # type: ignore[attr-defined]
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"|value="[^"]*@[^"]*"', "", page)


@pytest.mark.rule("G11")
def test_the_agents_sign_in_page_answers_alike_for_an_unknown_address() -> None:
    make_agent()
    open_account(CAMILLE)
    known, unknown, member = Client(), Client(), Client()
    for _ in range(6):
        answers = [
            browser.post(SIGN_IN, {"identifier": identifier, "password": "autre-Chose-12"})
            for browser, identifier in (
                (known, "conseiller@mese.example"),
                (unknown, "personne@mese.example"),
                (member, CAMILLE.email),
            )
        ]
        assert {answer.status_code for answer in answers} == {200}
        assert len({anonymous(answer) for answer in answers}) == 1
        assert len({tuple(sorted(answer.cookies)) for answer in answers}) == 1


def test_a_member_does_not_enter_by_the_agents_page_nor_an_agent_by_the_members(client: Client) -> None:
    agent = make_agent(Role.SUPERVISOR)
    client.post("/adherent/", {"identifier": agent.identifier, "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    open_account(CAMILLE)
    client.post(SIGN_IN, {"identifier": CAMILLE.number, "password": PASSWORD})
    assert "_auth_user_id" not in client.session
