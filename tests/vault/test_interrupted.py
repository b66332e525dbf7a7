"""A real portal, a real socket: connections that break or fall silent, and a server killed in the middle."""

import hashlib
import http.client
import http.cookiejar
import random
import re
import signal
import socket
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.cast import CAMILLE, PASSWORD
from tests.journeys.running import ROOT, Portal
from tests.vault.conftest import pdf

FILES = "/adherent/documents/envoyer/fichiers/"
NOISE = random.Random(5).randbytes(900_000).hex().encode()
LARGE = pdf(2).replace(b"\n", b"\n%" + NOISE + b"\n", 1)


class Sender:
    """A member's phone, which speaks tus by itself."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        jar = http.cookiejar.CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        entrance = f"{portal.base}/adherent/"
        fields = {
            "identifier": CAMILLE.number,
            "password": PASSWORD,
            "csrfmiddlewaretoken": self._token(browser, entrance),
        }
        browser.open(entrance, urllib.parse.urlencode(fields).encode()).read()
        token = self._token(browser, f"{portal.base}/adherent/documents/envoyer/")
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
        self.headers = {
            "Host": f"localhost:{portal.port}",
            "Cookie": cookies,
            "X-CSRFToken": token,
            "Tus-Resumable": "1.0.0",
        }

    @staticmethod
    def _token(browser: urllib.request.OpenerDirector, address: str) -> str:
        with browser.open(address) as answer:
            found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.read().decode())
        assert found
        return found[1]

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=60)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, self.headers | named)
            answer = connection.getresponse()
            answer.read()
            return answer.status, dict(answer.headers)
        finally:
            connection.close()

    def announce(self, content: bytes) -> str:
        status, headers = self.ask("POST", FILES, Upload_Length=str(len(content)))
        assert status == 201
        return headers["Location"]

    def bring(self, path: str, content: bytes, offset: int = 0) -> int:
        kind = "application/offset+octet-stream"
        return self.ask("PATCH", path, content, Upload_Offset=str(offset), Content_Type=kind)[0]

    def begin(self, path: str, content: bytes, offset: int, *, announced: int) -> socket.socket:
        """Bring fewer bytes than announced, and keep the connection."""
        lines = [f"PATCH {path} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
        lines += [
            f"Upload-Offset: {offset}",
            f"Content-Length: {announced}",
            "Content-Type: application/offset+octet-stream",
        ]
        connection = socket.create_connection(("127.0.0.1", self.portal.port))
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        return connection

    def offset(self, path: str, *, past: int = -1, patience: float = 25) -> int:
        """Asked again while the portal still holds the file, or has not begun to read what was sent."""
        deadline = time.monotonic() + patience
        while True:
            status, headers = self.ask("HEAD", path)
            at = int(headers.get("Upload-Offset", -1))
            if at > past:
                return at
            assert status in {200, 423}
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def wait_until_held(self, path: str) -> None:
        deadline = time.monotonic() + 10
        while self.ask("HEAD", path)[0] != 423:
            assert time.monotonic() < deadline
            time.sleep(0.05)


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
def sender(portal: Portal) -> Iterator[Sender]:
    yield Sender(portal)
    portal.sql("DELETE FROM vault_arrival")


def arrived(portal: Portal, path: str) -> list[tuple[int, str]]:
    found = portal.sql(
        "SELECT size, sha256 FROM vault_arrival WHERE id = ?", path.split("/")[-2].replace("-", "")
    )
    return [(int(size), str(digest)) for size, digest in found]


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.rule("G13")
def test_what_came_before_the_connection_broke_is_kept(sender: Sender, portal: Portal) -> None:
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
    sender: Sender, portal: Portal
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
    sender: Sender, portal: Portal
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


def test_memory_does_not_grow_with_the_file(sender: Sender, portal: Portal) -> None:
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


def test_no_clear_byte_is_on_the_disk(sender: Sender, portal: Portal) -> None:
    path = sender.announce(LARGE)
    sender.begin(path, LARGE[:800_000], 0, announced=len(LARGE)).close()
    assert sender.offset(path, past=0)
    for file in portal.folder.rglob("*"):
        if file.is_file():
            assert NOISE[5000:5064] not in file.read_bytes(), file
