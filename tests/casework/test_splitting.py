"""« Répartir »: one PDF treated as several documents, with the original and its receipt as they were sent."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from adherents.accounts.models import Account, Role
from adherents.casework.models import Decision, Item, Outcome, Status
from adherents.casework.services import deciding, entering, queue, reopening, splitting
from adherents.casework.services.splitting import (
    CannotSplit,
    DecidedMeanwhile,
    NotedMeanwhile,
    PagesRefused,
    PlaceRefused,
)
from adherents.casework.whole.selectors import whole_sending
from adherents.feed.models import Announcement
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Beneficiary, Member
from adherents.notes.models import Note
from adherents.reading.models import PaperReading
from adherents.vault.models import Document, State
from adherents.vault.services.allowance import room_of
from adherents.vault.services.filing import Place
from adherents.vault.services.splitting import Slice
from adherents.work.services import run_until_nothing_is_left
from tests.casework.queueing import NEEDED, adviser, waiting
from tests.journeys.papers import sheets
from tests.vault.conftest import deposited

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
Words = Callable[[Any], str]
Kinds = tuple[str, ...]


@pytest.fixture
def child(member: Member) -> Beneficiary:
    return Beneficiary.objects.create(member=member, rank=1, birth_name="Dupont", first_names="Lina")


def held(agent: Account, member: Member, pages: int = 4) -> Item:
    """In hand, without bytes."""
    item = waiting(member, kind="facture_soins")[-1]
    Document.objects.filter(pk=item.document_id).update(page_count=pages)
    queue.take(agent=agent, item=item)
    return Item.objects.get(pk=item.pk)


def drawn(agent: Account, member: Member, pages: int = 3) -> Item:
    """In hand, a real PDF whose pages were drawn."""
    document = deposited(member, sheets(pages))
    run_until_nothing_is_left()
    item = Item.objects.get(document=document)
    queue.take(agent=agent, item=item)
    return Item.objects.get(pk=item.pk)


def cut(*spans: tuple[int, int], kind: str = "ordonnance", person: int | None = None) -> list[Slice]:
    return [Slice(first, last, Place(kind, person)) for first, last in spans]


def page_of(item: Item) -> str:
    return f"/gestion/traiter/{item.document_id}/repartir/"


def typed(*rows: tuple[str, str, str]) -> dict[str, str]:
    fields = {"rows": str(len(rows))}
    for number, values in enumerate(rows, 1):
        fields |= {
            f"{name}_{number}": value for name, value in zip(("pages", "kind", "person"), values, strict=True)
        }
    return fields


def test_each_part_is_an_item_with_the_promise_of_the_original_which_nobody_decides(
    desk: Client, agent: Account, member: Member, child: Beneficiary
) -> None:
    item = held(agent, member)
    before = Item.objects.get(pk=item.pk)
    shown = desk.get(page_of(item)).text
    assert 'value="2-4"' in shown
    rows = (("1-2", "facture_optique", "0"), ("3", "ordonnance", str(child.pk)), ("4", "rib", "0"))
    desk.post(page_of(item), typed(*rows))
    parts = list(Document.objects.filter(part_of=item.document_id).order_by("first_page"))
    filed = [(part.kind, part.beneficiary_id, part.original_pages, part.page_count) for part in parts]
    assert filed == [
        ("facture_optique", None, [1, 2], 2),
        ("ordonnance", child.pk, [3], 1),
        ("rib", None, [4], 1),
    ]
    for part in parts:
        row = Item.objects.get(document=part)
        assert (row.due_on, row.entered_at, row.kind) == (before.due_on, before.entered_at, part.kind)
        assert (row.status, row.agent) == (Status.WAITING, agent)
        assert part.answer_expected_on == before.about.answer_expected_on
        assert part.state == State.IN_PROGRESS
    item.refresh_from_db()
    assert item.status == Status.DONE
    with pytest.raises(queue.NotAvailable):
        deciding.accept(agent=agent, item=item)
    entering.put_right()
    queue.end_leases()
    item.refresh_from_db()
    assert item.status == Status.DONE, "no sweep puts it back"
    told = Announcement.objects.get(type="document.split")
    assert (told.subject, told.data["parts"]) == (f"document/{item.document_id}", 3)
    assert Entry.objects.filter(event=Event.PART_MADE, actor=agent.actor).count() == 3


@any_database
def test_parts_stand_in_the_order_of_their_pages_wherever_they_are_listed(
    agent: Account, member: Member
) -> None:
    item = held(agent, member, pages=8)
    made = splitting.split(agent=agent, item=item, slices=cut(*((page, page) for page in range(1, 9))))
    listed = Document.objects.every_one_of(member).filter(part_of=item.document_id)
    assert [part.first_page for part in listed] == list(range(1, 9))
    beside = whole_sending(Document.objects.get(pk=made[0].document_id), agent)
    assert [one.document.first_page for one in beside.documents] == list(range(1, 9)), "not what they are of"


@any_database
def test_every_error_of_the_rows_is_told_at_its_field_in_one_round(
    desk: Client, agent: Account, member: Member
) -> None:
    item = held(agent, member)
    wrong = desk.post(
        page_of(item), typed(("1-9", "rib", "0"), ("deux", "rien", "0"), ("2", "", "77")), follow=True
    ).text
    for words in (
        "Ce document a 4 pages",
        "Écrivez une page, ou deux avec un tiret",
        "Choisissez un type de la liste.",
        "Choisissez une personne de la liste.",
    ):
        assert words in wrong
    twice = desk.post(page_of(item), typed(("1-3", "rib", "0"), ("3-4", "rib", "0"))).text
    assert "La page 3 est déjà dans la partie 1." in twice
    left = desk.post(page_of(item), typed(("1", "rib", "0"), ("3-4", "rib", "0"))).text
    assert "La page 2 n’est dans aucune partie" in left
    alone = desk.post(page_of(item), typed(("1-4", "rib", "0"), ("", "rib", "0"))).text
    assert "Il faut deux parties au moins." in alone
    more = desk.post(page_of(item), typed(("1", "rib", "0"), ("2", "devis", "0")) | {"more": "1"}).text
    assert 'name="pages_3"' in more
    assert not Document.objects.filter(part_of__isnull=False).exists()


@any_database
def test_what_is_wrong_is_refused_by_the_service_too(agent: Account, member: Member) -> None:
    item = held(agent, member, 3)
    for slices, refusal in (
        (cut((1, 3)), PagesRefused),
        (cut((1, 2), (2, 3)), PagesRefused),
        (cut((1, 1), (3, 3)), PagesRefused),
        (cut((1, 1), (2, 99)), PagesRefused),
        (cut((2, 3), (0, 1)), PagesRefused),
        (cut((1, 1), (2, 3), kind="rien"), PlaceRefused),
        (cut((1, 1), (2, 3), person=99), PlaceRefused),
    ):
        with pytest.raises(refusal):
            splitting.split(agent=agent, item=item, slices=slices)
    with pytest.raises(queue.HeldByAnother):
        splitting.split(agent=adviser(2), item=item, slices=cut((1, 1), (2, 3)))
    [part, _rest] = splitting.split(agent=agent, item=item, slices=cut((1, 1), (2, 3)))
    with pytest.raises(CannotSplit):
        splitting.split(agent=agent, item=_rest, slices=cut((1, 1), (2, 2)))
    with pytest.raises(queue.NotAvailable):
        splitting.split(agent=agent, item=item, slices=cut((1, 1), (2, 3)))
    Account.objects.filter(pk=agent.pk).update(role=Role.AUDITOR)
    with pytest.raises(splitting.NotYoursToSplit):
        splitting.put_together(agent=agent, item=item)
    assert part.is_waiting


@any_database
def test_undone_while_nothing_was_decided_it_is_one_again(
    desk: Client, client: Client, agent: Account, member: Member, words: Words
) -> None:
    item = held(agent, member)
    [part, _rest] = splitting.split(agent=agent, item=item, slices=cut((1, 1), (2, 4)))
    PaperReading.objects.bulk_create(PaperReading(document=one.about) for one in (part, _rest))
    assert "Annuler la répartition" in desk.get(f"/gestion/traiter/{part.document_id}/").text
    assert "ce sont ses parties" in desk.get(f"/gestion/traiter/{item.document_id}/").text
    back = desk.post(f"/gestion/traiter/{item.document_id}/reunir/", follow=True)
    assert "Répartition annulée" in back.text
    item.refresh_from_db()
    assert (item.status, item.agent) == (Status.WAITING, agent)
    assert not Document.objects.filter(part_of__isnull=False).exists()
    assert Announcement.objects.filter(type="document.split").latest("pk").data["parts"] == 0
    client.force_login(member.account)
    story = words(client.get(f"/adherent/documents/{item.document_id}/"))
    assert "a annulé la répartition" in story
    assert deciding.accept(agent=agent, item=item).outcome == Outcome.ACCEPTED


@any_database
def test_what_was_decided_or_written_of_a_part_stands_in_the_way(agent: Account, member: Member) -> None:
    item = held(agent, member)
    [part, rest] = splitting.split(agent=agent, item=item, slices=cut((1, 1), (2, 4)))
    together = partial(splitting.put_together, agent=agent, item=item)
    decision = deciding.refuse(agent=agent, item=part, **NEEDED | {"reason": "illisible"})
    with pytest.raises(DecidedMeanwhile):
        together()
    deciding.settle(decision)
    reopening.reopen(agent=agent, decision=Decision.objects.get(pk=decision.pk), reason="Erreur")
    with pytest.raises(DecidedMeanwhile):
        together()
    Decision.objects.all().delete()
    queue.give_back(agent=agent, item=rest)
    colleague = adviser(2)
    queue.take(agent=colleague, item=rest)
    with pytest.raises(DecidedMeanwhile):
        together()
    queue.hand_over(agent=colleague, item=rest, to=adviser(3), words="À voir")
    with pytest.raises(DecidedMeanwhile):
        together()
    Item.objects.waiting().update(leased_until=None, reserved_for=None, reserved_until=None)
    note = Note.objects.create(document_id=rest.document_id, member=member, author=agent, words="Vu")
    with pytest.raises(NotedMeanwhile):
        together()
    note.delete()
    assert together().status == Status.WAITING


@any_database
def test_a_part_is_decided_told_and_counted_for_itself(
    client: Client, agent: Account, member: Member, mails: Callable[[], list[Any]], words: Words
) -> None:
    item = held(agent, member)
    [part, rest] = splitting.split(agent=agent, item=item, slices=cut((1, 1), (2, 4)))
    deciding.settle(deciding.accept(agent=agent, item=part))
    deciding.settle(deciding.refuse(agent=agent, item=rest, **NEEDED | {"reason": "illisible"}))
    states = (
        Document.objects.filter(part_of=item.document_id)
        .order_by("first_page")
        .values_list("state", flat=True)
    )
    assert list(states) == [State.ACCEPTED, State.REFUSED]
    assert Document.objects.get(pk=item.document_id).shown_state[0] == "split"
    client.force_login(member.account)
    assert "Envoyer le bon document" in words(client.get(f"/adherent/documents/{rest.document_id}/"))


@any_database
def test_parts_take_nothing_of_what_a_member_may_send(agent: Account, member: Member) -> None:
    item = held(agent, member)
    before = room_of(member)
    splitting.split(agent=agent, item=item, slices=cut((1, 1), (2, 4)))
    assert room_of(member) == before


@any_database
def test_a_part_without_pages_or_with_bytes_is_no_row(agent: Account, member: Member) -> None:
    item = held(agent, member)
    [part, _rest] = splitting.split(agent=agent, item=item, slices=cut((1, 1), (2, 4)))
    for wrong in ({"first_page": None}, {"last_page": 0}, {"wrapped_key": b"key"}, {"part_of": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Document.objects.filter(pk=part.document_id).update(**wrong)
