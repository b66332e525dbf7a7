"""Many agents, one queue, on a real PostgreSQL: nothing is treated twice, nothing is lost between two hands."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.casework.models import Decision, Filters, Item, Status
from adherents.casework.services import deciding, entering, queue
from adherents.casework.services.deciding import TooLate
from adherents.casework.services.queue import NotAvailable
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.vault.models import Document, State
from adherents.vault.services.erasing import TooLateToTakeBack, take_back
from tests.at_once import at_once, kinds
from tests.casework.queueing import adviser, checked, sent_together, waiting

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("whole_journal"),
]


def taking(agent: Account) -> Callable[[], object]:
    return partial(queue.take_next, agent=agent)


def test_twenty_agents_who_ask_at_once_get_twenty_items_the_oldest(member: Member) -> None:
    items = waiting(member, 25)
    taken = at_once([taking(adviser(rank)) for rank in range(20)], threads=20)
    assert set(taken) == set(items[:20])
    assert (
        Counter(Item.objects.filter(taken_at__isnull=False).values_list("agent_id", flat=True)).most_common(
            1
        )[0][1]
        == 1
    )


def test_what_is_set_apart_for_one_is_given_to_no_other(member: Member) -> None:
    items = waiting(member, 20)
    agents = [adviser(rank) for rank in range(10)]
    held = [queue.take_next(agent=agent) for agent in agents]
    after = [
        partial(queue.reserve_next, agent=agent, after=item) for agent, item in zip(agents, held, strict=True)
    ]
    apart = at_once(after, threads=10)
    assert set(held) | set(apart) == set(items)
    passing = [
        partial(queue.take_next, agent=agent, skipped=[item.pk])
        for agent, item in zip(agents, held, strict=True)
    ]
    assert at_once(passing, threads=10) == apart


def test_a_sending_that_many_take_at_once_is_one_agents(member: Member) -> None:
    """By « suivant » and by their addresses, each of its documents by somebody: one has all of it, the others none."""
    for turn in range(6):
        items = sent_together(member, "rib", "devis", "rib", "ordonnance")
        agents = [adviser(20 * turn + rank) for rank in range(10)]
        by_address = zip(agents[:4], items, strict=True)
        by_kind = zip(agents[4:6], ("devis", "rib"), strict=True)
        acts = [
            *(partial(queue.take, agent=agent, item=item) for agent, item in by_address),
            *(partial(queue.take_next, agent=agent, filters=Filters(kind=kind)) for agent, kind in by_kind),
            *map(taking, agents[6:]),
        ]
        at_once(acts, threads=10)
        held = Counter(Item.objects.held().values_list("agent_id", flat=True))
        assert sum(held.values()) == 4
        # Who asked for one kind leaves the others to the next agent; of the rest, one has all.
        filtered = {agent.pk for agent in agents[4:6]}
        assert len([agent for agent in held if agent not in filtered]) <= 1
        Item.objects.update(status=Status.DONE)


def test_a_sending_is_given_back_renewed_taken_and_swept_at_once_without_a_deadlock(member: Member) -> None:
    for turn in range(8):
        items = sent_together(member, "rib", "rib", "rib", "rib")
        first, second, third = (adviser(3 * turn + rank) for rank in range(3))
        queue.take(agent=first, item=items[0])
        Item.objects.filter(pk__in=[item.pk for item in items[2:]]).update(
            leased_until=timezone.now() - timedelta(seconds=1)
        )
        acts = [
            partial(queue.give_back, agent=first, item=items[1]),
            partial(queue.renew, agent=first, item=items[3]),
            partial(deciding.accept, agent=first, item=items[2]),
            partial(queue.take, agent=second, item=items[3]),
            taking(third),
            queue.end_leases,
        ]
        at_once(acts, threads=6)
        assert set(
            Item.objects.filter(pk__in=[item.pk for item in items]).values_list("status", flat=True)
        ) <= {
            Status.WAITING,
            Status.DECIDED,
        }
        Item.objects.update(status=Status.DONE)


def test_twenty_agents_who_want_the_same_one(member: Member) -> None:
    [item] = waiting(member)
    results = at_once([partial(queue.take, agent=adviser(rank), item=item) for rank in range(20)], threads=20)
    assert kinds(results) == {"Item": 1, "HeldByAnother": 19}
    assert Entry.objects.filter(event=Event.DOCUMENT_TAKEN).count() == 1


def test_an_agent_who_decides_twice_at_once_decides_once(member: Member) -> None:
    [item], agent = waiting(member), adviser(1)
    queue.take(agent=agent, item=item)
    results = at_once([lambda: deciding.accept(agent=agent, item=item)] * 8)
    assert kinds(results) == {"Decision": 1, "NotAvailable": 7}
    assert Decision.objects.count() == 1


def test_undo_against_settling_has_one_winner(member: Member) -> None:
    """The same row, twenty times over: told and settled, or undone and in hand again; never both, never neither."""
    agent = adviser(1)
    for _ in range(20):
        [item] = waiting(member)
        queue.take(agent=agent, item=item)
        decision = deciding.accept(agent=agent, item=item)
        undone, _ = at_once(
            [partial(deciding.undo, agent=agent, decision=decision), partial(deciding.settle, decision)]
        )
        decision.refresh_from_db()
        item.refresh_from_db()
        state = Document.objects.get(pk=item.document_id).state
        if isinstance(undone, TooLate):
            assert (item.status, state, decision.undone_at) == (Status.DONE, State.ACCEPTED, None)
        else:
            assert (item.status, state, decision.settled_at) == (Status.WAITING, State.IN_PROGRESS, None)
            assert item.held_by(agent)
            Item.objects.filter(pk=item.pk).update(status=Status.DONE)
    settled = Decision.objects.filter(settled_at__isnull=False).count()
    assert OutboxMail.objects.count() == settled


def test_two_workers_that_settle_the_same_decision_tell_it_once(member: Member) -> None:
    agent = adviser(1)
    for item in waiting(member, 4):
        queue.take(agent=agent, item=item)
        deciding.accept(agent=agent, item=item)
    Decision.objects.update(next_attempt_at=timezone.now())
    at_once([deciding.settle_due] * 6)
    assert OutboxMail.objects.count() == 4
    assert Item.objects.filter(status=Status.DONE).count() == 4


def test_take_back_against_taking_has_one_winner(member: Member) -> None:
    for turn in range(12):
        [item], agent = waiting(member), adviser(turn)
        taken, back = at_once(
            [
                partial(queue.take, agent=agent, item=item),
                partial(take_back, acting=on_own_file(member), document_id=item.document_id),
            ]
        )
        item.refresh_from_db()
        document = Document.objects.get(pk=item.document_id)
        if isinstance(back, TooLateToTakeBack):
            assert isinstance(taken, Item)
            assert (item.status, document.state, document.erased_at) == (
                Status.WAITING,
                State.IN_PROGRESS,
                None,
            )
        else:
            assert isinstance(taken, NotAvailable)
            assert document.state == State.WITHDRAWN
            assert not item.held_by(agent)


def test_a_lease_that_ends_while_it_is_renewed_or_taken_is_one_agents(member: Member) -> None:
    for turn in range(8):
        [item] = waiting(member)
        first, second = adviser(2 * turn), adviser(2 * turn + 1)
        queue.take(agent=first, item=item)
        Item.objects.filter(pk=item.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
        renewed, taken, _ = at_once(
            [
                partial(queue.renew, agent=first, item=item),
                partial(queue.take_next, agent=second),
                queue.end_leases,
            ]
        )
        item.refresh_from_db()
        assert not (renewed and isinstance(taken, Item))
        if isinstance(taken, Item):
            assert item.held_by(second)
        Item.objects.filter(pk=item.pk).update(status=Status.DONE)


@pytest.mark.parametrize("sweeps", [0, 2])
def test_what_was_left_in_hand_is_never_lost_whether_it_is_prefetched_taken_or_swept_first(
    member: Member, sweeps: int
) -> None:
    """None leaves the queue, whatever happened the moment its lease was past; its member goes on reading « En cours »."""
    items = waiting(member, 24)
    agents = [adviser(rank) for rank in range(12)]
    for agent, left, on_screen in zip(agents, items[:12], items[12:], strict=True):
        queue.take(agent=agent, item=left)
        queue.take(agent=agent, item=on_screen)
    Item.objects.filter(pk__in=[item.pk for item in items[:12]]).update(
        leased_until=timezone.now() - timedelta(seconds=1)
    )
    prefetched = [
        partial(queue.reserve_next, agent=agent, after=on_screen)
        for agent, on_screen in zip(agents[:6], items[12:18], strict=True)
    ]
    following = [
        partial(queue.take_next, agent=agent, skipped=[on_screen.pk])
        for agent, on_screen in zip(agents[6:], items[18:], strict=True)
    ]
    results = at_once([*prefetched, *following, *[queue.end_leases] * sweeps], threads=14)
    assert not [result for result in results if isinstance(result, BaseException)]
    assert set(Item.objects.values_list("status", flat=True)) == {Status.WAITING}
    assert set(Item.objects.values_list("document__state", flat=True)) == {State.IN_PROGRESS}


def test_workers_that_enter_the_same_documents_enter_each_once(member: Member) -> None:
    documents = [checked(member) for _ in range(30)]
    results = at_once([entering.enter_checked] * 6)
    assert sum(int(result) for result in results if isinstance(result, int)) == 30
    assert set(Item.objects.values_list("document", flat=True)) == {document.pk for document in documents}


def test_next_is_read_from_an_index_among_many(member: Member) -> None:
    """Neither sorted nor scanned: what waits is a small part of what was ever treated."""
    waiting(member, 3)
    waiting(member, 30, kind="devis")
    Item.objects.create(document=checked(member), kind="rib", due_on=timezone.localdate(), status=Status.DONE)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ANALYZE casework_item")  # whether the database had by itself would choose the index
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        for filters, index in (
            (Filters(), "items_oldest_due_first"),
            (Filters(kind="rib"), "items_of_a_kind"),
        ):
            items = Item.objects.matching(filters).oldest_due_first()
            plan = items.free().open_to(adviser(len(index)))[:1].explain()
            assert index in plan, plan
            assert "Sort" not in plan, plan
