"""The outbox: a mail is a row before it is a message, sent once, never lost."""

import json
import logging
from datetime import timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused, SMTPServerDisconnected

import pytest
import time_machine
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.transaction import TransactionManagementError
from django.test import Client
from django.utils import timezone

from adherents.accounts import mails as accounts_mails
from adherents.accounts.services.access_link import send_link
from adherents.accounts.services.language import choose_language
from adherents.crypto.rows import open_all
from adherents.mail import services
from adherents.mail.models import MailState, OutboxMail
from adherents.mail.services import post, send_due
from tests.accounts.steps import Mails, ask_for_link
from tests.cast import CAMILLE, ENGLISH
from tests.database_contents import everything_stored
from tests.factories import open_account

pytestmark = pytest.mark.django_db
Outbox = list[EmailMultiAlternatives]


def put(to: str = CAMILLE.email, name: str = "accounts/password_set", **context: str | bool) -> OutboxMail:
    with transaction.atomic():
        post(name, to=to, language="fr", context={"identifier": "70100001", "agent": False} | context)
    return OutboxMail.objects.order_by("-created_at")[0]


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_posted() -> None:
    with pytest.raises(TransactionManagementError):
        post("accounts/closed", to=CAMILLE.email, language="fr", context={})
    assert not OutboxMail.objects.exists()


def test_a_transaction_that_is_rolled_back_sends_nothing(mailoutbox: Outbox) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012 - the block is what is undone
        post("accounts/closed", to=CAMILLE.email, language="fr", context={})
        raise RuntimeError
    assert send_due() == 0
    assert mailoutbox == []


def test_a_second_mail_with_the_same_key_is_not_posted() -> None:
    with transaction.atomic():
        for key in ("lock:1", "lock:1", "lock:2", None, None):
            post("accounts/closed", to=CAMILLE.email, language="fr", context={}, dedupe_key=key)
    assert OutboxMail.objects.count() == 4


def test_a_mail_that_a_person_waits_for_leaves_before_ten_thousand_notices(mailoutbox: Outbox) -> None:
    """Within one claim, and from one claim to the next; those that wait alike keep their order."""
    account = open_account(CAMILLE)
    for number in range(5):
        put(to=f"notice{number}@example.org")
    with transaction.atomic():
        send_link(account=account)
    assert send_due(limit=2) == 2
    assert [mail.to[0] for mail in mailoutbox] == [CAMILLE.email, "notice0@example.org"]
    with transaction.atomic():
        accounts_mails.reset_waits(account, until=timezone.now())
        accounts_mails.identity_wanted(account)
    assert send_due() == 6
    rest = [mail.to[0] for mail in mailoutbox][2:]
    assert rest == [CAMILLE.email] * 2 + [f"notice{number}@example.org" for number in range(1, 5)]


def test_it_is_rendered_in_the_language_that_the_member_chose(mails: Mails) -> None:
    account = open_account(CAMILLE)
    open_account(ENGLISH)
    choose_language(account=account, language="en")
    for person in (CAMILLE, ENGLISH):
        ask_for_link(Client(), person.number)
    for mail in mails():
        assert 'lang="en"' in mail.html
        assert "mot de passe" not in mail.subject + mail.text
        assert "MESE health cover, Members’ Area" in mail.text


def test_nothing_of_it_can_be_read_in_the_database_and_what_it_said_goes_once_sent(
    mailoutbox: Outbox,
) -> None:
    mail = put(to="secret-address@example.org", identifier="secret-words")
    assert b"secret-" not in everything_stored()
    send_due()
    assert len(mailoutbox) == 1
    mail.refresh_from_db()
    assert (mail.state, mail.context, mail.next_attempt_at) == (MailState.SENT, "", None)
    assert mail.sent_at is not None
    assert send_due() == 0


def test_every_part_has_its_header(mailoutbox: Outbox) -> None:
    mail = put()
    send_due()
    [message] = mailoutbox
    headers = message.message()
    assert headers["From"] == "MESE Adh <fr-contact@mese.se.com>"
    assert headers["To"] == CAMILLE.email
    assert headers["Message-ID"] == f"<{mail.id}@testserver>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Content-Language"] == "fr"
    assert headers["Date"]
    kinds = [part.get_content_type() for part in headers.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize("fault", ["template", "context", "address"])
def test_a_mail_that_cannot_be_made_does_not_hold_up_the_others(
    mailoutbox: Outbox, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken = put()
    open_all(broken)
    if fault == "template":
        broken.name = "accounts/no_such_mail"
    elif fault == "context":
        broken.context = "not json, secret-words"
    else:
        broken.recipient = "secret-words\nBcc: everybody@example.org"
    broken.save()
    for number in range(3):
        put(to=f"a{number}@example.org")
    send_due()
    assert [message.to[0] for message in mailoutbox] == [f"a{number}@example.org" for number in range(3)]
    broken.refresh_from_db()
    assert broken.state == MailState.WAITING
    assert broken.next_attempt_at > timezone.now()
    assert "secret-words" not in caplog.text
    assert [record.levelno for record in caplog.records if record.name == "adherents.mail"] == [
        logging.WARNING
    ]


def raising(error: Exception, to: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server answers so for this recipient."""
    send = EmailMultiAlternatives.send

    def answer(message: EmailMultiAlternatives) -> int:
        if message.to == [to]:
            raise error
        return send(message)

    monkeypatch.setattr(EmailMultiAlternatives, "send", answer)


@pytest.mark.parametrize(
    "error",
    [
        SMTPRecipientsRefused({"gone@example.org": (550, b"no such user")}),
        SMTPDataError(554, b"refused"),
    ],
)
def test_what_is_refused_for_good_is_given_up_and_kept_as_failed(
    error: Exception, mailoutbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = put(to="gone@example.org")
    put()
    raising(error, "gone@example.org", monkeypatch)
    send_due()
    refused.refresh_from_db()
    assert (refused.state, refused.context, refused.next_attempt_at) == (MailState.FAILED, "", None)
    assert refused.last_error == type(error).__name__
    assert [message.to[0] for message in mailoutbox] == [CAMILLE.email]


@pytest.mark.parametrize(
    "error",
    [
        SMTPRecipientsRefused({"later@example.org": (450, b"mailbox busy")}),
        SMTPSenderRefused(553, b"not you", "fr-contact@mese.se.com"),
        SMTPSenderRefused(550, b"not you", "fr-contact@mese.se.com"),
        SMTPDataError(451, b"try later"),
        SMTPServerDisconnected("gone"),
        TimeoutError(),
        OSError("no route"),
    ],
)
def test_what_may_become_true_by_waiting_is_kept_and_sent_later(
    error: Exception, mailoutbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(to="later@example.org")
    with monkeypatch.context() as patch:
        raising(error, "later@example.org", patch)
        send_due()
    mail = OutboxMail.objects.get()
    assert (mail.state, mail.last_error) == (MailState.WAITING, type(error).__name__)
    assert json.loads(mail.context)["identifier"] == "70100001"
    assert send_due() == 0
    with time_machine.travel(timezone.now() + timedelta(seconds=20)):
        assert send_due() == 1
    assert len(mailoutbox) == 1


def test_after_forty_attempts_it_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    mail = put(to="later@example.org")
    OutboxMail.objects.update(attempts=services.GIVE_UP_AFTER - 1)
    raising(TimeoutError(), "later@example.org", monkeypatch)
    send_due()
    mail.refresh_from_db()
    assert mail.state == MailState.FAILED


def test_a_worker_whose_lease_ended_leaves_the_mail_to_the_one_who_has_it(
    mailoutbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        put(to=f"a{number}@example.org")
    send = EmailMultiAlternatives.send

    def slowly(message: EmailMultiAlternatives) -> int:
        """While the first is on its way, ten minutes pass, and another worker takes and sends the second."""
        if message.to == ["a0@example.org"]:
            monkeypatch.setattr(EmailMultiAlternatives, "send", send)
            clock.shift(timedelta(minutes=10))
            OutboxMail.objects.filter(state=MailState.WAITING).exclude(pk=first.pk).update(lease="another")
            other = OutboxMail.objects.exclude(pk=first.pk).get()
            assert other.keep_lease()
            services._send(other, None)
        return send(message)

    first = OutboxMail.objects.order_by("next_attempt_at", "pk")[0]
    monkeypatch.setattr(EmailMultiAlternatives, "send", slowly)
    with time_machine.travel(timezone.now() + timedelta(seconds=1), tick=False) as clock:
        send_due()
    assert sorted(message.to[0] for message in mailoutbox) == ["a0@example.org", "a1@example.org"]


def test_the_log_of_a_failure_names_nobody(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(to="gone@example.org")
    raising(SMTPRecipientsRefused({"gone@example.org": (550, b"no")}), "gone@example.org", monkeypatch)
    send_due()
    assert "mail refused for good" in caplog.text
    assert "gone@example.org" not in caplog.text + str([record.__dict__ for record in caplog.records])
