"""Over a real SMTP server: what arrives, and what happens when it is dead or the worker is killed."""

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connection, transaction
from django.utils import timezone

from adherents.mail.models import MailState, OutboxMail
from adherents.mail.services import post, send_due
from tests.cast import ANGE, CAMILLE, EVE
from tests.mail.servers import Mailbox, listening
from tests.ports import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture
def port(settings: LazySettings) -> int:
    """The address that the portal sends its mail to; no server listens there yet."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    return int(settings.EMAIL_PORT)


def put(to: str, language: str = "fr") -> None:
    with transaction.atomic():
        post(
            "accounts/password_set",
            to=to,
            language=language,
            context={"identifier": "70100001", "agent": False},
        )


@pytest.mark.django_db
def test_a_text_and_an_html_part_arrive_with_their_headers(port: int) -> None:
    put(CAMILLE.email)
    with listening(Mailbox(), port) as mailbox:
        assert send_due() == 1
    [envelope], [message] = mailbox.envelopes, mailbox.messages
    assert (envelope.mail_from, envelope.rcpt_tos) == ("fr-contact@mese.se.com", [CAMILLE.email])
    assert message["Subject"] == "Votre mot de passe a bien été enregistré"
    assert message["From"] == "MESE Adh <fr-contact@mese.se.com>"
    assert message["Message-ID"].endswith("@testserver>")
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Votre n° adhérent est\u00a0: 70100001" in text.get_content()
    assert "70100001" in html.get_content()
    assert message.get_content_type() == "multipart/alternative"


@pytest.mark.django_db
def test_a_dead_server_keeps_them_all_and_they_leave_when_it_is_back(port: int) -> None:
    for number in range(30):
        put(f"a{number}@example.org")
    for _ in range(3):
        assert send_due() == 0
    assert set(OutboxMail.objects.values_list("state", "attempts", "last_error")) == {
        (MailState.WAITING, 0, "ConnectionRefusedError"),
        (MailState.WAITING, 0, ""),  # not even claimed
    }
    with listening(Mailbox(), port) as mailbox, time_machine.travel(timezone.now() + timedelta(minutes=1.5)):
        while send_due():
            pass
    assert sorted(envelope.rcpt_tos[0] for envelope in mailbox.envelopes) == sorted(
        f"a{n}@example.org" for n in range(30)
    )
    assert not OutboxMail.objects.exclude(state=MailState.SENT).exists()


@pytest.mark.django_db
def test_after_hours_without_a_server_everything_leaves_within_two_minutes_of_its_return(port: int) -> None:
    """A link that was asked for meanwhile is of use now. That the server was away is no mail's fault, however long."""
    put(CAMILLE.email)
    begun = timezone.now()
    with time_machine.travel(begun) as clock:
        for _ in range(20):
            clock.shift(timedelta(minutes=30))
            assert send_due() == 0
        put(EVE.email)
        send_due()
        mailbox = Mailbox()
        mailbox.answers["DATA"] = "451 not at once"
        with listening(mailbox, port):
            clock.shift(timedelta(minutes=1.5))
            assert send_due() == 2
            assert set(OutboxMail.objects.values_list("state", "attempts")) == {(MailState.WAITING, 1)}
            del mailbox.answers["DATA"]
            clock.shift(timedelta(seconds=15))
            assert send_due() == 2
    assert len(mailbox.envelopes) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("ends", ["", "421 Service closing transmission channel"], ids=["at once", "421"])
def test_a_mail_at_which_the_server_ends_the_connection_costs_the_others_no_try(port: int, ends: str) -> None:
    mailbox = Mailbox()
    mailbox.ends[CAMILLE.email] = ends
    for address in (CAMILLE.email, EVE.email, ANGE.email):
        put(address)
    with listening(mailbox, port):
        send_due()
    assert sorted(envelope.rcpt_tos[0] for envelope in mailbox.envelopes) == sorted([EVE.email, ANGE.email])
    assert OutboxMail.objects.get(state=MailState.WAITING).recipient == CAMILLE.email


@pytest.mark.django_db
def test_a_server_that_falls_silent_is_waited_for_once_and_not_for_each_mail(
    port: int, settings: LazySettings
) -> None:
    """What else is due in the same lane waits meanwhile."""
    settings.EMAIL_TIMEOUT = 1
    mailbox = Mailbox()
    mailbox.silence = 3
    for number in range(5):
        put(f"a{number}@example.org")
    with listening(mailbox, port):
        send_due()
    assert mailbox.asked == 1
    assert set(OutboxMail.objects.values_list("state", flat=True)) == {MailState.WAITING}
    assert OutboxMail.objects.filter(attempts=1).count() == 1, "the others were not tried"


@pytest.mark.django_db
def test_a_refused_recipient_is_given_up_and_the_same_connection_serves_the_others(port: int) -> None:
    mailbox = Mailbox()
    mailbox.refused = {CAMILLE.email}
    put(CAMILLE.email)
    put(EVE.email)
    with listening(mailbox, port):
        send_due()
    assert [envelope.rcpt_tos for envelope in mailbox.envelopes] == [[EVE.email]]
    failed = OutboxMail.objects.get(state=MailState.FAILED)
    assert (failed.recipient, failed.context, failed.last_error) == (
        CAMILLE.email,
        "",
        "SMTPRecipientsRefused",
    )


@pytest.mark.django_db
def test_the_same_message_sent_again_has_the_same_name(port: int) -> None:
    put(CAMILLE.email)
    with listening(Mailbox(), port) as mailbox:
        send_due()
        mail = OutboxMail.objects.get()
        mail.state, mail.next_attempt_at = MailState.WAITING, timezone.now()
        mail.context = '{"identifier": "1", "agent": false}'
        mail.save()
        send_due()
    first, second = mailbox.messages
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.django_db
def test_a_worker_killed_between_claim_and_send_loses_nothing(tmp_path: Path) -> None:
    """The server accepts the connection and says nothing: the worker has claimed, and waits. Then kill -9."""
    if connection.vendor != "sqlite":
        pytest.skip("two processes on one file")
    for number in range(3):
        put(f"a{number}@example.org")
    file = tmp_path / "adherents.sqlite3"
    with closing(sqlite3.connect(file)) as copy:
        copy.executescript("\n".join(connection.connection.iterdump()))
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    environment = os.environ | {
        "ADHERENTS_DATA_DIR": str(tmp_path),
        "ADHERENTS_EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "adherents.config.settings",
        "PYTHONPATH": str(ROOT / "src"),
    }
    command = [sys.executable, "-m", "django", "worker"]
    worker = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    listener.settimeout(60)
    try:
        silent, _ = listener.accept()
    finally:
        worker.kill()
        worker.wait()
    silent.close()
    listener.close()
    with closing(sqlite3.connect(file)) as database, database:
        assert database.execute("SELECT DISTINCT attempts, state FROM mail_outboxmail").fetchall() == [
            (1, "waiting")
        ]
        database.execute("UPDATE mail_outboxmail SET leased_until = '2020-01-01 00:00:00'")
    with listening(Mailbox(), port) as mailbox:
        subprocess.run([*command, "--once"], env=environment, capture_output=True, timeout=120, check=True)
    assert sorted(envelope.rcpt_tos[0] for envelope in mailbox.envelopes) == [
        f"a{number}@example.org" for number in range(3)
    ]
