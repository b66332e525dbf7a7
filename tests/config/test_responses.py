"""What every response carries and what no request may do, for each address of the URL configuration."""

from typing import Any

import pytest
from django.test import Client, RequestFactory

from adherents.accounts.models import Account
from adherents.config.wsgi import application
from tests.accounts.steps import sign_in
from tests.cast import CAMILLE, PASSWORD
from tests.config.addresses import ADDRESSES, Address
from tests.database_contents import every_row

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
EVERY_ADDRESS = pytest.mark.parametrize("address", ADDRESSES, ids=str)
POST_ONLY = {"accounts:sign_out", "portal:language", "vault:drop", "drafts:keep", "drafts:token"}
# What asks for a token of its own instead of the forms' one: the sealed place of a draft, which no other site has; what the
# directory signed, and the tests' profile names none.
OWN_TOKEN = {"drafts:keep": 400, "drafts:token": 400, "accounts:directory_end": 404}
# Reading leaves these behind, and nothing else: a line in the journal, the moment of a visit.
LEFT_BY_READING = {"Entry", "Head", "Session"}


@pytest.mark.parametrize("charset", ["hex", "undefined", "zlib", "idna", "utf-16"])
def test_a_charset_that_is_none_breaks_nothing(charset: str) -> None:
    """No key is needed to send it: Django itself would break on it, before any page is asked."""
    body = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n\xc3\xa9\r\n--b--\r\n'
    form = "multipart/form-data; boundary=b"
    asked = RequestFactory().generic("POST", "/?a=%C3%A9", body, content_type=form).environ
    request = application.request_class(asked | {"CONTENT_TYPE": f"{form}; charset={charset}"})
    assert request.content_type == "multipart/form-data"
    assert (request.GET["a"], request.POST["name"]) == ("é", "é")


def policy_of(response: Any) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";")]
    return {name: sources for name, _, sources in parts}


def assert_protected(response: Any) -> None:
    policy = policy_of(response)
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "*" not in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "no-store" in response["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in response
    for morsel in filter(
        lambda cookie: cookie.value, response.cookies.values()
    ):  # an empty one is being dropped
        assert morsel["httponly"], morsel
        assert morsel["samesite"] in {"Lax", "Strict"}, morsel


def test_the_walk_finds_the_pages_that_the_guide_names() -> None:
    names = {address.name for address in ADDRESSES}
    assert {"accounts:sign_in", "accounts:link", "enrolment:first_connection", "vault:send"} <= names
    assert {"casework:queue", "portal:contact", "mfa_index"} <= names


@EVERY_ADDRESS
def test_every_answer_to_a_stranger_is_protected(address: Address) -> None:
    assert_protected(Client().get(address.path))


@EVERY_ADDRESS
def test_every_answer_to_a_member_is_protected(address: Address, member: Client) -> None:
    assert_protected(member.get(address.path))


@EVERY_ADDRESS
def test_every_answer_to_an_agent_is_protected(address: Address, agent: Client) -> None:
    assert_protected(agent.get(address.path))


def test_errors_are_protected_too(client: Client) -> None:
    for response in (
        client.get("/nulle-part/"),
        client.get("/sante/", headers={"host": "elsewhere.example"}),
        client.get("/langue/"),
        Client(enforce_csrf_checks=True).post("/langue/"),
    ):
        assert response.status_code in {400, 403, 404, 405}
        assert_protected(response)


def test_a_download_is_sandboxed_and_holds_what_every_page_holds() -> None:
    from django.http import HttpRequest, HttpResponse

    from adherents.config.middleware import response_headers

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Content-Security-Policy": "sandbox; default-src 'none'"})

    response = response_headers(view)(HttpRequest())
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'; ")
    assert_protected(response)


@pytest.mark.parametrize("address", [a for a in ADDRESSES if a.name in POST_ONLY], ids=str)
def test_what_only_a_form_may_do_is_refused_to_a_link(address: Address, member: Client) -> None:
    assert member.get(address.path).status_code == 405
    assert member.head(address.path).status_code == 405


@EVERY_ADDRESS
def test_no_link_changes_anything(address: Address, member: Client) -> None:
    before = everything()
    member.get(address.path)
    member.head(address.path)
    assert everything() == before


@EVERY_ADDRESS
def test_a_head_is_answered_as_the_page_would_be(address: Address, member: Client) -> None:
    """Link checkers, monitors and mail filters ask so: it is no mistake of theirs."""
    asked = member.head(address.path)
    assert asked.status_code == member.get(address.path).status_code
    assert asked.content == b""


@EVERY_ADDRESS
def test_no_link_of_the_desk_changes_anything(address: Address, agent: Client) -> None:
    before = everything()
    agent.get(address.path)
    assert everything() == before


def everything() -> dict[str, list[tuple[Any, ...]]]:
    return {name: rows for name, rows in every_row().items() if name not in LEFT_BY_READING}


@EVERY_ADDRESS
def test_no_form_is_taken_without_its_token(address: Address, account: Account) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(account)
    before = everything()
    answer = client.post(address.path, {"identifier": CAMILLE.number, "password": PASSWORD})
    assert answer.status_code == OWN_TOKEN.get(address.name, 403)
    assert everything() == before


@EVERY_ADDRESS
def test_no_form_is_taken_from_another_site(address: Address, account: Account) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(account)
    client.get("/adherent/donnees-personnelles/mot-de-passe/")
    token = client.cookies["csrf"].value
    stranger = {"origin": "https://evil.example"}
    before = everything()
    answer = client.post(address.path, {"csrfmiddlewaretoken": token}, headers=stranger)
    assert answer.status_code == OWN_TOKEN.get(address.name, 403)
    assert everything() == before


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "javascript:alert(1)",
    "///evil.example",
]


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
@pytest.mark.parametrize(
    "name", ["accounts:sign_in", "account_reauthenticate", "portal:language", "account_login"]
)
def test_no_redirect_leads_to_another_site(name: str, elsewhere: str, account: Account) -> None:
    path = next(address.path for address in ADDRESSES if address.name == name)
    client = Client()
    if name == "account_reauthenticate":
        sign_in(client, CAMILLE.number)
    typed = {"identifier": CAMILLE.number, "password": PASSWORD, "language": "fr", "next": elsewhere}
    for response in (client.get(path, {"next": elsewhere}), client.post(f"{path}?next={elsewhere}", typed)):
        assert "evil.example" not in response.get("Location", "").partition("?")[0]
        assert "javascript" not in response.get("Location", "").partition("?")[0]


@pytest.mark.parametrize("path", ["//evil.example/aide", "//evil.example/%2e%2e", "/\\evil.example/aide"])
def test_a_missing_slash_leads_to_no_other_site(path: str, client: Client) -> None:
    location = client.get("/aide").headers["Location"]
    assert location == "/aide/"
    response = client.get(path)
    assert not response.get("Location", "/").startswith(("//", "http", "/\\"))


def test_an_error_of_ours_shows_a_plain_page_and_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"select {CAMILLE.nir}")

    monkeypatch.setattr("adherents.portal.views.public._show", broken)
    response = Client(raise_request_exception=False).get("/aide/")
    assert response.status_code == 500
    assert_protected(response)
    page = response.content.decode()
    assert "04\u00a076\u00a060\u00a056\u00a036" in page or "04 76 60 56 36" in page
    for word in ("Traceback", "RuntimeError", "select", CAMILLE.nir, "public.py"):
        assert word not in page


def test_passwords_are_masked_and_may_come_from_a_manager(member: Client) -> None:
    for path in ("/adherent/", "/adherent/donnees-personnelles/mot-de-passe/", "/gestion/connexion/"):
        page = (Client() if "mot" not in path else member).get(path).content.decode()
        fields = [tag for tag in page.split("<input")[1:] if 'type="password"' in tag.partition(">")[0]]
        assert fields, path
        for field in fields:
            assert 'autocomplete="current-password"' in field or 'autocomplete="new-password"' in field
            assert "onpaste" not in field
            assert "maxlength" not in field.partition(">")[0] or "1024" in field


def test_every_page_of_a_member_offers_to_sign_out(member: Client) -> None:
    for path in (
        "/adherent/",
        "/adherent/donnees-personnelles/",
        "/adherent/documents/",
        "/compte/securite/",
    ):
        assert 'action="/adherent/deconnexion/"' in member.get(path).content.decode(), path


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    "typed", [CAMILLE.nir, CAMILLE.number, CAMILLE.email, "05/03/1954", "nobody@example.org"]
)
def test_what_an_agent_looks_for_by_number_or_address_is_in_no_url(typed: str, agent: Client) -> None:
    box = agent.get("/gestion/").content.decode().partition('role="search"')[2].partition(">")[0]
    assert 'method="post"' in box
    answer = agent.post("/gestion/adherents/", {"q": typed})
    assert answer.status_code in {200, 302}
    assert "?" not in answer.headers.get("Location", "")


def test_names_looked_for_are_a_page_to_come_back_to(agent: Client) -> None:
    answer = agent.post("/gestion/adherents/", {"q": "l'heritier mull"})
    assert answer.headers["Location"] == "/gestion/adherents/?q=l%27heritier+mull"
