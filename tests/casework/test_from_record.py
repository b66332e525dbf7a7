"""Treating a document from its member's record, and the story of one that was decided."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.casework.models import Decision, Item
from adherents.casework.services import deciding, queue
from adherents.mail.models import MailState, OutboxMail
from adherents.members.models import Member
from adherents.vault.models import Deposit, Document, State
from tests.casework.queueing import NEEDED, adviser, checked, waiting

Words = Callable[[Any], str]
pytestmark = pytest.mark.django_db
FROM = "?from=record"


def page(item: Item) -> str:
    return f"/gestion/documents/{item.document_id}/"


def test_a_waiting_document_is_taken_decided_and_undone_from_its_record(
    member: Member, agent: Account, desk: Client, words: Words
) -> None:
    """And the agent is back at it each time, not at the next of the queue."""
    item, _other = waiting(member, 2)
    shown = desk.get(page(item))
    assert "À traiter avant le" in words(shown)
    take = f"/gestion/traiter/{item.document_id}/prendre/{FROM}"
    assert take in shown.content.decode()
    answer = desk.post(take)
    assert answer.url == f"/gestion/traiter/{item.document_id}/{FROM}"  # type: ignore[attr-defined]
    screen = desk.get(answer.url).content.decode()  # type: ignore[attr-defined]
    accept = f"/gestion/traiter/{item.document_id}/accepter/{FROM}"
    assert accept in screen
    assert "Reprendre : il est dans vos mains" in words(desk.get(page(item))).replace("\xa0", " ")
    assert desk.post(f"/gestion/traiter/{item.document_id}/suivant/{FROM}").json() == {"images": []}
    assert desk.post(accept).url == page(item)  # type: ignore[attr-defined]
    shown = desk.get(page(item))
    decision = Decision.objects.get()
    undo = f"/gestion/decisions/{decision.pk}/annuler/{FROM}"
    assert undo in shown.content.decode()
    assert desk.post(undo).url == f"/gestion/traiter/{item.document_id}/{FROM}"  # type: ignore[attr-defined]
    desk.post(f"/gestion/traiter/{item.document_id}/refuser/{FROM}", NEEDED)
    assert Decision.objects.standing().get().reason == NEEDED["reason"]


def test_an_item_given_back_from_the_record_leads_back_there(member: Member, desk: Client) -> None:
    (item,) = waiting(member)
    desk.post(f"/gestion/traiter/{item.document_id}/prendre/{FROM}")
    answer = desk.post(f"/gestion/traiter/{item.document_id}/rendre/{FROM}")
    assert answer.url == page(item)  # type: ignore[attr-defined]


def test_following_from_a_record_forgets_the_record(member: Member, desk: Client) -> None:
    item, other = waiting(member, 2)
    desk.post(f"/gestion/traiter/{item.document_id}/prendre/{FROM}")
    answer = desk.post(f"/gestion/suivant/{FROM}", {"after": str(item.document_id)})
    assert answer.url == f"/gestion/traiter/{other.document_id}/"  # type: ignore[attr-defined]


def test_another_agents_lease_and_what_is_kept_for_another_refuse_in_words(
    member: Member, desk: Client, words: Words
) -> None:
    held, kept = waiting(member, 2)
    queue.take(agent=adviser(1), item=held)
    Item.objects.filter(pk=kept.pk).update(reserved_for=adviser(2))
    for item, why in ((held, "Agent 1 traite ce document."), (kept, "Ce document est réservé à Agent 2.")):
        shown = desk.get(page(item))
        assert why in words(shown)
        assert "/prendre/" not in shown.content.decode()
        # A page from before: the same in words, and nothing changes.
        refused = desk.post(f"/gestion/traiter/{item.document_id}/prendre/{FROM}", follow=True)
        assert why in words(refused)
    assert Item.objects.get(pk=held.pk).agent_id != desk.session["_auth_user_id"]


def test_the_lists_have_the_same_button_line_by_line(member: Member, desk: Client, words: Words) -> None:
    free, held = waiting(member, 2)
    done = checked(member)
    queue.take(agent=adviser(1), item=held)
    Document.objects.filter(pk=done.pk).update(state=State.ACCEPTED)
    Document.objects.update(deposit=done.deposit)
    Deposit.objects.filter(pk=done.deposit.pk).update(number="D-2026-000154")
    for shown in (
        desk.get(f"/gestion/adherents/{member.pk}/documents/"),
        desk.post("/gestion/adherents/", {"q": "d 2026 154"}),
    ):
        html = shown.content.decode()
        assert f"/gestion/traiter/{free.document_id}/prendre/{FROM}" in html
        assert html.count("/prendre/") == 1
        assert "Agent 1 traite ce document." in words(shown)


def refused(item: Item, agent: Account) -> Decision:
    decision = deciding.refuse(agent=agent, item=item, **NEEDED)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        deciding.settle_due()
    decision.refresh_from_db()
    return decision


def test_a_decided_document_tells_its_whole_story(
    member: Member, agent: Account, desk: Client, words: Words
) -> None:
    (item,) = waiting(member)
    refused(item, agent)

    def story() -> str:
        return words(desk.get(page(item))).replace("\xa0", " ")

    for part in (
        "Ce qui a été décidé",
        "Refusé",
        "Illisible.",
        agent.shown_name,
        "Mail en attente de départ.",
    ):
        assert part in story(), part
    assert "Pas encore de réponse." in story()
    mails = OutboxMail.objects.filter(name="casework/refused")
    mails.update(state=MailState.SENT, sent_at=timezone.now(), next_attempt_at=None)
    assert "Mail parti le" in story()
    mails.update(bounced_at=timezone.now())
    assert "Mail revenu le" in story()
    mails.update(bounced_at=None, sent_at=None, state=MailState.FAILED)
    assert "Mail jamais parti" in story()
    mails.delete()
    assert "Aucun mail : " in story()
    answer = checked(member, answers=Document.objects.get(pk=item.document_id))
    assert "Répondu le" in story()
    assert f"/gestion/documents/{answer.pk}/" in desk.get(page(item)).content.decode()
    assert "Pas encore de réponse." not in story()
