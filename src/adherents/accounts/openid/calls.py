"""One call to an OpenID provider, bounded in time, in bytes and in number, whatever answers.

A thread of its own makes it: the thread that serves a page waits no longer than `ANSWERS_WITHIN`, though a name that does not
resolve, or a server that sends one byte a second, would hold it for minutes.
"""

import ssl
import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

from django.db import connection

from adherents.accounts.openid.refusals import OpenIdReason, OpenIdRefused
from adherents.telemetry.switches import Switch

ANSWERS_WITHIN = 5.0  # seconds, for the whole call
AT_ONCE = 4  # calls of one process: as many threads of pages may wait, and no more
LEFT_ALONE = 5.0  # seconds, once a provider gave no answer
MOST_BYTES = 256 * 1024
_turns = threading.BoundedSemaphore(AT_ONCE)
_switches: dict[str, Switch] = {}
_one_maker = threading.Lock()


def ask(
    url: str,
    *,
    form: dict[str, str] | None = None,
    authorization: str = "",
    accept: str = "application/json",
) -> tuple[int, bytes]:
    """GET an address, or POST a form to it. Returns the status and the body; no redirect is followed.

    Raises `OpenIdRefused` (AWAY) where no whole answer came in time, where the provider failed a moment ago, or where too many
    calls are under way.
    """
    switch = _switch_of(urlsplit(url).netloc)
    if not switch.is_on():
        raise OpenIdRefused(OpenIdReason.AWAY, "it failed a moment ago")
    if not _turns.acquire(blocking=False):
        raise OpenIdRefused(OpenIdReason.AWAY, "too many calls are under way")
    if not connection.in_atomic_block:
        connection.close()  # others may have it while this thread waits
    call = _Call(url, form, authorization, accept)
    threading.Thread(target=call.run, name="openid-call", daemon=True).start()
    call.over.wait(ANSWERS_WITHIN)
    if call.answer is None or call.answer[0] >= 500:
        call.cut()
        switch.failed()
        raise OpenIdRefused(
            OpenIdReason.AWAY, call.failure or (f"status {call.answer[0]}" if call.answer else "late")
        )
    switch.answered()
    return call.answer


def forget_failures() -> None:
    """Ask again at once, whatever failed (a test's first line)."""
    with _one_maker:
        _switches.clear()


def _switch_of(place: str) -> Switch:
    with _one_maker:
        return _switches.setdefault(place, Switch(LEFT_ALONE))


class _Call:
    """What happens in the thread. `answer` is whole, or None."""

    def __init__(self, url: str, form: dict[str, str] | None, authorization: str, accept: str) -> None:
        self.over = threading.Event()
        self.answer: tuple[int, bytes] | None = None
        self.failure = ""
        self._url, self._form, self._authorization, self._accept = url, form, authorization, accept
        self._line: HTTPConnection | None = None

    def run(self) -> None:
        try:
            self.answer = self._asked(urlsplit(self._url))
        except (OSError, HTTPException, ValueError) as error:
            self.failure = type(error).__name__
        finally:
            _turns.release()
            self.over.set()

    def cut(self) -> None:
        """Let go of a call that is late: its thread meets the end of the line, and ends."""
        line = self._line.sock if self._line else None
        if line is not None:
            try:
                line.shutdown(2)
            except OSError:
                line.close()

    def _asked(self, parts: SplitResult) -> tuple[int, bytes]:
        body = None if self._form is None else urlencode(self._form).encode()
        headers = {"Accept": self._accept, "Accept-Encoding": "identity", "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self._authorization:
            headers["Authorization"] = self._authorization
        line = self._line = _line_to(parts)
        try:
            target = parts.path or "/"
            line.request(
                "GET" if body is None else "POST",
                f"{target}?{parts.query}" if parts.query else target,
                body,
                headers,
            )
            response = line.getresponse()
            content = response.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise ValueError("too long")
            return response.status, content
        finally:
            line.close()


def _line_to(parts: SplitResult) -> HTTPConnection:
    """Past the proxy of the environment (HTTPS_PROXY, NO_PROXY), where one is set: providers often are outside."""
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    through = urlsplit("" if proxy_bypass(host) else getproxies().get(parts.scheme, ""))
    near, near_port = (through.hostname, through.port or 3128) if through.hostname else (host, port)
    if secure:
        # The system's authorities; SSL_CERT_FILE names your own.
        context = ssl.create_default_context()
        line: HTTPConnection = HTTPSConnection(near, near_port, timeout=ANSWERS_WITHIN, context=context)
    else:
        line = HTTPConnection(near, near_port, timeout=ANSWERS_WITHIN)
    if through.hostname:
        line.set_tunnel(host, port)
    return line
