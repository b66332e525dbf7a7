"""A part that the portal stands on is killed or frozen. What needs it says so in words, with 503, and what does not is served.

All of it heals as soon as the part is back.
"""

import http.client
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from adherents.work.registry import lanes
from tests import postgresql
from tests.cast import CAMILLE
from tests.config.installation import ask
from tests.engines import Valkey
from tests.journeys.running import PATIENCE, Portal
from tests.vault import s3
from tests.vault.conftest import pdf
from tests.vault.tus_client import FILES, SEND, Phone

THREADS = 16  # two processes of eight
SECONDS = 4.0  # that a page may take on a busy machine; one that waits for a frozen part takes far more
LINK_PAGE = "/adherent/authentication/mot-de-passe/"
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
def valkey() -> Iterator[Valkey]:
    with Valkey() as server:
        yield server


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.Server]:
    with s3.serving(tmp_path_factory.mktemp("objects")) as server:
        yield server


@pytest.fixture(scope="module")
def portal(
    tmp_path_factory: pytest.TempPathFactory,
    database: postgresql.Server,
    valkey: Valkey,
    storage: s3.Server,
) -> Iterator[Portal]:
    """Two processes with their worker, on a PostgreSQL, a Valkey and an S3 of its own."""
    running = Portal(tmp_path_factory.mktemp("outage"))
    running.environment["ADHERENTS_DATABASE_URL"] = database.address
    running.environment["ADHERENTS_CACHE_URL"] = valkey.address
    _, bucket = s3.new_bucket(storage.endpoint)
    running.environment["ADHERENTS_STORAGE_URL"] = storage.address_of(bucket)
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
            return answer.status, dict(answer.headers), answer.read().decode(errors="replace")
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


def degraded(portal: Portal, path: str = "/pret/") -> tuple[int, list[str]]:
    """What a balancer is told: the status, and the names."""
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=60)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{portal.port}"})
        with connection.getresponse() as answer:
            return answer.status, json.loads(answer.read())["degraded"]
    finally:
        connection.close()


def settled(portal: Portal, path: str, *names: str) -> bool:
    """Whether both processes say so; each looks by itself."""
    return all(degraded(portal, path) == (200, list(names)) for _ in range(8))


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> float:
    """How long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        time.sleep(0.1)
    return time.monotonic() - began


def logged(portal: Portal, before: int = 0) -> list[dict[str, Any]]:
    """The lines of the servers and the worker, but for those before."""
    lines = [line for line in portal.log().splitlines()[before:] if line.startswith("{")]
    return [json.loads(line) for line in lines]


def test_without_valkey_every_page_is_served_and_the_log_says_it_once(portal: Portal, valkey: Valkey) -> None:
    phone = Phone(portal)
    until(lambda: degraded(portal) == (200, []))
    before = len(logged(portal))
    valkey.kill()
    try:
        for _ in range(4):
            for path in PAGES:
                assert asked(phone, "GET", path)[0] in {200, 302}, path
            assert asked(phone, "GET", LINK_PAGE)[0] in {410, 429}, "a page that counts who comes"
        Phone(portal)  # somebody signs in
        assert degraded(portal) == (200, ["cache"])
        until(lambda: settled(portal, "/sante/", "cache"), 10)
    finally:
        valkey.start()
    until(lambda: degraded(portal) == (200, []))
    lines = logged(portal)[before:]
    turned = [line for line in lines if "counted in the database" in line["message"]]
    assert 1 <= len(turned) <= 2, "once in each process that counts"
    assert not [line for line in lines if "traceback" in line]
    assert len([line for line in lines if line.get("part") == "cache"]) <= 2


def test_a_frozen_valkey_costs_one_page_a_second_and_the_others_nothing(
    portal: Portal, valkey: Valkey
) -> None:
    phone = Phone(portal)
    valkey.stop()
    try:
        took = []
        for _ in range(8):
            began = time.monotonic()
            assert asked(phone, "GET", LINK_PAGE)[0] in {410, 429}
            took.append(time.monotonic() - began)
        assert max(took) < SECONDS
        assert degraded(portal) == (200, ["cache"])
    finally:
        valkey.go_on()
    until(lambda: degraded(portal) == (200, []))


def test_while_the_storage_is_frozen_pages_that_need_no_document_are_quick(
    portal: Portal, storage: s3.Server, database: postgresql.Server
) -> None:
    phone = Phone(portal)
    status, receipt = phone.deposit([pdf()])
    assert status == 302, receipt
    document = re.search(r"/adherent/documents/([0-9a-f-]{36})/", phone.page("/adherent/documents/"))
    assert document
    download = f"{document[0]}telecharger/"
    assert asked(phone, "GET", download)[0] == 200
    storage.stop()
    try:
        with ThreadPoolExecutor(12) as pool:
            waiting = [pool.submit(asked, phone, "GET", download) for _ in range(12)]
            for _ in range(3):
                for path in PAGES[1:]:
                    began = time.monotonic()
                    assert asked(phone, "GET", path)[0] == 200, path
                    assert time.monotonic() - began < SECONDS, path
            assert degraded(portal) == (200, ["storage"])

            def refused_at_once() -> bool:
                began = time.monotonic()
                status, headers, words = asked(phone, "GET", download)
                assert (status, headers["Retry-After"]) == (503, "5")
                assert f"<code>{headers['X-Request-ID']}</code>" in words
                return time.monotonic() - began < 1.0

            until(refused_at_once, 60)
            assert {future.result()[0] for future in waiting} == {503}
    finally:
        storage.go_on()
    until(lambda: asked(phone, "GET", download)[0] == 200)
    until(lambda: degraded(portal) == (200, []))


def test_a_frozen_database_is_said_in_words_alive_is_still_said_and_it_heals(
    portal: Portal, database: postgresql.Server
) -> None:
    phone = Phone(portal)
    database.freeze()
    try:
        pool = ThreadPoolExecutor(THREADS)
        held = [pool.submit(asked, phone, "GET", "/adherent/documents/") for _ in range(THREADS)]
        for _ in range(3):
            began = time.monotonic()
            assert degraded(portal, "/sante/")[0] == 200
            assert time.monotonic() - began < SECONDS, "all the threads that serve pages are held"
        assert degraded(portal) == (503, ["database"])
        until(lambda: settled(portal, "/sante/", "database"), 10)

        def in_words() -> bool:
            connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=2)
            try:
                connection.request("GET", "/aide/", headers={"Host": f"localhost:{portal.port}"})
                with connection.getresponse() as answer:
                    page = answer.read().decode()
                    return answer.status == 503 and WORDS in page and answer.headers["Retry-After"] == "5"
            except TimeoutError:
                return False
            finally:
                connection.close()

        until(in_words, 40)
        # Those whose threads are held are told too.
        assert {future.result()[0] for future in held} == {503}
        assert all(WORDS in future.result()[2] for future in held)
        pool.shutdown()
    finally:
        database.go_on()
    took = until(lambda: asked(phone, "GET", "/adherent/documents/")[0] == 200)
    assert took < SECONDS
    until(lambda: degraded(portal) == (200, []), 60)


def test_a_killed_worker_is_named_and_another_clears_it(portal: Portal, database: postgresql.Server) -> None:
    """Forty seconds pass on the rows' clock only."""
    until(lambda: settled(portal, "/sante/"))
    worker = portal.processes.pop()
    worker.kill()
    worker.wait()
    assert degraded(portal) == (200, [])
    database.run("UPDATE work_heartbeat SET alive_until = now() - interval '1 second'")
    until(lambda: settled(portal, "/sante/", "worker"), 10)
    portal._spawn("worker", "--pause=0.5")
    until(lambda: settled(portal, "/sante/"), 20)
    assert database.rows("SELECT count(*) FROM work_heartbeat WHERE alive_until > now()") == [(len(lanes()),)]
