"""A real portal, a real socket: connections that break or fall silent, and a server killed in the middle."""

import hashlib
import random
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from stress.portal import MortalPortal
from stress.vault import killed

from tests.cast import ANGE, CAMILLE, EVE, JEAN_FRANCOIS, KARIM
from tests.vault.conftest import pdf
from tests.vault.tus_client import Phone

PEOPLE = [CAMILLE, JEAN_FRANCOIS, KARIM, EVE, ANGE]
NOISE = random.Random(5).randbytes(900_000).hex().encode()
LARGE = pdf(2).replace(b"\n", b"\n%" + NOISE + b"\n", 1)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MortalPortal]:
    """Its limit is raised, so that a file can be large beside what a server's memory varies by itself. No worker."""
    running = MortalPortal(
        tmp_path_factory.mktemp("interrupted"), changes={"max_file_mb = 20": "max_file_mb = 100"}
    )
    running.environment["MALLOC_ARENA_MAX"] = "1"
    try:
        running.prepare(PEOPLE, with_account=PEOPLE)
        running.start_web()
        yield running
    finally:
        running.stop()


@pytest.fixture(autouse=True, scope="module")
def silent(portal: MortalPortal) -> Iterator[tuple[str, socket.socket]]:
    """A file whose connection fell silent as these tests began: it is looked at while others send, and at the end."""
    phone = Phone(portal, KARIM)
    path = phone.announce(LARGE)
    with phone.begin(path, LARGE[:800_000], 0, announced=len(LARGE)) as connection:
        yield path, connection


@pytest.fixture
def sender(portal: MortalPortal) -> Phone:
    return Phone(portal)


def arrived(portal: MortalPortal, path: str) -> list[tuple[int, str]]:
    rows = portal.sql(
        "SELECT size, sha256 FROM vault_pendingfile WHERE id = ?", path.split("/")[-2].replace("-", "")
    )
    return [(int(size), str(digest)) for size, digest in rows]


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.rule("G13")
def test_what_came_before_the_connection_broke_is_kept(sender: Phone, portal: MortalPortal) -> None:
    path = sender.announce(LARGE)
    at = 0
    for half in (700_000, 900_000):
        connection = sender.begin(path, LARGE[at : at + half], at, announced=len(LARGE) - at)
        connection.close()
        came = sender.offset(path, past=at)
        assert at + half - 140_000 <= came <= at + half
        at = came
    assert sender.bring(path, LARGE[at:], at) == 204
    assert arrived(portal, path) == [(len(LARGE), digest_of(LARGE))]


def test_memory_does_not_grow_with_the_file(sender: Phone, portal: MortalPortal) -> None:
    """At its highest, and not after: a buffer of the whole file would have been given back by then.

    With one arena for all threads, what the allocator keeps of earlier requests varies by a few mebibytes.
    """

    def highest(megabytes: int) -> int:
        padded = LARGE.replace(b"\n", b"\n%" + b"x" * (megabytes << 20) + b"\n", 1)
        path = sender.announce(padded)
        servers = portal.serving()
        for process in servers:
            Path(f"/proc/{process.pid}/clear_refs").write_text("5")  # the peak is counted anew from here
        eighth = len(padded) // 8
        sender.begin(path, padded[:eighth], 0, announced=len(padded)).close()
        at = sender.offset(path, past=0)
        assert sender.bring(path, padded[at:], at) == 204
        assert arrived(portal, path) == [(len(padded), digest_of(padded))]
        return sum(peak_of(process.pid) for process in servers)

    small = max(highest(20) for _ in range(3))
    assert highest(90) - small < 32 << 20


def peak_of(pid: int) -> int:
    """The most resident memory that a process had, in bytes."""
    match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert match
    return int(match[1]) * 1024


def test_no_clear_byte_is_on_the_disk(sender: Phone, portal: MortalPortal) -> None:
    path = sender.announce(LARGE)
    sender.begin(path, LARGE[:800_000], 0, announced=len(LARGE)).close()
    assert sender.offset(path, past=0)
    for file in portal.folder.rglob("*"):
        if file.is_file():
            assert NOISE[5000:5064] not in file.read_bytes(), file


def test_clients_of_one_byte_a_second_keep_nobody_waiting_and_lose_nothing(
    sender: Phone, portal: MortalPortal
) -> None:
    """One by tus, one by the form, one that has not even ended its headers."""
    quick = Phone(portal, JEAN_FRANCOIS)
    path = sender.announce(LARGE)
    by_tus = sender.begin(path, LARGE[:100_000], 0, announced=len(LARGE))
    sender.wait_until_held(path)
    by_form = sender.begin_form(b"--x\r\n", announced=5000)
    in_headers = socket.create_connection(("127.0.0.1", portal.port))
    in_headers.sendall(b"POST /adherent/ HTTP/1.1\r\nX-")
    over = threading.Event()

    def drip() -> None:
        for _ in range(120):
            if over.wait(1):
                return
            for connection in (by_tus, by_form, in_headers):
                connection.sendall(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        status, receipt = quick.deposit([LARGE])
        assert (status, "/accuses/" in receipt) == (302, True)
        assert quick.ask("GET", "/adherent/documents/")[0] == 200
        assert sender.ask("HEAD", path)[0] == 423, "it still drips"
    finally:
        over.set()
        dripping.join()
        for connection in (by_tus, by_form, in_headers):
            connection.close()
    at = sender.offset(path, past=0)
    assert at >= 100_000
    assert sender.bring(path, LARGE[at:], at) == 204


def test_a_connection_that_falls_silent_is_given_up_and_what_came_is_kept(
    portal: MortalPortal, silent: tuple[str, socket.socket]
) -> None:
    path, connection = silent
    phone = Phone(portal, KARIM)
    at = phone.offset(path, past=0, patience=60)
    connection.close()
    assert 660_000 <= at <= 800_000
    assert phone.bring(path, LARGE[at:], at) == 204
    assert arrived(portal, path) == [(len(LARGE), digest_of(LARGE))]


def test_a_server_killed_in_the_middle_loses_only_what_was_not_acknowledged(
    sender: Phone, portal: MortalPortal
) -> None:
    path = sender.announce(LARGE)
    sender.begin(path, LARGE[:500_000], 0, announced=len(LARGE)).close()
    kept = sender.offset(path, past=0)
    connection = sender.begin(path, LARGE[kept : kept + 300_000], kept, announced=len(LARGE) - kept)
    sender.wait_until_held(path)
    portal.kill_web(whole=True)
    connection.close()
    portal.start_web()
    assert sender.ask("HEAD", path)[0] == 200, "the process that held it is known to be gone"
    assert sender.offset(path) == kept
    assert sender.bring(path, LARGE[kept:], kept) == 204
    assert arrived(portal, path) == [(len(LARGE), digest_of(LARGE))]
    left = portal.sql("SELECT count(*) FROM storage_unclaimedobject")
    assert left == [(1,)], "what the killed server left, swept in a day"


def test_what_was_acknowledged_is_whole_and_told_once_whichever_process_is_killed(
    portal: MortalPortal,
) -> None:
    """The proof of `make stress` in short: the portal killed while members send, then a worker while it treats."""
    web, worker = killed(portal, [EVE, ANGE], web=2, worker=1, workers=1)
    assert (web["wrong"], worker["wrong"]) == ([], [])
    assert web["deposits_hit"] >= 2
    assert worker["documents_hit"] >= 1
