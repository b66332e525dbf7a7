"""« Classer dans un autre dossier »: a document that concerns another member, by a responsable, undone in time, told to both."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.casework.models import Item, Relocation, Status
from adherents.casework.selectors import latest_act
from adherents.casework.services import deciding, entering, queue, relocating, splitting, telling
from adherents.casework.services.relocating import (
    CannotRelocate,
    FileRefused,
    NotYoursToRelocate,
    TooLateToUndoIt,
)
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.storage.objects import StorageFailed
from adherents.vault.models import Document
from adherents.vault.origins import Erased
from adherents.vault.services import erasing
from adherents.vault.services import relocating as in_vault
from adherents.vault.services.filing import Place
from adherents.vault.services.splitting import Slice
from adherents.work.services import run_until_nothing_is_left
from tests.agents import make_agent, signed_in
from tests.casework.queueing import NEEDED, adviser, sent_together, waiting
from tests.cast import EVE
from tests.factories import open_account
from tests.vault.conftest import deposited, pdf

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
Words = Callable[[Any], str]
LATER = timedelta(seconds=11)
WHY = "Le document est au nom d’un autre adhérent"
FRAUD = "Même fichier, chez un autre adhérent"
FROM = "durand-camille-1954.pdf"


@pytest.fixture
def head(db: None) -> Account:
    return make_agent(Role.SUPERVISOR)


@pytest.fixture
def eve(db: None) -> Member:
    return Member.objects.select_related("account").get(account=open_account(EVE))


def drawn(agent: Account, member: Member, content: bytes | None = None) -> Item:
    """In hand, with its bytes and pages."""
    document = deposited(member, content or pdf(2), FROM)
    Document.objects.filter(pk=document.pk).update(note="Pour Camille, merci")
    run_until_nothing_is_left()
    item = Item.objects.get(document=document)
    queue.take(agent=agent, item=item)
    return Item.objects.get(pk=item.pk)


def held(agent: Account, member: Member) -> Item:
    """In hand, without bytes."""
    item = waiting(member, kind="facture_soins")[-1]
    queue.take(agent=agent, item=item)
    return Item.objects.get(pk=item.pk)


def settled(agent: Account, item: Item, to: Member) -> Document:
    """The copy, once the time is over and the worker was there; its checks are done."""
    relocating.relocate(agent=agent, item=item, to=to, reason=WHY)
    with time_machine.travel(timezone.now() + LATER):
        run_until_nothing_is_left()
    return Relocation.objects.get(item=item, undone_at=None).copy  # type: ignore[return-value]


def page_of(item: Item) -> str:
    return f"/gestion/traiter/{item.document_id}/autre-dossier/"


def test_it_is_looked_for_chosen_and_filed_and_nobody_reads_it_before_its_time_is_over(
    head: Account, member: Member, eve: Member, client: Client, words: Words
) -> None:
    desk, item = signed_in(head), drawn(head, member)
    assert "Classer dans un autre dossier" in words(
        desk.get(f"/gestion/traiter/{item.document_id}/reclasser/")
    )
    found = desk.post(page_of(item), {"who": eve.number})
    assert f"member={eve.pk}" in found.text
    own = desk.post(page_of(item), {"who": member.number})
    assert f"member={member.pk}" not in own.text
    assert "Aucun autre adhérent ne correspond." in words(own)
    confirm = desk.get(f"{page_of(item)}?member={eve.pk}")
    assert eve.name in confirm.text
    refused = desk.post(f"{page_of(item)}?member={eve.pk}", {"reason": ""})
    assert "Dites pourquoi" in words(refused)
    assert not Relocation.objects.exists()
    before = OutboxMail.objects.count()
    done = desk.post(f"{page_of(item)}?member={eve.pk}", {"reason": WHY}, follow=True)
    assert f"Classé dans le dossier de {eve.name}" in words(done)
    run_until_nothing_is_left()
    assert not Document.objects.filter(member=eve).exists()
    assert OutboxMail.objects.count() == before
    client.force_login(member.account)
    assert "autre dossier" not in words(client.get(f"/adherent/documents/{item.document_id}/"))
    entry = Entry.objects.get(event=Event.RELOCATION_MADE)
    assert (entry.actor, entry.owner) == (head.actor, member.subject)
    assert entry.details == {"member": eve.subject, "reason": WHY}


def test_undone_in_time_the_agent_has_it_in_hand_and_nothing_is_told(
    head: Account, member: Member, eve: Member, words: Words
) -> None:
    desk, item = signed_in(head), drawn(head, member)
    before = (item.due_on, item.entered_at)
    relocation = relocating.relocate(agent=head, item=item, to=eve, reason=WHY)
    shown = desk.get("/gestion/").text
    assert f"/gestion/changements-de-dossier/{relocation.pk}/annuler/" in shown
    back = desk.post(f"/gestion/changements-de-dossier/{relocation.pk}/annuler/", follow=True)
    assert "le document reste dans ce dossier" in words(back)
    item.refresh_from_db()
    assert (item.status, item.agent, item.due_on, item.entered_at) == (Status.WAITING, head, *before)
    with time_machine.travel(timezone.now() + LATER):
        run_until_nothing_is_left()
    assert not Document.objects.filter(member=eve).exists()
    assert not OutboxMail.objects.filter(name__in=["casework/relocated", "casework/filed_here"]).exists()
    assert Entry.objects.filter(event=Event.RELOCATION_UNDONE, actor=head.actor).count() == 1
    again = desk.post(f"/gestion/changements-de-dossier/{relocation.pk}/annuler/", follow=True)
    assert "trop tard" in words(again)
    deciding.accept(agent=head, item=item)


@any_database
def test_it_is_undone_by_its_agent_alone_in_its_seconds(head: Account, member: Member, eve: Member) -> None:
    item = held(head, member)
    relocation = relocating.relocate(agent=head, item=item, to=eve, reason=WHY)
    with pytest.raises(TooLateToUndoIt):
        relocating.undo(agent=adviser(2, Role.SUPERVISOR), relocation=relocation)
    with pytest.raises(NotYoursToRelocate):
        relocating.undo(agent=adviser(3), relocation=relocation)
    with time_machine.travel(timezone.now() + LATER), pytest.raises(TooLateToUndoIt):
        relocating.undo(agent=head, relocation=relocation)


@any_database
def test_what_cannot_go_is_refused_in_words(
    head: Account, agent: Account, member: Member, eve: Member
) -> None:
    item = held(head, member)
    with pytest.raises(NotYoursToRelocate):
        relocating.relocate(agent=agent, item=item, to=eve, reason=WHY)
    with pytest.raises(FileRefused):
        relocating.relocate(agent=head, item=item, to=member, reason=WHY)
    for ended in ({"gone_at": timezone.now()}, {"end_date": timezone.localdate() - timedelta(days=1)}):
        Member.objects.filter(pk=eve.pk).update(**ended)
        with pytest.raises(FileRefused):
            relocating.relocate(agent=head, item=item, to=eve, reason=WHY)
        Member.objects.filter(pk=eve.pk).update(gone_at=None, end_date=None)
    Item.objects.filter(pk=item.pk).update(agent=agent)
    with pytest.raises(queue.HeldByAnother):
        relocating.relocate(agent=head, item=item, to=eve, reason=WHY)
    Item.objects.filter(pk=item.pk).update(agent=head)
    Document.objects.filter(pk=item.document_id).update(set_aside="unreadable")
    with pytest.raises((CannotRelocate, queue.NotAvailable)):
        relocating.relocate(agent=head, item=item, to=eve, reason=WHY)
    Document.objects.filter(pk=item.document_id).update(set_aside="")
    deciding.accept(agent=head, item=item)
    with pytest.raises(queue.NotAvailable):
        relocating.relocate(agent=head, item=item, to=eve, reason=WHY)
    assert not Relocation.objects.exists()


@any_database
def test_neither_a_part_nor_what_was_split_goes(head: Account, member: Member, eve: Member) -> None:
    item = held(head, member)
    Document.objects.filter(pk=item.document_id).update(page_count=2)
    slices = [Slice(1, 1, Place("rib", None)), Slice(2, 2, Place("rib", None))]
    part, _rest = splitting.split(agent=head, item=item, slices=slices)
    with pytest.raises(CannotRelocate):
        relocating.relocate(agent=head, item=part, to=eve, reason=WHY)
    with pytest.raises(queue.NotAvailable):
        relocating.relocate(agent=head, item=item, to=eve, reason=WHY)


def test_once_it_went_it_is_neither_taken_nor_decided_nor_taken_back(
    head: Account, member: Member, eve: Member
) -> None:
    item = drawn(head, member)
    for moment in ("undoable", "settled"):
        if moment == "settled":
            settled(head, item, eve)
        else:
            relocation = relocating.relocate(agent=head, item=item, to=eve, reason=WHY)
        for act in (
            lambda: queue.take(agent=head, item=item),
            lambda: deciding.accept(agent=head, item=item),
            lambda: deciding.refuse(agent=head, item=item, **NEEDED),
            lambda: relocating.relocate(agent=head, item=item, to=eve, reason=WHY),
        ):
            with pytest.raises(queue.NotAvailable):
                act()
        with pytest.raises(erasing.TooLateToTakeBack):
            erasing.take_back(acting=on_own_file(member), document_id=item.document_id)  # type: ignore[arg-type]
        entering.put_right()
        assert Item.objects.get(pk=item.pk).status == Status.DONE
        if moment == "undoable":
            relocating.undo(agent=head, relocation=relocation)
    assert not item.about.__class__.objects.get(pk=item.document_id).waits_for_answer


@pytest.mark.parametrize("ends", ["file", "document", "bytes"])
def test_what_can_no_longer_be_done_when_its_time_is_over_is_given_up(
    ends: str, head: Account, member: Member, eve: Member
) -> None:
    item = drawn(head, member)
    relocation = relocating.relocate(agent=head, item=item, to=eve, reason=WHY)
    if ends == "file":
        Member.objects.filter(pk=eve.pk).update(gone_at=timezone.now())
    elif ends == "document":
        erasing.erase(document_id=item.document_id, because=Erased.RETENTION)  # type: ignore[arg-type]
    else:
        Document.objects.filter(pk=item.document_id).update(sha256="0" * 64)
    with time_machine.travel(timezone.now() + LATER):
        run_until_nothing_is_left()
    relocation.refresh_from_db()
    item.refresh_from_db()
    assert relocation.undone_at is not None
    assert relocation.next_attempt_at is None
    assert not Document.objects.filter(member=eve).exists()
    assert not OutboxMail.objects.filter(name="casework/relocated").exists()
    assert Entry.objects.filter(event=Event.RELOCATION_LAPSED, subject=item.subject).count() == 1
    if ends == "document":
        assert item.status == Status.GONE
    else:
        assert (item.status, item.reserved_for) == (Status.WAITING, head)


@any_database
def test_a_storage_that_does_not_answer_is_tried_again(
    head: Account, member: Member, eve: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = drawn(head, member)
    relocation = relocating.relocate(agent=head, item=item, to=eve, reason=WHY)

    def fails(*_given: object, **_named: object) -> None:
        raise StorageFailed("away")

    with monkeypatch.context() as broken, time_machine.travel(timezone.now() + LATER):
        broken.setattr(in_vault, "seal_copy", fails)
        assert relocating.settle_due() == 1
    relocation.refresh_from_db()
    assert (relocation.settled_at, relocation.undone_at, relocation.attempts) == (None, None, 1)
    assert relocation.next_attempt_at is not None
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        run_until_nothing_is_left()
    assert Document.objects.filter(member=eve).count() == 1


@any_database
def test_the_mail_of_the_sending_does_not_wait_for_what_went_elsewhere(
    head: Account, member: Member, eve: Member
) -> None:
    first, second = sent_together(member, "rib", "rib")
    queue.take(agent=head, item=first)
    relocating.relocate(agent=head, item=first, to=eve, reason=WHY)
    assert telling.left_to_decide(second.about.deposit_id) == 2
    Document.objects.filter(pk=first.document_id).update(relocated_at=timezone.now())
    assert telling.left_to_decide(second.about.deposit_id) == 1


@any_database
def test_annuler_takes_back_the_latest_act(head: Account, member: Member, eve: Member) -> None:
    first, second = held(head, member), held(head, member)
    decision = deciding.accept(agent=head, item=first)
    relocation = relocating.relocate(agent=head, item=second, to=eve, reason=WHY)
    assert latest_act(head) == {"to_undo": None, "to_file_back": None, "to_bring_back": relocation}
    relocating.undo(agent=head, relocation=relocation)
    assert latest_act(head)["to_undo"] == decision
