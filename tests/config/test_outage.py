"""A part that the portal stands on is killed: every address says so in words, with 503, and heals as soon as it is back."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgresql
from tests.cast import CAMILLE
from tests.config.installation import ask
from tests.journeys.running import PATIENCE, Portal
from tests.vault.tus_client import FILES, SEND, Phone

THREADS = 8
PAGES = [
    "/",
    "/adherent/",
    "/adherent/documents/",
    SEND,
    "/adherent/donnees-personnelles/",
    "/adherent/messages/",
]
CONNECT = """
import json, time
from django.db import OperationalError, connection
begun = time.monotonic()
try:
    connection.ensure_connection()
except OperationalError as error:
    print(json.dumps([time.monotonic() - begun, type(error).__name__]))
"""
WORDS = "Le service ne répond pas pour le moment"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgresql.Server]:
    with postgresql.serving() as server:
        yield server


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, database: postgresql.Server) -> Iterator[Portal]:
    """With its worker, on a PostgreSQL of its own."""
    running = Portal(tmp_path_factory.mktemp("outage"))
    running.environment["ADHERENTS_DATABASE_URL"] = database.address
    try:
        running.start([CAMILLE], with_account=[CAMILLE])
        yield running
    finally:
        running.stop()


def asked(phone: Phone, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", phone.portal.port, timeout=60)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        cookies = {name: phone.headers[name] for name in ("Host", "Cookie", "X-CSRFToken")}
        connection.request(method, path, headers={**cookies, **named})
        with connection.getresponse() as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    finally:
        connection.close()


def test_a_database_that_is_killed_is_said_everywhere_and_healed_at_once(
    portal: Portal, database: postgresql.Server
) -> None:
    phone = Phone(portal)
    for _ in range(3 * THREADS):  # each thread has a connection that will break
        assert asked(phone, "GET", "/adherent/documents/")[0] == 200
    database.stop()
    for _ in range(2):
        for path in PAGES[1:]:
            status, headers, body = asked(phone, "GET", path)
            if status == 200:
                assert path == "/adherent/", f"{path} needs no database?"
                continue
            assert (status, headers["Retry-After"], WORDS in body) == (503, "5", True), path
    for method, path in (("POST", FILES), ("HEAD", f"{FILES}00000000-0000-4000-8000-000000000000/")):
        status, headers, body = asked(phone, method, path, Tus_Resumable="1.0.0", Upload_Length="10")
        assert (status, headers["Retry-After"], headers["Tus-Resumable"]) == (503, "5", "1.0.0")
        if method == "POST":
            assert json.loads(body)["sentence"]
    assert asked(phone, "GET", "/sante/")[0] == 200
    assert asked(phone, "GET", "/pret/")[0] == 503
    database.start()
    back = time.monotonic()
    answers = [asked(phone, "GET", "/adherent/documents/")[0] for _ in range(3 * THREADS)]
    assert answers == [200] * len(answers), f"in {time.monotonic() - back:.1f} s"
    assert asked(phone, "GET", "/pret/")[0] == 200


@pytest.mark.any_database
def test_a_database_that_takes_the_question_and_never_answers_is_given_up_in_seconds(tmp_path: Path) -> None:
    """As behind a firewall that swallows packets: a thread that waits for minutes is one page fewer for everybody."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgresql://me:secret@127.0.0.1:{silent.getsockname()[1]}/portal"
        seconds, error = ask(tmp_path, CONNECT, DATABASE_URL=address)
    assert (seconds < 10, error) == (True, "OperationalError")


def test_the_worker_goes_on_after_the_database_was_killed(
    portal: Portal, database: postgresql.Server
) -> None:
    """A sign-in in a new browser is told by mail."""
    database.stop()
    time.sleep(2)  # rounds of the worker meanwhile
    database.start()
    before = len(portal.mailbox.of(CAMILLE.email))
    Phone(portal)
    deadline = time.monotonic() + PATIENCE
    while len(portal.mailbox.of(CAMILLE.email)) == before:
        assert time.monotonic() < deadline
        time.sleep(0.1)
