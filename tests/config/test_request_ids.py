"""A request has one name: taken or made, answered back, shown where something failed, and in each line of the logs about it."""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.test import Client

from adherents.config.logs import JsonFormatter
from adherents.config.serving.exchanges import Bounds, Exchanges
from adherents.config.serving.front import Front
from adherents.telemetry.request_ids import fresh, request_id

HEADER = "X-Request-ID"
OURS = re.compile(r"([2-9a-hjkmnp-z]{4}-){2}[2-9a-hjkmnp-z]{4}")
REFUSED = ["", " ", "a b", "é", "a" * 65, "a\tb", "<b>", "../x", "a,b", "k_1"]
pytestmark = pytest.mark.any_database


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    kept: list[dict[str, Any]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(json.loads(JsonFormatter().format(record)))

    handler = Kept()
    logging.getLogger().addHandler(handler)
    yield kept
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("given", ["a", "0", "7f3a-B2", "a" * 64, "-"])
def test_a_name_of_letters_digits_and_hyphens_is_taken_from_anybody(given: str) -> None:
    assert Client().get("/sante/", headers={HEADER: given})[HEADER] == given


@pytest.mark.parametrize("given", REFUSED)
def test_any_other_is_replaced(given: str) -> None:
    assert OURS.fullmatch(Client().get("/sante/", headers={HEADER: given})[HEADER])


def test_no_two_are_alike() -> None:
    assert len({fresh() for _ in range(1000)}) == 1000


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_failed_shows_its_name_and_each_line_about_it_carries_it(
    lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("adherents.portal.views.public._show", broken)
    client = Client(raise_request_exception=False)
    client.cookies["langue"] = language
    words = {"fr": "donnez cette référence", "en": "give this reference"}[language]
    for path, status in {"/aide/": 500, "/nulle-part/": 404}.items():
        answer = client.get(path, headers={HEADER: f"seen-by-a-proxy-{status}"})
        page = answer.content.decode()
        assert (answer.status_code, words in page) == (status, True)
        assert f"<code>{answer[HEADER]}</code>" in page
    named = [(line["logger"], line["request_id"]) for line in lines]
    assert named == [
        ("django.request", "seen-by-a-proxy-500"),
        ("adherents.access", "seen-by-a-proxy-500"),
        ("adherents.access", "seen-by-a-proxy-404"),
    ]
    assert request_id() == "", "the next request in this thread begins without one"


class Visitor:
    """A browser at the front's door: `answer` has the headers that it got."""

    def __init__(self, *headers: tuple[bytes, bytes]) -> None:
        self.headers, self.answer = headers, dict[bytes, bytes]()

    def stop_receiving(self) -> None: ...
    def left_over(self) -> bytes:
        return b""

    def abort(self) -> None: ...
    def untaken(self) -> int:
        return 0

    async def receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: dict[str, Any]) -> None:
        self.answer |= dict(message.get("headers", []))

    def asks(self, application: Callable[..., Iterable[bytes]]) -> None:
        async def ask() -> None:
            exchanges = Exchanges(Bounds(), asyncio.get_running_loop().time)
            scope = {
                "type": "http",
                "method": "GET",
                "path": "/aide/",
                "raw_path": b"/aide/",
                "query_string": b"",
                "http_version": "1.1",
                "scheme": "http",
                "headers": list(self.headers),
                "extensions": {"adherents.peer": self},
            }
            await Front(application, exchanges, threads=1)(scope, self.receive, self.send)

        asyncio.run(ask())


def test_the_front_gives_the_application_one_name_and_its_threads_log_under_it() -> None:
    seen: list[tuple[str, str]] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.append((environ["HTTP_X_REQUEST_ID"], request_id()))
        start_response("200 OK", [])
        for _ in range(3):  # the first in the thread that answers, the others in those that give what follows
            seen.append((environ["HTTP_X_REQUEST_ID"], request_id()))
            yield b"a" * (1 << 18)

    header = HEADER.lower().encode()
    Visitor((header, b"k-1")).asks(application)
    assert seen == [("k-1", "k-1")] * 4
    seen.clear()
    Visitor((header, b"k-1"), (header, b"k-2")).asks(application)
    [names] = set(seen)
    assert names[0] == names[1]
    assert OURS.fullmatch(names[0]), "two names are none"


def test_what_the_front_refuses_itself_has_a_name_too() -> None:
    visitor = Visitor((b"transfer-encoding", b"chunked"), (b"x-request-id", b"k-3"))
    visitor.asks(lambda *_: [])
    assert visitor.answer[b"x-request-id"] == b"k-3"
