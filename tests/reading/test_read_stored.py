"""`adherents read_stored`: what was there before is read, behind what is sent meanwhile."""

import pytest
from django.core.management import call_command

from adherents.members.models import Member
from adherents.reading.management.commands import read_stored
from adherents.reading.models import PaperReading, ReadingOutcome
from adherents.vault.models import Document, State
from tests.casework.queueing import checked

pytestmark = pytest.mark.django_db


def test_it_adds_what_a_decision_waits_for_and_no_more_than_it_is_told(
    member: Member, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = [checked(member) for _ in range(4)]
    Document.objects.filter(pk=documents[0].pk).update(state=State.ACCEPTED)
    call_command("read_stored", limit=2)
    assert capsys.readouterr().out == "2 document(s) to read\n"
    call_command("read_stored")
    call_command("read_stored")
    assert capsys.readouterr().out == "1 document(s) to read\n0 document(s) to read\n"
    read = set(PaperReading.objects.filter(behind=True).values_list("document_id", flat=True))
    assert read == {document.pk for document in documents[1:]}


def test_again_it_adds_those_whose_reading_did_not_end_and_a_decision_waits_for(
    member: Member, capsys: pytest.CaptureFixture[str]
) -> None:
    failed, decided, read = (checked(member) for _ in range(3))
    call_command("read_stored")
    PaperReading.objects.update(next_attempt_at=None, attempts=3, failures=3, behind=False)
    PaperReading.objects.filter(document__in=[failed, decided]).update(outcome=ReadingOutcome.FAILED)
    PaperReading.objects.filter(document=read).update(outcome=ReadingOutcome.READ)
    Document.objects.filter(pk=decided.pk).update(state=State.ACCEPTED)
    capsys.readouterr()
    call_command("read_stored", again=True)
    assert capsys.readouterr().out == "1 document(s) to read again\n0 document(s) to read\n"
    (due,) = PaperReading.objects.due()
    assert (due.document_id, due.attempts, due.failures) == (failed.pk, 0, 0)
    assert (due.outcome, due.behind) == (ReadingOutcome.WAITS, True)


def test_it_waits_while_as_many_wait_for_the_worker(member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        checked(member)
    waited = []

    def a_worker_reads_one(seconds: float) -> None:
        waited.append((seconds, PaperReading.objects.unfinished().count()))
        PaperReading.objects.filter(pk=PaperReading.objects.unfinished()[:1].get().pk).update(
            next_attempt_at=None
        )

    monkeypatch.setattr(read_stored.time, "sleep", a_worker_reads_one)
    call_command("read_stored", at_once=1, pause=3.0)
    assert waited == [(3.0, 1)] * 3
    assert PaperReading.objects.count() == 3
