"""Asking ClamAV about a document while its clear bytes pass: into clamd's socket, and never onto the disk.

Only a whole « OK » is clean. Whatever else happens, the document has not been scanned, and `NotScanned` says why.
"""

import re
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from clamav_client.clamd import ClamdError, ClamdNetworkSocket
from django.conf import settings

from adherents.telemetry import metrics

ANSWERS_WITHIN = 5  # seconds, for clamd to say that it is there
SECONDS = 150  # for one document, all in all: clamd itself gives up after MaxScanTime, 120 s by default
PIECE_BYTES = 1 << 17
LONGEST_ANSWER = 4096
_LIMIT_SAID = "INSTREAM size limit exceeded"
_LIMIT_FOUND = "Heuristics.Limits.Exceeded"  # what AlertExceedsMax answers for a document looked at in part
_END = struct.pack("!L", 0)


class Unscanned(StrEnum):
    """Why a document could not be scanned yet."""

    AWAY = "away"
    SLOW = "slow"
    TOO_LARGE = "too_large"
    FAILED = "failed"


class NotScanned(Exception):
    """Nothing is known of the document: it is not clean. To be tried again."""

    def __init__(self, why: Unscanned) -> None:
        super().__init__(why.value)
        self.why = why


class ScanTookTooLong(NotScanned):
    """clamd is there, and was given its time with this document."""

    def __init__(self) -> None:
        super().__init__(Unscanned.SLOW)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`threat`: what clamd took it for, "" when it is clean. `engine`: its version and that of its signatures."""

    threat: str
    engine: str


def is_set() -> bool:
    """Whether this installation has an antivirus."""
    return settings.ADHERENTS_ANTIVIRUS is not None


def scan(chunks: Iterable[bytes], *, seconds: float | None = None) -> Verdict:
    """What clamd says of the document that `chunks` give, within `seconds` (`SECONDS` where none are given).

    Raises `NotScanned`, or what `chunks` raises: clamd then never learns that the document has ended, and gives no verdict.
    """
    try:
        verdict = _scan(chunks, seconds)
    except NotScanned as error:
        metrics.SCANS.labels(error.why.value).inc()
        raise
    metrics.SCANS.labels("infected" if verdict.threat else "clean").inc()
    return verdict


def _scan(chunks: Iterable[bytes], seconds: float | None) -> Verdict:
    address: tuple[str, int] | str | None = settings.ADHERENTS_ANTIVIRUS
    assert address is not None, "ask `is_set` first"
    with _faults_in_words():
        engine = _Clamd(address, ANSWERS_WITHIN).version()
    try:
        answer = _Clamd(address, SECONDS if seconds is None else seconds).judge(chunks)
    except NotScanned as error:
        if error.why == Unscanned.SLOW:
            raise ScanTookTooLong from error
        raise
    if answer == "stream: OK":
        return Verdict("", engine)
    recognised = re.fullmatch(r"stream: (.+) FOUND", answer)
    if _LIMIT_SAID in answer or (recognised and recognised[1].startswith(_LIMIT_FOUND)):
        raise NotScanned(Unscanned.TOO_LARGE)
    if not recognised:
        raise NotScanned(Unscanned.FAILED)
    return Verdict(recognised[1], engine)


def ask() -> None:
    """Nothing where clamd answers. Raises `NotScanned`."""
    address: tuple[str, int] | str | None = settings.ADHERENTS_ANTIVIRUS
    assert address is not None, "ask `is_set` first"
    with _faults_in_words():
        _Clamd(address, ANSWERS_WITHIN).version()


@contextmanager
def _faults_in_words() -> Iterator[None]:
    """Whatever goes wrong between clamd and us, as `NotScanned`."""
    try:
        yield
    except TimeoutError as error:
        raise NotScanned(Unscanned.SLOW) from error
    except OSError as error:
        raise NotScanned(Unscanned.AWAY) from error
    except (ClamdError, UnicodeDecodeError) as error:
        raise NotScanned(Unscanned.FAILED) from error


class _Clamd(ClamdNetworkSocket):
    """clamav-client's conversation, with what it lacks (`docs/decisions/0011-antivirus.md`).

    One deadline for a whole conversation, on a Unix socket and from connecting on; an answer that clamd gives before the
    document is over is read instead of lost in a broken pipe; an answer that was cut is none.
    """

    def __init__(self, address: tuple[str, int] | str, seconds: float) -> None:
        super().__init__()
        self._address, self._ends = address, time.monotonic() + seconds

    def judge(self, chunks: Iterable[bytes]) -> str:
        """clamd's answer, as it gives it. Raises `NotScanned`, or what `chunks` raises."""
        with _faults_in_words():
            self._init_socket()
        try:
            with _faults_in_words():
                self._send_command("INSTREAM")
            for chunk in chunks:
                for at in range(0, len(chunk), PIECE_BYTES):
                    piece = chunk[at : at + PIECE_BYTES]
                    if not self._sent(struct.pack("!L", len(piece)) + piece):
                        return self._last_words()
            self._sent(_END)
            return self._last_words()
        finally:
            self._close_socket()

    def _sent(self, data: bytes) -> bool:
        """False when clamd has hung up, which it does when it has said its last word."""
        with _faults_in_words():
            try:
                self._in_time().sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                return False
        return True

    def _last_words(self) -> str:
        with _faults_in_words():
            return self._recv_response()

    def _in_time(self) -> socket.socket:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.clamd_socket.settimeout(left)
        return self.clamd_socket

    def _init_socket(self) -> None:
        if isinstance(self._address, tuple):
            self.clamd_socket = socket.create_connection(self._address, timeout=ANSWERS_WITHIN)
            return
        self.clamd_socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.clamd_socket.settimeout(ANSWERS_WITHIN)
        try:
            self.clamd_socket.connect(self._address)
        except OSError:
            self.clamd_socket.close()
            raise

    def _recv_response(self) -> str:
        """One line, to its end. Raises `ConnectionError` when it is cut."""
        got = b""
        while not got.endswith(b"\n"):
            piece = self._in_time().recv(LONGEST_ANSWER)
            got += piece
            if not piece or len(got) > LONGEST_ANSWER:
                raise ConnectionAbortedError("no whole answer")
        return got[:-1].decode()
