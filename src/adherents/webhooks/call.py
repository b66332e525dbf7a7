"""One call: ten seconds in all, to the very address that was looked at, without redirect or proxy, reading 64 KiB at most."""

import io
import socket
import ssl
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from adherents.webhooks import networks
from adherents.webhooks.networks import Ip, NotCalled
from adherents.webhooks.troubles import Trouble

SECONDS = 10.0
MOST_BYTES = 64 * 1024
AGENT = "EspaceAdherents-Webhooks/1"


@dataclass(frozen=True)
class CallAnswer:
    """`trouble`: "" where the event was taken. `status`: what the receiver answered; None where it did not."""

    trouble: Trouble | str = ""
    status: int | None = None


class _AnswerTooLong(HTTPException):
    pass


class _TimeLeft:
    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Raises `TimeoutError` where there is nothing left."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def post(url: str, body: bytes, headers: dict[str, str]) -> CallAnswer:
    """Send it. Whatever goes wrong is in the answer."""
    deadline = _TimeLeft(SECONDS)
    try:
        addresses = networks.reachable(url, resolve=networks.resolve, seconds=deadline.left())
        with closing(_connected(url, addresses, deadline)) as connection:
            return _answered(connection, url, body, headers, deadline)
    except NotCalled as refusal:
        return CallAnswer(refusal.trouble)
    except TimeoutError:
        return CallAnswer(Trouble.SLOW)
    except ssl.SSLError:
        return CallAnswer(Trouble.TLS)
    except HTTPException:
        return CallAnswer(Trouble.UNREADABLE)
    except OSError:
        return CallAnswer(Trouble.UNREACHED)


def _connected(url: str, addresses: list[Ip], deadline: _TimeLeft) -> socket.socket:
    """To the first address that takes the connection; TLS is for the name, whatever the address is."""
    parts = networks.split(url)
    refused: OSError = OSError()
    for address in addresses:
        try:
            plain = socket.create_connection((str(address), networks.port_of(parts)), timeout=deadline.left())
        except TimeoutError:
            raise
        except OSError as error:
            refused = error
            continue
        if parts.scheme == "http":
            return plain
        try:
            plain.settimeout(deadline.left())
            return ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
        except BaseException:
            plain.close()
            raise
    raise refused


def _answered(
    connection: socket.socket, url: str, body: bytes, headers: dict[str, str], deadline: _TimeLeft
) -> CallAnswer:
    parts = networks.split(url)
    http = HTTPConnection(parts.hostname or "")
    http.auto_open = 0  # never to an address that nobody looked at
    http.sock = connection
    http.response_class = lambda sock, *_, **options: HTTPResponse(_Bounded(sock, deadline), method="POST")  # type: ignore[assignment,arg-type]
    connection.settimeout(deadline.left())
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    every = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "Connection": "close",
    }
    http.request("POST", path, body, every | headers)
    response = http.getresponse()
    with suppress(HTTPException, OSError):
        response.read(
            MOST_BYTES
        )  # so that a receiver is not cut off in the middle of what it says; nobody looks at it
    return CallAnswer(_trouble_of(response.status), response.status)


def _trouble_of(status: int) -> Trouble | str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return Trouble.REDIRECT
    return Trouble.GONE if status == 410 else Trouble.REFUSED


class _Bounded:
    """What `HTTPResponse` reads from, in the place of a socket."""

    def __init__(self, connection: socket.socket, deadline: _TimeLeft) -> None:
        self._connection, self._deadline = connection, deadline

    def makefile(self, *_args: Any, **_options: Any) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._connection, self._deadline))


class _Incoming(io.RawIOBase):
    """Bytes as they come: a bounded number, head and body together, and within the time that is left of all."""

    def __init__(self, connection: socket.socket, deadline: _TimeLeft) -> None:
        self._connection, self._deadline, self._left = connection, deadline, MOST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left <= 0:
            raise _AnswerTooLong
        self._connection.settimeout(self._deadline.left())
        count = self._connection.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count
