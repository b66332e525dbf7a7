"""Numbers, dates and links as people type, paste and cut them; and a browser that keeps no cookie."""

from datetime import timedelta
from typing import Any

import pytest
from django.http.cookie import SimpleCookie
from django.test import Client

from adherents.accounts.models import Account, Purpose, SignInCounter
from adherents.accounts.services.access_link import make_link
from adherents.accounts.services.letter import read_code
from adherents.members import nir
from adherents.members.models import Member
from adherents.members.selectors import find
from tests.accounts.steps import (
    FORGOTTEN_PAGE,
    WRONG,
    Mails,
    ask_for_link,
    is_signed_in,
    sign_in,
    text_of,
)
from tests.cast import CAMILLE, PASSWORD
from tests.factories import open_account

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
DISGUISES = [
    "7010 0001",
    "\u202a70100001\u202c",
    "7010\u200b0001\ufeff",
    "７０１００００１",
    "7010-0001",
    "7010–0001",
    "7010\u20110001",
    "7010.0001",
    "70.10.00.01",
    "7010\u00ad0001",
    "7\ufe0f0100001",
    "7010·0001",
    "7010/0001",
    "7010\u202f0001\t",
]


@pytest.fixture
def camille(db: None) -> Account:
    return open_account(CAMILLE)


@pytest.mark.rule("G1")
@pytest.mark.parametrize("typed", DISGUISES)
def test_a_number_pasted_from_anywhere_signs_in_and_is_found(camille: Account, typed: str) -> None:
    client = Client()
    sign_in(client, typed)
    assert is_signed_in(client)
    assert Member.objects.numbered(typed) == Member.objects.get()
    assert [hit.member for hit in find(typed)] == [Member.objects.get()]


@pytest.mark.rule("G5")
@pytest.mark.parametrize("typed", DISGUISES)
def test_it_gets_its_link_too(camille: Account, mails: Mails, typed: str) -> None:
    ask_for_link(Client(), typed)
    assert [mail.to for mail in mails()] == [CAMILLE.email]


@pytest.mark.rule("G11")
@pytest.mark.parametrize("number", [CAMILLE.number, "99999999"])
def test_a_number_written_otherwise_buys_no_more_tries(camille: Account, number: str) -> None:
    for place in range(5):
        sign_in(Client(), f"{number[:place]}-{number[place:]}", WRONG)
    assert "Ce compte est bloqué" in text_of(sign_in(Client(), number, PASSWORD))
    assert SignInCounter.objects.count() == 1


def test_a_number_that_has_a_dash_of_its_own_is_itself_first(camille: Account) -> None:
    with_dash = Account.objects.create(identifier="7010-0001", password=camille.password)
    assert Account.objects.identified_by("7010-0001") == with_dash
    assert Account.objects.identified_by("70-100001") == camille


@pytest.mark.parametrize(
    "typed",
    [
        "2 54 03 38 185 042 KK",
        "2.54.03.38.185.042.KK",
        "2-54-03-38-185-042-KK",
        "２５４０３３８１８５０４２KK",
        "2\u200b54\u00a003\u202f38–185—042\u2011KK",
        "\u202a254033818504 2KK\u202c",
    ],
)
def test_a_nir_pasted_from_anywhere_is_the_number(typed: str) -> None:
    assert nir.parse(typed.replace("KK", CAMILLE.nir[13:])).text == CAMILLE.nir


@pytest.mark.parametrize(
    "typed",
    [
        "7K2M‑Q8XD‑04RT",
        "7K2M.Q8XD.04RT",
        "7k2m q8xd\u200b04rt",
        "７Ｋ２ＭＱ８ＸＤ０４ＲＴ",
        "7K2M—Q8XD−O4RT",
        "7K2M_Q8XD/04RT",
    ],
)
def test_a_code_pasted_from_anywhere_is_the_code(typed: str) -> None:
    assert read_code(typed) == "7K2MQ8XD04RT"


# links

TAILS = [".", ">", " ", "/", ").", ">.", "%C2%A0", "»", ",", "/.", "/>", "*", "_", "’", "%3E", "%20/"]


@pytest.mark.rule("G6")
@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize(
    ("kind", "purpose", "page"),
    [
        ("authentication/mot-de-passe", Purpose.RESET, "Définir le mot de passe"),
        ("authentication/pas-moi", Purpose.STRANGER, "tout fermer"),
    ],
)
def test_a_link_cut_with_what_stood_after_it_works(
    camille: Account, kind: str, purpose: str, page: str, tail: str
) -> None:
    token = make_link(account=camille, purpose=purpose, validity=timedelta(hours=1))
    answer: Any = Client().get(f"/adherent/{kind}/{token}{tail}", follow=True)
    assert answer.status_code == 200
    assert page in text_of(answer)


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize(
    "path",
    [
        "/adherent/authentication/second-facteur/{}",
        "/adherent/authentication/adresse-changee/{}",
        "/adherent/adresse/{}",
        "/adherent/documents/envois/D-2026-000123/",
        "/adherent/premiere-connexion/code/",
        "/adherent/messages/00000000-0000-0000-0000-000000000000/",
    ],
)
def test_so_does_every_other_kind_of_mailed_link(camille: Account, path: str, tail: str) -> None:
    """Each leads where it leads without the tail."""
    clean, cut, path = Client(), Client(), path.format("0" * 32)
    wanted: Any = clean.get(path)
    answer: Any = cut.get(path + tail)
    while answer.status_code == 302 and answer.headers["Location"].startswith(path.rstrip("/")):
        answer = cut.get(answer.headers["Location"])
    assert (answer.status_code, answer.headers.get("Location")) == (
        wanted.status_code,
        wanted.headers.get("Location"),
    )
    assert {name: morsel.value for name, morsel in cut.cookies.items() if name != "csrf"} == {
        name: morsel.value for name, morsel in clean.cookies.items() if name != "csrf"
    }


def test_an_address_that_is_nothing_stays_nothing(client: Client) -> None:
    for path in ("/rien.", "/rien/>", "/adherent/rien."):
        assert client.get(path).status_code == 404
    assert client.post("/adherent/.").status_code in {404, 405}


def test_what_a_link_was_cut_with_leads_nowhere_else(client: Client) -> None:
    for path in ("//example.org/.", "/%5Cexample.org/.", "/adherent/?next=//example.org/."):
        answer: Any = client.get(path)
        assert "example.org" not in answer.headers.get("Location", "").split("?")[0]


# no cookie


class KeepsNothing(Client):
    """A browser that refuses every cookie."""

    def request(self, **request: Any) -> Any:
        self.cookies = SimpleCookie()
        answer = super().request(**request)
        self.cookies = SimpleCookie()
        return answer


REFUSES = "Votre navigateur refuse les cookies"


@pytest.mark.parametrize("kind", ["mot-de-passe", "pas-moi", "adresse-changee"])
def test_a_link_in_a_browser_without_cookies_says_that_and_not_that_it_is_dead(
    camille: Account, kind: str
) -> None:
    purpose = {"mot-de-passe": Purpose.RESET, "pas-moi": Purpose.STRANGER}.get(kind, Purpose.ADDRESS_CHANGED)
    token = make_link(account=camille, purpose=purpose, validity=timedelta(hours=1))
    page = text_of(KeepsNothing().get(f"/adherent/authentication/{kind}/{token}", follow=True))  # type: ignore[arg-type]
    assert REFUSES in page
    assert "autorisez les cookies" in page
    assert "plus valable" not in page


@pytest.mark.parametrize(
    "path", ["/adherent/", FORGOTTEN_PAGE, "/adherent/premiere-connexion/", "/gestion/connexion/"]
)
def test_a_form_in_a_browser_without_cookies_says_so(camille: Account, path: str) -> None:
    client = KeepsNothing(enforce_csrf_checks=True)
    assert client.get(path).status_code == 200
    answer: Any = client.post(path, {"identifier": CAMILLE.number, "password": PASSWORD})
    assert answer.status_code == 403
    assert REFUSES in text_of(answer)


def test_a_dead_link_loaded_again_is_still_a_dead_link(camille: Account) -> None:
    client = Client()
    dead: Any = client.get("/adherent/authentication/mot-de-passe/" + "0" * 32, follow=True)
    for answer in (dead, client.get("/adherent/authentication/mot-de-passe/")):
        assert answer.status_code == 410
        assert "plus valable" in text_of(answer)
        assert REFUSES not in text_of(answer)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/adherent/", 200, "Tapez à nouveau votre mot de passe"),
        ("/gestion/connexion/", 200, "Tapez à nouveau votre mot de passe"),
        (FORGOTTEN_PAGE, 403, "Ouvrez la page à nouveau"),
        ("/adherent/premiere-connexion/", 403, "Ouvrez la page à nouveau"),
    ],
)
def test_a_page_left_open_for_too_long_is_not_taken_for_that(
    camille: Account, path: str, status: int, words: str
) -> None:
    """Its token is an old one: the form does nothing, and at a door it is shown again."""
    client = Client(enforce_csrf_checks=True)
    client.get(path)
    typed = {"identifier": CAMILLE.number, "password": PASSWORD, "csrfmiddlewaretoken": "x" * 64}
    answer: Any = client.post(path, typed)
    assert answer.status_code == status
    assert words in text_of(answer)
    assert "cookies" not in text_of(answer).partition("<main")[2].partition("</main")[0]
    assert not is_signed_in(client)
