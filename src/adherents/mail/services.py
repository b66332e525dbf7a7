"""Posting a mail with what it tells of, sending what was posted, and noting what comes back."""

import json
import logging
import re
from datetime import datetime, timedelta
from email.utils import formataddr
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from adherents.crypto.keys import CannotOpen
from adherents.crypto.rows import readable
from adherents.database.transactions import needs_transaction
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.mail import envelope
from adherents.mail.bounces import BOUNCE_HOOKS, Reading
from adherents.mail.delivery_reports import read_report
from adherents.mail.models import MailState, OutboxMail, Relay
from adherents.mail.refusals import is_no_mailbox
from adherents.telemetry import metrics
from adherents.work.models import HeldWork
from adherents.work.services import caused_by, is_held, let_go

Value = str | int | bool | list[str] | list[dict[str, str]] | None
log = logging.getLogger("adherents.mail")
GIVE_UP_AFTER = 40
AWAY = timedelta(minutes=1)  # between two calls to a server that is down
# It ends with a token; the address of a document or thread has dashes.
_SECRET_LINK = re.compile(r"/[0-9a-f]{32}(?![0-9a-f-])")


@needs_transaction
def post(
    name: str,
    *,
    to: str,
    language: str,
    context: dict[str, Value],
    dedupe_key: str | None = None,
    urgent: bool = False,
) -> None:
    """Put a mail in the outbox, in the caller's transaction: it tells of nothing that does not happen.

    `name` is `room/mail`: its templates are `<room>/mails/<mail>/{subject.txt,body.txt,body.html}`. A second mail with the
    same `dedupe_key` is not posted. `urgent`: a person waits for it, and it leaves before the others.
    """
    row = OutboxMail(
        name=name,
        recipient=to,
        language=language,
        context=json.dumps(context),
        dedupe_key=dedupe_key,
        urgent=urgent,
    )
    OutboxMail.objects.bulk_create([row], ignore_conflicts=dedupe_key is not None)


def render(name: str, *, language: str, context: dict[str, Value]) -> tuple[str, str, str]:
    """The subject (one line), the text and the HTML of a mail, in `language`."""
    room, mail = name.split("/")
    folder = f"{room}/mails/{mail}"
    with translation.override(language):
        values = {**context, "profile": profile(), "base_url": settings.BASE_URL, "language": language}
        subject = " ".join(re.split(r"[ \t\r\n]+", render_to_string(f"{folder}/subject.txt", values).strip()))
        first = render_to_string("mail/for_whom.txt", values).strip()
        text = f"{first}\n\n".lstrip() + render_to_string(f"{folder}/body.txt", values).strip() + "\n"
        return subject, text, render_to_string(f"{folder}/body.html", values | {"subject": subject})


def send_due(limit: int = 20) -> int:
    """Send what is due. Returns how many mails were tried. When the server is down or falls silent, the others wait.

    While the outbox is held, nothing is sent.
    """
    if is_held(HeldWork.MAILS):
        return 0
    mails = OutboxMail.objects.claim_due(limit)
    server = get_connection()
    try:
        for place, mail in enumerate(mails):
            if away := _opening(server):
                _wait_for_the_server(mails[place:], away)
                return place
            with caused_by(mail):
                away = _send(mail, server)
            if away:
                _wait_for_the_server(mails[place + 1 :], away)
                return place + 1
    finally:
        server.close()
        # The moment of the last one: after it, the server may have refused the next.
        if left := [mail.sent_at for mail in mails if mail.sent_at is not None]:
            _note(took_at=max(left))
    return len(mails)


def release() -> int | None:
    """The mails of a held outbox may leave; how many wait. None: it was not held."""
    with transaction.atomic():
        if not let_go([HeldWork.MAILS]):
            return None
        waiting = OutboxMail.objects.filter(state=MailState.WAITING).count()
        record(Event.MAILS_RELEASED, subject="outbox", count=waiting)
    return waiting


@needs_transaction
def withdraw_links() -> int:
    """Give up, in the caller's transaction, each mail that waits and bears a secret link: after a restore it is dead. How many.

    A mail that does not open stays: the worker says so when it sends it.
    """
    withdrawn = 0
    waiting = OutboxMail.objects.filter(state=MailState.WAITING)
    for mail in waiting.order_by("pk").iterator(chunk_size=500):
        if _SECRET_LINK.search(readable(mail, "context")):
            mail.work_done()
            mail.state, mail.context, mail.last_error = MailState.FAILED, "", "restored"
            mail.save(update_fields=[*OutboxMail.WORK_FIELDS, "state", "context", "last_error"])
            withdrawn += 1
    return withdrawn


def _note(**seen: datetime | str) -> None:
    """What was just seen of the server; several workers may see it at once."""
    if not Relay.objects.filter(pk=Relay.ONLY).update(**seen):
        Relay.objects.update_or_create(pk=Relay.ONLY, defaults=seen)


def _opening(server: BaseEmailBackend) -> Exception | None:
    """Why the server cannot be spoken to. A connection that is open serves all the mails."""
    try:
        server.open()
    except (OSError, SMTPException) as error:
        return error
    return None


def _wait_for_the_server(mails: list[OutboxMail], error: Exception) -> None:
    """The server is down: this counts as an attempt of no mail, and all the mails that are due wait for the same short time."""
    back = timezone.now() + AWAY
    for mail in mails:
        mail.work_later()
        mail.attempts, mail.next_attempt_at, mail.last_error = mail.attempts - 1, back, type(error).__name__
        mail.save(update_fields=[*OutboxMail.WORK_FIELDS, "last_error"])
    OutboxMail.objects.due().update(next_attempt_at=back)
    _note(refused_at=timezone.now(), error=type(error).__name__)
    log.warning("the mail server is away", extra={"error": type(error).__name__, "mails": len(mails)})


def _message(mail: OutboxMail, server: BaseEmailBackend) -> EmailMultiAlternatives:
    context = json.loads(mail.context)
    subject, text, html = render(mail.name, language=mail.language, context=context)
    sender = formataddr((profile().mail.sender_name, profile().mail.sender_address))
    # Django sends under the address that a message is from: with the header of its own, that is the envelope's alone.
    returns_to = envelope.envelope_sender(mail.id) if settings.ADHERENTS_BOUNCE_ADDRESS else sender
    message = EmailMultiAlternatives(
        subject,
        text,
        returns_to,
        [mail.recipient],
        connection=server,
        headers={
            "From": sender,
            # Stable across attempts: a server that took it before we could note it recognises the second.
            "Message-ID": f"<{mail.id}@{envelope.domain()}>",
            "List-Id": f"<espace-adherents.{envelope.domain()}>",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "Content-Language": mail.language,
        },
    )
    message.attach_alternative(html, "text/html")
    return message


def _send(mail: OutboxMail, server: BaseEmailBackend) -> Exception | None:
    """Returns the error of a server that fell silent: the other mails do not wait for it one by one."""
    if not mail.keep_lease():
        return None
    try:
        _message(mail, server).send()
    except (OSError, SMTPException) as error:
        if _is_final(error) or mail.attempts >= GIVE_UP_AFTER:
            _give_up(mail, error)
        else:
            _keep_for_later(mail, error)
        if isinstance(error, SMTPSenderRefused):
            _note(refused_at=timezone.now(), error=type(error).__name__)
        if _is_cut(server):
            server.close()  # the next mail has a connection of its own
        return error if isinstance(error.__context__, TimeoutError) else None
    except Exception as error:
        # A template or a context is wrong: ours to mend, and no reason for the others to wait.
        _keep_for_later(mail, error)
        return None
    mail.work_done()
    mail.state, mail.sent_at, mail.context, mail.last_error = MailState.SENT, timezone.now(), "", ""
    mail.save(update_fields=[*OutboxMail.WORK_FIELDS, "state", "sent_at", "context", "last_error"])
    metrics.MAILS.labels("sent").inc()
    return None


def _is_cut(server: BaseEmailBackend) -> bool:
    """Whether an SMTP server ended the connection, which Django's backend would go on with."""
    spoken_to = getattr(server, "connection", None)
    return spoken_to is not None and getattr(spoken_to, "sock", None) is None


def _is_final(error: Exception) -> bool:
    """A 5xx on the recipient or on the message will not become true by waiting; one on our own address will, once mended."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, SMTPDataError) and error.smtp_code in {550, 551, 553, 554}


def _refuses_the_address(error: Exception) -> bool:
    """Whether it is this address that is refused, for good. A server that refuses us (5.7.1: policy, spam, relaying) or the
    message says nothing of the address.
    """
    if isinstance(error, SMTPRecipientsRefused):
        return bool(error.recipients) and all(
            is_no_mailbox(code, words) for code, words in error.recipients.values()
        )
    # Some servers look at the address only once the message is there; they say so by an enhanced code (RFC 3463).
    return isinstance(error, SMTPDataError) and is_no_mailbox(
        error.smtp_code, error.smtp_error, enhanced_only=True
    )


def _keep_for_later(mail: OutboxMail, error: Exception) -> None:
    mail.work_later()
    mail.last_error = type(error).__name__
    mail.save(update_fields=[*OutboxMail.WORK_FIELDS, "last_error"])
    metrics.MAILS.labels("put_off").inc()
    log.warning("mail kept for later", extra={"attempts": mail.attempts, "error": mail.last_error})


def _give_up(mail: OutboxMail, error: Exception) -> None:
    with transaction.atomic():
        mail.work_done()
        mail.state, mail.context, mail.last_error = MailState.FAILED, "", type(error).__name__
        mail.save(update_fields=[*OutboxMail.WORK_FIELDS, "state", "context", "last_error"])
        if _refuses_the_address(error):
            for tell in BOUNCE_HOOKS:
                tell(mail.recipient)
    metrics.MAILS.labels("given_up").inc()
    log.error("mail refused for good", extra={"attempts": mail.attempts, "error": mail.last_error})


def read_bounce(raw: bytes, *, sent_to: str = "") -> Reading:
    """A message that came to the bounce address: when it proves that an address is none, those who want to know are told.

    `sent_to`: the address that it came to, where the server says so; else its headers do. Nothing in a message is believed but
    with the token of the mail that it is about, and about the address that this mail went to.
    """
    report = read_report(raw)
    if report is None:
        return Reading.NO_REPORT
    mail_id = envelope.mail_named_in(f"{sent_to} {report.sent_to}")
    if mail_id is None:
        return Reading.UNPROVEN
    mail = OutboxMail.objects.filter(pk=mail_id).first()
    try:
        address = mail.recipient if mail else ""
    except CannotOpen:
        address = ""
    if mail is None or not address:
        return Reading.NO_MAIL
    about = [failed for failed in report.undelivered if failed.address == address.lower()]
    if not about:
        return Reading.ANOTHER_ADDRESS
    if not any(failed.is_for_good for failed in about):
        return Reading.NOT_FOR_GOOD
    with transaction.atomic():
        came_back = OutboxMail.objects.filter(pk=mail.pk, bounced_at__isnull=True)
        if not came_back.update(bounced_at=timezone.now()):
            return Reading.KNOWN
        for tell in BOUNCE_HOOKS:
            tell(address)
    log.warning("a mail came back: its address is none")
    return Reading.NOTED


def record_refused_address(address: str) -> None:
    """The provider that carries the mails, and proved who it is, says that this address is none."""
    with transaction.atomic():
        for tell in BOUNCE_HOOKS:
            tell(address)
    log.warning("the provider of mails says that an address is none")
