"""One message to many members: who is meant, what is shown, what leaves and when, and what undoes it."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.accounts.services.acts import ActRefused
from adherents.insurer.profile import profile
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.messaging.forms import NumbersField
from adherents.messaging.models import Circular, CircularCopy, Message, Thread
from adherents.messaging.selectors import inbox, recipients
from adherents.messaging.services import circulars, retention, threads
from adherents.work.services import run_until_nothing_is_left
from tests.agents import make_agent, signed_in
from tests.cast import ANGE, ENGLISH, EVE, JEAN_FRANCOIS, KARIM
from tests.factories import add_to_register, open_account
from tests.messaging.exchanges import DESK

pytestmark = pytest.mark.django_db
Words = Callable[[Any], str]
PAGE = f"{DESK}groupe/"
SUBJECT, BODY = "Fermeture de l’agence", "Bonjour,\n\nL’agence ferme le 12."


@pytest.fixture
def lead(db: None) -> Account:
    return make_agent(Role.SUPERVISOR)


@pytest.fixture
def browser(lead: Account) -> Client:
    return signed_in(lead)


@pytest.fixture
def three(member: Member) -> list[Member]:
    """Members who can be written to; the third reads in English."""
    accounts = [open_account(JEAN_FRANCOIS), open_account(ENGLISH)]
    return [member, *(Member.objects.select_related("account").get(account=account) for account in accounts)]


def written(lead: Account, members: list[Member], **options: Any) -> Circular:
    numbers = [one.number for one in members]
    given = {"key": uuid.uuid4(), "subject": SUBJECT, "body": BODY, "confirmed": len(members)} | options
    return circulars.write_circular(agent=lead, numbers=numbers, **given)


def later() -> time_machine.travel:
    return time_machine.travel(timezone.now() + circulars.undo_time() + timedelta(seconds=1), tick=False)


def send() -> None:
    with later():
        run_until_nothing_is_left("messaging.circulars")


def events(circular: Circular) -> list[str]:
    return [entry.event for entry in Entry.objects.about(circular.journal_subject).order_by("sequence")]


def test_who_cannot_read_it_is_named_and_nobody_counts_twice(three: list[Member]) -> None:
    ended, closed = open_account(EVE), open_account(KARIM)
    Member.objects.filter(account=ended).update(end_date=date(2020, 1, 1))
    Account.objects.filter(pk=closed.pk).update(closed_at=timezone.now())
    add_to_register(ANGE)
    numbers = [
        three[2].number,
        three[0].number,
        "99999999",
        EVE.number,
        KARIM.number,
        ANGE.number,
        three[0].number,
    ]
    meant = recipients(numbers)
    assert [one.pk for one in meant.members] == [three[2].pk, three[0].pk]
    assert meant.unknown == ["99999999"]
    assert meant.ended == [EVE.number]
    assert meant.without_account == [KARIM.number, ANGE.number]
    assert (meant.twice, meant.english, meant.is_whole) == (1, 1, False)


def test_a_responsable_checks_confirms_and_follows_it(
    browser: Client, three: list[Member], words: Words
) -> None:
    column = "numero_adherent\n" + "\n".join(f'"{one.number}";' for one in three) + "\n99999999\n"
    typed = {"numbers": column, "subject": SUBJECT, "body": BODY}
    preview = browser.post(PAGE, typed)
    shown = words(preview)
    assert "Numéros inconnus (1) 99999999" in shown
    assert "L’agence ferme le 12." in shown
    assert "Envoyer à 3 adhérents" in shown
    assert "1 d’entre eux a choisi l’anglais" in shown
    assert '<input type="hidden" name="send" value="1">' in preview.text, "Ctrl with Enter presses no button"
    assert not Circular.objects.exists()
    key = preview.context["form"]["key"].value()
    again = {name: preview.context[name] for name in ("numbers",)} | {"subject": SUBJECT, "body": BODY}
    wrong = browser.post(PAGE, again | {"send": "1", "key": key, "confirmed": "4"})
    assert "Ce n’est pas le nombre d’adhérents de cette liste." in words(wrong)
    assert not Circular.objects.exists()
    sent = browser.post(PAGE, again | {"send": "1", "key": key, "confirmed": "3"}, follow=True)
    assert "Part pour 3 adhérents après le" in words(sent)
    assert not Thread.objects.exists()
    send()
    circular = Circular.objects.get()
    page = words(browser.get(f"{PAGE}{circular.pk}/"))
    assert "Envoyé à 3 sur 3." in page
    for thread in Thread.objects.all():
        assert f"{DESK}{thread.pk}/" in browser.get(f"{PAGE}{circular.pk}/").content.decode()
    assert SUBJECT in words(browser.get(PAGE))


def test_a_number_is_read_as_the_portal_and_the_card_write_it() -> None:
    typed = "7010 0001; 70100002 70100003\n7010\u202f0004\t7010\u00a00005"
    assert NumbersField().clean(typed) == [f"7010000{last}" for last in range(1, 6)]


def test_what_was_typed_is_there_again_when_it_is_to_be_changed(browser: Client, three: list[Member]) -> None:
    answer = browser.post(PAGE, {"numbers": three[0].number, "subject": SUBJECT, "body": BODY, "change": "1"})
    form = answer.context["form"]
    assert [form[name].value() for name in ("numbers", "subject", "body")] == [three[0].number, SUBJECT, BODY]


def test_each_member_has_one_thread_one_mail_that_is_not_urgent_and_can_answer(
    lead: Account, three: list[Member]
) -> None:
    circular = written(lead, three)
    send()
    send()
    assert sorted(Thread.objects.values_list("member", flat=True)) == sorted(one.pk for one in three)
    thread = Thread.objects.get(member=three[0])
    assert thread.subject == SUBJECT
    assert [message.body for message in Message.objects.of(thread).for_the_member()] == [BODY]
    assert thread.unread_by_member
    mails = OutboxMail.objects.filter(name="messaging/message_waits")
    assert mails.count() == 3
    assert not mails.filter(urgent=True).exists()
    assert not inbox(lead, "all").exists()  # hundreds of them fill no list
    assert three[0].account
    threads.write(acting=on_own_file(three[0]), author=three[0].account, thread_id=thread.pk, body="Merci")
    assert [waiting.pk for waiting in inbox(make_agent(), "unanswered")] == [thread.pk]
    assert events(circular) == [
        "casework.circular_written",
        "casework.circular_begun",
        "casework.circular_ended",
    ]
    entry = Entry.objects.about(circular.journal_subject).order_by("sequence")[0]
    assert (entry.actor, entry.details) == (lead.actor, {"members": 3})


def test_nothing_leaves_before_a_minute_even_where_decisions_are_undone_for_ten_seconds(
    lead: Account, three: list[Member]
) -> None:
    assert profile().casework.undo_seconds < 60
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        written(lead, three)
    with time_machine.travel(now + timedelta(seconds=59), tick=False):
        run_until_nothing_is_left("messaging.circulars")
    assert not Thread.objects.exists()
    with time_machine.travel(now + timedelta(seconds=61), tick=False):
        run_until_nothing_is_left("messaging.circulars")
    assert Thread.objects.count() == 3


def test_undone_in_time_nobody_gets_it(
    browser: Client, lead: Account, three: list[Member], words: Words
) -> None:
    circular = written(lead, three)
    for _twice in range(2):
        answer = browser.post(f"{PAGE}{circular.pk}/annulation/", follow=True)
        assert "Message annulé : personne ne l’a reçu." in words(answer)
    send()
    assert not Thread.objects.exists()
    assert events(circular) == ["casework.circular_written", "casework.circular_undone"]


def test_once_it_has_begun_it_is_too_late(
    browser: Client, lead: Account, three: list[Member], words: Words
) -> None:
    circular = written(lead, three)
    send()
    answer = browser.post(f"{PAGE}{circular.pk}/annulation/", follow=True)
    assert "Trop tard : l’envoi a commencé." in words(answer)
    with pytest.raises(circulars.CircularBegun):
        circulars.undo_circular(agent=lead, circular_id=circular.pk)


def test_a_form_that_is_sent_twice_is_one_circular(lead: Account, three: list[Member]) -> None:
    key = uuid.uuid4()
    assert written(lead, three, key=key) == written(lead, three, key=key)
    assert CircularCopy.objects.count() == 3


def test_an_account_that_was_closed_meanwhile_is_left_out_and_said(
    browser: Client, lead: Account, three: list[Member], words: Words
) -> None:
    circular = written(lead, three)
    Account.objects.filter(pk=three[1].account_id).update(closed_at=timezone.now())
    send()
    page = words(browser.get(f"{PAGE}{circular.pk}/"))
    assert "Envoyé à 2 sur 3. 1 compte fermé entre-temps n’a rien reçu." in page
    assert not Thread.objects.filter(member=three[1]).exists()


def test_who_was_suspended_before_it_began_writes_to_nobody(lead: Account, three: list[Member]) -> None:
    circular = written(lead, three)
    Account.objects.filter(pk=lead.pk).update(closed_at=timezone.now())
    send()
    assert not Thread.objects.exists()
    assert events(circular)[-1] == "casework.circular_undone"


def test_only_a_responsable_writes_or_undoes_one(lead: Account, three: list[Member]) -> None:
    circular, adviser = written(lead, three), make_agent()
    with pytest.raises(ActRefused):
        written(adviser, three)
    with pytest.raises(ActRefused):
        circulars.undo_circular(agent=adviser, circular_id=circular.pk)


def test_more_than_the_profile_allows_is_refused(
    browser: Client, lead: Account, three: list[Member], words: Words, settings: Any
) -> None:
    fewer = profile().messages.model_copy(update={"many_at_most": 2})
    settings.ADHERENTS_PROFILE = profile().model_copy(update={"messages": fewer})
    with pytest.raises(circulars.TooMany):
        written(lead, three)
    numbers = " ".join(one.number for one in three)
    answer = browser.post(PAGE, {"numbers": numbers, "subject": SUBJECT, "body": BODY})
    assert "Cette liste est trop longue pour un seul message." in words(answer)


def test_a_field_that_nothing_fills_does_not_leave(
    browser: Client, three: list[Member], words: Words
) -> None:
    answer = browser.post(PAGE, {"numbers": three[0].number, "subject": SUBJECT, "body": "Bonjour {prenom},"})
    assert "Complétez ce qui est encore entre accolades" in words(answer)


def test_a_list_of_nobody_cannot_be_sent(browser: Client, db: None, words: Words) -> None:
    typed = {"numbers": "99999999", "subject": SUBJECT, "body": BODY}
    assert "Aucun de ces numéros ne peut recevoir de message." in words(browser.post(PAGE, typed))
    sent = typed | {"send": "1", "key": str(uuid.uuid4()), "confirmed": "0"}
    assert browser.post(PAGE, sent).status_code == 200
    assert not Circular.objects.exists()


def test_a_worker_that_dies_in_the_middle_loses_none_and_sends_none_twice(
    lead: Account, three: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    circular = written(lead, three)
    first, calls = threads.write_first, []

    def dies_at_the_second(*args: Any, **options: Any) -> None:
        calls.append(args)
        if len(calls) == 2:
            first(*args, **options)
            raise SystemExit  # as a signal would, after the thread was written and before the copy says so
        first(*args, **options)

    monkeypatch.setattr(threads, "write_first", dies_at_the_second)
    with later(), pytest.raises(SystemExit):
        circulars.send_due()
    assert Thread.objects.count() == 1
    monkeypatch.setattr(threads, "write_first", first)
    with later():  # its lease is not over: nobody takes it from a worker that may live
        assert circulars.send_due() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=10), tick=False):
        circulars.send_due()
    assert sorted(Thread.objects.values_list("member", flat=True)) == sorted(one.pk for one in three)
    circular.refresh_from_db()
    assert circular.ended_at is not None
    assert OutboxMail.objects.filter(name="messaging/message_waits").count() == 3


def test_the_database_holds_it_to_one_copy_a_member_and_to_one_end(
    lead: Account, three: list[Member]
) -> None:
    circular = written(lead, three)
    with pytest.raises(IntegrityError), transaction.atomic():
        CircularCopy.objects.create(circular=circular, member=three[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        Circular.objects.filter(pk=circular.pk).update(begun_at=timezone.now(), undone_at=timezone.now())


def test_it_goes_after_its_time_and_the_threads_stay(lead: Account, three: list[Member]) -> None:
    circular = written(lead, three)
    send()
    assert retention.delete_circulars(10) == 0
    Circular.objects.filter(pk=circular.pk).update(written_at=retention.over_since() - timedelta(days=1))
    assert retention.delete_circulars(10) == 1
    assert Thread.objects.count() == 3
