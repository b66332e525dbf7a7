"""A document whose checks are done is read by a worker; what was read goes with it."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from dateutil.relativedelta import relativedelta
from django.core.management import call_command
from django.utils import timezone

from adherents.crypto.keys import CannotOpen
from adherents.journal.models import Entry
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.reading.models import PaperField, PaperReading, ReadingOutcome
from adherents.reading.services import working
from adherents.reading.services.entering import enter_checked, enter_lately
from adherents.reading.services.forgetting import forget
from adherents.reading.services.working import MOST_ATTEMPTS, TRIES, read_due
from adherents.reading.text_layer.process import ReadingFailed
from adherents.storage.objects import StorageFailed
from adherents.vault.erasure import BELONGINGS
from adherents.vault.models import Document, SetAside, State
from adherents.vault.origins import Erased
from adherents.vault.services.erasing import erase, take_back
from adherents.vault.services.rendition import draw_due
from adherents.work.services import run_until_nothing_is_left
from tests.reading.sheets import BIC, IBAN, SPACED, say, sheet
from tests.vault.conftest import deposited, pdf, picture

pytestmark = pytest.mark.django_db
RIB = sheet(say("Titulaire : MME DUPONT CAMILLE", y=740), say(f"IBAN : {SPACED}"), say(f"BIC : {BIC}", y=620))
NOT_INSTALLED = "adherents.reading.reader.pixels.is_installed"


def checked(member: Member, content: bytes = RIB, name: str = "rib.pdf", kind: str = "rib") -> Document:
    document = deposited(member, content, name)
    if kind != "rib":
        Document.objects.filter(pk=document.pk).update(kind=kind)
    while draw_due():
        pass
    document.refresh_from_db()
    return document


def read_(member: Member, *args: Any, **options: Any) -> Document:
    document = checked(member, *args, **options)
    enter_lately()
    read_due()
    return document


def values(document: Document) -> dict[str, str]:
    fields = PaperField.objects.filter(reading__document=document).select_related("reading").order_by("rank")
    return {field.code: field.clear for field in fields}


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_what_a_worker_reads_is_kept_sealed_with_its_place_and_its_proofs(member: Member) -> None:
    document = checked(member)
    run_until_nothing_is_left("reading.entering", "reading.papers")
    reading = PaperReading.objects.get(document=document)
    assert (reading.outcome, reading.kind, reading.letters) == (ReadingOutcome.READ, "rib", "drawn")
    assert reading.versions.startswith("pypdfium2 ")
    assert reading.next_attempt_at is None
    assert values(document) == {"iban": IBAN, "bic": BIC, "holder": "same"}
    iban = PaperField.objects.select_related("reading").get(code="iban")
    assert iban.proofs == ["drawn", "mod97", "rib_key", "bank_code"]
    assert iban.page == 1
    # The line stands at 650 points of 842 from the bottom, and begins at 60 of 595.
    assert None not in {iban.left, iban.top, iban.right, iban.bottom}
    assert 900 < (iban.left or 0) < 1500 < (iban.right or 0) < 6000
    assert 2000 < (iban.top or 0) < 2280 < (iban.bottom or 0) < 2500
    stored = PaperField.objects.filter(pk=iban.pk).extra(select={"bytes": "value"})
    assert IBAN.encode() not in bytes(stored.values_list("bytes", flat=True)[0])


def test_a_value_does_not_open_as_another_documents(member: Member) -> None:
    first, second = read_(member), read_(member)
    moved = PaperField.objects.get(reading__document=first, code="iban")
    PaperField.objects.filter(reading__document=second).delete()
    PaperField.objects.filter(pk=moved.pk).update(reading=PaperReading.objects.get(document=second))
    with pytest.raises(CannotOpen):
        str(PaperField.objects.select_related("reading").get(pk=moved.pk).value)


def test_each_document_is_entered_once_and_only_when_its_checks_are_done(member: Member) -> None:
    deposited(member, RIB)
    assert enter_lately() == 0
    while draw_due():
        pass
    assert [enter_lately(), enter_lately(), enter_checked()] == [1, 0, 0]


def test_what_was_there_before_is_not_read_by_itself_and_goes_behind_what_was_just_sent(
    member: Member,
) -> None:
    old = checked(member)
    Document.objects.filter(pk=old.pk).update(checked_at=timezone.now() - relativedelta(days=3))
    assert enter_lately() == 0
    assert enter_checked() == 1
    new = checked(member)
    enter_lately()
    assert [reading.document_id for reading in PaperReading.objects.due()] == [new.pk, old.pk]


def test_a_paper_that_says_nothing_is_read_once_and_says_so(member: Member) -> None:
    document = read_(member, pdf())
    assert PaperReading.objects.get(document=document).outcome == ReadingOutcome.NOTHING
    assert read_due() == 0


def test_without_the_engine_a_picture_is_not_tried(member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NOT_INSTALLED, lambda: False)
    document = read_(member, picture(), "rib.jpg")
    assert PaperReading.objects.get(document=document).outcome == ReadingOutcome.NOT_TRIED


def test_a_picture_of_a_kind_that_the_reader_does_not_know_costs_nothing(member: Member) -> None:
    checked(member, picture(), "devis.jpg", kind="devis")
    assert enter_lately() == 0
    document = read_(member, RIB, kind="devis")
    assert values(document)["iban"] == IBAN  # a PDF that says so is a RIB, whatever its member believed


def test_a_reader_that_dies_is_asked_three_times_and_no_more(
    member: Member, monkeypatch: pytest.MonkeyPatch, told: pytest.LogCaptureFixture
) -> None:
    document = checked(member)
    enter_lately()

    def dies(*_: object, **__: object) -> None:
        raise ReadingFailed("it died")

    monkeypatch.setattr(working, "read_file", dies)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(TRIES):
            assert read_due() == 1
            clock.shift(3600)
        assert read_due() == 0
    reading = PaperReading.objects.get(document=document)
    assert (reading.outcome, reading.failures) == (ReadingOutcome.FAILED, TRIES)
    assert IBAN not in told.text


@pytest.mark.parametrize(
    ("killed", "outcome"), [(MOST_ATTEMPTS - 1, ReadingOutcome.READ), (MOST_ATTEMPTS, ReadingOutcome.FAILED)]
)
def test_a_worker_that_is_killed_is_not_the_papers_fault_before_it_is_the_tenth(
    member: Member, killed: int, outcome: str
) -> None:
    document = checked(member)
    enter_lately()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(killed):
            assert len(PaperReading.objects.claim_due(limit=1, lease_seconds=10)) == 1  # and is killed
            assert read_due() == 0  # nobody else takes it meanwhile
            clock.shift(11)
        assert read_due() == 1
        assert PaperReading.objects.get(document=document).outcome == outcome
        assert read_due() == 0


def test_lost_workers_and_a_storage_that_is_away_leave_the_reader_its_three_times(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = checked(member)
    enter_lately()
    read_file, calls = (
        working.read_file,
        [ReadingFailed("it died"), StorageFailed("away"), ReadingFailed("again")],
    )

    def dies(*args: Any, **options: Any) -> Any:
        if calls:
            raise calls.pop(0)
        return read_file(*args, **options)

    monkeypatch.setattr(working, "read_file", dies)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(4):
            assert len(PaperReading.objects.claim_due(limit=1, lease_seconds=10)) == 1  # and is killed
            clock.shift(11)
            assert read_due() == 1
            clock.shift(8 * 3600)
    assert values(document)["iban"] == IBAN


def test_a_storage_that_is_away_counts_no_attempt(member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    document = checked(member)
    enter_lately()

    def away(*_: object) -> None:
        raise StorageFailed("away")

    with time_machine.travel(timezone.now(), tick=False) as clock:
        with monkeypatch.context() as patch:
            patch.setattr(working, "clear_bytes", away)
            for _ in range(TRIES + 2):
                assert read_due() == 1
                clock.shift(3600)
        assert read_due() == 1
    assert values(document)["iban"] == IBAN


def test_what_is_set_aside_is_not_read(member: Member) -> None:
    document = checked(member)
    enter_lately()
    Document.objects.filter(pk=document.pk).update(set_aside=SetAside.INFECTED)
    read_due()
    assert PaperReading.objects.get(document=document).outcome == ReadingOutcome.NOT_TRIED


def test_what_was_read_goes_with_the_document_in_one_transaction(member: Member) -> None:
    assert forget in BELONGINGS
    taken, kept = read_(member), read_(member)
    take_back(acting=on_own_file(member), document_id=taken.pk)
    assert set(PaperReading.objects.values_list("document_id", flat=True)) == {kept.pk}
    erase(document_id=kept.pk, because=Erased.RETENTION)
    assert not PaperReading.objects.exists()
    assert not PaperField.objects.exists()


def test_a_document_that_is_erased_while_it_is_read_leaves_nothing(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = checked(member)
    enter_lately()
    read_file = working.read_file

    def erased_meanwhile(*args: Any, **options: Any) -> Any:
        found = read_file(*args, **options)
        erase(document_id=document.pk, because=Erased.WITHDRAWN)
        return found

    monkeypatch.setattr(working, "read_file", erased_meanwhile)
    assert read_due() == 1
    assert not PaperReading.objects.exists()
    assert not PaperField.objects.exists()


def test_what_the_version_before_erased_without_it_is_swept_and_purged(
    member: Member, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = read_(member)
    with monkeypatch.context() as patch:
        patch.setattr("adherents.vault.erasure.BELONGINGS", [])
        erase(document_id=document.pk, because=Erased.RETENTION)
    assert PaperField.objects.exists()
    call_command("purge")
    assert "reading(s) of papers" in capsys.readouterr().out
    run_until_nothing_is_left("reading.erased")
    assert not PaperField.objects.exists()


def test_no_value_is_in_a_log_or_in_the_journal(
    member: Member, told: pytest.LogCaptureFixture, objects_folder: Path
) -> None:
    document = read_(member)
    assert values(document)["iban"] == IBAN
    entries = " ".join(f"{entry.event} {entry.details}" for entry in Entry.objects.all())
    for secret in (IBAN, SPACED, IBAN[4:], BIC):
        assert secret not in told.text
        assert secret not in entries
        assert not any(
            secret.encode() in path.read_bytes() for path in objects_folder.rglob("*") if path.is_file()
        )


def test_what_an_agent_took_at_once_is_read_too_and_what_is_decided_is_not(member: Member) -> None:
    taken, decided = checked(member), checked(member)
    Document.objects.filter(pk=taken.pk).update(state=State.IN_PROGRESS)
    Document.objects.filter(pk=decided.pk).update(state=State.ACCEPTED)
    assert enter_lately() == 1
    assert PaperReading.objects.get().document_id == taken.pk
