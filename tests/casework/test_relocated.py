"""What follows once a document went to another member’s file: two documents that share nothing, and who reads what of them."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.api.resources.documents import document_resource
from adherents.api.selectors import documents as documents_for_programs
from adherents.casework.models import Decision, Item, Status
from adherents.casework.services import queue
from adherents.feed.models import Announcement
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from adherents.storage.reading import clear_bytes
from adherents.vault.models import Document, State
from adherents.vault.origins import Erased
from adherents.vault.receipts.services import envelope_of
from adherents.vault.services import erasing, retention
from adherents.vault.services.exporting import export_everything
from adherents.work.services import run_until_nothing_is_left
from tests.agents import make_agent, signed_in
from tests.casework.queueing import checked
from tests.casework.test_relocating import FROM, WHY, drawn, held, page_of, settled
from tests.cast import EVE
from tests.factories import open_account
from tests.vault.conftest import deposited, pdf

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
Words = Callable[[Any], str]
FRAUD = "Même fichier, chez un autre adhérent"


@pytest.fixture
def head(db: None) -> Account:
    return make_agent(Role.SUPERVISOR)


@pytest.fixture
def eve(db: None) -> Member:
    return Member.objects.select_related("account").get(account=open_account(EVE))


def test_the_other_member_gets_a_copy_that_keeps_place_and_promise_and_both_are_told(
    head: Account, member: Member, eve: Member, client: Client, words: Words
) -> None:
    item = drawn(head, member)
    due = timezone.localdate() - timedelta(days=40)
    Item.objects.filter(pk=item.pk).update(due_on=due, was_late=True)
    item.refresh_from_db()
    sent = item.about
    receipt = bytes(envelope_of(sent.deposit).payload)
    copy = settled(head, item, eve)
    assert (copy.member, copy.kind, copy.state) == (eve, "rib", State.CHECKED)
    assert b"".join(clear_bytes(copy)) == b"".join(clear_bytes(sent)) == pdf(2)
    theirs = Item.objects.get(document=copy)
    assert (theirs.due_on, theirs.entered_at, theirs.was_late) == (due, item.entered_at, True)
    assert (theirs.status, theirs.agent) == (Status.WAITING, None)
    sent.refresh_from_db()
    assert copy.answer_expected_on == sent.answer_expected_on
    assert bytes(envelope_of(sent.deposit).payload) == receipt
    assert sent.shown_state == ("relocated", "Classé dans un autre dossier")
    assert Item.objects.get(pk=item.pk).status == Status.DONE
    to_sender = OutboxMail.objects.get(name="casework/relocated")
    to_other = OutboxMail.objects.get(name="casework/filed_here")
    assert (to_sender.recipient, to_other.recipient) == (member.account.email, eve.account.email)
    client.force_login(member.account)
    story = words(client.get(f"/adherent/documents/{sent.pk}/"))
    assert "Classé dans un autre dossier" in story
    assert "Un conseiller l’a classé dans un autre dossier" in story
    assert client.get(f"/adherent/documents/{sent.pk}/telecharger/").status_code == 200
    assert "Classé dans un autre dossier" in words(client.get("/adherent/documents/"))
    client.force_login(eve.account)
    assert "Un conseiller l’a classé dans votre dossier." in words(
        client.get(f"/adherent/documents/{copy.pk}/")
    )


def letters_to(member: Member) -> list[str]:
    """The mails that the member got, each as one text."""
    letters = [text for text in map(as_text, mail.outbox) if member.account.email in text]
    assert letters
    return letters


def as_text(message: Any) -> str:
    return " ".join(
        [*message.to, message.subject, str(message.body), *(str(part) for part, _ in message.alternatives)]
    )


def everything_read_by(client: Client, other: Member, copy: Document) -> str:
    """All that the other member can read of it: pages, files, mails, list and export."""
    client.force_login(other.account)
    read = [
        client.get(path).text
        for path in (
            f"/adherent/documents/{copy.pk}/",
            "/adherent/documents/",
            "/adherent/",
            f"/adherent/documents/envois/{copy.deposit.number}/",
        )
    ]
    read += [bytes(envelope_of(copy.deposit).payload).decode()]
    read += letters_to(other)
    export = export_everything(member=other, actor=other.subject)
    read += [b"".join(export.chunks).decode("latin-1")]
    read += [document_resource(documents_for_programs().get(pk=copy.pk), {}).model_dump_json()]
    events = Announcement.objects.filter(subject=f"document/{copy.pk}")
    read += [json.dumps(event.data) for event in events]
    assert events.filter(type="document.received").exists()
    return " ".join(read)


def test_the_other_member_reads_nothing_of_whom_it_came_from(
    head: Account, member: Member, eve: Member, client: Client
) -> None:
    item = drawn(head, member)
    copy = settled(head, item, eve)
    read = everything_read_by(client, eve, copy)
    assert copy.deposit.number in read
    for secret in (
        member.number,
        member.birth_name,
        member.subject,
        FROM,
        "Pour Camille",
        item.about.deposit.number,
        str(item.document_id),
        str(item.document_id.hex if item.document_id else ""),
        WHY,
    ):
        assert secret not in read, secret
    client.force_login(eve.account)
    assert client.get(f"/adherent/documents/{item.document_id}/").status_code == 404
    client.force_login(member.account)
    sender = " ".join(letters_to(member))
    sender += client.get(f"/adherent/documents/{item.document_id}/").text
    for secret in (eve.number, eve.birth_name, copy.deposit.number, str(copy.pk)):
        assert secret not in sender, secret


def test_the_auditor_reads_both_files_and_programs_that_it_went(
    head: Account, member: Member, eve: Member
) -> None:
    item = drawn(head, member)
    copy = settled(head, item, eve)
    went = Entry.objects.get(event=Event.DOCUMENT_RELOCATED)
    assert (went.subject, went.owner, went.actor) == (item.subject, member.subject, head.actor)
    assert went.details == {"to": copy.subject, "member": eve.subject}
    came = Entry.objects.get(event=Event.RELOCATED_HERE)
    assert (came.subject, came.owner, came.actor) == (copy.subject, eve.subject, head.actor)
    assert came.details == {"original": item.subject, "member": member.subject}
    told = Announcement.objects.get(type="document.relocated")
    assert told.subject == f"document/{item.document_id}"
    assert set(told.data) == {"member"}
    of_sender = document_resource(documents_for_programs().get(pk=item.document_id), {})
    assert (of_sender.relocated, of_sender.state) == (True, "in_progress")
    of_other = document_resource(documents_for_programs().get(pk=copy.pk), {})
    assert (of_other.relocated, of_other.channel, of_other.received_on) == (False, "desk", item.about.came_on)


@pytest.mark.parametrize("first", ["sender", "other"])
def test_erasing_either_leaves_the_other_whole(
    first: str, head: Account, member: Member, eve: Member
) -> None:
    item = drawn(head, member)
    copy = settled(head, item, eve)
    sent = Document.objects.get(pk=item.document_id)
    gone, stays = (sent, copy) if first == "sender" else (copy, sent)
    assert erasing.erase(document_id=gone.pk, because=Erased.RETENTION)
    run_until_nothing_is_left()
    assert b"".join(clear_bytes(Document.objects.get(pk=stays.pk))) == pdf(2)
    gone.refresh_from_db()
    assert (bytes(gone.wrapped_key), gone.name) == (b"", "")


def test_the_original_is_kept_as_long_as_its_kind_says_from_the_day_it_went(
    head: Account, member: Member, eve: Member
) -> None:
    item = drawn(head, member)
    settled(head, item, eve)
    months = next(rule.months for rule in retention.rules() if rule.kind == "rib")
    for days, over in ((months * 30 - 40, False), (months * 31 + 40, True)):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            rule = next(rule for rule in retention.rules() if rule.kind == "rib")
            assert rule.over().filter(pk=item.document_id).exists() is over
            assert not rule.waiting() or not over or rule.waiting() == 1  # the copy waits


def test_the_same_bytes_in_both_files_are_no_sign_of_fraud(
    head: Account, member: Member, eve: Member, words: Words
) -> None:
    desk, item = signed_in(head), drawn(head, member)
    copy = settled(head, item, eve)
    for document_id in (item.document_id, copy.pk):
        shown = words(desk.get(f"/gestion/documents/{document_id}/"))
        assert FRAUD not in shown
        assert "Autre dossier" in shown
    again = deposited(eve, pdf(2))
    run_until_nothing_is_left()
    shown = words(desk.get(f"/gestion/documents/{again.pk}/"))
    assert FRAUD not in shown
    assert "Même fichier, déjà envoyé" in shown
    third = Member.objects.create(number="70199998", birth_name="Troisième", first_names="Paul")
    same = deposited(third, pdf(2))
    run_until_nothing_is_left()
    assert FRAUD in words(desk.get(f"/gestion/documents/{same.pk}/")), "of the copy, it is one"
    once_more = deposited(member, pdf(2))
    run_until_nothing_is_left()
    assert "classé dans un autre dossier" in words(desk.get(f"/gestion/documents/{once_more.pk}/"))


def test_whose_file_it_is_in_is_for_who_leads_agents(
    head: Account, agent: Account, desk: Client, member: Member, eve: Member, words: Words
) -> None:
    item = drawn(head, member)
    copy = settled(head, item, eve)
    leads = signed_in(head)
    for document_id, other in ((item.document_id, eve), (copy.pk, member)):
        address = f"/gestion/documents/{document_id}/"
        assert other.name in words(leads.get(address))
        assert WHY in words(leads.get(address))
        assert other.name not in words(desk.get(address))
    assert "Classé dans un autre dossier" in words(desk.get(f"/gestion/documents/{item.document_id}/"))
    assert desk.get(page_of(item)).status_code == 403


def test_a_correction_that_it_seemed_to_answer_is_asked_for_again(
    head: Account, member: Member, eve: Member
) -> None:
    asked = Document.objects.get(pk=held(head, member).document_id)
    Document.objects.filter(pk=asked.pk).update(state=State.INCOMPLETE)
    asked.refresh_from_db()
    answer = deposited(member, pdf(1), answers=asked)
    run_until_nothing_is_left()
    item = Item.objects.get(document=answer)
    queue.take(agent=head, item=item)
    with_answer = Document.objects.with_answers().filter(pk=asked.pk)
    assert with_answer.values_list("answer_id", flat=True)[0] == answer.pk
    settled(head, item, eve)
    assert with_answer.values_list("answer_id", flat=True)[0] is None


@any_database
def test_what_came_with_a_message_or_was_not_known_keeps_the_longest_promise(
    head: Account, member: Member, eve: Member
) -> None:
    item = drawn(head, member)
    Document.objects.filter(pk=item.document_id).update(sent_as="piece_jointe")
    copy = settled(head, item, eve)
    sent = Document.objects.get(pk=item.document_id)
    assert copy.answer_expected_on == sent.answer_expected_on
    assert copy.channel == "desk"
    assert checked(member).channel == ""
    assert not Decision.objects.exists()
