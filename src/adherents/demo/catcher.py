"""The mail catcher: an SMTP server that keeps every message, and the server of the pages that show them, on this machine only.

The pages are a small Django site (`urls`, `views`) that runs beside the portal's settings and not in them: none of the portal's
middleware, sessions and addresses.
"""

import asyncio
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.handlers.wsgi import WSGIRequest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connections
from django.http import Http404, HttpResponse
from django.urls import resolve, set_urlconf

from adherents.demo import mailbox, views
from adherents.demo.ports import ADDRESS

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

URLCONF = "adherents.demo.urls"
NAMES = {ADDRESS, "localhost"}
HEADERS = {
    "Server": "courrier",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
}


class Keeper:
    """aiosmtpd's handler: a message is acknowledged once it is a file."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content or b""
        mailbox.keep(content if isinstance(content, bytes) else content.encode())
        return "250 OK"


def start_smtp(port: int) -> None:
    """Listen for mail in a thread of this process, which it does not outlive. Raises OSError when the port is taken."""
    loop = asyncio.new_event_loop()
    loop.run_until_complete(
        loop.create_server(lambda: SMTP(Keeper(), hostname="localhost", enable_SMTPUTF8=True), ADDRESS, port)
    )
    threading.Thread(target=loop.run_forever, name="smtp", daemon=True).start()


def start_pages(port: int) -> ThreadedWSGIServer:
    """Show the mails in a thread of this process. Raises OSError when the port is taken."""
    server = ThreadedWSGIServer((ADDRESS, port), PageRequestHandler)
    server.set_app(application)
    threading.Thread(target=server.serve_forever, name="pages", daemon=True).start()
    return server


class PageRequestHandler(WSGIRequestHandler):
    """A browser's connection to the pages."""

    timeout = 20

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing: the address of a mail's page is as private as the mail."""


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """The pages as a WSGI application."""
    set_urlconf(URLCONF)  # for this thread
    try:
        response = _respond(WSGIRequest(environ))
    finally:
        connections.close_all()
    headers = HEADERS | {"Content-Length": str(len(response.content))} | dict(response.items())
    start_response(f"{response.status_code} {response.reason_phrase}", list(headers.items()))
    return response


def _respond(request: WSGIRequest) -> HttpResponse:
    """Only for a browser that asked for this machine by name: no other site reads the mails through it."""
    if urlsplit(f"//{request.headers.get('Host', '')}").hostname not in NAMES:
        return HttpResponse("Adresse inconnue.", content_type="text/plain; charset=utf-8", status=421)
    try:
        view, args, kwargs = resolve(request.path_info, URLCONF)
        response: HttpResponse = view(request, *args, **kwargs)
    except Http404:
        response = views.missing()
    return response
