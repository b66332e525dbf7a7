"""What somebody who is not signed in can make the database keep: at each address, by reading, by asking for heads, by posting."""

import secrets
from contextlib import suppress

import pytest
from django.test import Client

from adherents.accounts import limits
from tests.accounts.steps import question_on
from tests.cast import CAMILLE
from tests.config.addresses import ADDRESSES, Address
from tests.database_contents import every_row

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
EVERY_ADDRESS = pytest.mark.parametrize("address", ADDRESSES, ids=str)
LARGE = secrets.token_urlsafe(150_000)  # 200,000 characters, which no compression makes small
A_ROW = 1_000  # bytes: what one request that is counted may leave, at most
JSON = {"accept": "application/json"}


def size() -> dict[str, tuple[int, int]]:
    """Rows and bytes of each table."""
    return {
        table: (len(rows), sum(len(str(cell)) for row in rows for cell in row))
        for table, rows in every_row().items()
    }


def grown(before: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """How many rows and bytes more each table has."""
    after = size()
    differences = {
        table: (after[table][0] - rows, after[table][1] - held) for table, (rows, held) in before.items()
    }
    return {table: more for table, more in differences.items() if more != (0, 0)}


def cookies(name: str = "") -> str:
    """Every cookie that the portal knows, of a size."""
    return "; ".join(
        f"{cookie}={name or 'y' * 900}" for cookie in ("lien", "facteur", "courrier", "cle", "appareil")
    )


@EVERY_ADDRESS
def test_reading_leaves_nothing(address: Address) -> None:
    before = size()
    for client in (Client(), Client(headers=JSON), Client(headers={"cookie": cookies()})):
        client.get(address.path)
        client.head(address.path)
        client.get(address.path, {"next": LARGE[:5000], "q": LARGE[:5000]})
    assert grown(before) == {}


@EVERY_ADDRESS
def test_posting_what_is_large_leaves_next_to_nothing(address: Address) -> None:
    before = size()
    for posted in (
        {"words": LARGE},
        {"identifier": LARGE, "password": LARGE, "credential": "{}"},
        {"identifier": "70100001", "password": "x" * 1000, "credential": f'{{"id": "{LARGE}"}}'},
    ):
        Client().post(address.path, posted)
        Client(headers=JSON).post(address.path, posted)
    more = sum(held for _, held in grown(before).values())
    assert more < 6 * A_ROW, grown(before)


def filled(address: Address, client: Client) -> dict[str, str]:
    """What makes the pages that write at all write: a whole form."""
    identity = {
        "nir": CAMILLE.nir,
        "birth_date_day": "05",
        "birth_date_month": "03",
        "birth_date_year": "1954",
        "department": "38",
        "name": "x" * 120,
        "first_name": "y" * 120,
    }
    if address.name == "accounts:forgotten":
        question, answer = question_on(client.get(address.path).content.decode())
        return {"identifier": "x" * 60, "question": question, "answer": str(answer)}
    number = "personne@mese.example" if address.name == "accounts:agent_sign_in" else "70100009"
    return identity | {
        "identifier": number,
        "password": "faux-Mais-Long-12",
        "code": "7K2MQ8XD04RT",
        "credential": "[1]",
    }


DOORS: dict[str, limits.Action] = {
    "accounts:sign_in": "sign_in",
    "accounts:agent_sign_in": "sign_in",
    "mfa_login_webauthn": "sign_in",
    "accounts:forgotten": "forgotten",
    "enrolment:first_connection": "first_connection",
    "enrolment:code": "letter",
}
WRITING = [address for address in ADDRESSES if address.name in DOORS]


@pytest.mark.parametrize("address", WRITING, ids=str)
def test_a_visitor_who_may_write_writes_little_each_time_and_no_more_than_the_limit(
    address: Address,
) -> None:
    """An hour's limit of one address bounds what it leaves; past it, nothing is written."""
    client = Client()
    before, wrote = size(), 0
    for _ in range(8):
        Client().post(address.path, filled(address, client))
        now = sum(held for _, held in grown(before).values())
        assert now - wrote < 4 * A_ROW, grown(before)
        wrote = now
    typed = filled(address, client)
    with suppress(limits.RateLimited):
        while True:
            limits.hit(DOORS[address.name], address="127.0.0.1")
    before = size()
    assert Client().post(address.path, typed).status_code == 429
    assert grown(before) == {}


@EVERY_ADDRESS
def test_asking_for_a_head_writes_nothing_even_signed_in(address: Address, member: Client) -> None:
    before = size()
    member.head(address.path)
    assert grown(before) == {}


@EVERY_ADDRESS
def test_asking_for_a_head_at_the_desk_writes_nothing(address: Address, agent: Client) -> None:
    before = size()
    agent.head(address.path)
    assert grown(before) == {}
