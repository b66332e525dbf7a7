"""The front alone, with a clock that is moved: how long it waits for a peer that sends."""

import asyncio
import re
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from adherents.config.serving import front as front_module
from adherents.config.serving.exchanges import Bounds, Exchanges
from adherents.config.serving.front import Front
from adherents.config.serving.scopes import view_of
from tests.config.addresses import ADDRESSES

SIZE, CHUNK = 4_000_000, 100_000
PATIENCE = 20  # seconds


class MovedLoop(asyncio.SelectorEventLoop):
    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


class Sender:
    """A browser that sends all of its form, `rate` bytes a second, whatever was answered meanwhile."""

    def __init__(self, loop: MovedLoop, rate: int) -> None:
        self.loop, self.rate, self.sent, self.let_go = loop, rate, 0, False
        self.front: Front | None = None

    def stop_receiving(self) -> None:
        self.let_go = True

    def left_over(self) -> bytes:
        return b""

    def abort(self) -> None:
        self.let_go = True

    def untaken(self) -> int:
        return 0

    async def receive(self) -> dict[str, Any]:
        assert self.front is not None
        for _ in range(10):
            self.loop.ahead += CHUNK / self.rate / 10
            await asyncio.sleep(0)
            self.front.look()
        if self.let_go:
            return {"type": "http.disconnect"}
        self.sent += CHUNK
        return {"type": "http.request", "body": b"a" * CHUNK, "more_body": self.sent < SIZE}

    async def send(self, message: dict[str, Any]) -> None:
        return None


class Forgetful(Sender):
    """What comes together with a cancellation is given, and the cancellation forgotten: so does `asyncio.wait_for` (3.11)."""

    def __init__(self, loop: MovedLoop, rate: int) -> None:
        super().__init__(loop, rate)
        self.asked, self.is_waiting = 0, threading.Event()

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        if self.asked == 2:
            self.is_waiting.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        return await super().receive()

    def refuse(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.is_waiting.wait()
        return refuse(environ, start_response)


def refuse(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """An application that answers without a look at the form."""
    start_response("302 Found", [("Content-Length", "0")])
    return [b""]


def served(rate: int, kind: type[Sender] = Sender) -> Sender:
    loop = MovedLoop()
    try:
        sender = kind(loop, rate)
        application = sender.refuse if isinstance(sender, Forgetful) else refuse
        front = sender.front = Front(application, Exchanges(Bounds(least_rate=1000), loop.time), threads=1)
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/adherent/",
            "raw_path": b"/adherent/",
            "query_string": b"",
            "http_version": "1.1",
            "scheme": "http",
            "client": ("192.0.2.1", 1),
            "headers": [(b"content-length", str(SIZE).encode())],
            "extensions": {"adherents.peer": sender},
        }
        loop.run_until_complete(
            asyncio.wait_for(front(scope, sender.receive, sender.send), SIZE / rate + PATIENCE)
        )
        assert not len(front.exchanges)
    finally:
        loop.close()
    return sender


@pytest.mark.parametrize("rate", [500_000, 40_000, 10_000, 4_000])
def test_a_form_that_nobody_wanted_may_come_as_slowly_as_one_that_is_wanted(rate: int) -> None:
    """A phone on a bad network reads where to sign in once its photo is through, in a minute or in ten."""
    sender = served(rate)
    assert (sender.sent, sender.let_go) == (SIZE, False)


def test_a_form_that_is_answered_just_as_more_of_it_comes_is_taken_to_its_end() -> None:
    assert served(500_000, Forgetful).sent == SIZE


def test_slower_than_the_least_rate_it_is_let_go() -> None:
    sender = served(500)
    assert sender.let_go
    assert sender.sent < SIZE


def test_passwords_are_hashed_in_no_thread_of_the_pages() -> None:
    """Two hundred wrong ones at once kept each page of the others waiting for fifteen seconds. To read the form is a page."""
    front = Front(lambda *_: [], Exchanges(Bounds(least_rate=1000), lambda: 0.0), threads=1)
    answered_by = {
        method: {
            address.name: front._pool(view_of(address.path), method)._thread_name_prefix
            for address in ADDRESSES
        }
        for method in ("GET", "POST")
    }
    hashing = {
        "/adherent/",
        "accounts:sign_in",
        "accounts:agent_sign_in",
        "accounts:new_password",
        "accounts:change_password",
        "enrolment:code_password",
        "account_reauthenticate",
    }
    assert {name for name, pool in answered_by["POST"].items() if pool == "passwords"} == hashing
    assert "passwords" not in answered_by["GET"].values()


def test_what_takes_a_password_says_so_by_one_mark() -> None:
    """`takes_a_password` hides it from reports of errors too: where another mark does that, its hashing holds a page's thread."""
    source = Path(front_module.__file__).parents[2]
    hidden = re.compile(r"sensitive_post_parameters\(.*password")
    assert [path.name for path in source.rglob("*.py") if hidden.search(path.read_text())] == []
