"""Whether mails leave is decided from rows, by what the server did last."""

from datetime import timedelta
from smtplib import SMTPDataError, SMTPSenderRefused

import pytest
import time_machine
from django.core import mail as sent_mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils import timezone

from adherents.mail.models import OutboxMail, Relay
from adherents.mail.selectors import relay_refuses
from adherents.mail.services import post, send_due
from tests.cast import CAMILLE

pytestmark = pytest.mark.django_db
SENDER = SMTPSenderRefused(550, b"5.7.1 not yours", "portail@example.org")
LATER = SMTPDataError(451, b"4.7.1 come back")


def posted() -> OutboxMail:
    with transaction.atomic():
        post(
            "accounts/closed",
            to=CAMILLE.email,
            language="fr",
            context={"identifier": CAMILLE.number, "agent": False},
        )
    return OutboxMail.objects.latest("created_at")


def refused_by(monkeypatch: pytest.MonkeyPatch, **doing: Exception) -> None:
    """The server fails at `open` or at `send_messages`."""
    for name, error in doing.items():

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(EmailBackend, name, fail)


def at_work_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    OutboxMail.objects.unfinished().update(next_attempt_at=timezone.now())


@pytest.mark.parametrize(
    ("doing", "said"),
    [
        ({"open": ConnectionRefusedError("no")}, "ConnectionRefusedError"),
        ({"send_messages": SENDER}, "SMTPSenderRefused"),
    ],
)
def test_a_server_that_takes_nothing_is_named_until_it_takes_a_mail(
    monkeypatch: pytest.MonkeyPatch, doing: dict[str, Exception], said: str
) -> None:
    posted()
    send_due()
    assert relay_refuses() == ""
    posted()
    refused_by(monkeypatch, **doing)
    send_due()
    assert relay_refuses() == said
    at_work_again(monkeypatch)
    send_due()
    assert len(sent_mail.outbox) == 2
    assert relay_refuses() == ""


def test_it_is_not_named_once_nothing_waits_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    posted()
    refused_by(monkeypatch, open=ConnectionRefusedError("no"))
    send_due()
    OutboxMail.objects.all().delete()
    assert Relay.objects.get().refuses
    assert relay_refuses() == ""


def test_a_mail_that_is_put_off_alone_says_nothing_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    posted()
    with monkeypatch.context() as patched:
        refused_by(patched, send_messages=LATER)
        send_due()
    assert relay_refuses() == ""
    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        assert relay_refuses() == "SMTPDataError", "nothing has left for as long as it was tried"
        OutboxMail.objects.update(next_attempt_at=timezone.now() + timedelta(hours=1))
        posted()
        send_due()
        assert relay_refuses() == "", "others leave"
