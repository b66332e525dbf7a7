"""« Répartition »: who holds what, and many items given or released at once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from adherents.accounts.models import Account, Role
from adherents.casework.models import Item
from adherents.casework.services import deciding, queue, sharing
from adherents.casework.services.queue import CannotTreat, TreatsNoMore
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from tests.agents import make_agent, signed_in
from tests.casework.queueing import adviser, waiting

pytestmark = pytest.mark.django_db
BOARD = "/gestion/repartition/"
Words = Callable[[Any], str]


@pytest.fixture
def supervisor(db: None) -> Account:
    return make_agent(Role.SUPERVISOR)


@pytest.fixture
def head(supervisor: Account) -> Client:
    return signed_in(supervisor)


def test_the_board_says_who_holds_what_since_when_and_what_is_late(
    head: Client, supervisor: Account, agent: Account, member: Member, words: Words
) -> None:
    in_hand, kept, _free = waiting(member, 3)
    Item.objects.filter(pk=kept.pk).update(due_on="2020-01-01")
    queue.take(agent=agent, item=in_hand)
    queue.assign(agent=supervisor, item=kept, to=agent)
    answer = head.get(BOARD)
    [load] = answer.context["loads"]
    assert (load.agent, load.in_hand, load.kept, load.late) == (agent, 1, 1, 1)
    shown = words(answer)
    assert "En main · Claire Morel" in shown
    assert "Réservé · Claire Morel" in shown
    assert len(answer.context["page"]) == 3
    assert [item.pk for item in head.get(f"{BOARD}?agent={agent.pk}").context["page"]] == [
        kept.pk,
        in_hand.pk,
    ]


def test_ticked_documents_are_given_to_an_agent_each_in_the_journal(
    head: Client, supervisor: Account, agent: Account, member: Member, words: Words
) -> None:
    first, second, in_hand = waiting(member, 3)
    queue.take(agent=adviser(2), item=in_hand)
    wanted = {"item": [str(item.pk) for item in (first, second, in_hand)], "to": agent.pk, "act": "assign"}
    shown = words(head.post(BOARD, wanted, follow=True))
    assert "2 documents attribués." in shown
    assert "1 n’a pas bougé" in shown
    assert set(Item.objects.kept_for(agent)) == {first, second}
    assigned = Entry.objects.filter(event=Event.DOCUMENT_ASSIGNED, actor=supervisor.actor)
    assert {entry.subject for entry in assigned} == {first.subject, second.subject}


def test_ticked_documents_come_back_to_all_from_a_hand_or_a_reservation(
    head: Client, supervisor: Account, agent: Account, member: Member, words: Words
) -> None:
    in_hand, kept, free = waiting(member, 3)
    queue.take(agent=agent, item=in_hand)
    queue.assign(agent=supervisor, item=kept, to=agent)
    wanted = {"item": [str(item.pk) for item in (in_hand, kept, free)], "act": "release"}
    shown = words(head.post(BOARD, wanted, follow=True))
    assert "2 documents revenus à tous." in shown
    assert "1 n’a pas bougé" in shown
    assert Item.objects.in_place("free").count() == 3
    released = Entry.objects.filter(event=Event.DOCUMENT_RELEASED, actor=supervisor.actor)
    assert {entry.subject for entry in released} == {in_hand.subject, kept.subject}
    assert {entry.details["agent"] for entry in released} == {agent.actor}


def test_nothing_ticked_or_nobody_chosen_is_said_and_what_was_ticked_stays(
    head: Client, member: Member, words: Words
) -> None:
    [item] = waiting(member)
    assert "Cochez au moins un document." in words(head.post(BOARD, {"act": "release"}))
    refused = head.post(BOARD, {"item": str(item.pk), "act": "assign"})
    assert "Choisissez un agent." in words(refused)
    assert "checked" in refused.content.decode()
    assert "Cochez" in words(head.post(BOARD, {"item": "faux", "act": "release"}))


def test_what_was_decided_meanwhile_is_left(supervisor: Account, agent: Account, member: Member) -> None:
    [item] = waiting(member)
    queue.take(agent=agent, item=item)
    deciding.accept(agent=agent, item=item)
    assert sharing.release_many(agent=supervisor, items=[item.pk]) == sharing.Moved(0, 1)
    assert sharing.assign_many(agent=supervisor, items=[item.pk], to=agent) == sharing.Moved(0, 1)


def test_only_a_responsable_shares_and_only_to_who_treats(supervisor: Account, member: Member) -> None:
    [item] = waiting(member)
    nobody = make_agent(Role.AUDITOR)
    with pytest.raises(CannotTreat):
        sharing.assign_many(agent=supervisor, items=[item.pk], to=nobody)
    for act in (
        lambda: sharing.assign_many(agent=adviser(3), items=[item.pk], to=supervisor),
        lambda: sharing.release_many(agent=adviser(4), items=[item.pk]),
    ):
        with pytest.raises(TreatsNoMore):
            act()
