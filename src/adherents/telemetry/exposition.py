"""What Prometheus reads: all that the processes of this machine have counted, and the figures of the moment.

On the portal (`portal.views.metrics`), or on a listener of its own, which any process of the machine that serves or works holds:
when it ends, another takes its place within seconds.
"""

import logging
import secrets
import sys
import threading
import time
from collections.abc import Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6
from typing import Any
from urllib.parse import urlsplit

from django.db import connections
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from adherents.telemetry.counted import of_all_processes
from adherents.telemetry.readings import last_read

TRIES_AGAIN_AFTER = 2.0  # seconds, while another process has the address
WAITS_FOR = 10  # seconds, for a client that does not go on
log = logging.getLogger("adherents.metrics")


class _Everything(Collector):
    def collect(self) -> Iterable[Metric]:
        return [*of_all_processes(), *last_read()]


_registry = CollectorRegistry()
_registry.register(_Everything())


def exposed(accept: str = "") -> tuple[bytes, str]:
    """The figures in the form that the client accepts, and the name of this form (its Content-Type)."""
    encode, content_type = choose_encoder(accept)
    return encode(_registry), content_type


def is_allowed(authorization: str, token: str) -> bool:
    """Whether the header `Authorization` has the token as a Bearer. The comparison takes as long for any wrong one."""
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and secrets.compare_digest(given.strip().encode(), token.encode())


def listen(bind: tuple[str, int], *, token: str) -> None:
    """Begin a thread that serves `/metrics` at (host, port) as soon as no other process does; with the token, unless it is ""."""
    threading.Thread(target=_hold, args=[bind, token], name="metrics", daemon=True).start()


def _hold(bind: tuple[str, int], token: str) -> None:
    told = False
    while True:
        try:
            with _server(bind, token) as server:
                server.serve_forever()
        except OSError as error:
            if not told:
                log.info("another process serves the figures, or nobody can", extra={"error": str(error)})
            told = True
        time.sleep(TRIES_AGAIN_AFTER)


def _server(bind: tuple[str, int], token: str) -> ThreadingHTTPServer:
    class Answering(BaseHTTPRequestHandler):
        timeout = WAITS_FOR
        server_version, sys_version = "adherents", ""

        def do_GET(self) -> None:
            if urlsplit(self.path).path != "/metrics":
                self._tell(HTTPStatus.NOT_FOUND)
            elif token and not is_allowed(self.headers.get("Authorization", ""), token):
                self._tell(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Bearer"})
            else:
                try:
                    body, content_type = exposed(self.headers.get("Accept", ""))
                finally:
                    connections.close_all()
                self._tell(HTTPStatus.OK, {"Content-Type": content_type}, body)

        def _tell(self, status: HTTPStatus, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *given: Any) -> None:
            """The address of who reads them is nobody's concern."""

    class Server(ThreadingHTTPServer):
        address_family = AF_INET6 if ":" in bind[0] else AF_INET
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            log.warning("figures were not given", extra={"error": type(sys.exception()).__name__})

    return Server(bind, Answering)
