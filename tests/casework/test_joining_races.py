"""Joining on a real PostgreSQL: against decisions, splitting, taking back, who returns, and itself."""

import time
from collections.abc import Callable
from functools import partial

import pytest
from django.utils import timezone

from adherents.casework.models import Decision, Item, Status
from adherents.casework.services import deciding, joining, queue, splitting
from adherents.casework.services.joining import CannotJoin, NotTogether, TooLateToSeparate
from adherents.desk.services.absences import end_absence, note_absence
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.vault.legibility import SetAside
from adherents.vault.models import Document, State
from adherents.vault.services import erasing, rendition
from tests.at_once import at_once, kinds
from tests.casework.queueing import adviser, sent_together
from tests.casework.test_joining import held, joined
from tests.casework.test_splitting import cut

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("whole_journal"),
]
TIMES = 8


def was_joined(items: list[Item]) -> bool:
    """All or none of it."""
    keys = [item.document_id for item in items]
    into = set(Document.objects.filter(pk__in=keys).values_list("joined_into", flat=True))
    assert len(into) == 1, into
    return into != {None}


def test_a_join_against_a_decision_on_one_of_them_has_one_winner(member: Member) -> None:
    agent = adviser(1)
    for _ in range(TIMES):
        items = held(agent, member)
        done, decided = at_once(
            [partial(joined, agent, items), partial(deciding.accept, agent=agent, item=items[1])]
        )
        items[1].refresh_from_db()
        if isinstance(decided, Decision):
            assert isinstance(done, NotTogether), done
            assert (items[1].status, was_joined(items)) == (Status.DECIDED, False)
        else:
            assert isinstance(decided, queue.NotAvailable), decided
            assert isinstance(done, Item), done
            assert (items[1].status, was_joined(items)) == (Status.DONE, True)
        Item.objects.update(status=Status.DONE)


def test_a_join_against_a_split_of_one_of_them_has_one_winner(member: Member) -> None:
    agent = adviser(1)
    for _ in range(TIMES):
        items = held(agent, member)
        Document.objects.filter(pk=items[2].document_id).update(page_count=2)
        cuts = cut((1, 1), (2, 2))
        done, parts = at_once(
            [partial(joined, agent, items), partial(splitting.split, agent=agent, item=items[2], slices=cuts)]
        )
        assert isinstance(done, Item) != isinstance(parts, list), (done, parts)
        assert isinstance(done, Item | NotTogether), done
        assert isinstance(parts, list | queue.NotAvailable), parts
        assert was_joined(items) == isinstance(done, Item)
        assert Document.objects.filter(part_of=items[2].document_id).exists() == isinstance(parts, list)
        Item.objects.update(status=Status.DONE)


def test_who_takes_back_a_document_that_is_taken_and_joined_has_it_whole_or_not_at_all(
    member: Member,
) -> None:
    agent = adviser(1)

    def take_and_join(items: list[Item]) -> Item:
        queue.take(agent=agent, item=items[0])
        return joined(agent, items)

    for _ in range(TIMES):
        items = sent_together(member, *("facture_soins",) * 3)
        back = partial(erasing.take_back, acting=on_own_file(member), document_id=items[1].about.pk)
        done, gone = at_once([partial(take_and_join, items), back])
        if isinstance(gone, Document):
            assert isinstance(done, NotTogether), done
            assert not was_joined(items)
            assert Document.objects.get(pk=items[1].document_id).state == State.WITHDRAWN
        else:
            assert isinstance(gone, erasing.TooLateToTakeBack), gone
            assert isinstance(done, Item), done
            assert was_joined(items)
        Item.objects.update(status=Status.DONE)


def test_what_a_stand_in_joins_stays_in_their_hands_when_the_agent_comes_back(member: Member) -> None:
    agent, stand_in = adviser(1), adviser(2)
    for _ in range(TIMES):
        today = timezone.localdate()
        absence = note_absence(by=agent, agent=agent, begins_on=today, ends_on=today, substitute=stand_in)
        items = sent_together(member, *("facture_soins",) * 3)
        Item.objects.filter(pk__in=[item.pk for item in items]).update(
            reserved_for=agent, reserved_since=timezone.now(), reserved_until=queue.handed_until()
        )
        queue.take(agent=stand_in, item=items[0])
        done, _back, taken = at_once(
            [
                partial(joined, stand_in, items),
                partial(end_absence, by=agent, absence=absence),
                partial(queue.take, agent=agent, item=items[1]),
            ]
        )
        assert isinstance(done, Item), done
        assert isinstance(taken, queue.NotAvailable), taken
        assert was_joined(items)
        done.refresh_from_db()
        assert (done.agent, done.is_waiting) == (stand_in, True)
        Item.objects.update(status=Status.DONE)


def test_taking_apart_against_a_decision_has_one_winner(member: Member) -> None:
    agent = adviser(1)
    for _ in range(TIMES):
        items = held(agent, member)
        made = joined(agent, items)
        apart, decided = at_once(
            [
                partial(joining.separate, agent=agent, item=made),
                partial(deciding.accept, agent=agent, item=made),
            ]
        )
        stands = Decision.objects.filter(item__document__joined_count__gt=0).exists()
        assert stands == isinstance(decided, Decision), decided
        assert isinstance(apart, TooLateToSeparate if stands else list), apart
        assert was_joined(items) == stands
        Decision.objects.all().delete()
        Item.objects.update(status=Status.DONE)


def found_infected(document_id: object, *, after: float = 0) -> Callable[[], None]:
    """What a worker does that has it in hand, and looks at it again. `after`: seconds, so that each side wins some time."""
    Document.objects.filter(pk=document_id).update(next_attempt_at=timezone.now(), attempts=0)
    [claimed] = Document.objects.claim_due(1)
    assert claimed.pk == document_id

    def set_aside() -> None:
        time.sleep(after)
        rendition._set_aside(claimed, SetAside.INFECTED)

    return set_aside


def test_a_photo_that_is_found_infected_while_it_is_joined_or_taken_apart_leaves_no_whole_that_says_nothing(
    member: Member,
) -> None:
    agent = adviser(1)
    for attempt in range(TIMES):
        items = held(agent, member)
        late = found_infected(items[1].document_id, after=attempt / 100)
        made, aside = at_once([partial(joined, agent, items), late])
        assert aside is None, aside
        assert isinstance(made, Item | NotTogether), made
        if isinstance(made, Item):
            assert Document.objects.get(pk=made.document_id).set_aside == SetAside.INFECTED
        Document.objects.all().update(set_aside="", next_attempt_at=None)
        Item.objects.update(status=Status.DONE)
    for _ in range(TIMES):
        items = held(agent, member)
        made = joined(agent, items)
        apart, aside = at_once(
            [partial(joining.separate, agent=agent, item=made), found_infected(items[1].document_id)]
        )
        assert aside is None, aside
        assert isinstance(apart, list), apart
        assert Document.objects.get(pk=items[1].document_id).set_aside == SetAside.INFECTED
        Document.objects.all().update(set_aside="", next_attempt_at=None)
        Item.objects.update(status=Status.DONE)


def test_two_presses_join_them_once(member: Member) -> None:
    agent = adviser(1)
    items = held(agent, member)
    press = partial(joined, agent, items)
    done = at_once([press, press, press])
    assert kinds(done)["Item"] == 1
    assert all(isinstance(one, Item | CannotJoin | queue.NotAvailable) for one in done), done
    assert Document.objects.filter(joined_count=3).count() == 1
