"""Pages are compressed by the portal, and never one in which something that its request says stands beside a secret (BREACH)."""

import gzip

import pytest
from django.test import Client

from tests.config.addresses import ADDRESSES, Address

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
# The gallery of elements is in no installation: it shows error pages as if they were found.
INSTALLED = [address for address in ADDRESSES if not address.name.startswith("ui:")]
SAID = "a-guess-of-somebody-else"
# All that another site can make a browser say: where it comes from, and what stands after the path.
HEADERS = {
    "Accept-Encoding": "gzip, br",
    "Referer": f"https://elsewhere.example/{SAID}",
    "Origin": f"https://{SAID}.example",
    "X-Request-ID": SAID,
    "Accept-Language": SAID,
}
MAIN = [
    "/adherent/",
    "/adherent/documents/",
    "/adherent/documents/envoyer/",
    "/adherent/messages/",
    "/contact/",
    "/aide/",
]


@pytest.mark.parametrize("path", MAIN)
def test_the_main_pages_are_compressed_where_the_browser_can_read_it(path: str, member: Client) -> None:
    page = member.get(path, headers=HEADERS)
    assert page["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page["Vary"]
    assert len(page.content) < len(gzip.decompress(page.content)) / 2
    assert "Content-Encoding" not in member.get(path)


@pytest.mark.parametrize("address", INSTALLED, ids=str)
def test_no_compressed_page_repeats_what_its_request_says(address: Address, member: Client) -> None:
    asked = member.get(address.path, headers=HEADERS)
    if asked.get("Content-Encoding") == "gzip":
        assert SAID not in gzip.decompress(asked.content).decode()


@pytest.mark.parametrize("path", MAIN)
def test_a_page_that_repeats_what_was_asked_of_it_is_not_compressed(path: str, member: Client) -> None:
    """The form of the language leads back to the whole address."""
    page = member.get(f"{path}?ask={SAID}", headers=HEADERS)
    assert "Content-Encoding" not in page
    assert SAID in page.content.decode()


def test_what_a_form_is_answered_and_the_desk_are_not_compressed(member: Client, agent: Client) -> None:
    wrong = Client().post("/adherent/", {"identifier": SAID, "password": "x"}, headers=HEADERS)
    assert wrong.status_code == 200
    assert "Content-Encoding" not in wrong
    assert "Content-Encoding" not in agent.get("/gestion/", headers=HEADERS)


def test_the_same_page_has_another_length_each_time(member: Client) -> None:
    """Up to a hundred random bytes, and a token that is masked anew."""
    assert len({len(member.get("/adherent/", headers=HEADERS).content) for _ in range(20)}) > 5
