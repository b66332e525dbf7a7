"""The ASGI side of the portal. It waits for bytes, so that no thread does, and calls the WSGI application in threads.

A request of at most `IN_MEMORY_BYTES` is received before a thread sees it, in memory and never on the disk. A longer one
(a plain form with files) is read while it arrives, in threads of its own, so that the threads of the pages stay free. An
answer is taken from the application in steps. Each step begins once the one before has left, and holds a thread only
while it runs.
"""

import asyncio
import io
import logging
import os
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from contextvars import copy_context
from functools import partial
from typing import Any, Protocol

from django.db import close_old_connections

from adherents.accounts import sessions
from adherents.accounts.browser import browser_address
from adherents.config.serving.bridge import (
    DATABASE_HANGS,
    Answer,
    Application,
    Arriving,
    CutBody,
    Turns,
    answer,
    environ_of,
    path_of,
)
from adherents.config.serving.exchanges import IN_MEMORY_BYTES, Exchange, Exchanges
from adherents.config.serving.scopes import (
    Scope,
    browser,
    forwarded,
    named,
    plain_answer,
    session_cookie,
    view_of,
)
from adherents.telemetry import access, engines, request_ids
from adherents.telemetry.outages import Part, is_noted

PARTS = b"application/offset+octet-stream"  # bytes that are worth keeping when others are missing (tus)
STREAMS = 8  # threads that take what follows of long answers
# Threads that begin to give a file, verified whole before, or take a piece of one; and as many that hash passwords. They leave a
# core to the pages: with three of them on two cores, pages took three times as long while two hundred phones sent.
FILES = min(3, max(1, (os.cpu_count() or 2) - 1))
WATCHERS = 2  # threads that answer each address for machines
READERS = 8  # threads that read a long body may do something else than wait, this many at once
PUMP_LEAVES_WITHIN = 0.05  # seconds, before it is cancelled again
DATABASE_LOOKED_AT_EVERY = 1.0  # seconds, while a page is waited for
SEEN_EVERY = 30.0  # seconds: bytes that come are activity, which keeps a session from falling idle
log = logging.getLogger("adherents.serving")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Peer(Protocol):
    """The connection, as far as the front knows it."""

    def stop_receiving(self) -> None: ...
    def left_over(self) -> bytes: ...
    def abort(self) -> None: ...
    def untaken(self) -> int: ...


class Received:
    """What is received of a request, and whether all of it was. Asking for more after the end waits until the connection ends."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self.is_over = receive, False

    async def __call__(self) -> dict[str, Any]:
        message = await self._receive()
        self.is_over = message["type"] != "http.request" or not message["more_body"]
        return message


class Shares:
    """`each` users at once of every key; the next one waits, first come first served."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._there: dict[str, asyncio.Semaphore] = {}
        self._users: Counter[str] = Counter()

    @asynccontextmanager
    async def one_of(self, key: str) -> AsyncIterator[None]:
        free = self._there.setdefault(key, asyncio.Semaphore(self._each))
        self._users[key] += 1
        try:
            async with free:
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._there[key], self._users[key]


class Front:
    """`threads` serve the pages. The application is called in a thread, with `adherents.exchange` in its environment."""

    def __init__(self, application: Application, exchanges: Exchanges, *, threads: int) -> None:
        self._application, self.exchanges = application, exchanges
        self._turns = Turns(READERS)
        self._pages = ThreadPoolExecutor(threads, "pages")
        self._files, self._passwords = (ThreadPoolExecutor(FILES, name) for name in ("files", "passwords"))
        bounds = exchanges.bounds
        self._downloads = Shares(bounds.downloads)
        self._by_address, self._by_browser = Shares(bounds.by_address // 4), Shares(bounds.by_member // 2)
        self._streams = ThreadPoolExecutor(STREAMS, "streams")
        # A probe that waits for an engine delays no other one.
        self._watched: dict[object, ThreadPoolExecutor] = defaultdict(
            partial(ThreadPoolExecutor, WATCHERS, "watched")
        )
        self._uploads = ThreadPoolExecutor(exchanges.bounds.uploads, "uploads")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close"})
                return
            raise RuntimeError(f"not served: {scope['type']}")
        scope, name = named(scope)
        with request_ids.named(name):
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        received = Received(receive)
        headers = dict(scope["headers"])
        peer: Peer = scope["extensions"]["adherents.peer"]
        session_key = session_cookie(headers.get(b"cookie", b""))
        exchange = Exchange(
            address=browser_address(forwarded(scope), (scope.get("client") or ("",))[0]),
            began=self.exchanges.clock(),
            browser=browser(session_key),
            session_key=session_key,
        )
        # Neither browsers nor proxies that buffer send a form so, and nothing could bound it.
        if b"transfer-encoding" in headers:
            await self._tell(scope, exchange, send, 411, b"Say how long it is.\n")
            return
        try:
            path_of(scope["raw_path"])
        except ValueError:
            await self._tell(scope, exchange, send, 400, b"That is no address.\n")
            return
        length = int(headers.get(b"content-length", b"0"))
        view = view_of(scope["path"])
        gives = hasattr(view, "gives_a_file") or hasattr(view, "gives_files")
        exchange.watches = hasattr(view, "in_threads_of_its_own")
        exchange.database_hangs = engines.hangs(Part.DATABASE) and not exchange.watches
        pool = self._watched["hangs"] if exchange.database_hangs else self._pool(view, scope["method"])
        try:
            async with self._in_turn(exchange) if gives else nullcontext():
                given = await self._answered(scope, received, send, exchange, peer, length, pool)
                if given is not None:
                    await self._sent(given, send, exchange, peer)
            if length:
                await self._drained(received, exchange, peer, length)
        finally:
            self.exchanges.end(exchange)
            self.exchanges.hold(exchange, -exchange.held)

    def _pool(self, view: object, method: str) -> ThreadPoolExecutor:
        """Which threads answer: those that may wait for the storage or hash serve no page, not even the one that sends."""
        if hasattr(view, "in_threads_of_its_own"):
            return self._watched[view]
        if hasattr(view, "takes_a_password") and method == "POST":
            return self._passwords
        gives = hasattr(view, "gives_a_file") or hasattr(view, "gives_files")
        takes = hasattr(view, "takes_files") and method not in {"GET", "HEAD"}
        return self._files if gives or takes else self._pages

    @asynccontextmanager
    async def _in_turn(self, exchange: Exchange) -> AsyncIterator[None]:
        """A file to download takes some 3 MiB, and is read whole first. So the next one waits for its turn, without a thread.

        If one were dropped for the next, each would be read again and again.
        """
        async with (
            self._by_browser.one_of(exchange.browser or exchange.address),
            self._by_address.one_of(exchange.address),
            self._downloads.one_of("all"),
        ):
            yield

    def look(self) -> None:
        """Called every second: drop the slow exchanges, and keep each session awake while its bytes come."""
        now = self.exchanges.clock()
        for exchange in self.exchanges.look():
            if exchange.session_key and exchange.measure is None and now - exchange.kept_at > SEEN_EVERY:
                exchange.kept_at = now
                self._pages.submit(_seen, exchange.session_key)

    async def _answered(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        exchange: Exchange,
        peer: Peer,
        length: int,
        pool: ThreadPoolExecutor,
    ) -> Answer | None:
        """What the application answers. None: the request broke off, and its peer was told so."""
        exchange.drop = peer.stop_receiving
        if length > IN_MEMORY_BYTES:
            return await self._answered_while_arriving(scope, receive, exchange, peer, length)
        body = io.BytesIO()
        if length:
            chunks, whole = await self._gathered(receive, exchange, length)
            if not whole:
                chunks.append(peer.left_over())
            if not whole and not (any(chunks) and dict(scope["headers"]).get(b"content-type") == PARTS):
                if exchange.dropped:
                    await self._tell(scope, exchange, send, 408, b"Too slow.\n")
                else:
                    self._note(scope, exchange, access.NOBODY_THERE)
                return None
            body = (io.BytesIO if whole else CutBody)(b"".join(chunks))
            del chunks
        try:
            return await self._while_the_database_answers(pool, scope, body, exchange)
        finally:
            self.exchanges.hold(exchange, -exchange.held)

    async def _while_the_database_answers(
        self, pool: ThreadPoolExecutor, scope: Scope, body: Any, exchange: Exchange
    ) -> Answer:
        """What the application answers; where the database begins to hang meanwhile, the page that says so.

        The reader does not wait as long as the thread does, which has to.
        """
        served = asyncio.ensure_future(self._run(pool, self._call, scope, body, exchange))
        try:
            while not (await asyncio.wait([served], timeout=DATABASE_LOOKED_AT_EVERY))[0]:
                if not exchange.watches and engines.hangs(Part.DATABASE):
                    exchange.database_hangs = True
                    return await self._run(self._watched["hangs"], self._call, scope, io.BytesIO(), exchange)
            return served.result()
        finally:
            served.cancel()

    async def _gathered(self, receive: Receive, exchange: Exchange, length: int) -> tuple[list[bytes], bool]:
        """The body, and whether it is whole."""
        chunks: list[bytes] = []
        self.exchanges.begin(exchange, length)
        try:
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return chunks, False
                chunk = message["body"]
                if chunk:
                    chunks.append(chunk)
                    self.exchanges.note_arrived(exchange, len(chunk))
                    self.exchanges.hold(exchange, len(chunk))
                if exchange.dropped:
                    return chunks, False
                if not message["more_body"]:
                    return chunks, True
        finally:
            self.exchanges.end(exchange)

    async def _answered_while_arriving(
        self, scope: Scope, receive: Receive, exchange: Exchange, peer: Peer, length: int
    ) -> Answer:
        loop, room = asyncio.get_running_loop(), asyncio.Event()
        arriving = Arriving(self._turns, lambda: loop.call_soon_threadsafe(room.set))
        pump = asyncio.create_task(self._pumped(receive, arriving, exchange, peer, room, length))
        try:
            return await self._run(self._uploads, self._call_in_turn, scope, arriving, exchange)
        finally:
            arriving.end(cut=True)
            # The server wakes only one of two tasks that wait for the same body: the pump must leave before another one
            # reads on. It may need two cancellations: `asyncio.wait_for` loses one that comes together with its result.
            while not pump.done():
                pump.cancel()
                await asyncio.wait([pump], timeout=PUMP_LEAVES_WITHIN)

    async def _pumped(
        self,
        receive: Receive,
        arriving: Arriving,
        exchange: Exchange,
        peer: Peer,
        room: asyncio.Event,
        length: int,
    ) -> None:
        self.exchanges.begin(exchange, length)
        whole = False
        try:
            while not whole and not exchange.dropped:
                message = await receive()
                if message["type"] != "http.request":
                    arriving.feed(peer.left_over())
                    return
                chunk, whole = message["body"], not message["more_body"]
                self.exchanges.note_arrived(exchange, len(chunk))
                room.clear()
                if chunk and not arriving.feed(chunk) and not whole:
                    exchange.paused = True
                    await room.wait()
                    exchange.paused = False
        finally:
            arriving.end(cut=not whole)
            self.exchanges.end(exchange)

    def _call(self, scope: Scope, body: Any, exchange: Exchange) -> Answer:
        environ = environ_of(scope, body)
        environ["adherents.exchange"] = exchange
        if exchange.database_hangs:
            environ[DATABASE_HANGS] = True
        return answer(self._application, environ)

    def _call_in_turn(self, scope: Scope, body: Arriving, exchange: Exchange) -> Answer:
        self._turns.take()
        try:
            return self._call(scope, body, exchange)
        finally:
            self._turns.give_back()

    async def _run(self, pool: ThreadPoolExecutor, call: Callable[..., Answer], *given: Any) -> Answer:
        """Call the application in a thread of `pool`, which logs under the request's name.

        An answer that came too late, after the request ended, is closed.
        """
        running = pool.submit(copy_context().run, call, *given)
        try:
            return await asyncio.wrap_future(running)
        except asyncio.CancelledError:
            if not running.cancel():
                running.add_done_callback(_close_unwanted)
            raise

    async def _sent(self, given: Answer, send: Send, exchange: Exchange, peer: Peer) -> None:
        handed = 0
        exchange.drop = peer.abort
        self.exchanges.begin(exchange, given.length(), lambda: handed - peer.untaken())
        loop = asyncio.get_running_loop()
        try:
            await send({"type": "http.response.start", "status": given.status, "headers": given.headers})
            chunk = given.first
            while given.rest is not None and chunk:
                handed += len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                exchange.paused = True
                chunk = await loop.run_in_executor(self._streams, copy_context().run, given.step)
                exchange.paused = False
            handed += len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": False})
        finally:
            self.exchanges.end(exchange)
            if given.rest is not None:
                self._streams.submit(given.close)

    async def _drained(self, received: Received, exchange: Exchange, peer: Peer, length: int) -> None:
        """Throw away what the application did not want of a body, at the same least rate as any body: a browser reads its
        answer once it has sent everything.
        """
        if received.is_over:
            return
        exchange.drop = peer.stop_receiving
        self.exchanges.begin(exchange, length)
        while not received.is_over and not exchange.dropped:
            message = await received()
            self.exchanges.note_arrived(exchange, len(message.get("body", b"")))

    async def _tell(self, scope: Scope, exchange: Exchange, send: Send, status: int, words: bytes) -> None:
        """A request that never comes as far as the application."""
        self._note(scope, exchange, status)
        for message in plain_answer(status, words, scope["path"]):
            await send(message)

    def _note(self, scope: Scope, exchange: Exchange, status: int) -> None:
        seconds = self.exchanges.clock() - exchange.began
        route = access.route_at(scope["path"])
        access.note(method=scope["method"], route=route, status=status, seconds=seconds)


def _close_unwanted(running: Any) -> None:
    if not running.cancelled() and running.exception() is None and running.result().rest is not None:
        running.result().close()


def _seen(session_key: str) -> None:
    close_old_connections()
    try:
        sessions.keep_from_idling(session_key)
    except Exception as error:  # the database may be away: the next minute says it again
        if not is_noted(error):
            log.exception("activity was not noted")
