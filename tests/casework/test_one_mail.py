"""One mail a sending: when all of it is decided, or some time after the first decision; then at most once a day."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.casework.models import Decision, Item, Summary
from adherents.casework.services import deciding, queue, reopening, telling
from adherents.mail.models import MailState, OutboxMail
from adherents.mail.services import render, send_due
from adherents.members.models import Member
from adherents.vault.models import Document
from adherents.work.services import run_until_nothing_is_left
from tests.casework.queueing import NEEDED, adviser, sent_together, waiting

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


def decided(agent: Account, clock: time_machine.Traveller, *items: Item, refused: bool = False) -> None:
    """Decide these, let the undo window pass, and run the worker."""
    for item in items:
        if refused:
            deciding.refuse(agent=agent, item=item, **NEEDED)
        else:
            deciding.accept(agent=agent, item=item)
    clock.shift(timedelta(seconds=11))
    run_until_nothing_is_left("casework.decisions", "casework.summaries")


def mails() -> list[tuple[str, dict[str, Any]]]:
    rows = OutboxMail.objects.filter(name__startswith="casework/").order_by("created_at")
    return [(mail.name, json.loads(mail.context)) for mail in rows]


def subject(name: str, context: dict[str, Any], language: str = "fr") -> str:
    return render(name, language=language, context=context)[0].replace("\xa0", " ")


def test_when_all_is_decided_one_mail_tells_it(
    agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    items = sent_together(member, "rib", "devis", "rib")
    queue.take_next(agent=agent)
    decided(agent, clock, items[0], items[1])
    assert not mails()
    decided(agent, clock, items[2], refused=True)
    [(name, context)] = mails()
    assert name == "casework/sending_decided"
    number = items[0].about.deposit.number
    assert subject(name, context) == f"Notre réponse pour votre envoi n° {number} : 1 document à renvoyer"
    # What asks for something comes first.
    assert [(line["rank"], line["outcome"]) for line in context["lines"]] == [
        ("3", "refused"),
        ("1", "accepted"),
        ("2", "accepted"),
    ]
    text = render(name, language="fr", context=context)[1]
    assert "Illisible." in text
    assert Document.objects.get(item=items[2]).send_instead in text
    assert "attend encore" not in text
    clock.shift(timedelta(days=2))
    run_until_nothing_is_left("casework.decisions", "casework.summaries")
    assert len(mails()) == 1


def test_after_half_an_hour_it_tells_what_is_decided_then_at_most_once_a_day(
    agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    items = sent_together(member, "rib", "devis", "rib", "devis")
    queue.take_next(agent=agent)
    decided(agent, clock, items[0])
    clock.shift(timedelta(minutes=29))
    run_until_nothing_is_left("casework.summaries")
    assert not mails()
    clock.shift(timedelta(minutes=1))
    run_until_nothing_is_left("casework.summaries")
    [(name, context)] = mails()
    assert (context["accepted"], context["left"]) == (1, 3)
    assert (
        "3 autres documents de cet envoi attendent encore" in render(name, language="fr", context=context)[1]
    )
    first_at = timezone.now()

    decided(agent, clock, items[1])
    clock.shift(timedelta(hours=2))
    decided(agent, clock, items[2], items[3])
    clock.move_to(first_at + timedelta(hours=23, minutes=59))
    run_until_nothing_is_left("casework.summaries")
    assert len(mails()) == 1
    clock.move_to(first_at + timedelta(days=1))
    run_until_nothing_is_left("casework.summaries")
    assert [len(context["lines"]) for name, context in mails()] == [1, 3]


def test_the_last_one_of_a_sending_whose_others_went_has_the_mail_of_a_document_alone(
    agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    items = sent_together(member, "rib", "devis")
    Document.objects.filter(pk=items[1].document_id).update(set_aside="unreadable")
    queue.take(agent=agent, item=items[0])
    decided(agent, clock, items[0])
    [(name, _context)] = mails()
    assert name == "casework/accepted"
    assert OutboxMail.objects.get(name=name).dedupe_key == f"summary:{Summary.objects.get().pk}"


def test_a_document_sent_alone_has_its_own_mail_after_the_undo_window(
    agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    [item] = waiting(member)
    queue.take(agent=agent, item=item)
    decided(agent, clock, item)
    assert [name for name, _ in mails()] == ["casework/accepted"]
    assert not Summary.objects.exists()


def test_what_is_undone_is_not_waited_for_as_decided(
    agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    items = sent_together(member, "rib", "devis")
    queue.take_next(agent=agent)
    deciding.undo(agent=agent, decision=deciding.accept(agent=agent, item=items[1]))
    decided(agent, clock, items[0])
    assert not mails()


def test_a_decision_reopened_before_its_mail_is_not_in_it(
    agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    items = sent_together(member, "rib", "devis")
    queue.take_next(agent=agent)
    decided(agent, clock, items[0])
    reopening.reopen(agent=agent, decision=Decision.objects.get(), reason="Erreur.")
    clock.shift(timedelta(hours=1))
    run_until_nothing_is_left("casework.summaries")
    # It is told that it was reopened; of what was decided nothing is left to tell.
    assert [name for name, _ in mails()] == ["casework/reopened"]
    assert not Summary.objects.exists()
    decided(agent, clock, items[1], items[0])
    assert [name for name, _ in mails()] == ["casework/reopened", "casework/sending_decided"]


def test_one_that_is_reopened_after_its_mail_is_told_again_a_day_later(
    agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    items = sent_together(member, "rib", "devis")
    queue.take_next(agent=agent)
    decided(agent, clock, *items)
    assert len(mails()) == 1
    clock.shift(timedelta(seconds=1))  # mails of one moment have no order
    reopening.reopen(agent=agent, decision=Decision.objects.get(item=items[0]), reason="Erreur.")
    decided(agent, clock, items[0], refused=True)
    assert [name for name, _ in mails()] == ["casework/sending_decided", "casework/reopened"]
    clock.shift(timedelta(days=1))
    run_until_nothing_is_left("casework.summaries")
    assert [name for name, _ in mails()][2:] == ["casework/refused"]


def test_what_a_system_decides_is_told_with_the_rest(
    agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    items = sent_together(member, "rib", "devis")
    deciding.accept(agent=adviser(9, role=Role.CLIENT), item=items[0])
    queue.take(agent=agent, item=items[1])
    decided(agent, clock, items[1])
    [(_name, context)] = mails()
    assert context["accepted"] == 2


def test_a_worker_that_died_leaves_the_mail_to_the_next_one(
    agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    items = sent_together(member, "rib", "devis")
    queue.take_next(agent=agent)
    for item in items:
        deciding.accept(agent=agent, item=item)
    clock.shift(timedelta(seconds=11))
    deciding.settle_due()
    [claimed] = Summary.objects.claim_due()
    assert telling.tell_due() == 0
    clock.shift(timedelta(minutes=6))
    assert telling.tell_due() == 1
    # The first one was only slow: it posts nothing more.
    telling.post(claimed)
    assert len(mails()) == 1
    send_due()
    assert OutboxMail.objects.get(name="casework/sending_decided").state == MailState.SENT


def test_without_an_address_nothing_is_posted_and_nothing_waits(
    agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    Member.objects.filter(pk=member.pk).update(email="", account=None)
    items = sent_together(Member.objects.get(pk=member.pk), "rib", "devis")
    queue.take_next(agent=agent)
    decided(agent, clock, *items)
    assert not mails()
    assert not Summary.objects.unfinished().exists()


def test_the_documents_page_says_when_its_mail_leaves(
    desk: Client, agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    items = sent_together(member, "rib", "devis")
    queue.take_next(agent=agent)
    decided(agent, clock, items[0])
    address = f"/gestion/documents/{items[0].document_id}/"
    page = desk.get(address).content.decode().replace("\xa0", " ")
    assert (
        "Un seul mail pour l’envoi : il part quand tout est décidé, au plus tard le 23/11/2026 à 10 h 30."
        in page
    )
    decided(agent, clock, items[1])
    page = desk.get(address).content.decode()
    assert "Un seul mail pour l’envoi" not in page
    assert "Mail en attente de départ." in page


def test_in_english_too(agent: Account, member: Member, clock: time_machine.Traveller) -> None:
    items = sent_together(member, "rib", "devis")
    Account.objects.filter(member=member).update(language="en")
    queue.take_next(agent=agent)
    decided(agent, clock, *items)
    [(name, context)] = mails()
    number = items[0].about.deposit.number
    assert (
        subject(name, context, "en") == f"Our answer about what you sent, no. {number}: 2 documents accepted"
    )
    assert "accepted" in render(name, language="en", context=context)[1]
