"""An outage is a page in words for each who meets it, and one line a minute in the log; anything else keeps its traceback."""

import json
import logging
import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, InterfaceError, OperationalError
from django.test import Client
from redis.exceptions import ConnectionError as CacheGone
from redis.exceptions import ReadOnlyError

from adherents.config.logs import JsonFormatter
from adherents.storage.objects import StorageFailed
from adherents.telemetry import outages
from adherents.telemetry.outages import Part, note, part_away

REQUESTS = 82
PAGE = {
    Part.DATABASE: {
        "fr": "Le service ne répond pas pour le moment",
        "en": "The service is not answering at the moment",
    },
    Part.STORAGE: {
        "fr": "Vos documents ne répondent pas pour le moment",
        "en": "Your documents cannot be reached at the moment",
    },
}
pytestmark = pytest.mark.any_database


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except Exception as caught:
        return caught


def of_sqlite(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("told")
    error.sqlite_errorname = name
    return error


def of_postgresql(state: str | None) -> psycopg.Error:
    kind = psycopg.errors.lookup(state) if state else psycopg.OperationalError
    error = kind("told")
    assert error.sqlstate == state
    return error


@pytest.mark.parametrize(
    ("error", "cause", "part"),
    [
        (OperationalError("x"), of_postgresql(None), Part.DATABASE),
        (OperationalError("x"), of_postgresql("57P03"), Part.DATABASE),
        (OperationalError("x"), of_postgresql("53300"), Part.DATABASE),
        (InterfaceError("x"), of_postgresql(None), Part.DATABASE),
        (OperationalError("x"), of_sqlite("SQLITE_BUSY"), Part.DATABASE),
        (OperationalError("x"), of_sqlite("SQLITE_IOERR_WRITE"), Part.DATABASE),
        (RuntimeError("x"), raised(OperationalError("x"), of_postgresql("57P01")), Part.DATABASE),
        (CacheGone("x"), None, Part.CACHE),
        (ReadOnlyError("x"), None, Part.CACHE),
        (StorageFailed("x"), None, Part.STORAGE),
        # A deadlock, a statement that took too long, a table that is missing, a mistake of ours.
        (OperationalError("x"), of_postgresql("40P01"), None),
        (OperationalError("x"), of_postgresql("57014"), None),
        (OperationalError("x"), of_sqlite("SQLITE_ERROR"), None),
        (DatabaseError("x"), None, None),
        (RuntimeError("x"), None, None),
    ],
)
def test_an_error_tells_which_part_is_away_if_any_is(
    error: Exception, cause: Exception | None, part: Part | None
) -> None:
    assert part_away(raised(error, cause)) is part


def test_each_part_is_told_once_a_minute_and_how_often_it_failed(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock:
        now = 1000.0

        @classmethod
        def monotonic(cls) -> float:
            return cls.now

    monkeypatch.setattr(outages, "time", Clock)
    for _ in range(REQUESTS):
        note(Part.CACHE, "refused")
        note(Part.STORAGE, "silent")
    Clock.now += 59.9
    note(Part.CACHE, "refused")
    Clock.now += 0.2
    note(Part.CACHE, "refused")
    told = [(record.part, record.times) for record in caplog.records]
    assert told == [("cache", 1), ("storage", 1), ("cache", REQUESTS + 1)]


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What the log says, without one line a request."""
    kept: list[dict[str, Any]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name != "adherents.access":
                kept.append(json.loads(JsonFormatter().format(record)))

    handler = Kept()
    logging.getLogger().addHandler(handler)
    yield kept
    logging.getLogger().removeHandler(handler)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("part", PAGE)
def test_of_many_requests_that_meet_it_each_gets_words_and_the_log_gets_one_line(
    lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, part: Part, language: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        if part is Part.STORAGE:
            raise StorageFailed("no answer")
        raise OperationalError("the connection is closed") from of_postgresql(None)

    monkeypatch.setattr("adherents.portal.views.public._show", broken)
    client = Client(raise_request_exception=False)
    client.cookies["langue"] = language
    for _ in range(REQUESTS):
        answer = client.get("/aide/")
        page = answer.content.decode()
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert PAGE[part][language] in page
        assert f"<code>{answer['X-Request-ID']}</code>" in page
    [line] = lines
    assert (line["level"], line["logger"], line["part"]) == ("error", "adherents.outages", part)
    assert "traceback" not in line


@pytest.mark.django_db
def test_the_language_that_the_browser_chose_holds_where_the_session_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The session is loaded before the language is known."""

    def broken(*_: object) -> None:
        raise OperationalError("gone") from of_postgresql(None)

    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", broken)
    client = Client(raise_request_exception=False)
    client.cookies["langue"] = "en"
    answer = client.get("/aide/")
    assert answer.status_code == 503
    assert PAGE[Part.DATABASE]["en"] in answer.content.decode()


@pytest.mark.django_db
def test_an_error_that_is_no_outage_keeps_its_traceback(
    lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OperationalError("no such table: x") from of_sqlite("SQLITE_ERROR")

    monkeypatch.setattr("adherents.portal.views.public._show", broken)
    client = Client(raise_request_exception=False)
    assert [client.get("/aide/").status_code for _ in range(2)] == [503, 503]
    assert [("traceback" in line, line["logger"]) for line in lines] == [(True, "django.request")] * 2
