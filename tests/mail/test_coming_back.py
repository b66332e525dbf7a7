"""What comes back after a server took it: a report proves an address to be none, with the token of the mail it is about (G10)."""

import io
import re
import subprocess
import uuid
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import OperationalError, transaction

from adherents.config.environment import WrongSetting, bounce_address
from adherents.mail import envelope
from adherents.mail.bounces import Reading
from adherents.mail.delivery_reports import read_report
from adherents.mail.management.commands import read_bounces
from adherents.mail.models import OutboxMail
from adherents.mail.services import post, read_bounce, send_due
from adherents.members.models import Member
from tests.cast import CAMILLE, EVE
from tests.config.installation import ADHERENTS, environment, once
from tests.factories import add_to_register
from tests.mail import reports
from tests.mail.reports import postfix
from tests.mail.servers import Mailbox, listening
from tests.ports import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.rule("G10")]
ADDRESS = CAMILLE.email


@pytest.fixture(autouse=True)
def _bounces_come_back(settings: LazySettings) -> None:
    settings.ADHERENTS_BOUNCE_ADDRESS = "rebonds@mutuelle.example"


@pytest.fixture
def camille(db: None) -> Member:
    return add_to_register(CAMILLE)


def left(settings: LazySettings, to: str = ADDRESS) -> str:
    """Send a mail over SMTP. Returns the sender on its envelope."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    with transaction.atomic():
        post("accounts/closed", to=to, language="fr", context={})
    with listening(Mailbox(), settings.EMAIL_PORT) as mailbox:
        send_due()
    return str(mailbox.envelopes[0].mail_from)


def failing() -> list[str]:
    return [member.number for member in Member.objects.failing()]


def test_envelope_message_id_and_list_are_in_one_domain_and_the_reader_sees_the_usual_sender(
    settings: LazySettings,
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    for _ in range(2):
        with transaction.atomic():
            post("accounts/closed", to=ADDRESS, language="fr", context={})
    with listening(Mailbox(), settings.EMAIL_PORT) as mailbox:
        send_due()
    senders = [str(sent.mail_from) for sent in mailbox.envelopes]
    assert len(set(senders)) == 2
    for sender, message in zip(senders, mailbox.messages, strict=True):
        assert re.fullmatch(r"rebonds\+[a-z2-7]{42}@mutuelle\.example", sender)
        assert len(sender.partition("@")[0]) <= 64
        assert message["From"] == "MESE Adh <fr-contact@mese.se.com>"
        assert message["Message-ID"].endswith("@mutuelle.example>")
        assert message["List-Id"] == "<espace-adherents.mutuelle.example>"
        assert sender not in message.as_string()


def test_without_a_bounce_address_all_of_it_is_in_the_senders_domain_in_production(
    settings: LazySettings,
) -> None:
    settings.ADHERENTS_BOUNCE_ADDRESS = ""
    assert envelope.envelope_sender(uuid.uuid4()) == "fr-contact@mese.se.com"
    assert envelope.domain() == "testserver"
    settings.IN_PRODUCTION = True
    assert envelope.domain() == "mese.se.com"


@pytest.mark.parametrize(
    ("said", "reading"),
    [
        ({}, Reading.NOTED),
        ({"status": "5.2.1", "answer": "550 5.2.1 Mailbox disabled"}, Reading.NOTED),
        ({"status": "5.0.0", "answer": "550 No such user here"}, Reading.NOTED),
        ({"status": "5.4.4", "answer": "Host or domain name not found. Host not found"}, Reading.NOTED),
        (
            {"status": "5.0.0", "answer": "550 Looks like spam", "command": "end of DATA"},
            Reading.NOT_FOR_GOOD,
        ),
        ({"status": "5.2.2", "answer": "552 5.2.2 Mailbox full"}, Reading.NOT_FOR_GOOD),
        ({"status": "5.7.1", "answer": "550 5.7.1 Blocked, see our list"}, Reading.NOT_FOR_GOOD),
        ({"status": "5.4.4", "answer": "no route to the relay"}, Reading.NOT_FOR_GOOD),
        ({"status": "4.4.1", "answer": "connection timed out"}, Reading.NOT_FOR_GOOD),
        ({"action": "delayed", "status": "4.1.1"}, Reading.ANOTHER_ADDRESS),
        ({"action": "delivered", "status": "2.0.0"}, Reading.ANOTHER_ADDRESS),
    ],
)
def test_only_an_address_that_a_server_refuses_for_good_is_listed(
    camille: Member, settings: LazySettings, said: dict[str, str], reading: Reading
) -> None:
    assert read_bounce(postfix(left(settings), ADDRESS, **said)) == reading
    assert failing() == ([CAMILLE.number] if reading == Reading.NOTED else [])


def test_another_servers_form_says_the_same_and_letter_case_does_not_matter(
    camille: Member, settings: LazySettings
) -> None:
    form = reports.EXCHANGE.format(
        to=left(settings).upper(), recipient=ADDRESS.title(), status="5.1.10", answer="550 5.1.10 Not found"
    )
    assert read_bounce(form.encode()) == Reading.NOTED
    assert failing() == [CAMILLE.number]


def test_a_forged_report_lists_no_address(camille: Member, settings: LazySettings) -> None:
    """Not without a token, nor with one that was changed, nor with that of a mail to another person."""
    add_to_register(EVE)
    own, evs = left(settings), left(settings, EVE.email)
    token = own.partition("+")[2].partition("@")[0]
    changed = [
        token[:place] + ("b" if letter == "a" else "a") + token[place + 1 :]
        for place, letter in enumerate(token)
    ]
    last = [token[:-1] + letter for letter in "abcdefghijklmnopqrstuvwxyz234567" if letter != token[-1]]
    moved = evs.partition("+")[2][:26] + token[26:]
    for sender in (
        "rebonds@mutuelle.example",
        *(own.replace(token, other) for other in [*changed, *last]),
        own.replace(token, moved),
        own.replace(token, "a" * 42),
        own.replace(token, token[:41]),
    ):
        assert read_bounce(postfix(sender, ADDRESS)) == Reading.UNPROVEN, sender
    assert read_bounce(postfix(evs, ADDRESS)) == Reading.ANOTHER_ADDRESS
    assert failing() == []
    assert read_bounce(postfix(own, ADDRESS)) == Reading.NOTED


def test_the_copy_that_a_mailbox_forwards_says_nothing_of_the_mailbox(
    camille: Member, settings: LazySettings
) -> None:
    elsewhere = postfix(left(settings), "ancienne@example.net", original=ADDRESS)
    assert read_bounce(elsewhere) == Reading.ANOTHER_ADDRESS
    assert failing() == []


def test_a_mail_comes_back_once(camille: Member, settings: LazySettings) -> None:
    """An agent who cleared the address is not overruled by the same report given again."""
    report = postfix(left(settings), ADDRESS)
    assert read_bounce(report) == Reading.NOTED
    mail = OutboxMail.objects.get()
    assert mail.bounced_at is not None
    Member.objects.update(email_bounced_at=None)
    assert read_bounce(report) == Reading.KNOWN
    assert failing() == []
    OutboxMail.objects.all().delete()
    assert read_bounce(report) == Reading.NO_MAIL


def test_a_token_outlives_the_key_that_made_it_as_long_as_that_key_is_here(
    camille: Member, settings: LazySettings
) -> None:
    old, report = settings.ADHERENTS_MASTER_KEYS, postfix(left(settings), ADDRESS)
    settings.ADHERENTS_MASTER_KEYS = [bytes(range(32))]
    assert read_bounce(report) == Reading.UNPROVEN
    settings.ADHERENTS_MASTER_KEYS = [bytes(range(32)), *old]
    assert read_bounce(report) == Reading.NOTED


@pytest.mark.any_database
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00 not a mail",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=a\n\n--a\n--a--\n",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=a\n\n--a\n"
        b"Content-Type: message/delivery-status\n\n\n--a--\n",
        b"".join(
            b"Content-Type: multipart/report; report-type=delivery-status; boundary=%d\n\n--%d\n" % (n, n)
            for n in range(1500)
        ),
        b"Content-Type: multipart/report; report-type*=nothing''delivery-status; boundary=a\n\n--a\n",
    ],
)
def test_what_strangers_write_is_no_report_and_no_fault(raw: bytes) -> None:
    assert read_bounce(raw) == Reading.NO_REPORT


@pytest.mark.any_database
def test_a_report_has_a_bounded_length() -> None:
    whole = postfix("x@mutuelle.example", ADDRESS)
    assert read_report(whole + b"a" * (1 << 20)) == read_report(whole)
    padded = whole.replace(b"This is the mail system", b"a" * (1 << 20))
    assert read_report(padded) is None


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("read_bounces", *arguments, stdout=out)
    return out.getvalue()


def test_a_maildir_is_read_once_and_keeps_what_a_person_should_read(
    camille: Member, settings: LazySettings, tmp_path: Path
) -> None:
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    sender = left(settings)
    vacation = reports.VACATION.format(to=sender, recipient=ADDRESS).encode()
    for name, raw in {
        "1": postfix(sender, ADDRESS),
        "2": vacation,
        "3": postfix("rebonds@mutuelle.example", ADDRESS),
    }.items():
        (tmp_path / "new" / name).write_bytes(raw)
    said = told("--maildir", str(tmp_path))
    assert said.splitlines() == [
        "1 that are no delivery reports",
        "1 addresses that are none",
        "1 without a genuine token",
    ]
    assert failing() == [CAMILLE.number]
    assert sorted(file.name for file in tmp_path.rglob("*") if file.is_file()) == ["2:2,S", "3:2,S"]
    assert told("--maildir", str(tmp_path)) == ""


def test_while_the_database_is_away_nothing_is_lost(
    camille: Member, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """75 is what a mail server understands as « later »."""
    for name in ("new", "cur"):
        (tmp_path / name).mkdir()
    (tmp_path / "new" / "1").write_bytes(postfix(left(settings), ADDRESS))

    def away(*arguments: object) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(read_bounces, "read_bounce", away)
        with pytest.raises(CommandError) as ended:
            told("--maildir", str(tmp_path))
    assert ended.value.returncode == 75
    assert (tmp_path / "new" / "1").exists()
    assert "1 addresses" in told("--maildir", str(tmp_path))


def test_a_mail_server_pipes_one_report_to_the_command(
    camille: Member, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may say itself where the report was sent to."""
    sender = left(settings)

    def piped(raw: bytes, *arguments: str) -> str:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
        return told(*arguments)

    report = postfix("rebonds@mutuelle.example", ADDRESS)
    assert piped(report) == "1 without a genuine token\n"
    assert piped(report, "--to", sender) == "1 addresses that are none\n"
    assert failing() == [CAMILLE.number]


@pytest.mark.any_database
@once
def test_a_database_without_tables_ends_the_command_with_75(tmp_path: Path) -> None:
    done = subprocess.run(
        [*ADHERENTS, "read_bounces", "--to", envelope.envelope_sender(uuid.uuid4())],
        env=environment(tmp_path, MASTER_KEY="dGVzdHMgb25seSwgdGVzdHMgb25seSwgMzIgYnl0ZXM="),
        input=postfix("rebonds@mutuelle.example", ADDRESS),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 75, done.stderr


@pytest.mark.any_database
@pytest.mark.parametrize(
    "wrong", ["rebonds", "a+b@mutuelle.example", "a" * 22 + "@mutuelle.example", "é@mutuelle.example"]
)
def test_a_bounce_address_that_cannot_hold_a_token_is_refused(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADHERENTS_BOUNCE_ADDRESS", wrong)
    with pytest.raises(WrongSetting, match="ADHERENTS_BOUNCE_ADDRESS"):
        bounce_address()


def test_the_log_names_no_address(
    camille: Member, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    read_bounce(postfix(left(settings), ADDRESS))
    assert "a mail came back" in caplog.text
    ours = [record.__dict__ for record in caplog.records if record.name.startswith("adherents")]
    assert ADDRESS not in str(ours)
