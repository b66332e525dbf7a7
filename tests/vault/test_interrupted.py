"""A real portal, a real socket: connections that break or fall silent, and a server killed in the middle."""

import hashlib
import random
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.cast import CAMILLE
from tests.journeys.running import ROOT, Portal
from tests.vault.conftest import pdf
from tests.vault.phone import Phone

NOISE = random.Random(5).randbytes(900_000).hex().encode()
LARGE = pdf(2).replace(b"\n", b"\n%" + NOISE + b"\n", 1)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Its limit is raised, so that a file can be large beside what a server's memory varies by itself."""
    running = Portal(tmp_path_factory.mktemp("interrupted"))
    profile = running.folder / "profile.toml"
    profile.write_text(
        (ROOT / "profiles" / "mese.toml").read_text().replace("max_file_mb = 20", "max_file_mb = 100")
    )
    running.environment |= {"ADHERENTS_PROFILE": str(profile), "MALLOC_ARENA_MAX": "1"}
    try:
        running.start([CAMILLE], with_account=[CAMILLE])
        yield running
    finally:
        running.stop()


@pytest.fixture
def sender(portal: Portal) -> Iterator[Phone]:
    yield Phone(portal)
    portal.sql("DELETE FROM vault_arrival")


def arrived(portal: Portal, path: str) -> list[tuple[int, str]]:
    found = portal.sql(
        "SELECT size, sha256 FROM vault_arrival WHERE id = ?", path.split("/")[-2].replace("-", "")
    )
    return [(int(size), str(digest)) for size, digest in found]


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.rule("G13")
def test_what_came_before_the_connection_broke_is_kept(sender: Phone, portal: Portal) -> None:
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


def test_a_connection_that_falls_silent_is_given_up_and_what_came_is_kept(
    sender: Phone, portal: Portal
) -> None:
    path = sender.announce(LARGE)
    connection = sender.begin(path, LARGE[:800_000], 0, announced=len(LARGE))
    sender.wait_until_held(path)
    at = sender.offset(path)
    connection.close()
    assert 660_000 <= at <= 800_000
    assert sender.bring(path, LARGE[at:], at) == 204
    assert arrived(portal, path) == [(len(LARGE), digest_of(LARGE))]


def test_a_server_killed_in_the_middle_loses_only_what_was_not_acknowledged(
    sender: Phone, portal: Portal
) -> None:
    path = sender.announce(LARGE)
    sender.begin(path, LARGE[:500_000], 0, announced=len(LARGE)).close()
    kept = sender.offset(path, past=0)
    connection = sender.begin(path, LARGE[kept : kept + 300_000], kept, announced=len(LARGE) - kept)
    sender.wait_until_held(path)
    serving = psutil.Process(portal.processes[0].pid)
    for process in [*serving.children(recursive=True), serving]:
        process.send_signal(signal.SIGKILL)
    portal.processes[0].wait()
    connection.close()
    del portal.processes[0]
    portal._spawn("serve", f"--bind=127.0.0.1:{portal.port}")
    portal.processes.insert(0, portal.processes.pop())
    portal._wait_until_ready()
    portal.sql("UPDATE vault_upload SET leased_until = datetime(leased_until, '-1 minute')")
    assert sender.offset(path) == kept
    assert sender.bring(path, LARGE[kept:], kept) == 204
    assert arrived(portal, path) == [(len(LARGE), digest_of(LARGE))]
    assert portal.sql("SELECT count(*) FROM vault_unclaimedobject") == [
        (1,)
    ]  # what the killed server left, swept in a day


def test_memory_does_not_grow_with_the_file(sender: Phone, portal: Portal) -> None:
    """At its highest, and not after: a buffer of the whole file would have been given back by then.

    With one arena for all threads, what the allocator keeps of earlier requests varies by a few mebibytes.
    """
    serving = psutil.Process(portal.processes[0].pid)

    def highest(megabytes: int) -> int:
        padded = LARGE.replace(b"\n", b"\n%" + b"x" * (megabytes << 20) + b"\n", 1)
        path = sender.announce(padded)
        servers = [serving, *serving.children()]
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
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def test_no_clear_byte_is_on_the_disk(sender: Phone, portal: Portal) -> None:
    path = sender.announce(LARGE)
    sender.begin(path, LARGE[:800_000], 0, announced=len(LARGE)).close()
    assert sender.offset(path, past=0)
    for file in portal.folder.rglob("*"):
        if file.is_file():
            assert NOISE[5000:5064] not in file.read_bytes(), file
