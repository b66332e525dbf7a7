"""« Accepter les N qui restent »: what an agent has in hand of a sending is accepted in one act, and undone in one."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine
from django.test import Client

from adherents.accounts.models import Account
from adherents.casework.models import Decision, Item, Status
from adherents.casework.services import deciding, queue
from adherents.casework.services.queue import NotAvailable, TreatsNoMore
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.vault.models import Document, State
from tests.at_once import at_once
from tests.casework.queueing import NEEDED, adviser, sent_together

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


def screen(item: Item) -> str:
    return f"/gestion/traiter/{item.document_id}/"


def in_hand(agent: Account) -> list[Item]:
    return list(Item.objects.in_hand_of(agent))


def all_of(items: list[Item]) -> dict[str, list[str]]:
    return {"left": [str(item.document_id) for item in items]}


def told(page: str) -> str:
    return " ".join(page.replace("\xa0", " ").split())


@pytest.mark.django_db
class TestAcceptingTheRest:
    def test_one_act_accepts_all_and_one_undo_takes_it_back(
        self, desk: Client, agent: Account, member: Member
    ) -> None:
        items = sent_together(member, "rib", "devis", "rib", "devis")
        queue.take_next(agent=agent)
        deciding.refuse(agent=agent, item=items[0], **NEEDED)
        page = desk.get(screen(items[1])).text
        assert "Accepter les 3 qui restent" in told(page)
        assert 'data-key="Shift+A"' in page
        for item in items:
            assert (f'name="left" value="{item.document_id}"' in page) is (item != items[0])
        answer = desk.post(f"{screen(items[1])}accepter-le-reste/", all_of(items[1:]), follow=True)
        assert f"3 documents de l’envoi {items[0].about.deposit.number} –" in told(answer.text)
        assert set(Item.objects.values_list("status", flat=True)) == {Status.DECIDED}
        last = Decision.objects.to_undo(agent)
        assert last is not None
        answer = desk.post(f"/gestion/decisions/{last.pk}/annuler/", follow=True)
        assert "les 3 documents sont à vous" in told(answer.text)
        assert answer.redirect_chain[-1][0].startswith(screen(items[1]))
        assert in_hand(agent) == items[1:]
        assert Item.objects.get(pk=items[0].pk).status == Status.DECIDED
        assert Entry.objects.filter(event=Event.DECISION_UNDONE).count() == 3

    def test_once_one_has_settled_none_is_undone_and_each_member_is_told(
        self, agent: Account, member: Member, clock: time_machine.Traveller
    ) -> None:
        items = sent_together(member, "rib", "devis")
        queue.take_next(agent=agent)
        decisions = deciding.accept_deposit(agent=agent, item=items[0], shown=_keys(items))
        deciding.settle(decisions[0])
        with pytest.raises(deciding.TooLate):
            deciding.undo(agent=agent, decision=decisions[1])
        assert not Decision.objects.filter(undone_at__isnull=False).exists()
        clock.shift(timedelta(seconds=11))
        deciding.settle_due()
        with pytest.raises(deciding.TooLate):
            deciding.undo(agent=agent, decision=decisions[1])
        assert set(Document.objects.values_list("state", flat=True)) == {State.ACCEPTED}

    def test_what_was_not_shown_and_what_has_no_kind_stay_in_hand(
        self, desk: Client, agent: Account, member: Member
    ) -> None:
        items = sent_together(member, "rib", "inconnu", "rib", "devis")
        queue.take_next(agent=agent)
        answer = desk.post(f"{screen(items[0])}accepter-le-reste/", all_of(items[:3]) | {"autre": "x"})
        assert answer["Location"] == screen(items[1])
        assert in_hand(agent) == [items[1], items[3]]
        strange = desk.post(f"{screen(items[3])}accepter-le-reste/", {"left": ["x", "é" * 40]})
        assert strange.status_code == 302
        assert in_hand(agent) == [items[1], items[3]]

    def test_the_button_is_there_for_two_at_least(self, desk: Client, agent: Account, member: Member) -> None:
        items = sent_together(member, "rib", "inconnu")
        queue.take_next(agent=agent)
        assert "accepter-le-reste" not in desk.get(screen(items[0])).text

    def test_who_has_it_no_longer_accepts_nothing(self, desk: Client, agent: Account, member: Member) -> None:
        items = sent_together(member, "rib", "rib")
        queue.take(agent=adviser(2), item=items[0])
        page = desk.post(f"{screen(items[0])}accepter-le-reste/", all_of(items), follow=True).text
        assert "Vous n’avez plus ce document en main" in told(page)
        assert not Decision.objects.exists()

    def test_who_was_suspended_meanwhile_accepts_nothing(self, agent: Account, member: Member) -> None:
        items = sent_together(member, "rib", "rib")
        queue.take_next(agent=agent)
        Account.objects.filter(pk=agent.pk).update(closed_at=MONDAY)
        with pytest.raises(TreatsNoMore):
            deciding.accept_deposit(agent=agent, item=items[0], shown=_keys(items))
        assert not Decision.objects.exists()


def _keys(items: list[Item]) -> set[uuid.UUID]:
    return {item.about.pk for item in items}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_pressed_four_times_each_is_decided_once(self, member: Member) -> None:
        agent = adviser(1)
        items = sent_together(member, "rib", "devis", "rib")
        queue.take_next(agent=agent)
        act = partial(deciding.accept_deposit, agent=agent, item=items[0], shown=_keys(items))
        made, *others = sorted(at_once([act] * 4), key=lambda said: isinstance(said, Exception))
        assert isinstance(made, list)
        assert len(made) == 3
        assert all(isinstance(said, NotAvailable) for said in others)
        assert Decision.objects.count() == 3

    def test_beside_the_decision_of_one_of_them_nothing_is_decided_twice(self, member: Member) -> None:
        for round_ in range(6):
            agent = adviser(round_ + 1)
            items = sent_together(member, "rib", "devis", "rib")
            queue.take(agent=agent, item=items[0])
            at_once(
                [
                    partial(deciding.accept_deposit, agent=agent, item=items[0], shown=_keys(items)),
                    partial(deciding.refuse, agent=agent, item=items[2], **NEEDED),
                ]
            )
            standing = Decision.objects.standing().filter(item__in=items)
            assert standing.count() == 3

    def test_undone_twice_and_settled_all_or_none_stands(self, member: Member) -> None:
        for round_ in range(6):
            agent = adviser(round_ + 1)
            items = sent_together(member, "rib", "devis", "rib")
            queue.take(agent=agent, item=items[0])
            made = deciding.accept_deposit(agent=agent, item=items[0], shown=_keys(items))
            undo = [partial(deciding.undo, agent=agent, decision=decision) for decision in made[:2]]
            at_once([*undo, partial(deciding.settle, made[2])])
            standing = Decision.objects.standing().filter(pk__in=[decision.pk for decision in made])
            assert standing.count() in {0, 3}
