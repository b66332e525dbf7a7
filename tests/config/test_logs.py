"""Logs: one JSON object a line, nothing of a person, nothing that ends a line or speaks to a terminal."""

import json
import logging
import smtplib
import sys

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client, RequestFactory

from adherents.config.logs import FIELDS, JsonFormatter
from tests.accounts.steps import sign_in
from tests.cast import CAMILLE

NASTY = 'a"}\n{"at": "now", "level": "info"}\r\n\x1b[2Jé\u2028\u0085\x9b'


def written(message: str, *args: object, exc_info: bool = False, **extra: object) -> str:
    record = logging.LogRecord(
        "adherents", logging.INFO, "", 0, message, args, sys.exc_info() if exc_info else None
    )
    record.__dict__.update(extra)
    return JsonFormatter().format(record)


@pytest.fixture
def lines() -> object:
    """What production would have written since the test began."""
    kept: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(JsonFormatter().format(record))

    handler = Kept()
    logging.getLogger().addHandler(handler)
    yield kept
    logging.getLogger().removeHandler(handler)


def test_a_line_is_one_object_whatever_it_says() -> None:
    line = written("read %s", NASTY, route=NASTY)
    assert line.splitlines() == [line]
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == f"read {NASTY}"


def test_a_moment_is_in_utc_with_its_offset() -> None:
    assert str(json.loads(written("x"))["at"]).endswith("+00:00")


def test_only_known_fields_leave() -> None:
    line = json.loads(written("x", request=object(), password="secret", route="/adherent/"))
    assert set(line) == {"at", "level", "logger", "message", "route"}
    assert "password" not in FIELDS


@pytest.mark.parametrize(
    ("error", "speaks"),
    [
        (IntegrityError(f"Key (email)=({CAMILLE.email}) already exists"), False),
        (ValueError(f"invalid literal: {CAMILLE.email}"), False),
        (smtplib.SMTPRecipientsRefused({CAMILLE.email: (550, b"no")}), False),
        (OperationalError("connection refused at db.example.org"), True),
        (OSError(28, "No space left on device"), True),
    ],
)
def test_an_error_is_told_by_its_kind_and_place_and_in_words_only_where_they_are_a_machines(
    error: Exception, speaks: bool
) -> None:
    try:
        try:
            raise error
        except Exception as cause:
            raise RuntimeError(f"with {CAMILLE.email}") from cause
    except RuntimeError:
        line = written("it broke", exc_info=True)
    traceback = str(json.loads(line)["traceback"])
    assert type(error).__name__ in traceback
    assert "RuntimeError" in traceback
    assert "test_logs.py" in traceback
    assert CAMILLE.email not in line
    assert (str(error) in traceback) is speaks


@pytest.mark.parametrize(
    "path",
    [
        "/adherent/authentication/mot-de-passe/0123456789abcdef0123456789abcdef",
        "/adherent/documents/accuses/D-2026-000001%0d%0a%7b%22level%22/",
        f"/nulle-part/{CAMILLE.nir}/",
        f"/aide/?q={CAMILLE.nir}",
    ],
)
@pytest.mark.django_db
def test_no_path_is_in_a_log_only_the_route(path: str, lines: list[str]) -> None:
    Client().get(path, headers={"user-agent": "x\n{}", "referer": f"https://evil.example/{CAMILLE.nir}"})
    Client(enforce_csrf_checks=True).post(path)
    requests = [line for line in lines if json.loads(line)["logger"] == "adherents.access"]
    assert len(requests) == 2
    everything = "".join(lines)
    for part in ("0123456789abcdef", "D-2026", CAMILLE.nir, "%0d"):
        assert part not in everything


@pytest.mark.django_db
def test_a_wrong_password_leaves_neither_number_nor_password_nor_address(lines: list[str]) -> None:
    sign_in(Client(REMOTE_ADDR="203.0.113.9"), CAMILLE.number, "pas-le-Bon-00")
    assert lines
    everything = "".join(lines)
    for part in (CAMILLE.number, "pas-le-Bon", "203.0.113.9"):
        assert part not in everything


@pytest.mark.django_db
def test_a_host_that_is_not_ours_is_logged_as_one_line(lines: list[str]) -> None:
    assert Client().get("/aide/", headers={"host": "evil\n{}.example"}).status_code == 400
    refused = [json.loads(line) for line in lines if "DisallowedHost" in line]
    assert refused
    assert all(len(line.splitlines()) == 1 for line in lines)


@pytest.mark.django_db
def test_a_rate_limit_is_in_the_log_by_the_action_only(
    lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from adherents.accounts.limits import RateLimited

    def refuse(action: str, **_: object) -> None:
        raise RateLimited("link")

    monkeypatch.setattr("adherents.accounts.views.member.hit", refuse)
    assert Client().get("/adherent/authentication/mot-de-passe/").status_code == 429
    warned = [json.loads(line) for line in lines if "rate limited" in line]
    assert [(line["level"], line["action"]) for line in warned] == [("warning", "link")]


def test_the_web_servers_own_words_name_no_address_and_no_path(capsys: pytest.CaptureFixture[str]) -> None:
    from gunicorn.config import Config

    from adherents.config.server_log import ServerLog

    log = ServerLog(Config())
    log.warning("Invalid request from ip=203.0.113.9: Invalid Request Line '/adherent/0123456789abcdef'")
    try:
        raise ValueError(NASTY)
    except ValueError:
        log.exception("Error handling request %s %s", "GET", "/adherent/0123456789abcdef")
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["Invalid request", "Error handling request"]
    assert "203.0.113.9" not in "".join(lines)
    assert "0123456789abcdef" not in "".join(lines)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "198.51.100.7", "10.0.0.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.66, 198.51.100.7", "198.51.100.7"),
        (2, "203.0.113.66, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "198.51.100.7", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "not an address\n", ""),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_a_forwarded_address_is_believed_from_announced_proxies_only(
    rf: RequestFactory, settings: object, proxies: int, forwarded: str, expected: str
) -> None:
    from adherents.accounts.browser import address_of

    settings.ADHERENTS_PROXIES = proxies  # type: ignore[attr-defined]
    extra = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert address_of(rf.get("/", REMOTE_ADDR="10.0.0.1", **extra)) == expected
