"""Changing one's own address in a browser, one function a step, and what else happens to the account meanwhile."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client

from adherents.accounts.models import Account, Purpose
from adherents.accounts.services import compromise
from adherents.accounts.services.access_link import make_link
from adherents.members.models import Member
from adherents.members.services.accounts import change_email
from tests.accounts.steps import sign_in
from tests.cast import CAMILLE, PASSWORD, Person
from tests.conftest import Mail

Mails = Callable[[], list[Mail]]
CHANGE = "/adherent/donnees-personnelles/adresse/"
ASKED = f"{CHANGE}demandee/"
CONFIRM = "/adherent/adresse/"
REPORT = "/adherent/authentication/adresse-changee/"
AGAIN = "/compte/securite/mot-de-passe/"
OLD, NEW, THIEF = CAMILLE.email, "nouvelle@example.org", "voleur@example.org"
BORN = CAMILLE.birth_day


def addresses() -> tuple[str, str]:
    """What the register and the account have."""
    member = Member.objects.get(number=CAMILLE.number)
    return member.email, Account.objects.get(identifier=CAMILLE.number).email


def to(mails: list[Mail], address: str) -> Mail:
    [mail_found] = [mail for mail in mails if mail.to == address]
    return mail_found


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


def by_an_agent(account: Account) -> None:
    change_email(member=account.member, email="agent@example.org", actor="agent:1", reason="appel")


def report_a_stranger(account: Account) -> None:
    token = make_link(account=account, purpose=Purpose.STRANGER, validity=timedelta(days=1))
    compromise.shut_out(token=token)
