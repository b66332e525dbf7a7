"""`check --connect`, the mail server and DNS: each fault is caused, on a real SMTP server and on a real DNS server."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from django.conf import LazySettings
from django.utils import timezone

from adherents.config.connecting import mail_server, sender_domain
from tests.config.asking import said, wrong
from tests.config.certificates import certificate
from tests.config.installation import once
from tests.mail.servers import Mailbox
from tests.ports import free_port

pytestmark = [pytest.mark.any_database, once]
SENDER = "fr-contact@mese.se.com"


class Relay(Mailbox):
    """`refuses`: what it answers to MAIL. It notes what it was asked."""

    refuses = ""

    def __init__(self) -> None:
        super().__init__()
        self.senders: list[str] = []
        self.recipients: list[str] = []
        self.resets = 0

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.senders.append(address)
        if self.refuses:
            return self.refuses
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.recipients.append(address)
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.resets += 1
        return "250 OK"


@pytest.fixture
def relay(settings: LazySettings) -> Relay:
    settings.EMAIL_BACKEND = mail_server.SMTP
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    return Relay()


@contextmanager
def listening(relay: Relay, settings: LazySettings, **options: Any) -> Iterator[None]:
    controller = Controller(relay, hostname="127.0.0.1", port=settings.EMAIL_PORT, **options)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def test_a_relay_is_asked_for_the_sender_and_sent_nothing(relay: Relay, settings: LazySettings) -> None:
    with listening(relay, settings):
        [(gravity, _)] = said(mail_server.look())
    assert gravity == "ok"
    assert (relay.senders, relay.recipients, relay.resets, relay.asked) == ([SENDER], [SENDER], 1, 0)


def test_a_sender_that_is_refused_is_told_with_the_servers_words(
    relay: Relay, settings: LazySettings
) -> None:
    relay.refuses = "553 5.7.1 Sender address rejected: not owned by user"
    with listening(relay, settings):
        assert wrong(mail_server.look()) == [f"The server refuses the sender {SENDER}: {relay.refuses}"]
    relay.refuses, relay.refused = "", {SENDER}
    with listening(relay, settings):
        assert wrong(mail_server.look()) == [
            f"The server refuses a mail from {SENDER} to itself: 550 No such user here"
        ]
    relay.refused, relay.answers = set(), {"RCPT": "450 4.7.1 Greylisted"}
    with listening(relay, settings):
        [*_, (gravity, words)] = said(mail_server.look())
    assert (gravity, words.endswith("450 4.7.1 Greylisted")) == ("warning", True)


def test_a_server_that_takes_no_bounces_is_told(relay: Relay, settings: LazySettings) -> None:
    settings.ADHERENTS_BOUNCE_ADDRESS = "rebonds@mese.se.com"
    with listening(relay, settings):
        assert wrong(mail_server.look()) == []
    assert relay.senders[0].startswith("rebonds+")
    assert relay.recipients == [SENDER, relay.senders[0]]

    async def only_known(
        server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        return "550 unknown" if "+" in address else "250 OK"

    relay.handle_RCPT = only_known  # type: ignore[method-assign]
    with listening(relay, settings):
        assert "with + and a token: 550 unknown" in wrong(mail_server.look())[0]


def test_a_wrong_password_a_missing_tls_and_a_silent_server_are_told(
    relay: Relay, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wrong(mail_server.look()) == ["Nothing listens there."]
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "portal", "of-the-relay"

    def only(
        server: object, session: object, envelope: object, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=data.password == b"right", handled=False)

    with listening(relay, settings):
        assert wrong(mail_server.look()) == ["The server takes no user and password here."]
    with listening(relay, settings, authenticator=only, auth_require_tls=False):
        remarks = list(mail_server.look())
        assert said(remarks) == [("fault", "The server refuses the user or the password.")]
        assert "of-the-relay" not in str(remarks)
        settings.EMAIL_HOST_PASSWORD = "right"
        assert wrong(mail_server.look()) == []
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = True
    with listening(relay, settings):
        assert wrong(mail_server.look()) == ["The server offers no STARTTLS."]
    settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = False, True
    with listening(relay, settings):
        assert wrong(mail_server.look()) == ["TLS is refused by one of the two sides."]
    settings.EMAIL_HOST = "no-such-host.invalid"
    assert wrong(mail_server.look()) == ["No machine has this name."]
    settings.EMAIL_HOST, settings.EMAIL_USE_SSL = "127.0.0.1", False
    monkeypatch.setattr(mail_server, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", settings.EMAIL_PORT)):
        assert wrong(mail_server.look()) == ["The server does not answer."]


@pytest.mark.parametrize(("days", "words"), [(-2, "certificate has expired"), (9, "ends on"), (90, "")])
def test_a_relays_certificate_is_looked_at(
    relay: Relay,
    settings: LazySettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    words: str,
) -> None:
    shown = certificate(tmp_path, days=days)
    monkeypatch.setenv("SSL_CERT_FILE", str(shown.authority))
    settings.EMAIL_USE_TLS = True
    with listening(relay, settings, tls_context=shown.context()):
        told = wrong(mail_server.look())
    assert len(told) == int(bool(words))
    assert words in "".join(told)


def test_a_server_that_says_what_time_it_is_is_believed(relay: Relay, settings: LazySettings) -> None:
    """As Exim and Exchange do, in their first line."""
    for apart, told in {timedelta(0): False, timedelta(minutes=7): True}.items():
        moment = format_datetime(timezone.now() + apart)
        with listening(relay, settings, ident=f"ESMTP Exim 4.96 {moment}"):
            clocks = [words for words in wrong(mail_server.look()) if "The clock of the mail server" in words]
        assert bool(clocks) is told, clocks


def test_a_folder_of_mails_is_no_fault(settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = mail_server.FOLDER
    settings.EMAIL_FILE_PATH = "/var/mails"
    assert said(mail_server.look()) == [("none", "mails are written to /var/mails, and none is sent")]
    assert said(sender_domain.look()) == [("none", "no mail leaves")]


# DNS

Zone = dict[tuple[str, str], list[str]]
RIGHT: Zone = {
    ("mese.se.com", "TXT"): ['"v=spf1 include:relay.example " "-all"', '"other=1"'],
    ("_dmarc.se.com", "TXT"): ['"v=DMARC1; p=quarantine; rua=mailto:d@se.com"'],
    ("s1._domainkey.mese.se.com", "TXT"): ['"v=DKIM1; k=rsa; p=MIIBIjAN"'],
    ("mese.se.com", "MX"): ["10 mx.se.com."],
}


@contextmanager
def zone(records: Zone, *, refuses: bool = False) -> Iterator[dns.resolver.Resolver]:
    """What asks a DNS server of this machine, which knows these records and says of other names that they do not exist."""
    names = {name for name, _ in records}

    def serve() -> None:
        with suppress(OSError):
            while True:
                asked, who = server.recvfrom(4096)
                query = dns.message.from_wire(asked)
                answer = dns.message.make_response(query)
                answer.flags |= dns.flags.AA
                question = query.question[0]
                name, kind = (
                    question.name.to_text(omit_final_dot=True),
                    dns.rdatatype.to_text(question.rdtype),
                )
                if refuses:
                    answer.set_rcode(dns.rcode.REFUSED)
                elif found := records.get((name, kind)):
                    answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
                elif name not in names:
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                server.sendto(answer.to_wire(), who)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
        yield resolver


@pytest.fixture
def mails_leave(settings: LazySettings) -> LazySettings:
    settings.EMAIL_BACKEND = mail_server.SMTP
    return settings


def test_a_domain_with_its_records_has_nothing_said_against_it(mails_leave: LazySettings) -> None:
    mails_leave.ADHERENTS_BOUNCE_ADDRESS = "rebonds@mese.se.com"
    with zone(RIGHT) as resolver:
        assert said(sender_domain.look(selectors=["s1"], resolver=resolver)) == [
            ("ok", "SPF of mese.se.com"),
            ("ok", "DMARC of se.com (p=quarantine)"),
            ("ok", "DKIM key s1 of mese.se.com"),
        ]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({("mese.se.com", "TXT"): []}, "mese.se.com has no SPF record."),
        ({("mese.se.com", "TXT"): ['"v=spf1 -all"', '"v=spf1 ~all"']}, "mese.se.com has 2 SPF records"),
        ({("mese.se.com", "TXT"): ['"v=spf1 +all"']}, "lets the whole world send in its name"),
        ({("_dmarc.se.com", "TXT"): ['"v=spf1"']}, "mese.se.com has no DMARC record"),
        ({("s1._domainkey.mese.se.com", "TXT"): ['"v=DKIM1; p="']}, "was revoked"),
        ({("s1._domainkey.mese.se.com", "TXT"): []}, "There is no DKIM key at s1._domainkey.mese.se.com."),
        ({("mese.se.com", "MX"): []}, "No server takes mail for mese.se.com"),
    ],
)
def test_a_record_that_is_missing_or_wrong_is_told(
    mails_leave: LazySettings, changed: Zone, words: str
) -> None:
    mails_leave.ADHERENTS_BOUNCE_ADDRESS = "rebonds@mese.se.com"
    with zone(RIGHT | changed) as resolver:
        told = wrong(sender_domain.look(selectors=["s1"], resolver=resolver))
    assert len(told) == 1
    assert words in told[0]


def test_a_machine_without_dns_is_no_fault(
    mails_leave: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = [("none", "no DNS here: look at the records from a machine that has one")]
    monkeypatch.setattr(sender_domain, "SECONDS", 0.3)
    with zone({}, refuses=True) as resolver:
        assert said(sender_domain.look(resolver=resolver)) == nobody
    silent = dns.resolver.Resolver(configure=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        silent.nameservers, silent.port = ["127.0.0.1"], server.getsockname()[1]
        assert said(sender_domain.look(resolver=silent)) == nobody
    with zone(RIGHT) as resolver:
        assert (
            "none",
            "DKIM was not looked at: name what your relay signs with (--dkim-selector NAME)",
        ) in said(sender_domain.look(resolver=resolver))
