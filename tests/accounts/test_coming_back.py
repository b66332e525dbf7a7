"""Asked to sign in on the way to a page: afterwards one is there, and never anywhere that is not the member's own."""

from html import unescape
from urllib.parse import urlencode

import pytest
from django.test import Client

from adherents.members.models import Member
from tests.accounts.steps import WRONG, is_signed_in, sign_in, text_of
from tests.agents import STEP, add_totp, code_of, make_agent
from tests.cast import CAMILLE, PASSWORD
from tests.factories import open_account

# Where a browser is led.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
HOME = "/adherent/"
SEND = "/adherent/documents/envoyer/?replaces=4b1f2a0e-93c3-4c55-8d0a-5b7f3c1f9a11"
NOWHERE = [
    "https://voleur.example/adherent/documents/",
    "//voleur.example/adherent/documents/",
    "/\\voleur.example/adherent/documents/",
    "javascript:alert(1)",
    "/adherent/../gestion/",
    "/gestion/",
    "/aide/",
    "/adherent/authentication/mot-de-passe/00112233445566778899aabbccddeeff",
    "/adherent/documents/4b1f2a0e-93c3-4c55-8d0a-5b7f3c1f9a11/telecharger/",
    "/adherent/documents/?words=" + "x" * 500,
    "/adherent/documents/\r\nSet-Cookie: a=b\r\n/",
]


def come(client: Client, wanted: str, **fields: str) -> str:
    """Sign in on the page that was asked to lead there; where it leads."""
    answer = client.post(HOME, {"identifier": CAMILLE.number, "password": PASSWORD, "next": wanted, **fields})
    return str(answer.headers.get("Location", ""))


def test_signing_in_on_the_way_to_a_page_arrives_there() -> None:
    open_account(CAMILLE)
    client = Client()
    door = client.get(SEND).headers["Location"]
    assert door == f"{HOME}?{urlencode({'next': SEND})}"
    assert f'name="next" value="{SEND}"' in unescape(text_of(client.get(door)))  # type: ignore[arg-type]
    assert come(client, SEND) == SEND
    assert is_signed_in(client)


def test_a_wrong_password_and_another_language_do_not_lose_the_way() -> None:
    open_account(CAMILLE)
    client = Client()
    refused = client.post(HOME, {"identifier": CAMILLE.number, "password": WRONG, "next": SEND})
    assert f'name="next" value="{SEND}"' in unescape(text_of(refused))  # type: ignore[arg-type]
    door = f"{HOME}?{urlencode({'next': SEND})}"
    assert f'name="next" value="{door}"' in unescape(text_of(client.get(door)))  # type: ignore[arg-type]
    assert client.post("/langue/", {"language": "en", "next": door}).headers["Location"] == door


@pytest.mark.parametrize("wanted", NOWHERE)
def test_signing_in_leads_nowhere_else_than_to_a_page_of_the_members_own(wanted: str) -> None:
    open_account(CAMILLE)
    client = Client()
    page = client.get(HOME, {"next": wanted})
    assert 'name="next" value="' + HOME not in text_of(page).split("<main", 1)[1]  # type: ignore[arg-type]
    assert come(client, wanted) == HOME
    assert is_signed_in(client)


def test_the_way_outlasts_the_second_factor() -> None:
    secret = add_totp(open_account(CAMILLE))
    client = Client()
    assert come(client, SEND) == STEP
    assert client.post(STEP, {"code": code_of(secret)}).headers["Location"] == SEND


def test_an_agent_arrives_at_the_desk_whatever_was_asked() -> None:
    agent = make_agent()
    secret, client = add_totp(agent), Client()
    client.post("/gestion/connexion/", {"identifier": agent.identifier, "password": PASSWORD, "next": SEND})
    answer = client.post(STEP, {"code": code_of(secret), "next": SEND})
    assert answer.headers["Location"] == "/gestion/"


def test_a_refusal_is_the_same_on_the_way_to_any_page() -> None:
    open_account(CAMILLE)

    def refused(number: str) -> str:
        answer = Client().post(HOME, {"identifier": number, "password": WRONG, "next": SEND})
        return text_of(answer).replace(number, "")  # type: ignore[arg-type]

    def without_token(page: str) -> list[str]:
        return [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]

    assert without_token(refused(CAMILLE.number)) == without_token(refused("79999999"))


def test_what_is_posted_by_nobody_is_not_come_back_to() -> None:
    assert Client().post("/adherent/documents/envoyer/", {}).headers["Location"] == HOME


def test_a_file_asked_for_by_nobody_leads_home_after_signing_in() -> None:
    document = "/adherent/documents/4b1f2a0e-93c3-4c55-8d0a-5b7f3c1f9a11/telecharger/"
    assert Client().get(document).headers["Location"] == HOME


def test_without_a_page_asked_for_one_comes_home() -> None:
    open_account(CAMILLE)
    assert Member.objects.get().account
    assert sign_in(Client(), CAMILLE.number).headers["Location"] == HOME
