"""A person's way through the portal, as those see it who watch: counted, logged and traced, and nothing of the person in it."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from adherents.accounts.models import Role
from adherents.config.logs import JsonFormatter
from adherents.telemetry.exposition import exposed
from adherents.vault.models import Document
from adherents.work.services import run_until_nothing_is_left
from tests.accounts.steps import WRONG, ask_for_link, choose_password, follow, lock_out, sign_in
from tests.agents import make_agent, signed_in
from tests.cast import ANGE, CAMILLE, JEAN_FRANCOIS, NEW_PASSWORD, PASSWORD
from tests.config.test_request_ids import Visitor
from tests.conftest import Mail
from tests.factories import add_to_register, open_account
from tests.telemetry.figures import Receiver, Risen, receiving
from tests.vault.conftest import pdf, send, upload

Mails = Callable[[], list[Mail]]
pytestmark = [pytest.mark.django_db, pytest.mark.one_on_postgresql]


class Lines(logging.Handler):
    """What production would have written."""

    def __init__(self) -> None:
        super().__init__()
        self.raw: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.raw.append(JsonFormatter().format(record))

    def of(self, logger: str) -> list[dict[str, Any]]:
        return [line for line in map(json.loads, self.raw) if line["logger"] == logger]


@pytest.fixture
def lines() -> Iterator[Lines]:
    kept = Lines()
    logging.getLogger().addHandler(kept)
    yield kept
    logging.getLogger().removeHandler(kept)


@pytest.fixture
def received(lines: Lines) -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Any) -> None:
    options = {"location": str(tmp_path), "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = {**settings.STORAGES, "documents": {"BACKEND": backend, "OPTIONS": options}}


def test_nothing_of_a_person_is_in_figures_lines_or_spans(
    lines: Lines, mails: Mails, django_capture_on_commit_callbacks: Any
) -> None:
    risen = Risen()
    secret: set[str] = set()
    with receiving() as received, django_capture_on_commit_callbacks(execute=True):
        secret = _journey(mails)
    counted = risen.since(named="sign_ins_total")
    assert counted == {'{outcome="signed_in"}': 2, '{outcome="refused"}': 6, '{outcome="locked"}': 1}
    assert risen.since(named="deposits_total") == {'{origin="member"}': 1}
    assert risen.since(named="drawings_total") == {'{outcome="drawn"}': 1}
    assert sum(risen.since(named="mails_total").values()) >= 3
    assert {"work accounts.ResetRequest", "work vault.Document"} <= {span.name for span in received.spans}
    everything = "\n".join(
        [*lines.raw, exposed()[0].decode(), received.raw.decode("latin-1"), *map(repr, received.spans)]
    )
    assert len(everything) > 50_000
    found = {word for word in secret if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", everything, re.I)}
    assert found == set()


def _journey(mails: Mails) -> set[str]:
    """What a member and an agent do in a day. Returns every word of it that is theirs alone."""
    members = [add_to_register(person) for person in (CAMILLE, JEAN_FRANCOIS)]
    open_account(CAMILLE)
    sign_in(Client(), CAMILLE.number, WRONG)
    lock_out(ANGE.number)
    sign_in(Client(), "jamais-vu-4242", WRONG)
    browser = Client()
    ask_for_link(browser, CAMILLE.number)
    mail = mails()[-1]
    follow(browser, mail)
    choose_password(browser, CAMILLE.birth_day)
    Client().get("/adherent/authentication/mot-de-passe/" + "0123abcd" * 8)
    Client().get("/nulle-part/Casanova/70100006/?n=1570220004056")
    browser = Client(headers={"User-Agent": "Firefox de Camille", "Referer": "/adherent/?n=70100001"})
    sign_in(browser, CAMILLE.number, NEW_PASSWORD)
    browser.get("/adherent/")
    send(browser, upload(pdf(words="Dupont Camille"), "ordonnance-de-Camille.pdf"), note="pour ma hanche")
    document = Document.objects.get()
    run_until_nothing_is_left()
    browser.get(f"/adherent/documents/{document.pk}/telecharger/").getvalue()
    agent = signed_in(make_agent(Role.ADVISER))
    agent.get("/gestion/adherents/", {"q": "Dupont Camille 05/03/1954"})
    agent.get(f"/gestion/adherents/{members[0].pk}/")
    run_until_nothing_is_left()
    people = (CAMILLE, JEAN_FRANCOIS, ANGE)
    return {
        mail.token,
        browser.session.session_key or "",
        browser.cookies["session"].value,
        PASSWORD,
        NEW_PASSWORD,
        WRONG,
        "jamais-vu-4242",
        "hanche",
        "ordonnance",
        "127.0.0.1/adherent",
        str(document.pk),
        document.storage_name,
        document.deposit.number,
        *(person.number for person in people),
        *(person.nir for person in people),
        *(person.nir13 for person in people),
        *(person.birth_name for person in people),
        *(person.email for person in people),
        *(person.birth_date for person in people),
        *("/".join(person.birth_day) for person in people),
        "Camille",
        "Jean-François",
        *(member.email for member in members),
    }


def test_a_request_its_queries_its_objects_and_its_later_work_are_one_trace(
    lines: Lines, django_capture_on_commit_callbacks: Any, mails: Mails
) -> None:
    add_to_register(CAMILLE)
    open_account(CAMILLE)
    browser = Client()
    sign_in(browser, CAMILLE.number)
    with receiving() as received:
        with django_capture_on_commit_callbacks(execute=True):
            send(browser, upload(pdf(), "a.pdf"))
        mails()
        page = browser.get("/adherent/")
        receipt = browser.get(f"/adherent/documents/{Document.objects.get().pk}/telecharger/")
        receipt.getvalue()
    [posted] = received.named("POST /adherent/documents/envoyer/")
    assert posted.after == ""
    assert (posted.about["http.response.status_code"], posted.failed) == ("302", False)
    assert posted.about["http.route"] == "/adherent/documents/envoyer/"
    names = received.of(posted.trace)
    assert {"INSERT vault_document", "object commit", "work vault.Document", "work mail.OutboxMail"} <= {
        *names
    }
    [drawing] = received.named("work vault.Document")
    assert drawing.after == posted.id
    within = {span.name for span in received.spans if span.after == drawing.id}
    assert {"object open", "object commit", "INSERT vault_page"} <= within
    [question] = received.named("INSERT vault_document")
    assert question.about == {
        "db.system.name": question.about["db.system.name"],
        "db.operation.name": "INSERT",
        "db.collection.name": "vault_document",
    }
    [home] = received.named("GET /adherent/")
    assert home.trace != posted.trace
    assert home.about["adherents.request_id"] == page["X-Request-ID"]
    [download] = received.named("GET /adherent/documents/<uuid:document_id>/telecharger/")
    assert "object open" in received.of(download.trace), (
        "what is read while the answer leaves is a part of it"
    )
    assert received.resource["service.name"] == "espace-adherents"


def test_a_failure_is_told_by_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Camille")

    monkeypatch.setattr("adherents.portal.views.public._show", broken)
    with receiving() as received:
        Client(raise_request_exception=False).get("/aide/")
    [span] = received.named("GET /aide/")
    assert (span.failed, span.about["error.type"]) == (True, "500")
    assert b"Camille" not in received.raw


def test_a_trace_is_begun_here_whatever_a_browser_sends() -> None:
    theirs = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
    with receiving() as received:
        Client().get("/aide/", headers={"traceparent": theirs})
    [span] = received.named("GET /aide/")
    assert (span.after, span.trace == theirs[3:35]) == ("", False)


def test_rows_say_nothing_while_traces_are_off() -> None:
    ask_for_link(Client(headers={"X-Request-ID": "seen-by-a-proxy"}), "70100001")
    from adherents.accounts.models import ResetRequest

    row = ResetRequest.objects.get()
    assert (row.traceparent, row.request_id) == ("", "seen-by-a-proxy")


def test_what_a_request_left_for_later_is_logged_under_its_name(lines: Lines, mails: Mails) -> None:
    """From one work to the next: the mail was written by the worker, for this request."""
    add_to_register(CAMILLE)
    open_account(CAMILLE)
    ask_for_link(Client(headers={"X-Request-ID": "k3fa-92mx"}), CAMILLE.number)
    ask_for_link(Client(headers={"X-Request-ID": "another"}), "70100006")
    mails()
    worked = [line for line in lines.of("adherents.work") if line["message"] == "worked on a row"]
    assert [(line["kind"], line["request_id"]) for line in worked] == [
        ("accounts.ResetRequest", "k3fa-92mx"),
        ("accounts.ResetRequest", "another"),
        ("mail.OutboxMail", "k3fa-92mx"),
    ]
    assert all(line["milliseconds"] > 0 for line in worked)
    assert all("request_id" not in line for line in lines.of("adherents.work") if line["message"] == "sweep")


def test_a_row_that_fails_is_logged_under_the_name_of_its_request(
    lines: Lines, mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("adherents.accounts.services.access_link.answer_request", broken)
    open_account(CAMILLE)
    with receiving() as received:
        ask_for_link(Client(headers={"X-Request-ID": "k3fa-92mx"}), CAMILLE.number)
        mails()
    [line] = [line for line in lines.of("adherents.work") if line["level"] == "error"]
    assert (line["request_id"], line["error"]) == ("k3fa-92mx", "RuntimeError")
    [work] = received.named("work accounts.ResetRequest")
    assert (work.failed, work.about["error.type"]) == (True, "RuntimeError")


def test_each_request_has_one_line_and_is_counted_once(lines: Lines) -> None:
    risen = Risen()
    for path in ("/aide/", "/aide/", "/nulle-part/Dupont/", "/adherent/documents/"):
        Client().get(path)
    Client().generic("DUPONT", "/aide/")
    said = [(line["method"], line["route"], line["status"]) for line in lines.of("adherents.access")]
    assert said == [
        ("GET", "/aide/", 200),
        ("GET", "/aide/", 200),
        ("GET", "/-", 404),
        ("GET", "/adherent/documents/", 302),
        ("-", "/aide/", 405),
    ]
    assert risen.since(named="request_seconds_count") == {
        '{route="/aide/",status="2xx"}': 2,
        '{route="/-",status="4xx"}': 1,
        '{route="/adherent/documents/",status="3xx"}': 1,
        '{route="/aide/",status="4xx"}': 1,
    }


def test_what_the_server_refuses_itself_has_its_line_too(lines: Lines) -> None:
    risen = Risen()
    visitor = Visitor((b"transfer-encoding", b"chunked"), (b"x-request-id", b"k-3"))
    visitor.asks(lambda *_: [])
    [line] = lines.of("adherents.access")
    assert (line["request_id"], line["route"], line["status"]) == ("k-3", "/aide/", 411)
    assert risen.since(named="request_seconds_count") == {'{route="/aide/",status="4xx"}': 1}


def test_a_browser_that_left_before_its_answer_has_its_line_too(lines: Lines) -> None:
    class Gone(Visitor):
        async def receive(self) -> dict[str, Any]:
            return {"type": "http.disconnect"}

    Gone((b"content-length", b"5")).asks(lambda *_: pytest.fail("it was asked"))
    [line] = lines.of("adherents.access")
    assert (line["route"], line["status"]) == ("/aide/", 499)
