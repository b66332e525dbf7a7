"""The pages where a passkey answers a challenge, one class a use, and accounts that have one."""

from typing import Any

import pytest
from django.test import Client

from adherents.accounts.models import Account, Role
from tests.accounts.security_key import OPTIONS, SecurityKey, options_on, sign_in_options
from tests.accounts.steps import is_signed_in
from tests.agents import SIGN_IN, STEP, make_agent
from tests.cast import CAMILLE, PASSWORD
from tests.factories import open_account

ADD, AGAIN, PROVE = (
    "/compte/securite/cles/ajouter/",
    "/compte/securite/cle/",
    "/compte/securite/mot-de-passe/",
)
MEMBERS_SIGN_IN = "/adherent/"


def give_password(client: Client, account: Account) -> Any:
    address = SIGN_IN if account.is_agent else MEMBERS_SIGN_IN
    return client.post(address, {"identifier": account.identifier, "password": PASSWORD})


def passkey_of(account: Account, key: SecurityKey | None = None) -> tuple[SecurityKey, Client]:
    """A key that this account added, and the browser in which it did."""
    key, client = key or SecurityKey(), Client()
    give_password(client, account)
    client.post(PROVE, {"password": PASSWORD})
    answer = client.post(ADD, {"credential": key.made(options_on(client.get(ADD))), "name": ""})
    assert answer.status_code == 302, answer.content.decode()
    return key, client


def member() -> Account:
    return open_account(CAMILLE)


def agent() -> Account:
    return make_agent(Role.ADVISER)


EVERYBODY = pytest.mark.parametrize("make", [member, agent])


class SignIn:
    """The sign-in page, where the account is not known yet."""

    def ask(self, client: Client) -> dict[str, Any]:
        return sign_in_options(client)

    def answer(self, client: Client, signed: str) -> Any:
        return client.post(OPTIONS, {"credential": signed})

    def opened(self, client: Client, answer: Any) -> bool:
        return is_signed_in(client)


class SecondStep(SignIn):
    """After the password."""

    def ask(self, client: Client) -> dict[str, Any]:
        return options_on(client.get(STEP))

    def answer(self, client: Client, signed: str) -> Any:
        return client.post(STEP, {"credential": signed})


class Again(SignIn):
    """Signed in, before something that matters."""

    def ask(self, client: Client) -> dict[str, Any]:
        return options_on(client.get(AGAIN))

    def answer(self, client: Client, signed: str) -> Any:
        return client.post(AGAIN, {"credential": signed})

    def opened(self, client: Client, answer: Any) -> bool:
        return answer.status_code == 302 and not answer.url.startswith(MEMBERS_SIGN_IN)


class Adding(Again):
    """Its challenge is for a new key; one that is there already might sign it."""

    def ask(self, client: Client) -> dict[str, Any]:
        return options_on(client.get(ADD))


USES = {"sign_in": SignIn(), "second_step": SecondStep(), "again": Again(), "add": Adding()}
OPENING = ["sign_in", "second_step", "again"]


def stand_at(use: str, account: Account, client: Client) -> Client:
    """A browser that may ask for a challenge of this use."""
    if use == "sign_in":
        return Client()
    if use == "second_step":
        browser = Client()
        sign_in_options(browser)  # its page was open before
        give_password(browser, account)
        return browser
    return client
