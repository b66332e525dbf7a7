"""An insurer's program that takes webhooks, as it would be written with the specification's own library."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

Answer = Callable[[BaseHTTPRequestHandler], None]


def answers(status: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()

    answer.status = status  # type: ignore[attr-defined]
    return answer


def trickles(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, without end: each one comes soon enough."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 10_000:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.05)


def says_too_much(handler: BaseHTTPRequestHandler) -> None:
    """Its head alone is longer than what is read of an answer."""
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 1000) for n in range(90))
    )
    handler.wfile.write(b"\r\n")


class Receiver:
    """`taken`: the events whose signature was right and that it said to have taken; `refused`: those with a wrong one."""

    def __init__(self, secret: str = "") -> None:
        self.secret, self.answer = secret, answers(204)
        self.taken: list[dict[str, Any]] = []
        self.requests: list[dict[str, str]] = []
        self.refused = self.cut = 0
        self.url = ""

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers["Content-Length"])
        body = handler.rfile.read(length)
        if len(body) < length:
            self.cut += 1  # its sender died in the middle: there is nothing to answer, nor to prove
            return
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.requests.append({"path": handler.path, **headers})
        try:
            event = Webhook(self.secret).verify(body, headers) if self.secret else json.loads(body)
        except WebhookVerificationError:
            self.refused += 1
            answers(401)(handler)
            return
        assert event["id"] == headers["webhook-id"]
        # Before it answers: who calls may look at once.
        if getattr(self.answer, "status", 200) in range(200, 300):
            self.taken.append(event)
        self.answer(handler)

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.taken]


@contextmanager
def receiving(*, certificate: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(self)

        def log_message(self, *args: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *args: object) -> None: ...  # who calls has hung up

    with Server(("127.0.0.1", 0), Handler) as server:
        if certificate is not None:
            server.socket = certificate.wrap_socket(server.socket, server_side=True)
        receiver.url = (
            f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}/evenements?de=portail"
        )
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        try:
            yield receiver
        finally:
            server.shutdown()
