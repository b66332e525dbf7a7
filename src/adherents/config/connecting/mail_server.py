"""The SMTP relay: does it let us in, does it take our sender? Nothing is sent."""

import re
import smtplib
import ssl
import uuid
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend
from django.utils import timezone

from adherents.config.connecting.remarks import (
    Remark,
    Remarks,
    about_certificate,
    about_clocks,
    absent,
    fault,
    ok,
    warning,
)
from adherents.config.connecting.tls import refused
from adherents.insurer.profile import profile
from adherents.mail import envelope

SETTING = "ADHERENTS_EMAIL_URL"
SECONDS = 10  # for each answer
SMTP = "django.core.mail.backends.smtp.EmailBackend"
FOLDER = "django.core.mail.backends.filebased.EmailBackend"
_DATE = re.compile(
    r"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}\b"
)


def look() -> Remarks:
    if settings.EMAIL_BACKEND == FOLDER:
        folder = Path(str(settings.EMAIL_FILE_PATH))
        yield absent(f"mails are written to {folder}, and none is sent")
    elif settings.EMAIL_BACKEND == SMTP:
        yield from _relay()
    else:
        yield absent(f"mails go to {settings.EMAIL_BACKEND}")


class _Greeted:
    """Keeps what the server says first: some say what time it is."""

    greeting = b""

    def connect(self, *args: Any, **options: Any) -> tuple[int, bytes]:
        code, self.greeting = super().connect(*args, **options)  # type: ignore[misc]
        return code, self.greeting


class _Plain(_Greeted, smtplib.SMTP):
    pass


class _Sealed(_Greeted, smtplib.SMTP_SSL):
    pass


class _Backend(EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Sealed if self.use_ssl else _Plain


def _relay() -> Remarks:
    backend, before = _Backend(timeout=SECONDS), timezone.now()
    try:
        backend.open()
        server: Any = backend.connection
        yield ok(f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} lets us in")
        yield from _clocks(server.greeting, before)
        yield from _certificate(server)
        yield from _sender(server)
    except (OSError, smtplib.SMTPException) as error:
        yield _reason(error)
    finally:
        backend.close()


def _sender(server: smtplib.SMTP) -> Remarks:
    """The sender of every mail, to the address that members see; then the message is called off, before it is begun."""
    shown, returns_to = profile().mail.sender_address, envelope.envelope_sender(uuid.uuid4())
    server.ehlo_or_helo_if_needed()
    code, said = server.mail(returns_to)
    step = f"the sender {shown}"
    if code < 400:
        code, said = server.rcpt(shown)
        step = f"a mail from {shown} to itself"
    words = f"The server refuses {step}: {code} {said.decode('utf-8', 'replace')}"
    if code >= 500:
        yield fault(
            words,
            "Let it send for this address (its list of senders), or change sender_address of the profile.",
        )
    elif code >= 400:
        yield warning(words, "It may be greylisting: try again later.")
    elif settings.ADHERENTS_BOUNCE_ADDRESS:
        code, said = server.rcpt(returns_to)
        if code >= 500:
            yield warning(
                f"The server knows no address {settings.ADHERENTS_BOUNCE_ADDRESS} with + and a token: {code} "
                f"{said.decode('utf-8', 'replace')}",
                "Set recipient_delimiter = + (Postfix), or what your server calls it.",
            )
    server.rset()


def _clocks(greeting: bytes, before: Any) -> Remarks:
    said = _DATE.search(greeting.decode("ascii", "replace"))
    if said:
        yield from about_clocks("the mail server", parsedate_to_datetime(said[0]), before, timezone.now())


def _certificate(server: Any) -> Remarks:
    line = server.sock
    if isinstance(line, ssl.SSLSocket) and (ends := (line.getpeercert() or {}).get("notAfter")):
        now = timezone.now()
        ends_at = now + timedelta(seconds=ssl.cert_time_to_seconds(str(ends)) - now.timestamp())
        yield from about_certificate(ends_at, now)


def _reason(error: Exception) -> Remark:
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return fault(
            "The server does not answer.", "Is a firewall in between? Port 25 often is closed: try 587."
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return fault(*refused(error))
    if isinstance(error, ssl.SSLError):
        return fault(
            "TLS is refused by one of the two sides.",
            f"smtps:// for port 465, ?starttls=1 for 587, in {SETTING}.",
        )
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return fault(
            "The server refuses the user or the password.", f"Look at {SETTING}; @ is %40 in a password."
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        what = "STARTTLS" if "STARTTLS" in str(error) else "no user and password"
        return fault(
            "The server offers no STARTTLS."
            if what == "STARTTLS"
            else "The server takes no user and password here.",
            f"Look at port, user and ?starttls=1 in {SETTING}.",
        )
    if isinstance(error, smtplib.SMTPResponseException):
        said = (
            error.smtp_error.decode("utf-8", "replace")
            if isinstance(error.smtp_error, bytes)
            else error.smtp_error
        )
        return fault(
            f"The server refuses us: {error.smtp_code} {said}", "Let it take mail from this machine."
        )
    if isinstance(error, ConnectionRefusedError):
        return fault(
            "Nothing listens there.", f"Is the server started, and are host and port of {SETTING} right?"
        )
    if isinstance(error, OSError) and type(error).__name__ == "gaierror":
        return fault("No machine has this name.", f"Look at the host in {SETTING}.")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return fault("The server hung up.", f"smtps:// for port 465, ?starttls=1 for 587, in {SETTING}.")
    return fault(f"No connection ({type(error).__name__}).", f"Look at {SETTING}.")
