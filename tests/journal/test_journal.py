"""The journal: chained entries. An entry that is altered, removed, moved or added is found."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from adherents.journal.events import Event
from adherents.journal.models import Entry, Head
from adherents.journal.services import broken_chains, record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _three_chains() -> None:
    for subject, length in (("account:1", 4), ("account:10", 3), ("document:2", 5)):
        for number in range(length):
            owner = "member:2" if subject.startswith("document:") else ""
            record(Event.SIGN_IN_REFUSED, subject=subject, owner=owner, attempt=number, known_device=False)


def entry(subject: str, sequence: int) -> Entry:
    return Entry.objects.get(subject=subject, sequence=sequence)


def alter_details() -> None:
    Entry.objects.filter(pk=entry("account:10", 2).pk).update(details={"attempt": 9})


def alter_event() -> None:
    Entry.objects.filter(pk=entry("account:10", 2).pk).update(event=Event.SIGNED_IN.value)


def alter_owner() -> None:
    Entry.objects.filter(pk=entry("account:10", 2).pk).update(owner="member:3")


def alter_actor() -> None:
    Entry.objects.filter(pk=entry("account:10", 2).pk).update(actor="agent:3")


def alter_time() -> None:
    row = entry("account:10", 2)
    Entry.objects.filter(pk=row.pk).update(at=row.at + timedelta(microseconds=1))


def alter_and_seal_again() -> None:
    """By somebody who knows how a digest is made, but leaves the rest."""
    row = entry("account:10", 1)
    row.details = {"attempt": 9}
    row.digest = row.computed_digest("")
    row.save()


def remove_the_first() -> None:
    entry("account:10", 1).delete()


def remove_one_in_the_middle() -> None:
    entry("account:10", 2).delete()


def remove_the_last() -> None:
    entry("account:10", 3).delete()


def remove_all() -> None:
    Entry.objects.filter(subject="account:10").delete()


def change_places() -> None:
    first, second = entry("account:10", 1), entry("account:10", 2)
    Entry.objects.filter(pk=first.pk).update(sequence=99)
    Entry.objects.filter(pk=second.pk).update(sequence=1)
    Entry.objects.filter(pk=first.pk).update(sequence=2)


def add_one_at_the_end() -> None:
    row = entry("account:10", 3)
    added = Entry(
        subject=row.subject, sequence=4, at=timezone.now(), event=row.event, actor="system", details={}
    )
    added.digest = added.computed_digest(row.digest)
    added.save()


def move_to_another_subject() -> None:
    Entry.objects.filter(pk=entry("account:10", 3).pk).update(subject="account:1", sequence=5)


def remove_the_head() -> None:
    Head.objects.filter(pk="account:10").delete()


def add_a_chain_without_a_head() -> None:
    row = entry("account:10", 1)
    Entry.objects.create(
        subject="account:2", sequence=1, at=row.at, event=row.event, actor="system", digest=row.digest
    )


TAMPERING = [
    alter_details, alter_event, alter_actor, alter_owner, alter_time,
        alter_and_seal_again, remove_the_first, remove_one_in_the_middle,
    remove_the_last, remove_all, change_places, add_one_at_the_end, move_to_another_subject, remove_the_head,
    add_a_chain_without_a_head,
]  # fmt: skip


def test_a_journal_that_nobody_touched_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(broken_chains()) == []
    call_command("verify_journal")
    assert capsys.readouterr().out == "12 entries, every chain whole\n"


@pytest.mark.parametrize("tamper", TAMPERING, ids=lambda tamper: tamper.__name__)
def test_whatever_is_done_to_it_is_found_and_named(
    tamper: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    tamper()
    with pytest.raises(CommandError, match="broken chain"):
        call_command("verify_journal")
    named = capsys.readouterr().out
    assert "account:10:" in named or "account:2:" in named
    assert "document:2" not in named


def test_two_chains_broken_are_both_named(capsys: pytest.CaptureFixture[str]) -> None:
    remove_the_last()
    Entry.objects.filter(subject="document:2", sequence=1).update(actor="agent:3")
    assert sorted(sentence.split(": ")[0] for sentence in broken_chains()) == ["account:10", "document:2"]


def test_an_entry_says_when_who_and_what_in_its_place() -> None:
    record(Event.EMAIL_CHANGED, subject="account:1", actor="agent:3", reason="appel de l’adhérent")
    last = Entry.objects.about("account:1")[0]
    assert (last.sequence, last.event, last.actor) == (5, "account.email_changed", "agent:3")
    assert last.details == {"reason": "appel de l’adhérent"}
    assert Event(last.event).label == "Adresse e-mail modifiée"
    assert timezone.now() - last.at < timedelta(minutes=1)


def test_about_several_subjects_the_newest_comes_first() -> None:
    record(Event.SIGNED_OUT, subject="account:1")
    entries = list(Entry.objects.about("account:1", "document:2"))
    assert len(entries) == 10
    assert entries[0].event == Event.SIGNED_OUT
    assert [row.at for row in entries] == sorted((row.at for row in entries), reverse=True)


def test_what_is_rolled_back_leaves_neither_an_entry_nor_a_hole() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012 - the block is what is undone
        record(Event.SIGNED_OUT, subject="account:1")
        raise RuntimeError
    record(Event.SIGNED_OUT, subject="account:1")
    assert list(broken_chains()) == []
    assert Entry.objects.chain("account:1").count() == 5


def test_the_database_refuses_two_entries_in_one_place() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.create(
            subject="account:1", sequence=1, at=timezone.now(), event="account.signed_in", actor="x"
        )


def test_details_of_every_kind_keep_their_digest() -> None:
    record(Event.SIGNED_IN, subject="account:7", a=1, b=True, c='é’« » "quoted" \\', reason="", z=-3)
    assert list(broken_chains()) == []


def test_every_event_has_a_stable_dotted_name_and_words_for_people() -> None:
    names = [event.value for event in Event]
    assert len(set(names)) == len(names)
    for event in Event:
        assert event.value.count(".") == 1
        assert event.value == event.value.lower()
        assert len(event.value) <= 60
        assert str(event.label)


@pytest.mark.django_db
@pytest.mark.any_database
def test_all_that_happened_around_a_file_is_found_by_an_index() -> None:
    """Of each member when everything is exported: fifty million entries must not be gone through for each."""
    assert "entries_of_a_file" in Entry.objects.filter(owner="member:1").order_by("pk").explain()
