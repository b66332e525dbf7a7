"""Changing one's own address in a browser, one function a step."""

import re
from collections.abc import Callable
from typing import Any

from django.test import Client

from tests.accounts.steps import sign_in
from tests.cast import PASSWORD, Person
from tests.conftest import Mail

Mails = Callable[[], list[Mail]]
CHANGE = "/adherent/donnees-personnelles/adresse/"
ASKED = f"{CHANGE}demandee/"
CONFIRM = "/adherent/adresse/"
REPORT = "/adherent/authentication/adresse-changee/"
AGAIN = "/compte/securite/mot-de-passe/"


def prove(client: Client, password: str = PASSWORD) -> Any:
    """Sign in again, on the way to the page that asks for it."""
    return client.post(AGAIN, {"password": password, "next": CHANGE})


def signed_in(person: Person, password: str = PASSWORD) -> Client:
    """A browser in which this member has signed in, and again."""
    client = Client()
    sign_in(client, person.number, password)
    prove(client, password)
    return client


def ask(client: Client, address: str) -> Any:
    return client.post(CHANGE, {"email": address})


def link_in(mail: Mail) -> str:
    """The path of the link that confirms."""
    match = re.search(r"https?://[^/\s]+(/adherent/adresse/[0-9a-f]+)", mail.text)
    assert match, mail.text
    return match[1]


def confirm(link: str, client: Client | None = None) -> Any:
    """Follow the link, and press the button."""
    client = client or Client()
    client.get(link)
    return client.post(CONFIRM)


def change(client: Client, address: str, mails: Mails) -> list[Mail]:
    """The whole change; what is mailed once it is confirmed."""
    ask(client, address)
    [mail] = [candidate for candidate in mails() if candidate.to == address]
    assert confirm(link_in(mail)).status_code == 200
    return mails()


def report(mail: Mail, born: tuple[str, str, str], client: Client | None = None) -> Any:
    """« Ce n’était pas moi », from the mail to the former address."""
    client = client or Client()
    client.get(mail.link)
    day, month, year = born
    return client.post(REPORT, {"birth_date_day": day, "birth_date_month": month, "birth_date_year": year})
