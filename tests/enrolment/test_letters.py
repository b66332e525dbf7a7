"""Activation letters: who gets one, what is on paper, and what is left of it here (G10)."""

import io
from dataclasses import replace
from datetime import timedelta

import pikepdf
import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from adherents.accounts.models import AccessLink, Account
from adherents.accounts.services import closing
from adherents.enrolment.models import LetterBatch
from adherents.enrolment.services import letters
from adherents.enrolment.services.letters import NobodyToWriteTo
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.members.services.accounts import change_email
from adherents.members.services.addresses import record_bounce
from adherents.work.services import run_once
from tests.cast import CAMILLE, ENGLISH, EVE, NO_MAIL
from tests.database_contents import everything_stored
from tests.enrolment.letters import AGENT, REASON, code_in, letter_to, pages_of, pdf_of
from tests.factories import add_to_register, open_account

pytestmark = [pytest.mark.django_db, pytest.mark.rule("G10")]


def batch_of(people: object = None) -> LetterBatch:
    people = Member.objects.unreachable() if people is None else people
    asked = letters.ask_for_batch(people=people, actor=AGENT, reason=REASON)  # type: ignore[arg-type]
    run_once("letters")
    return LetterBatch.objects.get(pk=asked.pk)


def without_address(count: int) -> list[Member]:
    return [add_to_register(replace(NO_MAIL, number=f"B{rank:03d}")) for rank in range(count)]


def test_a_letter_says_the_code_until_when_where_and_the_number(register: None) -> None:
    odette = Member.objects.get(number=NO_MAIL.number)
    with time_machine.travel("2026-03-02 09:00:00+00:00"):
        batch = letters.write_one(member=odette, actor=AGENT, reason=REASON)
        [page] = pages_of(pdf_of(batch))
    page_text = " ".join(page.split())
    for words in (
        "Odette LEMOINE",
        "7010 0008",
        "01/04/2026",
        "/adherent/premiere-connexion/code/",
        "04 76 60 56 36",
    ):
        assert words in page_text.replace("\xa0", " ").replace("\u2002", " "), words
    assert code_in(page)
    assert NO_MAIL.nir not in page_text.replace(" ", "")
    assert "1945" not in page_text
    assert [entry.details["reason"] for entry in Entry.objects.filter(event=Event.LETTER_MADE)] == [REASON]


def test_a_letter_is_in_its_readers_language_and_says_why(db: None) -> None:
    thomas = add_to_register(ENGLISH)
    record_bounce(address=ENGLISH.email)
    thomas.refresh_from_db()
    [page] = pages_of(pdf_of(letters.write_one(member=thomas, actor=AGENT, reason=REASON)))
    assert "no longer receives our messages" in " ".join(page.split())
    assert "Bonjour" not in page


def test_a_letter_is_one_page_whatever_the_name_and_is_accessible(db: None) -> None:
    odette = add_to_register(
        replace(
            NO_MAIL, birth_name="de La Tour-Hohenstaufen " * 5, first_names="Marie-Françoise-Alexandrine " * 4
        )
    )
    pdf = pdf_of(letters.write_one(member=odette, actor=AGENT, reason=REASON))
    assert len(pages_of(pdf)) == 1
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert opened.Root.MarkInfo.Marked
        assert str(opened.Root.Lang)
        assert "pdfuaid" in str(opened.Root.Metadata.read_bytes())


@pytest.mark.parametrize("why", ["reachable", "closed", "gone"])
def test_no_letter_goes_to_a_member_that_a_mail_reaches_or_who_may_not_come_in(db: None, why: str) -> None:
    if why == "closed":
        closing.close(account=open_account(NO_MAIL), actor=AGENT, reason=REASON)
    person = CAMILLE if why == "reachable" else NO_MAIL
    member = Member.objects.filter(number=person.number).first() or add_to_register(person)
    if why == "gone":
        Member.objects.update(gone_at=timezone.now())
    with pytest.raises(NobodyToWriteTo):
        letters.write_one(member=member, actor=AGENT, reason=REASON)
    with pytest.raises(NobodyToWriteTo):
        letters.ask_for_batch(people=Member.objects.unreachable(), actor=AGENT, reason=REASON)
    assert not LetterBatch.objects.exists()


def test_a_batch_has_a_page_a_member_in_the_order_of_its_list(db: None) -> None:
    without_address(3)
    add_to_register(EVE)
    batch = batch_of()
    pages = pages_of(pdf_of(batch))
    listing = letters.take_listing(batch_id=batch.pk, actor=AGENT).content.decode("utf-8-sig")
    assert listing.split() == ["page;numero_adherent", "1;B000", "2;B001", "3;B002"]
    for place, number in enumerate(("B000", "B001", "B002")):
        assert number in pages[place]
    assert len({code_in(page) for page in pages}) == 3
    assert AccessLink.objects.live().letters().count() == 3
    assert Entry.objects.filter(event=Event.LETTER_MADE, actor=AGENT).count() == 3


def test_the_next_batch_takes_those_to_whom_none_is_on_its_way(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "MOST_LETTERS", 2)
    without_address(3)
    assert (batch_of().count, batch_of().count) == (2, 1)
    with pytest.raises(NobodyToWriteTo):
        batch_of()
    with time_machine.travel(timezone.now() + timedelta(days=40)):
        assert batch_of().count == 2


def test_who_gave_an_address_before_the_worker_came_gets_no_letter(db: None) -> None:
    first, _ = without_address(2)
    asked = letters.ask_for_batch(people=Member.objects.unreachable(), actor=AGENT, reason=REASON)
    change_email(member=first, email="b@example.org", actor=AGENT, reason=REASON)
    run_once("letters")
    asked.refresh_from_db()
    assert asked.count == 1
    assert not AccessLink.objects.letters().filter(account__identifier=first.number).exists()


def test_a_worker_that_fails_leaves_no_code_and_the_next_one_does_it_whole(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_address(2)
    with monkeypatch.context() as broken:
        broken.setattr(letters, "_listing", lambda members: 1 / 0)
        batch = batch_of()
    assert batch.ready_at is None
    assert not AccessLink.objects.exists()
    assert not Account.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        run_once("letters")
    batch.refresh_from_db()
    assert batch.count == 2


def test_letters_are_read_by_who_asked_for_them_only_and_each_time_is_journalled(db: None) -> None:
    without_address(1)
    batch = batch_of()
    for take in (letters.take_sheets, letters.take_listing):
        with pytest.raises(LetterBatch.DoesNotExist):
            take(batch_id=batch.pk, actor="agent:2")
        take(batch_id=batch.pk, actor=AGENT)
    taken = Entry.objects.filter(event=Event.LETTERS_TAKEN).order_by("pk")
    assert [entry.details["form"] for entry in taken] == ["pdf", "csv"]


def test_nothing_is_left_here_an_hour_later_and_the_codes_still_open(db: None) -> None:
    [odette] = without_address(1)
    code = letter_to(odette)
    batch = LetterBatch.objects.get()
    for form in (code, code.replace("-", "")):
        assert form.encode() not in everything_stored()
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        with pytest.raises(LetterBatch.DoesNotExist):  # also before the worker comes
            letters.take_sheets(batch_id=batch.pk, actor=AGENT)
        run_once("old letters")
        batch.refresh_from_db()
        assert (batch.sheets, batch.listing) == ("", "")
        assert batch.destroyed_at is not None
        assert AccessLink.objects.live().letters().exists()
        assert letters.destroy_old() == 0
    with time_machine.travel(timezone.now() + timedelta(days=92)):
        call_command("purge", apply=True, stdout=io.StringIO())
    assert not LetterBatch.objects.exists()
