"""What clamd answers, byte by byte: only a whole « OK » is clean, and silence, halves and lies are no verdict."""

import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from adherents.inspection import antivirus
from adherents.inspection.antivirus import NotScanned, Unscanned, Verdict, scan
from tests.vault.clamd import EICAR, STREAM_LIMIT, Clamd

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.mark.parametrize("size", [STREAM_LIMIT + 1, STREAM_LIMIT + 70_000, 5 * STREAM_LIMIT])
@pytest.mark.parametrize("by", ["address", "socket"])
def test_over_the_limit_is_told_as_such_however_much_comes_after(
    clamd: Clamd, settings: Any, size: int, by: str
) -> None:
    settings.ADHERENTS_ANTIVIRUS = getattr(clamd, by)
    with pytest.raises(NotScanned) as error:
        scan(bytes(1 << 20) for _ in range(-(-size // (1 << 20))))
    assert error.value.why is Unscanned.TOO_LARGE
    assert scan([bytes(STREAM_LIMIT)]).threat == ""


def test_what_clamd_looked_at_in_part_is_not_clean(settings: Any) -> None:
    clamd = Clamd(max_file_size="100K")
    settings.ADHERENTS_ANTIVIRUS = clamd.address
    try:
        clamd.start()
        with pytest.raises(NotScanned) as error:
            scan([bytes(200_000)])
    finally:
        clamd.end()
    assert error.value.why is Unscanned.TOO_LARGE


class Pretender:
    """A server that takes what comes, and answers what it is told to."""

    def __init__(self, *answers: bytes | None, drip: float = 0) -> None:
        self._answers, self._drip = list(answers), drip
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = self._server.getsockname()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for answer in self._answers:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            with line:
                line.settimeout(5)
                command = line.recv(100)
                if b"INSTREAM" in command:
                    self._take(line, command)
                if answer is None:
                    self._over.wait(10)
                    continue
                for letter in answer if self._drip else [answer]:
                    try:
                        line.sendall(bytes([letter]) if isinstance(letter, int) else letter)
                    except OSError:
                        break
                    self._over.wait(self._drip)

    def _take(self, line: socket.socket, got: bytes) -> None:
        while not got.endswith(bytes(4)):
            got += line.recv(1 << 16)

    def end(self) -> None:
        self._over.set()
        self._server.close()
        self._thread.join(5)


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([None], Unscanned.SLOW),
        ([b"ClamAV 1\n", None], Unscanned.SLOW),
        ([b""], Unscanned.AWAY),
        ([b"ClamAV 1\n", b""], Unscanned.AWAY),
        ([b"ClamAV 1\n", b"stream: O"], Unscanned.AWAY),
        ([b"ClamAV 1\n", b"stream: OK"], Unscanned.AWAY),
        ([b"ClamAV 1\n", b"OK\n"], Unscanned.FAILED),
        ([b"ClamAV 1\n", b"stream: Can't allocate memory ERROR\n"], Unscanned.FAILED),
        ([b"ClamAV 1\n", b"stream: OK\nstream: OK\n"], Unscanned.FAILED),
        ([b"ClamAV 1\n", b"\xff\xfe\n"], Unscanned.FAILED),
        ([b"ClamAV 1\n", b"x" * 100_000], Unscanned.AWAY),
        ([b"UNKNOWN COMMAND ERROR\n"], Unscanned.FAILED),
    ],
    ids=str,
)
def test_only_a_whole_ok_is_clean(
    settings: Any, monkeypatch: pytest.MonkeyPatch, answers: list[bytes | None], why: Unscanned
) -> None:
    monkeypatch.setattr(antivirus, "ANSWERS_WITHIN", 0.5)
    monkeypatch.setattr(antivirus, "SECONDS", 0.5)
    pretender = Pretender(*answers)
    settings.ADHERENTS_ANTIVIRUS = pretender.address
    start = time.monotonic()
    try:
        with pytest.raises(NotScanned) as error:
            scan([b"abc"])
    finally:
        pretender.end()
    assert error.value.why is why
    assert time.monotonic() - start < 4


def test_an_answer_that_drips_ends_at_the_deadline(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(antivirus, "ANSWERS_WITHIN", 1)
    pretender = Pretender(b"ClamAV 1" * 100, drip=0.2)
    settings.ADHERENTS_ANTIVIRUS = pretender.address
    start = time.monotonic()
    try:
        with pytest.raises(NotScanned):
            scan([b"abc"])
    finally:
        pretender.end()
    assert time.monotonic() - start < 4


def test_nothing_listens_there(settings: Any, tmp_path: Path) -> None:
    for nowhere in (("127.0.0.1", 1), str(tmp_path / "socket"), ("no.such.host.invalid", 3310)):
        settings.ADHERENTS_ANTIVIRUS = nowhere
        with pytest.raises(NotScanned) as error:
            scan([b"abc"])
        assert error.value.why is Unscanned.AWAY


def test_the_unix_socket_does_as_well(clamd: Clamd, settings: Any) -> None:
    settings.ADHERENTS_ANTIVIRUS = clamd.socket
    assert scan([b"abc"]).threat == ""
    assert scan([b"abc", EICAR]) == Verdict("Eicar-Anywhere.UNOFFICIAL", scan([b"abc"]).engine)
