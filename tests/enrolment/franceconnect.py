"""A member on the way through FranceConnect, as the tests of this folder go."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from adherents.accounts.models import Account
from adherents.enrolment.models import FranceConnectIdentity
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.accounts.steps import text_of
from tests.cast import Person
from tests.factories import open_account
from tests.openid_provider import TestProvider, back

DOOR, RETURN = "/adherent/franceconnect/", "/adherent/franceconnect/retour/"
HOME, STEP = "/adherent/", "/compte/securite/verification/"
FRANCE = "99100"


def told(person: Person, **changes: Any) -> dict[str, Any]:
    """What FranceConnect says of one of the cast."""
    abroad = person.nir13[5:7] == "99"
    given = person.first_names.replace(",", "").upper()
    return {
        "family_name": person.birth_name.upper(),
        "given_name": given,
        "birthdate": person.birth_date.replace("-00", "-01"),
        "gender": "male" if person.nir13[0] == "1" else "female",
        "birthplace": "" if abroad else person.nir13[5:10],
        "birthcountry": person.nir13[5:10] if abroad else FRANCE,
        "acr": "eidas1",
        "amr": ["fc"],
        "email": "chosen-by-the-person@elsewhere.example",
    } | changes


def go(client: Client, there: TestProvider, sub: str = "camille", *, door: str = DOOR, **asked: str) -> str:
    answer = client.get(door, asked)
    assert answer.status_code == 302, text_of(answer)  # type: ignore[arg-type]
    return there.let_in(answer.headers["Location"], sub)


def come_in(client: Client, there: TestProvider, sub: str = "camille") -> HttpResponse:
    return client.get(back(go(client, there, sub)))  # type: ignore[return-value]


def refused_why() -> list[str]:
    entries = Entry.objects.filter(event=Event.FRANCECONNECT_REFUSED).order_by("pk")
    return [entry.details["why"] for entry in entries]


def linked(person: Person, there: TestProvider, sub: str = "camille") -> Account:
    """An account that FranceConnect opens already."""
    account = open_account(person)
    FranceConnectIdentity.objects.create(
        account=account, issuer=there.issuer, sub=sub, linked_at="2026-01-01T00:00Z"
    )
    return account
