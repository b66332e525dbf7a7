"""On the way to another member’s file, on a real PostgreSQL: against decisions, the sender, undo and destruction."""

from functools import partial

import pytest

from adherents.accounts.models import Account, Role
from adherents.casework.models import Decision, Item, Relocation, Status
from adherents.casework.services import deciding, queue, relocating
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.vault.models import Document, State
from adherents.vault.origins import Erased
from adherents.vault.services import erasing
from adherents.vault.services.erasing import erase
from adherents.work.services import run_until_nothing_is_left
from tests.at_once import at_once, kinds
from tests.casework.queueing import adviser, waiting
from tests.cast import EVE
from tests.factories import open_account
from tests.vault.conftest import deposited, pdf

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql,
    pytest.mark.usefixtures("whole_journal"),
]
WHY = "Le document est au nom d’un autre adhérent"


@pytest.fixture
def eve(member: Member) -> Member:
    return Member.objects.select_related("account").get(account=open_account(EVE))


def head() -> Account:
    return adviser(1, Role.SUPERVISOR)


def drawn(agent: Account, member: Member) -> Item:
    document = deposited(member, pdf(1))
    run_until_nothing_is_left()
    item = Item.objects.get(document=document)
    queue.take(agent=agent, item=item)
    return Item.objects.get(pk=item.pk)


def test_against_a_decision_one_of_them_wins(member: Member, eve: Member) -> None:
    agent = head()
    for _ in range(10):
        item = waiting(member)[-1]
        queue.take(agent=agent, item=item)
        went, decided = at_once(
            [
                partial(relocating.relocate, agent=agent, item=item, to=eve, reason=WHY),
                partial(deciding.accept, agent=agent, item=item),
            ]
        )
        item.refresh_from_db()
        if isinstance(decided, Decision):
            assert isinstance(went, queue.NotAvailable), went
            assert item.status == Status.DECIDED
        else:
            assert isinstance(went, Relocation), went
            assert isinstance(decided, queue.NotAvailable), decided
            assert item.status == Status.DONE
        Item.objects.update(status=Status.DONE)


def test_against_its_sender_who_takes_it_back_one_of_them_wins(member: Member, eve: Member) -> None:
    agent = head()
    for _ in range(10):
        item = waiting(member)[-1]
        went, back = at_once(
            [
                partial(relocating.relocate, agent=agent, item=item, to=eve, reason=WHY),
                partial(erasing.take_back, acting=on_own_file(member), document_id=item.document_id),
            ]
        )
        document = Document.objects.get(pk=item.document_id)
        if isinstance(back, Document):
            assert isinstance(went, queue.NotAvailable), went
            assert document.state == State.WITHDRAWN
            assert not Relocation.objects.filter(item=item).exists()
        else:
            assert isinstance(back, erasing.TooLateToTakeBack), back
            assert isinstance(went, Relocation), went
            assert document.state == State.IN_PROGRESS
        Item.objects.update(status=Status.DONE)


def test_several_presses_send_it_once(member: Member, eve: Member) -> None:
    agent = head()
    item = waiting(member)[-1]
    press = partial(relocating.relocate, agent=agent, item=item, to=eve, reason=WHY)
    assert kinds(at_once([press, press, press])) == {"Relocation": 1, "NotAvailable": 2}


def test_undo_against_the_workers_and_a_destruction_makes_one_copy_or_none(
    member: Member, eve: Member
) -> None:
    agent = head()
    copies = 0
    for destroys in (False, True) * 4:
        item = drawn(agent, member)
        relocation = relocating.relocate(agent=agent, item=item, to=eve, reason=WHY)
        settle = partial(relocating.settle, relocation)
        third = partial(erase, document_id=item.document_id, because=Erased.RETENTION) if destroys else settle
        results = at_once([partial(relocating.undo, agent=agent, relocation=relocation), settle, third])
        relocation.refresh_from_db()
        made = Document.objects.filter(member=eve).count() - copies
        copies += made
        assert made == (relocation.settled_at is not None), results
        assert (relocation.undone_at is None) == (relocation.settled_at is not None)
        document = Document.objects.get(pk=item.document_id)
        assert (document.relocated_at is not None) == bool(made), results
        item.refresh_from_db()
        if isinstance(results[0], Item):
            assert (item.status, made) == (Status.WAITING, 0)
        Item.objects.update(status=Status.DONE)
    assert Document.objects.filter(member=eve, erased_at=None).count() == copies
