"""A decision: undone within ten seconds by who took it, told to the member afterwards, once."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from adherents.accounts.models import Account
from adherents.casework.models import Correction, Decision, Item, Outcome, Status
from adherents.casework.services import deciding, entering, queue
from adherents.casework.services.deciding import DayIsPast, NoSuchReason, NoWords, TooLate
from adherents.casework.services.queue import HeldByAnother, NotAvailable
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from adherents.vault.models import Document, State
from adherents.work.services import run_until_nothing_is_left
from tests.casework.queueing import NEEDED, adviser, checked, waiting

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = date(2026, 12, 10)
Mails = Callable[[], list[Any]]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


@pytest.fixture
def item(agent: Account, member: Member) -> Item:
    """One that the agent has in hand."""
    return queue.take(agent=agent, item=waiting(member)[0])


def state_of(item: Item) -> str:
    return str(Document.objects.get(pk=item.document_id).state)


def test_a_decision_is_told_by_settling_and_not_before(
    agent: Account, item: Item, mails: Mails, clock: time_machine.Traveller
) -> None:
    decision = deciding.accept(agent=agent, item=item)
    clock.shift(timedelta(seconds=9))
    assert mails() == []
    assert state_of(item) == State.IN_PROGRESS
    assert Decision.objects.latest_settled(item.document) is None
    clock.shift(timedelta(seconds=1))
    [mail] = mails()
    assert mail.subject == "Votre document est accepté (RIB)"
    assert state_of(item) == State.ACCEPTED
    assert Item.objects.get().status == Status.DONE
    assert Decision.objects.latest_settled(item.document) == decision
    entry = Entry.objects.get(event=Event.DOCUMENT_ACCEPTED)
    assert (entry.subject, entry.actor) == (item.subject, f"agent:{agent.pk}")
    assert mails() == []


def test_a_refusal_says_why_in_the_members_words_as_the_agent_left_them(
    agent: Account, item: Item, mails: Mails, clock: time_machine.Traveller
) -> None:
    deciding.refuse(
        agent=agent, item=item, reason="rib_illisible", words_fr="L’IBAN est flou.", words_en="Blurred."
    )
    clock.shift(timedelta(seconds=10))
    [mail] = mails()
    assert mail.subject == "Votre document n’est pas accepté (RIB)"
    for part in (mail.text, mail.html):
        assert "L’IBAN est flou." in part
        assert f"/adherent/documents/envoyer/?replaces={item.document_id}" in part
    assert state_of(item) == State.REFUSED
    assert Entry.objects.get(event=Event.DOCUMENT_REFUSED).details == {"code": "rib_illisible"}


def test_the_words_are_english_for_a_member_who_reads_english(
    agent: Account, item: Item, member: Member, mails: Mails, clock: time_machine.Traveller
) -> None:
    Account.objects.filter(pk=member.account_id).update(language="en")
    deciding.refuse(agent=agent, item=item, **NEEDED)
    clock.shift(timedelta(seconds=10))
    [mail] = mails()
    assert mail.subject == "Your document was not accepted (Bank details (RIB))"
    assert "Cannot be read." in mail.text
    assert "Illisible." not in mail.text


def test_a_correction_is_a_thing_of_its_own_with_its_day(
    agent: Account, item: Item, member: Member, mails: Mails, clock: time_machine.Traveller
) -> None:
    deciding.ask_correction(agent=agent, item=item, until=LATER, **NEEDED)
    assert not Correction.objects.exists()
    clock.shift(timedelta(seconds=10))
    [mail] = mails()
    assert "avant le 10/12/2026" in mail.subject
    assert "Illisible." in mail.text
    [asked] = Correction.objects.open_for(member)
    assert (asked.document_id, asked.agent, asked.until, asked.answered_at) == (
        item.document_id,
        agent,
        LATER,
        None,
    )
    assert asked.decision.words_fr == "Illisible."
    assert state_of(item) == State.INCOMPLETE


def test_the_answer_to_a_correction_closes_it_and_comes_first_to_who_asked(
    agent: Account, item: Item, member: Member, clock: time_machine.Traveller
) -> None:
    deciding.ask_correction(agent=agent, item=item, until=LATER, **NEEDED)
    clock.shift(timedelta(seconds=10))
    run_until_nothing_is_left()
    [older] = waiting(member)
    answer = checked(member, answers=item.document)
    entering.enter_lately()
    asked = Correction.objects.get()
    assert asked.answer == answer
    assert asked.answered_at is not None
    assert not Correction.objects.open_for(member).exists()
    assert Entry.objects.filter(event=Event.CORRECTION_ANSWERED, subject=item.subject).exists()
    assert queue.take_next(agent=adviser(2)) == older
    assert queue.take_next(agent=adviser(3)) is None
    assert queue.take_next(agent=agent) == Item.objects.get(document=answer)


def test_an_answer_whose_asker_does_not_come_goes_to_anybody_two_days_later(
    agent: Account, item: Item, member: Member, clock: time_machine.Traveller
) -> None:
    deciding.ask_correction(agent=agent, item=item, until=LATER, **NEEDED)
    clock.shift(timedelta(seconds=10))
    run_until_nothing_is_left()
    checked(member, answers=item.document)
    entering.enter_lately()
    colleague = adviser(2)
    clock.move_to(datetime(2026, 11, 24, 22, 0, tzinfo=UTC))
    assert queue.take_next(agent=colleague) is None
    clock.move_to(datetime(2026, 11, 25, 0, 0, tzinfo=UTC))
    assert queue.take_next(agent=colleague) is not None


def test_an_answer_to_who_has_left_is_everybodys(
    agent: Account, item: Item, member: Member, clock: time_machine.Traveller
) -> None:
    deciding.ask_correction(agent=agent, item=item, until=LATER, **NEEDED)
    clock.shift(timedelta(seconds=10))
    run_until_nothing_is_left()
    Account.objects.filter(pk=agent.pk).update(closed_at=MONDAY)
    checked(member, answers=item.document)
    entering.enter_lately()
    assert queue.take_next(agent=adviser(2)) is not None


def test_undone_in_time_nobody_was_told_and_the_agent_has_it_again(
    agent: Account, item: Item, mails: Mails, clock: time_machine.Traveller
) -> None:
    decision = deciding.refuse(agent=agent, item=item, **NEEDED)
    clock.shift(timedelta(seconds=9))
    assert deciding.undo(agent=agent, decision=decision).held_by(agent)
    clock.shift(timedelta(minutes=1))
    assert mails() == []
    assert state_of(item) == State.IN_PROGRESS
    assert queue.take_next(agent=agent) == item
    deciding.accept(agent=agent, item=item)
    clock.shift(timedelta(seconds=10))
    assert len(mails()) == 1
    assert state_of(item) == State.ACCEPTED


def test_after_ten_seconds_or_by_another_it_is_not_undone(
    agent: Account, item: Item, clock: time_machine.Traveller
) -> None:
    decision = deciding.accept(agent=agent, item=item)
    with pytest.raises(TooLate):
        deciding.undo(agent=adviser(2), decision=decision)
    clock.shift(timedelta(seconds=10))
    with pytest.raises(TooLate):
        deciding.undo(agent=agent, decision=decision)
    run_until_nothing_is_left()
    assert state_of(item) == State.ACCEPTED


def test_only_who_has_it_in_hand_decides(agent: Account, item: Item) -> None:
    with pytest.raises(HeldByAnother):
        deciding.accept(agent=adviser(2), item=item)
    deciding.accept(agent=agent, item=item)
    with pytest.raises(NotAvailable):
        deciding.accept(agent=agent, item=item)
    assert Decision.objects.count() == 1


def test_a_decision_after_the_lease_stands_where_nobody_else_has_taken_the_document(
    agent: Account, item: Item, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(minutes=20))
    queue.end_leases()
    assert deciding.accept(agent=agent, item=item).outcome == Outcome.ACCEPTED


def test_a_refusal_needs_a_reason_of_its_kind_and_words(agent: Account, item: Item) -> None:
    with pytest.raises(NoSuchReason):
        deciding.refuse(agent=agent, item=item, reason="facture_tronquee", words_fr="Non.")
    with pytest.raises(NoSuchReason):
        deciding.ask_correction(agent=agent, item=item, reason="deja_recu", words_fr="Non.", until=LATER)
    with pytest.raises(NoWords):
        deciding.refuse(agent=agent, item=item, reason="illisible", words_fr="  ")
    with pytest.raises(DayIsPast):
        deciding.ask_correction(agent=agent, item=item, until=date(2026, 11, 23), **NEEDED)
    assert Item.objects.get().held_by(agent)


def test_a_member_without_an_address_is_sent_nothing_and_the_decision_stands(
    agent: Account, item: Item, member: Member, clock: time_machine.Traveller
) -> None:
    Account.objects.filter(pk=member.account_id).update(email="")
    Member.objects.filter(pk=member.pk).update(email="", email_key="")
    deciding.accept(agent=agent, item=item)
    clock.shift(timedelta(seconds=10))
    run_until_nothing_is_left()
    assert not OutboxMail.objects.exists()
    assert state_of(item) == State.ACCEPTED


def test_a_settling_that_fails_leaves_nothing_half_done_and_is_tried_again(
    agent: Account, item: Item, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    deciding.accept(agent=agent, item=item)
    clock.shift(timedelta(seconds=10))
    with monkeypatch.context() as broken:
        broken.setattr("adherents.casework.mails.post", lambda *_, **__: 1 / 0)
        deciding.settle_due()
    assert state_of(item) == State.IN_PROGRESS
    assert not Entry.objects.filter(event=Event.DOCUMENT_ACCEPTED).exists()
    clock.shift(timedelta(minutes=1))
    deciding.settle_due()
    assert state_of(item) == State.ACCEPTED
    assert OutboxMail.objects.count() == 1
