"""Reopening on a real PostgreSQL, against all that can happen to the decision and its document at the same time."""

from functools import partial

import pytest

from adherents.accounts.models import Role
from adherents.accounts.services import agents
from adherents.casework.models import Correction, Item, Outcome, Reopening, Status, Tally
from adherents.casework.services import deciding, entering, queue, reopening
from adherents.casework.services.reopening import AnotherWasSent, NotYoursToReopen
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from adherents.vault.models import Document, State
from tests.at_once import at_once, kinds
from tests.casework.queueing import adviser, waiting
from tests.casework.test_reopening import WHY, decided, document_of
from tests.vault.conftest import deposited, pdf

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("whole_journal"),
]


def test_agents_who_reopen_at_once_reopen_it_once_and_tell_it_once(member: Member) -> None:
    agent = adviser(1)
    decision = decided(agent, waiting(member)[0])
    heads = [agent, *(adviser(rank, Role.SUPERVISOR) for rank in range(2, 7))]
    acts = [partial(reopening.reopen, agent=head, decision=decision, reason=WHY) for head in heads]
    assert kinds(at_once(acts)) == {"Item": 1, "ReopenedAlready": 5}
    assert OutboxMail.objects.filter(name="casework/reopened").count() == 1
    assert Tally.objects.get().refused == 0


@pytest.mark.usefixtures("objects_folder")
@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.INCOMPLETE])
def test_reopening_against_a_replacement_or_an_answer_has_one_winner(
    member: Member, outcome: Outcome
) -> None:
    """Either the member's other document replaces the one that stays decided, or both are treated, each for itself."""
    agent = adviser(1)
    for _ in range(12):
        decision = decided(agent, waiting(member)[0], outcome)
        asked = document_of(decision)

        reopened, sent = at_once(
            [
                partial(reopening.reopen, agent=agent, decision=decision, reason=WHY),
                partial(deposited, member, pdf(), answers=asked),
            ]
        )
        assert isinstance(sent, Document), sent
        Document.objects.filter(pk=sent.pk).update(
            state=State.CHECKED, checked_at=sent.at, next_attempt_at=None
        )
        entering.enter_checked()
        asked.refresh_from_db()
        sent.refresh_from_db()
        if isinstance(reopened, AnotherWasSent):
            assert (asked.state, sent.answers_id) == (outcome.value, asked.pk)
        else:
            assert isinstance(reopened, Item), reopened
            assert (asked.state, sent.answers_id) == (State.IN_PROGRESS, None)
        assert not Correction.objects.open_for(member).filter(document=asked, answered_at=None).exists()
        Item.objects.update(status=Status.DONE)


def test_reopening_against_settling_and_undoing_is_one_of_them(member: Member) -> None:
    agent = adviser(1)
    for _ in range(8):
        [item] = waiting(member)
        queue.take(agent=agent, item=item)
        decision = deciding.accept(agent=agent, item=item)
        undone, reopened, _ = at_once(
            [
                partial(deciding.undo, agent=agent, decision=decision),
                partial(reopening.reopen, agent=agent, decision=decision, reason=WHY),
                partial(deciding.settle, decision),
            ]
        )
        assert not (isinstance(undone, Item) and isinstance(reopened, Item))
        decision.refresh_from_db()
        is_reopened = Reopening.objects.filter(decision=decision).exists()
        assert is_reopened == isinstance(reopened, Item)
        assert (decision.undone_at is not None) == (isinstance(undone, Item) or is_reopened)
        Item.objects.update(status=Status.DONE)


def test_an_agent_who_is_suspended_meanwhile_reopens_before_or_not_at_all(member: Member) -> None:
    chief = adviser(90, Role.ADMINISTRATOR)
    for rank in range(8):
        agent = adviser(rank)
        decision = decided(agent, waiting(member)[0])
        reopened, suspended = at_once(
            [
                partial(reopening.reopen, agent=agent, decision=decision, reason=WHY),
                partial(agents.suspend, agent=agent, by=chief, reason=WHY),
            ]
        )
        assert suspended is None
        if isinstance(reopened, Item):
            order = Entry.objects.filter(event__in=[Event.DECISION_REOPENED, Event.AGENT_SUSPENDED])
            assert list(order.order_by("-pk").values_list("event", flat=True)[:2]) == [
                Event.AGENT_SUSPENDED,
                Event.DECISION_REOPENED,
            ]
        else:
            assert isinstance(reopened, NotYoursToReopen), reopened
        Item.objects.update(status=Status.DONE)
