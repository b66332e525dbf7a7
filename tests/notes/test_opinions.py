"""A second opinion: asked without giving the document up, found by the colleague, read on the document."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.accounts.services.agents import suspend
from adherents.casework.models import Item
from adherents.casework.services import deciding, queue, reopening
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.notes.models import Opinion
from adherents.notes.services import opinions
from adherents.notes.services.opinions import (
    AskedAlready,
    CannotBeAsked,
    DayIsOver,
    NothingToDecide,
    NotYourOpinion,
    OpinionRefused,
)
from adherents.notes.services.standing import DocumentGone
from adherents.vault.services.erasing import take_back
from tests.agents import make_agent, signed_in
from tests.at_once import at_once, kinds
from tests.casework.queueing import adviser, waiting

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
Words = Callable[[Any], str]
QUESTION, ANSWER = "Cette ordonnance suffit-elle ?", "Oui, elle suffit."


def asked(agent: Account, item: Item, colleague: Account) -> Opinion:
    return opinions.ask_opinion(
        agent=agent,
        document=item.about,
        colleague=colleague,
        question=QUESTION,
        due_on=timezone.localdate() + timedelta(days=2),
    )


@any_database
def test_a_colleague_is_asked_finds_it_answers_and_the_asker_reads_it_on_the_document(
    agent: Account, desk: Client, member: Member, words: Words
) -> None:
    [item], doctor = waiting(member), make_agent(Role.SUPERVISOR)
    Account.objects.filter(pk=doctor.pk).update(team="Médecin-conseil")
    queue.take(agent=agent, item=item)
    treat, document = (f"/gestion/{room}/{item.document_id}/" for room in ("traiter", "documents"))
    page = f"{document}avis/?back=treating"
    assert page in desk.get(treat).content.decode()
    assert f"{doctor.shown_name} (Médecin-conseil)" in words(desk.get(page))
    due = timezone.localdate() + timedelta(days=2)
    data = {"colleague": doctor.pk, "question": QUESTION, "due_on": due.isoformat()}
    assert desk.post(page, data)["Location"] == treat
    again = desk.post(page, data)  # pressed twice
    assert "Un avis est déjà demandé à cette personne" in words(again)
    item.refresh_from_db()
    assert item.held_by(agent)  # not given up

    office = signed_in(doctor)
    assert "Avis ( 1 à donner)" in words(office.get("/gestion/"))
    listed = words(office.get("/gestion/avis/"))
    assert QUESTION in listed
    assert f"pour le {due:%d/%m/%Y} · demandé par {agent.shown_name}" in listed
    opinion = Opinion.objects.get()
    give = f"/gestion/avis/{opinion.pk}/repondre/"
    assert give in office.get(document).content.decode()
    assert QUESTION in words(office.get(give))
    assert office.post(give, {"answer": "nul\x00"}).status_code == 200
    assert office.post(give, {"answer": ANSWER})["Location"] == "/gestion/avis/"
    late = office.post(give, {"answer": "Non."}, follow=True)
    assert "elle a été annulée, ou a sa réponse" in words(late)
    assert ANSWER in words(desk.get(treat))
    assert "Avis donné" in words(desk.get("/gestion/avis/"))
    assert "à donner" not in words(office.get("/gestion/adherents/"))
    events = [Event.OPINION_ASKED, Event.OPINION_GIVEN]
    lines = Entry.objects.filter(event__in=events).order_by("pk")
    assert [(line.subject, line.actor) for line in lines] == [
        (item.subject, agent.actor),
        (item.subject, doctor.actor),
    ]


@any_database
def test_only_who_was_asked_answers_and_only_who_asked_withdraws(
    agent: Account, member: Member, words: Words
) -> None:
    [item], colleague, other = waiting(member), adviser(1), make_agent(Role.SUPERVISOR)
    opinion = asked(agent, item, colleague)
    for stranger in (agent, other):
        with pytest.raises(NotYourOpinion):
            opinions.give_opinion(agent=stranger, opinion=opinion, answer=ANSWER)
    for stranger in (colleague, other):
        with pytest.raises(NotYourOpinion):
            opinions.withdraw_opinion(agent=stranger, opinion=opinion)
    office = signed_in(other)
    answer = office.post(f"/gestion/avis/{opinion.pk}/repondre/", {"answer": ANSWER}, follow=True)
    assert "Cet avis est demandé à une autre personne." in words(answer)
    office.post(f"/gestion/avis/{opinion.pk}/annuler/")
    opinion.refresh_from_db()
    assert opinion.is_open
    assert signed_in(make_agent(Role.AUDITOR)).get("/gestion/avis/").status_code == 403
    opinions.withdraw_opinion(agent=agent, opinion=opinion)
    with pytest.raises(OpinionRefused):
        opinions.give_opinion(agent=colleague, opinion=opinion, answer=ANSWER)
    assert asked(agent, item, colleague)  # asked anew


@any_database
def test_who_has_left_or_does_not_read_documents_is_not_asked(agent: Account, member: Member) -> None:
    [item], colleague = waiting(member), adviser(1)
    auditor = make_agent(Role.AUDITOR)
    for wrong in (agent, auditor):
        with pytest.raises(CannotBeAsked):
            asked(agent, item, wrong)
    opinion = asked(agent, item, colleague)
    with pytest.raises(AskedAlready):
        asked(adviser(2), item, colleague)
    with pytest.raises(DayIsOver):
        opinions.ask_opinion(
            agent=agent,
            document=item.about,
            colleague=adviser(3),
            question=QUESTION,
            due_on=timezone.localdate() - timedelta(days=1),
        )
    Account.objects.filter(pk=colleague.pk).update(closed_at=timezone.now())
    colleague.refresh_from_db()
    opinions.withdraw_opinion(agent=agent, opinion=opinion)
    with pytest.raises(CannotBeAsked):
        asked(agent, item, colleague)


@any_database
def test_it_waits_as_long_as_the_document_does_and_again_when_that_is_reopened(
    agent: Account, member: Member
) -> None:
    [item], colleague = waiting(member), adviser(1)
    asked(agent, item, colleague)
    queue.take(agent=agent, item=item)
    decision = deciding.accept(agent=agent, item=item)
    assert Opinion.objects.expected_of(colleague).count() == 1
    deciding.settle(decision)
    assert not Opinion.objects.expected_of(colleague).exists()
    item = Item.objects.get()
    with pytest.raises(NothingToDecide):
        asked(agent, item, adviser(2))
    decision.refresh_from_db()
    reopening.reopen(agent=agent, decision=decision, reason="Erreur")
    assert Opinion.objects.expected_of(colleague).count() == 1


@any_database
def test_who_asked_reads_what_may_still_come_of_each_request(
    agent: Account, desk: Client, member: Member, words: Words
) -> None:
    accepted, given, left, late, waits = waiting(member, 5)
    colleagues = [adviser(rank) for rank in range(1, 6)]
    rows = [
        opinions.ask_opinion(
            agent=agent,
            document=item.about,
            colleague=colleague,
            question=f"Question {rank} ?",
            due_on=timezone.localdate(),
        )
        for rank, (item, colleague) in enumerate(
            zip((accepted, given, left, late, waits), colleagues, strict=True)
        )
    ]
    queue.take(agent=agent, item=accepted)
    deciding.settle(deciding.accept(agent=agent, item=accepted))
    yesterday = timezone.localdate() - timedelta(days=1)
    Opinion.objects.filter(pk__in=(rows[0].pk, rows[3].pk)).update(due_on=yesterday)
    opinions.give_opinion(agent=colleagues[1], opinion=rows[1], answer=ANSWER)
    Account.objects.filter(pk=colleagues[2].pk).update(closed_at=timezone.now())
    page = words(desk.get("/gestion/avis/"))
    said = ["Pas encore de réponse.", "En retard", "Cette personne ne peut plus répondre.", "Avis donné"]
    said.append("Décidé sans cet avis.")
    for rank, state in zip((4, 3, 2, 1, 0), said, strict=True):
        assert f"{state} Question {rank} ?" in page, state
    assert page.count("En retard") == 1
    decided = words(desk.get(f"/gestion/documents/{accepted.document_id}/"))
    assert "Décidé sans cet avis." in decided
    assert "En retard" not in decided
    opinions.withdraw_opinion(agent=agent, opinion=rows[0])
    page = words(desk.get(f"/gestion/documents/{accepted.document_id}/"))
    assert "Notes internes" in page
    assert (
        "Avis " not in page.replace("Avis demand", "").partition("Ce qui a été décidé")[2]
    )  # an empty section


@any_database
def test_requests_are_counted_beyond_a_page(
    agent: Account, desk: Client, member: Member, words: Words
) -> None:
    [item], colleague = waiting(member), adviser(1)
    row = {"document": item.about, "asker": agent, "colleague": colleague, "due_on": timezone.localdate()}
    for number in range(31):
        Opinion.objects.create(
            **row, question=f"Question {number}.", answer="Oui.", answered_at=timezone.now()
        )
    first, second = (words(desk.get(f"/gestion/avis/?page={number}")) for number in (1, 2))
    assert "Vos demandes 31" in first
    assert "Question 0." not in first
    assert "Question 0." in second
    assert "Page 2 sur 2" in second


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_what_goes_while_an_opinion_is_asked_is_waited_for_or_seen(member: Member) -> None:
    """A document that is taken back, a colleague who is suspended: no request comes after."""
    head, agent = make_agent(Role.ADMINISTRATOR), adviser(90)
    for number, item in enumerate(waiting(member, 6)):
        colleague = adviser(number)
        shut = partial(suspend, agent=colleague, by=head, reason="Départ")
        gone = partial(take_back, acting=on_own_file(member), document_id=item.document_id)
        ends = (shut, colleague) if number % 2 else (gone, item.about)
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                ends[0]()
                asking = pool.submit(at_once, [partial(asked, agent, item, colleague)])
                until_it_waits(asking)
            [result] = asking.result(timeout=20)
        assert isinstance(result, CannotBeAsked if number % 2 else DocumentGone), result
    assert not Opinion.objects.exists()


def until_it_waits(asking: Future[list[object]]) -> None:
    """Until it waits for a lock of the database, or is over."""
    ends = time.monotonic() + 20
    while time.monotonic() < ends and not asking.done():
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_answering_against_withdrawing_and_asking_twice_at_once_have_one_winner(member: Member) -> None:
    agent, colleague = adviser(1), adviser(2)
    for item in waiting(member, 6):
        results = at_once([partial(asked, agent, item, colleague)] * 4)
        assert kinds(results) == {"Opinion": 1, "AskedAlready": 3}
        opinion = Opinion.objects.get(document=item.document_id)
        given, withdrawn = at_once(
            [
                partial(opinions.give_opinion, agent=colleague, opinion=opinion, answer=ANSWER),
                partial(opinions.withdraw_opinion, agent=agent, opinion=opinion),
            ]
        )
        opinion.refresh_from_db()
        assert isinstance(given, OpinionRefused) != isinstance(withdrawn, OpinionRefused)
        assert (opinion.answered_at is None) == isinstance(given, OpinionRefused)
