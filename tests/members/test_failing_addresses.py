"""« Adresse en échec »: an address that its server refuses for good, from the SMTP answer to the list and off it again (G10)."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import LazySettings
from django.db import IntegrityError, transaction
from django.utils import timezone

from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import MailState, OutboxMail
from adherents.mail.services import post, send_due
from adherents.members.models import Member
from adherents.members.services.accounts import change_email
from adherents.members.services.addresses import record_bounce
from adherents.members.services.import_files import import_files
from tests.cast import CAMILLE, EVE
from tests.factories import add_to_register
from tests.mail.servers import Mailbox, listening
from tests.members.member_file import line_of, write
from tests.ports import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.rule("G10")]
ADDRESS = CAMILLE.email


@pytest.fixture
def camille(db: None) -> Member:
    return add_to_register(CAMILLE)


def failing() -> list[str]:
    return [member.number for member in Member.objects.failing()]


def send(settings: LazySettings, mailbox: Mailbox, *, to: str = ADDRESS) -> OutboxMail:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    with transaction.atomic():
        post("accounts/closed", to=to, language="fr", context={})
    with listening(mailbox, settings.EMAIL_PORT):
        send_due()
    return OutboxMail.objects.latest("created_at")


@pytest.mark.parametrize(
    ("at", "answer", "state", "fails"),
    [
        ("RCPT", "550 No such user here", MailState.FAILED, True),
        ("RCPT", "550 5.1.1 User unknown", MailState.FAILED, True),
        ("RCPT", "553 5.1.2 No such domain", MailState.FAILED, True),
        ("RCPT", "550 5.2.1 Mailbox disabled", MailState.FAILED, True),
        ("DATA", "550 5.1.1 User unknown", MailState.FAILED, True),
        ("RCPT", "450 4.2.1 Try again later", MailState.WAITING, False),
        ("RCPT", "452 4.2.2 Mailbox full", MailState.WAITING, False),
        ("RCPT", "552 5.2.2 Mailbox full", MailState.FAILED, False),
        ("RCPT", "554 5.7.1 Relay access denied", MailState.FAILED, False),
        ("RCPT", "550 5.7.1 Blocked, see our list", MailState.FAILED, False),
        ("DATA", "550 Looks like spam", MailState.FAILED, False),
        ("DATA", "554 5.6.0 Bad message", MailState.FAILED, False),
    ],
)
def test_only_an_address_refused_for_good_puts_its_member_on_the_list(
    camille: Member, settings: LazySettings, at: str, answer: str, state: str, fails: bool
) -> None:
    mailbox = Mailbox()
    mailbox.answers = {at: answer}
    assert send(settings, mailbox).state == state
    assert failing() == ([CAMILLE.number] if fails else [])
    entries = Entry.objects.filter(event=Event.ADDRESS_FAILED, subject=camille.subject)
    assert entries.count() == int(fails)


def test_an_address_that_was_changed_meanwhile_is_nobodys(camille: Member, settings: LazySettings) -> None:
    mailbox = Mailbox()
    mailbox.answers = {"RCPT": "550 No such user here"}
    change_email(member=camille, email="nouvelle@example.org", actor="agent:1", reason="essai")
    assert send(settings, mailbox).state == MailState.FAILED
    assert failing() == []


def test_two_who_share_an_address_are_both_on_the_list_and_once(camille: Member) -> None:
    eve = add_to_register(EVE)
    Member.objects.filter(pk=eve.pk).update(email=ADDRESS.upper(), email_key=ADDRESS)
    assert record_bounce(address=ADDRESS.title()) == 2
    assert record_bounce(address=ADDRESS) == 0
    assert record_bounce(address="inconnu@example.org") == record_bounce(address="") == 0


def test_a_soft_refusal_given_up_at_last_says_nothing_of_the_address(
    camille: Member, settings: LazySettings
) -> None:
    mailbox = Mailbox()
    mailbox.answers = {"RCPT": "450 4.2.1 Try again later"}
    mail = send(settings, mailbox)
    OutboxMail.objects.filter(pk=mail.pk).update(attempts=40)
    with listening(mailbox, settings.EMAIL_PORT), time_machine.travel(timezone.now() + timedelta(days=1)):
        send_due()
    mail.refresh_from_db()
    assert mail.state == MailState.FAILED
    assert failing() == []


def test_another_address_leaves_the_list(camille: Member) -> None:
    record_bounce(address=ADDRESS)
    change_email(member=camille, email="nouvelle@example.org", actor="agent:1", reason="essai")
    assert failing() == []


def test_the_insurers_file_takes_off_the_list_only_with_another_address(
    camille: Member, tmp_path: Path
) -> None:
    def brings(address: str) -> None:
        file = write(tmp_path / "members.csv", [line_of(CAMILLE, email=address)])
        import_files(members=file, apply=True)

    brings(ADDRESS)
    record_bounce(address=ADDRESS)
    brings(ADDRESS.replace("c", "C", 1))
    assert failing() == [CAMILLE.number]
    brings("nouvelle@example.org")
    assert failing() == []
    record_bounce(address="nouvelle@example.org")
    brings("")
    assert failing() == []
    assert Member.objects.unreachable().exists()


def test_no_address_is_no_address_in_failure(camille: Member) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.update(email="", email_key="", email_bounced_at=timezone.now())
