"""« Réunir »: several documents of one sending treated as one, each as it was sent, with the receipt of all."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from adherents.accounts.models import Account, Role
from adherents.casework.models import Decision, Item, Outcome, Status
from adherents.casework.services import (
    deciding,
    entering,
    filing,
    joining,
    queue,
    reopening,
    splitting,
    telling,
)
from adherents.casework.services.joining import (
    CannotJoin,
    DecidedAlready,
    JoinedKindRefused,
    NotedSince,
    NotTogether,
    NumberRefused,
    TooLateToSeparate,
)
from adherents.feed.models import Announcement
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.acting import on_own_file
from adherents.members.models import Beneficiary, Member
from adherents.notes.models import Note
from adherents.reading.models import PaperReading
from adherents.vault.models import Document, State
from adherents.vault.services import erasing
from adherents.vault.services.allowance import room_of
from adherents.vault.services.filing import Place
from tests.casework.queueing import NEEDED, adviser, sent_together
from tests.casework.test_splitting import cut

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
Words = Callable[[Any], str]


def held(agent: Account, member: Member, *kinds: str) -> list[Item]:
    """One sending in hand, without bytes."""
    items = sent_together(member, *(kinds or ("facture_soins",) * 3))
    queue.take(agent=agent, item=items[0])
    return [Item.objects.get(pk=item.pk) for item in items]


def joined(agent: Account, items: list[Item], kind: str = "facture_soins") -> Item:
    keys = [item.about.pk for item in items]
    return joining.join(agent=agent, item=items[0], document_ids=keys, kind=kind)


def page_of(item: Item) -> str:
    return f"/gestion/traiter/{item.document_id}/reunir-avec/"


def placed(items: list[Item], *places: str, kind: str = "facture_soins") -> dict[str, str]:
    rows = zip(items, places, strict=True)
    return {f"place_{item.document_id}": place for item, place in rows} | {"kind": kind}


def test_three_become_one_item_with_the_earliest_promise_and_nobody_decides_the_others(
    desk: Client, agent: Account, member: Member
) -> None:
    items = held(agent, member, "facture_soins", "inconnu", "ordonnance")
    Item.objects.filter(pk=items[1].pk).update(due_on=items[0].due_on - timedelta(days=9), was_late=True)
    Item.objects.filter(pk=items[2].pk).update(entered_at=items[0].entered_at - timedelta(days=9))
    shown = desk.get(page_of(items[1])).text
    assert all(f'name="place_{item.document_id}"' in shown for item in items)
    went = desk.post(page_of(items[1]), placed(items, "2", "1", "3"))
    made = Item.objects.get(document__joined_count=3)
    assert went.headers["Location"].startswith(f"/gestion/traiter/{made.document_id}/")
    named = made.about.joined_from.order_by("joined_rank").values_list("pk", flat=True)
    assert list(named) == [items[at].document_id for at in (1, 0, 2)]
    assert (made.due_on, made.was_late) == (items[0].due_on - timedelta(days=9), True)
    assert made.entered_at == items[0].entered_at - timedelta(days=9)
    assert (made.status, made.agent, made.about.state) == (Status.WAITING, agent, State.IN_PROGRESS)
    assert (made.about.page_count, made.about.kind) == (3, "facture_soins")
    days = [item.about.answer_expected_on for item in items]
    assert made.about.answer_expected_on == min(days)
    entering.put_right()
    queue.end_leases()
    for item in items:
        item.refresh_from_db()
        assert item.status == Status.DONE, "no sweep puts it back"
        with pytest.raises(queue.NotAvailable):
            deciding.accept(agent=agent, item=item)
    told = Announcement.objects.filter(type="document.joined")
    assert {row.subject for row in told} == {f"document/{item.document_id}" for item in items}
    assert {row.data["into"] for row in told} == {str(made.document_id)}
    assert Entry.objects.filter(event=Event.DOCUMENT_JOINED, actor=agent.actor).count() == 3
    assert Entry.objects.get(event=Event.JOINED_MADE).subject == made.subject


def test_one_without_a_place_stays_by_itself(desk: Client, agent: Account, member: Member) -> None:
    items = held(agent, member)
    desk.post(page_of(items[0]), placed(items, "2", "", "1"))
    made = Item.objects.get(document__joined_count=2)
    assert [row.pk for row in made.about.joined_documents] == [items[2].document_id, items[0].document_id]
    items[1].refresh_from_db()
    assert (items[1].status, items[1].agent) == (Status.WAITING, agent)
    assert "Envoi" in desk.get(f"/gestion/traiter/{items[1].document_id}/").text


@any_database
def test_every_error_of_the_places_is_told_at_its_field_in_one_round(
    desk: Client, agent: Account, member: Member
) -> None:
    items = held(agent, member, "inconnu", "inconnu", "inconnu")
    wrong = desk.post(page_of(items[0]), placed(items, "1", "1", "9", kind="")).text
    for words in (
        "La place 1 est déjà prise.",
        "Écrivez un nombre de 1 à 3, ou rien.",
        "Choisissez un type de la liste.",
    ):
        assert words in wrong
    assert "Il faut deux documents au moins." in desk.post(page_of(items[0]), placed(items, "", "", "1")).text
    assert not Document.objects.filter(joined_count__gt=0).exists()


@any_database
def test_what_is_not_alike_or_not_in_hand_is_refused(agent: Account, member: Member) -> None:
    items, other = held(agent, member), held(agent, member)
    child = Beneficiary.objects.create(member=member, rank=1, birth_name="Dupont", first_names="Lina")
    with pytest.raises(NotTogether):
        joined(agent, [items[0], other[0]])
    with pytest.raises(NotTogether):
        joined(agent, [items[0], items[0]])
    with pytest.raises(NumberRefused):
        joined(agent, items[:1])
    with pytest.raises(JoinedKindRefused):
        joined(agent, items, kind="rien")
    with pytest.raises(queue.NotYours):
        joined(adviser(2), items)
    Document.objects.filter(pk=items[0].document_id).update(page_count=49)
    with pytest.raises(NumberRefused):
        joined(agent, items)
    Document.objects.filter(pk=items[0].document_id).update(beneficiary=child)
    with pytest.raises(NotTogether):
        joined(agent, items)
    made = joined(agent, items[1:])
    with pytest.raises(NotTogether):
        joined(agent, [items[0], made])
    with pytest.raises(splitting.CannotSplit):
        splitting.split(agent=agent, item=made, slices=cut((1, 1), (2, 2)))
    Document.objects.filter(pk=other[0].document_id).update(page_count=2)
    [part, _rest] = splitting.split(agent=agent, item=other[0], slices=cut((1, 1), (2, 2)))
    with pytest.raises(NotTogether):
        joined(agent, [part, other[1]])
    Account.objects.filter(pk=agent.pk).update(role=Role.AUDITOR)
    with pytest.raises(joining.NotYoursToJoin):
        joining.separate(agent=agent, item=made)


@any_database
def test_what_its_member_had_an_answer_to_is_not_joined(agent: Account, member: Member) -> None:
    items = held(agent, member)
    decision = deciding.accept(agent=agent, item=items[0])
    deciding.settle(decision)
    reopening.reopen(agent=agent, decision=Decision.objects.get(pk=decision.pk), reason="Erreur")
    with pytest.raises(DecidedAlready):
        joined(agent, items)


@any_database
def test_undone_while_it_is_not_decided_each_is_by_itself_again(
    desk: Client, client: Client, agent: Account, member: Member, words: Words
) -> None:
    items = held(agent, member)
    made = joined(agent, items)
    PaperReading.objects.create(document=made.about)
    shown = desk.get(f"/gestion/traiter/{made.document_id}/").text
    assert "Séparer" in shown
    assert 'id="reunion"' in shown
    assert "c’est l’ensemble qui est décidé" in desk.get(f"/gestion/traiter/{items[0].document_id}/").text
    filing.refile(agent=agent, item=made, to=Place("devis", None))
    back = desk.post(f"/gestion/traiter/{made.document_id}/separer/", follow=True)
    assert "à nouveau traité à part" in back.text
    assert not Document.objects.filter(joined_count__gt=0).exists()
    assert not Document.objects.filter(joined_into__isnull=False).exists()
    for item in items:
        item.refresh_from_db()
        assert (item.status, item.agent, item.about.kind) == (Status.WAITING, agent, "facture_soins")
    latest = Announcement.objects.filter(type="document.joined").order_by("-pk")[:3]
    assert {row.data["into"] for row in latest} == {""}
    client.force_login(member.account)
    story = words(client.get(f"/adherent/documents/{items[0].document_id}/"))
    assert "l’a séparé des autres" in story
    assert deciding.accept(agent=agent, item=items[0]).outcome == Outcome.ACCEPTED


@any_database
def test_what_was_decided_or_written_of_it_stands_in_the_way(agent: Account, member: Member) -> None:
    made = joined(agent, held(agent, member))
    apart = partial(joining.separate, agent=agent, item=made)
    decision = deciding.refuse(agent=agent, item=made, **NEEDED | {"reason": "illisible"})
    with pytest.raises(TooLateToSeparate):
        apart()
    deciding.settle(decision)
    reopening.reopen(agent=agent, decision=Decision.objects.get(pk=decision.pk), reason="Erreur")
    with pytest.raises(TooLateToSeparate):
        apart()
    Decision.objects.all().delete()
    queue.give_back(agent=agent, item=made)
    queue.take(agent=adviser(2), item=made)
    with pytest.raises(TooLateToSeparate):
        apart()
    Item.objects.waiting().update(leased_until=None)
    note = Note.objects.create(document_id=made.document_id, member=member, author=agent, words="Vu")
    with pytest.raises(NotedSince):
        apart()
    assert Document.objects.filter(joined_into=made.document_id).count() == 3, "nothing of it was undone"
    note.delete()
    assert len(apart()) == 3
    with pytest.raises((CannotJoin, Document.DoesNotExist, Item.DoesNotExist)):
        apart()


@any_database
def test_one_decision_one_figure_one_mail(
    agent: Account, member: Member, client: Client, words: Words
) -> None:
    items = held(agent, member)
    made = joined(agent, items)
    deciding.settle(deciding.refuse(agent=agent, item=made, **NEEDED | {"reason": "illisible"}))
    assert Decision.objects.count() == 1
    assert OutboxMail.objects.count() == 1
    client.force_login(member.account)
    page = words(client.get(f"/adherent/documents/{made.document_id}/"))
    assert "Envoyer le bon document" in page
    assert Document.objects.get(pk=items[0].document_id).shown_state == ("joined", "Réuni")


@any_database
def test_what_stays_by_itself_is_told_in_the_same_mail(agent: Account, member: Member) -> None:
    items = held(agent, member)
    made = joined(agent, items[:2])
    deciding.settle(deciding.accept(agent=agent, item=made))
    assert telling.left_to_decide(made.about.deposit_id) == 1
    assert not OutboxMail.objects.exists(), "it waits for the other one"
    deciding.settle(deciding.accept(agent=agent, item=items[2]))
    assert telling.left_to_decide(made.about.deposit_id) == 0
    telling.tell_due()
    assert OutboxMail.objects.count() == 1


@any_database
def test_it_answers_what_they_were_sent_to_answer(agent: Account, member: Member) -> None:
    [asked] = held(agent, member, "facture_soins")
    deciding.settle(deciding.refuse(agent=agent, item=asked, **NEEDED | {"reason": "illisible"}))
    items = held(agent, member)
    Document.objects.filter(pk__in=[item.document_id for item in items]).update(at=items[0].about.at)
    Document.objects.filter(pk=items[1].document_id).update(answers=asked.about)
    made = joined(agent, items)
    assert made.about.answers_id == asked.document_id
    found = Document.objects.with_answers().get(pk=asked.document_id)
    assert found.answer_id == made.document_id, "its member is led to what is treated"
    joining.separate(agent=agent, item=made)
    assert Document.objects.with_answers().get(pk=asked.document_id).answer_id == items[1].document_id


@any_database
def test_its_member_cannot_take_back_what_was_joined(agent: Account, member: Member) -> None:
    items = held(agent, member)
    made = joined(agent, items)
    for key in (items[0].about.pk, made.about.pk):
        with pytest.raises(erasing.TooLateToTakeBack):
            erasing.take_back(acting=on_own_file(member), document_id=key)


@any_database
def test_it_takes_nothing_of_what_a_member_may_send(agent: Account, member: Member) -> None:
    items = held(agent, member)
    before = room_of(member)
    joined(agent, items)
    assert room_of(member) == before


@any_database
def test_half_a_join_is_no_row(agent: Account, member: Member) -> None:
    items = held(agent, member)
    made = joined(agent, items[:2])
    for key, wrong in (
        (items[0].document_id, {"joined_into": None}),
        (items[0].document_id, {"joined_rank": None}),
        (items[0].document_id, {"joined_at": None}),
        (made.document_id, {"joined_count": 0}),
        (made.document_id, {"joined_count": 1}),
        (made.document_id, {"wrapped_key": b"key"}),
        (made.document_id, {"sha256": "0" * 64}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Document.objects.filter(pk=key).update(**wrong)
