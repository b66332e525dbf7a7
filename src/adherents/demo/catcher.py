"""The mail catcher: an SMTP server that keeps every message, and the pages that show them, on this machine only."""

import asyncio
import re
import threading
import time
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from aiosmtpd.smtp import SMTP, Envelope, Session
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.db import connections
from django.template import Context, Engine

from adherents.demo import mailbox
from adherents.demo.people import PASSWORD, PERSONAS
from adherents.demo.ports import ADDRESS
from adherents.demo.seeding import codes
from adherents.insurer.profile import profile

NAMES = {ADDRESS, "localhost"}
PAGES = Path(__file__).parent / "pages"
NAVIGATION = {"letters": "/", "people": "/personnes/", "codes": "/codes/"}
SHOWN = 200
CODE_SECONDS = 30
_COMMON = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# A message is a stranger's page: no script, no form, nothing loaded, an origin of its own. Its links open another tab.
MESSAGE_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


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


def start_pages(port: int) -> ThreadingHTTPServer:
    """Show the mails in a thread of this process. Raises OSError when the port is taken."""
    server = ThreadingHTTPServer((ADDRESS, port), Pages)
    threading.Thread(target=server.serve_forever, name="pages", daemon=True).start()
    return server


class Pages(BaseHTTPRequestHandler):
    """`/` the messages, `/messages/<id>/` one of them, `/messages/<id>/html` as sent, `/codes/`, `/personnes/`."""

    protocol_version = "HTTP/1.1"
    timeout = 20
    ROUTES: ClassVar[list[tuple[str, str]]] = [
        (r"/", "index"),
        (r"/style\.css", "style"),
        (r"/messages/(?P<letter_id>[^/]+)/", "letter"),
        (r"/messages/(?P<letter_id>[^/]+)/html", "letter_html"),
        (r"/codes/", "codes"),
        (r"/personnes/", "people"),
    ]

    def do_GET(self) -> None:
        """Only for a browser that asked for this machine by name: no other site reads the mails through it."""
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname not in NAMES:
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", "Adresse inconnue.")
            return
        path = urlsplit(self.path).path
        for pattern, name in self.ROUTES:
            if match := re.fullmatch(pattern, path):
                try:
                    getattr(self, f"show_{name}")(**match.groupdict())
                finally:
                    connections.close_all()
                return
        self._not_found()

    def show_index(self) -> None:
        self._page("index.html", {"letters": list(mailbox.newest(SHOWN)), "refresh": 4})

    def show_letter(self, letter_id: str) -> None:
        letter = mailbox.read(letter_id)
        if letter is None:
            self._not_found()
            return
        self._page("letter.html", {"letter": letter})

    def show_letter_html(self, letter_id: str) -> None:
        letter = mailbox.read(letter_id)
        if letter is None or not letter.html:
            self._not_found()
            return
        page = re.sub(
            r"(<head[^>]*>)", r'\1<base target="_blank">', letter.html, count=1, flags=re.IGNORECASE
        )
        self._answer(HTTPStatus.OK, "text/html", page, policy=MESSAGE_POLICY)

    def show_codes(self) -> None:
        left = CODE_SECONDS - int(time.time()) % CODE_SECONDS
        self._page("codes.html", {"agents": _codes_now(), "left": left, "refresh": min(left, 6)})

    def show_people(self) -> None:
        self._page("people.html", {"personas": PERSONAS, "files": settings.DATA_DIR / "exemples"})

    def show_style(self) -> None:
        self._answer(HTTPStatus.OK, "text/css", (PAGES / "style.css").read_text("utf-8"))

    def _not_found(self) -> None:
        self._page("missing.html", {}, status=HTTPStatus.NOT_FOUND)

    def _page(self, template: str, context: Mapping[str, Any], *, status: HTTPStatus = HTTPStatus.OK) -> None:
        values = {
            "nav": NAVIGATION,
            "portal": settings.BASE_URL,
            "insurer": profile().insurer,
            "password": PASSWORD,
            **context,
        }
        rendered = _engine().get_template(template).render(Context(values))
        self._answer(status, "text/html", rendered)

    def _answer(self, status: HTTPStatus, kind: str, text: str, *, policy: str = POLICY) -> None:
        body = text.encode()
        self.send_response(status)
        headers = {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(body))}
        for name, value in {**headers, **_COMMON, "Content-Security-Policy": policy}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        return "courrier"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the address of a message is nobody's business."""


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(PAGES)], builtins=["django.templatetags.tz"])


def _codes_now() -> list[dict[str, Any]]:
    """What an authenticator app would show for each agent, and whether that code has been used up."""
    step = int(time.time()) // CODE_SECONDS
    used = {
        factor.user.identifier: factor.data.get("last_step", 0)
        for factor in Authenticator.objects.filter(type=Authenticator.Type.TOTP).select_related("user")
    }
    return [
        {
            "agent": agent,
            "secret": secret,
            "code": format_hotp_value(hotp_value(secret, step)) if secret else "",
            "used": used.get(agent.email, 0) >= step,
        }
        for agent, secret in codes()
    ]
