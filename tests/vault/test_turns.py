"""What costs goes behind what does not: by member, by how long it takes, and never in the way of a mail."""

import io
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.utils import timezone

from adherents.inspection import antivirus
from adherents.inspection.rasteriser import process
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from adherents.vault.models import Document, DrawingTurn, SetAside, State
from adherents.vault.origins import Origin
from adherents.vault.services import budget, rendition
from adherents.vault.services.rendition import draw_due
from tests.cast import CAMILLE, JEAN_FRANCOIS
from tests.journeys.running import Portal
from tests.vault.clamd import Clamd
from tests.vault.conftest import deposited, pdf, picture
from tests.vault.photos import gathered

pytestmark = pytest.mark.django_db
UNNAMED_FIELD = Path(__file__).parent / "files" / "unnamed-field.pdf"
COMPUTES_IF_PNG = """
import os, sys
line = bytearray()
while not line.endswith(b"\\n"):
    line += os.read(0, 1)
if line.startswith(b"image/png"):
    while True:
        pass
back, front = os.pipe()
if os.fork():
    os.close(back)
    os.write(front, line)
    while data := os.read(0, 65536):
        os.write(front, data)
    os._exit(0)
os.close(front)
os.dup2(back, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
SOON = 30  # seconds, for what takes one on a quiet machine: a single drawing would take sixty


def unnamed_field() -> bytes:
    """2.5 kB: fields without a name that are each other's parent keep the PDF library looking without end."""
    return UNNAMED_FIELD.read_bytes()


def millions_of_lines() -> bytes:
    """One page, and more lines on it than anybody waits for."""
    written = io.BytesIO()
    with pikepdf.new() as made:
        page = made.add_blank_page(page_size=(600, 800))
        page.Contents = made.make_stream(b"0 0 m 600 800 l 0 800 l 600 0 l S\n" * 3_000_000)
        made.save(written)
    return written.getvalue()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "QUICK_SECONDS", 1)
    monkeypatch.setattr(process, "SECONDS", 2)


@pytest.mark.any_database
@pytest.mark.parametrize("made", [unnamed_field, millions_of_lines])
def test_a_file_that_computes_without_end_goes_behind_then_is_set_aside_at_its_first_time_out(
    member: Member, impatient: None, made: Callable[[], bytes]
) -> None:
    document = deposited(member, made())
    assert draw_due() == 1
    document.refresh_from_db()
    assert (document.slow, document.set_aside, document.attempts) == (True, "", 0)
    assert draw_due() == 0, "it waits behind"
    assert draw_due(slow=True) == 1
    document.refresh_from_db()
    assert (document.set_aside, document.attempts) == (SetAside.UNREADABLE, 1)
    assert document.next_attempt_at is None
    assert Entry.objects.filter(event=Event.DOCUMENT_SET_ASIDE).count() == 1
    assert OutboxMail.objects.filter(name="vault/cannot_be_read").count() == 1


@pytest.mark.any_database
def test_a_photo_to_gather_that_computes_without_end_is_named(
    member: Member, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = gathered(member, ("a.jpg", picture()), ("b.jpg", picture("PNG", (60, 60))))
    monkeypatch.setattr(process, "COMMAND", [sys.executable, "-I", "-c", COMPUTES_IF_PNG, *process.COMMAND])
    assert draw_due() == 1
    document.refresh_from_db()
    assert (document.slow, document.set_aside) == (True, "")
    assert draw_due(slow=True) == 1
    document.refresh_from_db()
    assert document.set_aside == SetAside.UNREADABLE
    assert [photo.set_aside for photo in document.photos.all()] == ["", SetAside.UNREADABLE]


@pytest.mark.any_database
def test_a_machine_that_gave_no_processor_is_not_the_files_fault(
    member: Member, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "COMMAND", [sys.executable, "-I", "-c", "import time; time.sleep(60)"])
    document = deposited(member, pdf())
    Document.objects.update(slow=True)
    assert draw_due(slow=True) == 1
    document.refresh_from_db()
    assert (document.set_aside, document.attempts) == ("", 1)
    assert document.next_attempt_at is not None


@pytest.mark.any_database
def test_clamd_that_takes_long_with_one_document_sends_it_behind(
    member: Member, clamd: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(self: Any, chunks: Any) -> str:
        raise antivirus.NotScanned(antivirus.Unscanned.SLOW)

    monkeypatch.setattr(antivirus._Clamd, "judge", never)
    document = deposited(member, pdf())
    assert draw_due(limit=1) == 1
    document.refresh_from_db()
    assert (document.slow, document.unscanned) == (True, "slow")
    assert draw_due(slow=True) == 1
    document.refresh_from_db()
    assert document.next_attempt_at is not None, "it is never taken for clean, nor given up"
    assert document.next_attempt_at > timezone.now()


def next_drawn(monkeypatch: pytest.MonkeyPatch, *, seconds: dict[int, float]) -> list[int]:
    """The members whose documents are drawn, in order, when each document takes this number of seconds."""
    served: list[int] = []
    clock = [1000.0]

    def treat(document: Document) -> None:
        served.append(document.member_id)
        clock[0] += seconds.get(document.member_id, 0.1)
        document.work_done()
        document.save(update_fields=document.WORK_FIELDS)

    monkeypatch.setattr(rendition, "treat", treat)
    monkeypatch.setattr(rendition.time, "monotonic", lambda: clock[0])
    while draw_due(limit=1):
        pass
    return served


def test_a_hundred_heavy_files_of_one_member_do_not_delay_the_one_of_another(
    member: Member, other_member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [deposited(member, pdf(), "x") for _ in range(100)]
    Document.objects.filter(pk__in=[document.pk for document in many]).update(
        next_attempt_at=timezone.now() - timedelta(hours=1)
    )
    for _ in range(3):
        deposited(other_member, pdf(), "y")
    served = next_drawn(monkeypatch, seconds={member.pk: 5})
    assert len(served) == 103
    assert [place for place, who in enumerate(served) if who == other_member.pk] == [1, 2, 3]


def test_two_members_who_cost_the_same_are_served_in_turn(
    member: Member, other_member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in (member, member, member, other_member, other_member, other_member):
        deposited(who, pdf(), "x")
    served = next_drawn(monkeypatch, seconds={})
    assert served == [member.pk, other_member.pk] * 3


def test_what_the_insurer_puts_in_a_thousand_vaults_comes_after_what_members_send(
    member: Member, other_member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = deposited(other_member, pdf(), "x")
    Document.objects.filter(pk=statement.pk).update(
        origin=Origin.INSURER, next_attempt_at=timezone.now() - timedelta(hours=1)
    )
    deposited(member, pdf(), "x")
    assert next_drawn(monkeypatch, seconds={}) == [member.pk, other_member.pk]


def test_turns_are_forgotten_after_a_day(member: Member, time_machine: Any) -> None:
    time_machine.move_to("2026-11-23 10:00:00+00:00")
    DrawingTurn.put_off(member.pk, timezone.now())
    assert DrawingTurn.forget_old() == 0
    time_machine.shift(25 * 3600)
    assert DrawingTurn.forget_old() == 1


@pytest.mark.any_database
def test_six_such_pdfs_delay_neither_a_mail_nor_another_members_photo(
    tmp_path: Path, transactional_db: None
) -> None:
    """The worker as it is started, on SQLite and a folder, with the real file."""
    portal = Portal(tmp_path)
    portal.prepare([CAMILLE, JEAN_FRANCOIS], with_account=[CAMILLE, JEAN_FRANCOIS])
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(picture("JPEG", (1600, 1200)))
    try:
        portal._beside("tests.vault.queue_up", CAMILLE.number, str(UNNAMED_FIELD), "6")
        portal._spawn("worker", "--pause=0.2")
        heavy = "SELECT count(*) FROM vault_document WHERE attempts > 0"
        until(lambda: portal.sql(heavy)[0][0], 60)
        began = time.monotonic()
        portal._beside("tests.vault.queue_up", JEAN_FRANCOIS.number, str(photo), "1")
        portal.mailbox.take(to=JEAN_FRANCOIS.email, about="mot de passe")
        assert time.monotonic() - began < SOON
        drawn = f"SELECT 1 FROM vault_document WHERE state = '{State.CHECKED.value}'"
        until(lambda: portal.sql(drawn), SOON + budget.QUICK_SECONDS)
        [(waiting,)] = portal.sql("SELECT count(*) FROM vault_document WHERE checked_at IS NULL")
        assert waiting == 6
    finally:
        portal.stop()


def until(happened: Callable[[], Any], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < ends
        time.sleep(0.1)
