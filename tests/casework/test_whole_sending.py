"""A sending is one agent's: it is leased, prefetched, given back and handed over whole, and seen whole beside each document."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.casework.models import Filters, Item, Status
from adherents.casework.services import deciding, entering, queue
from adherents.casework.services.queue import HeldByAnother
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Beneficiary, Member, Relation
from adherents.vault.models import Document, State
from tests.casework.queueing import adviser, checked, sent_together, waiting

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


def in_hand(agent: Account) -> list[Item]:
    return list(Item.objects.in_hand_of(agent))


def screen(item: Item) -> str:
    return f"/gestion/traiter/{item.document_id}/"


def test_next_leases_the_whole_sending_and_gives_its_first_document(agent: Account, member: Member) -> None:
    items = sent_together(member, "devis", "rib", "facture_soins")
    [other] = waiting(member)
    Item.objects.filter(pk=other.pk).update(due_on=items[0].due_on + timedelta(days=9))
    # The second is the most urgent one, so that it is what the queue gives.
    assert Item.objects.oldest_due_first().first() == items[1]
    assert queue.take_next(agent=agent) == items[0]
    assert in_hand(agent) == items
    assert set(Document.objects.filter(item__in=items).values_list("state", flat=True)) == {State.IN_PROGRESS}
    assert Entry.objects.filter(event=Event.DOCUMENT_TAKEN).count() == 3
    assert queue.take_next(agent=adviser(2)) == other


def test_after_a_decision_the_next_of_the_sending_comes(agent: Account, member: Member) -> None:
    items = sent_together(member, "rib", "rib", "rib")
    for item in items:
        taken = queue.take_next(agent=agent)
        assert taken == item
        deciding.accept(agent=agent, item=item)
    assert queue.take_next(agent=agent) is None


def test_after_a_decision_in_the_middle_what_was_sent_behind_it_comes_first(
    agent: Account, desk: Client, member: Member
) -> None:
    """And then what was sent before it, before another sending that is in hand since longer."""
    [other] = waiting(member)
    queue.take(agent=agent, item=other)
    items = sent_together(member, "rib", "rib", "rib", "rib")
    queue.take(agent=agent, item=items[0])
    assert queue.reserve_next(agent=agent, after=items[1]) == items[2]
    for at, following in ((1, items[2]), (3, items[0]), (0, items[2]), (2, other)):
        assert desk.post(f"{screen(items[at])}accepter/")["Location"] == screen(following)
    # « Suivant » from the middle of another one goes on from there too.
    more = sent_together(member, "rib", "rib", "rib")
    queue.take(agent=agent, item=more[1])
    assert desk.post("/gestion/suivant/", {"after": more[1].document_id})["Location"] == screen(more[2])


def test_to_take_one_takes_the_sending_and_another_agent_has_none_of_it(
    agent: Account, member: Member
) -> None:
    items = sent_together(member, "rib", "devis", "rib")
    queue.take(agent=agent, item=items[1])
    assert in_hand(agent) == items
    with pytest.raises(HeldByAnother):
        queue.take(agent=adviser(2), item=items[2])
    assert queue.take_next(agent=adviser(3)) is None


def test_what_another_agent_was_given_or_a_filter_leaves_out_stays_out(
    agent: Account, member: Member
) -> None:
    items = sent_together(member, "rib", "devis", "rib")
    colleague = adviser(2)
    queue.assign(agent=adviser(8, role=Role.SUPERVISOR), item=items[2], to=colleague)
    assert queue.take_next(agent=agent, filters=Filters(kind="rib")) == items[0]
    assert in_hand(agent) == [items[0]]
    assert queue.take_next(agent=colleague) == items[1]
    assert in_hand(colleague) == items[1:]


def test_a_lease_is_renewed_and_ends_for_the_whole(
    agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    items = sent_together(member, "rib", "rib", "rib")
    queue.take_next(agent=agent)
    clock.shift(timedelta(minutes=10))
    assert queue.renew(agent=agent, item=items[0])
    assert {item.leased_until for item in in_hand(agent)} == {timezone.now() + timedelta(minutes=15)}
    clock.shift(timedelta(minutes=10))
    assert queue.take_next(agent=agent, skipped=[items[0].pk]) == items[1]
    assert {item.leased_until for item in in_hand(agent)} == {timezone.now() + timedelta(minutes=15)}
    clock.shift(timedelta(minutes=16))
    assert queue.end_leases() == 3
    colleague = adviser(2)
    assert queue.take_next(agent=colleague) == items[0]
    assert in_hand(colleague) == items


def test_it_is_given_back_whole(desk: Client, agent: Account, member: Member) -> None:
    items = sent_together(member, "rib", "rib", "rib")
    [other] = waiting(member)
    Item.objects.filter(pk=other.pk).update(due_on=items[0].due_on + timedelta(days=9))
    queue.take_next(agent=agent)
    page = desk.post(f"{screen(items[1])}rendre/", follow=True).content.decode()
    assert "Envoi rendu : ses 3 documents ont repris leur place dans la file." in page
    assert not in_hand(agent)
    # « Suivant » gives something else first.
    assert desk.post("/gestion/suivant/")["Location"] == screen(other)


def test_what_is_decided_already_is_not_given_back(agent: Account, member: Member) -> None:
    items = sent_together(member, "rib", "rib", "rib")
    queue.take_next(agent=agent)
    deciding.accept(agent=agent, item=items[0])
    assert queue.give_back(agent=agent, item=items[1]) == sorted(items[1:], key=lambda item: item.pk)
    assert Item.objects.get(pk=items[0].pk).status == Status.DECIDED


def test_it_is_handed_over_whole(desk: Client, agent: Account, member: Member) -> None:
    items = sent_together(member, "rib", "devis")
    colleague = adviser(2)
    queue.take_next(agent=agent)
    page = desk.post(f"{screen(items[0])}transmettre/", {"to": colleague.pk}, follow=True).content.decode()
    assert "Envoi transmis à Agent 2 : 2 documents." in page
    assert queue.take_next(agent=agent) is None
    assert queue.take_next(agent=colleague) == items[0]
    assert in_hand(colleague) == items


def test_it_is_set_apart_whole_as_the_next_one(agent: Account, member: Member) -> None:
    [first] = waiting(member)
    items = sent_together(member, "devis", "rib")
    Item.objects.filter(pk=first.pk).update(due_on=MONDAY.date())
    queue.take_next(agent=agent)
    assert queue.reserve_next(agent=agent, after=first) == items[0]
    assert queue.take_next(agent=adviser(2)) is None
    assert set(Document.objects.filter(item__in=items).values_list("state", flat=True)) == {State.CHECKED}
    assert queue.take_next(agent=agent, skipped=[first.pk]) == items[0]
    assert set(in_hand(agent)) == {first, *items}


def test_what_passes_its_checks_later_is_kept_for_who_has_the_rest(agent: Account, member: Member) -> None:
    [first] = sent_together(member, "rib")
    queue.take_next(agent=agent)
    late = checked(member, kind="devis", beside=first.about)
    [older] = waiting(member)
    assert entering.enter_lately() == 0
    assert queue.take_next(agent=adviser(2)) == older
    assert queue.take_next(agent=adviser(3)) is None
    assert queue.take_next(agent=agent) == first
    assert [item.document_id for item in in_hand(agent)] == [first.document_id, late.pk]


def test_what_a_system_decides_holds_nothing_beside_it(client_account: Account, member: Member) -> None:
    items = sent_together(member, "rib", "rib")
    deciding.accept(agent=client_account, item=items[0])
    assert not Item.objects.held().exists()
    assert Document.objects.get(pk=items[1].document_id).state == State.CHECKED


@pytest.fixture
def client_account(db: None) -> Account:
    return adviser(9, role=Role.CLIENT)


def test_the_screen_shows_for_whom_and_the_others_of_the_sending(
    desk: Client, agent: Account, member: Member
) -> None:
    items = sent_together(member, "rib", "devis", "ordonnance")
    child = Beneficiary(
        member=member,
        rank=1,
        relation=Relation.CHILD,
        birth_name="Petit",
        first_names="Léo",
        birth_date="2012-05-03",
    )
    child.set_nir("112057510800391")
    child.save()
    Document.objects.filter(pk=items[1].document_id).update(beneficiary=child)
    Document.objects.filter(pk=items[2].document_id).update(page_count=0)
    queue.take_next(agent=agent)
    page = desk.get(screen(items[1])).content.decode()
    number = items[0].about.deposit.number
    assert f'Envoi <span class="number">{number}</span> : 2 sur 3' in page
    assert "Pour Léo PETIT</strong>, enfant" in page
    assert "naissance : 03/05/2012" in page
    assert "NIR 1 12 05 •• ••• ••• ••" in page
    assert f'href="{screen(items[0])}" data-key="K"' in page
    assert f'href="{screen(items[2])}" data-key="J"' in page
    assert f'src="{screen(items[0])}pages/1/vignette/"' in page
    assert f'src="{screen(items[2])}pages/1/vignette/"' not in page
    assert "Pour l’adhérent lui-même" in desk.get(screen(items[0])).content.decode()


def test_a_document_sent_alone_has_nothing_beside_it(desk: Client, agent: Account, member: Member) -> None:
    [item] = waiting(member)
    queue.take_next(agent=agent)
    page = desk.get(screen(item)).content.decode()
    assert "sending-head" not in page
    assert 'data-key="J"' not in page
