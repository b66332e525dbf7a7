"""Messages between a member and the service: what each may do, what each is told, and what a member never sees."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.accounts.services import closing
from adherents.insurer.profile import profile
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.messaging.models import Attachment, Message, Thread
from adherents.messaging.services import threads
from adherents.vault.models import Document
from adherents.vault.services.exporting import export_everything
from adherents.work.services import run_until_nothing_is_left
from tests.agents import make_agent
from tests.cast import JEAN_FRANCOIS
from tests.conftest import Mail
from tests.factories import open_account
from tests.messaging.exchanges import DESK, OWN, QUESTION, answered, asked, last
from tests.vault.conftest import browser_of, deposited, pdf, upload

pytestmark = pytest.mark.django_db
Words = Callable[[Any], str]
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')  # masked anew each time
NOTE = "Attention : dossier contentieux, ne rien promettre."


@pytest.fixture
def colleague(db: None) -> Account:
    return make_agent(Role.SUPERVISOR)


def test_a_member_writes_an_agent_answers_and_one_mail_says_that_something_waits(
    at_home: Client, desk: Client, member: Member, words: Words, mails: Callable[[], list[Mail]]
) -> None:
    sent = at_home.post(f"{OWN}nouveau/", {"subject": "Couronne dentaire", "body": QUESTION}, follow=True)
    assert QUESTION in words(sent)
    assert "Nous répondons en général avant le" in words(sent)
    thread = Thread.objects.get()
    assert "Couronne dentaire" in words(desk.get(DESK))
    page = f"{DESK}{thread.pk}/"
    assert QUESTION in words(desk.get(page))
    for body in ("Oui, à 80 %.", "Et sans avance de frais."):
        desk.post(page, {"body": body, "after": last(thread)})
    arrived = mails()
    assert [mail.subject for mail in arrived] == ["Un message vous attend dans votre espace"]
    for text_of_mail in (arrived[0].text, arrived[0].html, arrived[0].subject):
        assert "80 %" not in text_of_mail
        assert "Couronne" not in text_of_mail
    assert f"{OWN}{thread.pk}/" in arrived[0].text
    assert "Un message vous attend" in words(at_home.get("/adherent/"))
    read = words(at_home.get(f"{OWN}{thread.pk}/"))
    assert "Oui, à 80 %." in read
    assert "Un message vous attend" not in words(at_home.get("/adherent/"))
    answered(thread, Account.objects.agents().get(), "Autre chose.")
    assert len(mails()) == 1, "what was read begins a new run"


def test_a_thread_has_the_agent_who_answers_it_and_leaves_what_is_to_answer(
    member: Member, agent: Account, colleague: Account
) -> None:
    thread = asked(member)
    assert Thread.objects.to_answer_by(agent).count() == Thread.objects.to_answer_by(colleague).count() == 1
    answered(thread, agent)
    assert Thread.objects.get().agent == agent
    assert not Thread.objects.to_answer_by(agent).exists()
    threads.transfer(agent=agent, thread_id=thread.pk, to=colleague)
    assert Thread.objects.to_answer_by(colleague).exists(), "unread for the agent who gets it"
    with pytest.raises(threads.TakenAlready):
        threads.take(agent=agent, thread_id=thread.pk)
    with pytest.raises(threads.CannotFollow):
        threads.transfer(agent=agent, thread_id=thread.pk, to=make_agent(Role.AUDITOR))
    closing.close(account=colleague, actor="system", reason="parti")
    assert Thread.objects.still_open().without_an_agent().exists()


def test_threads_without_an_agent_come_first_then_who_has_waited_longest(
    member: Member, agent: Account
) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=3), tick=False):
        mine = asked(member)
        threads.take(agent=agent, thread_id=mine.pk)
    with time_machine.travel(timezone.now() - timedelta(hours=2), tick=False):
        older = asked(member)
    newer = asked(member)
    threads_found = list(Thread.objects.to_answer_by(agent).as_they_should_be_answered())
    assert threads_found == [older, newer, mine]


def test_who_writes_in_a_closed_thread_opens_it_again(member: Member, agent: Account) -> None:
    thread = answered(asked(member), agent, then_close=True)
    assert Thread.objects.get().is_closed
    with pytest.raises(threads.ThreadClosed):
        answered(thread, agent)
    assert member.account
    threads.write(
        acting=on_own_file(member), author=member.account, thread_id=thread.pk, body="Encore une question"
    )
    again = Thread.objects.get()
    assert not again.is_closed
    assert again.waits_since
    assert again.agent == agent
    with pytest.raises(IntegrityError, match="nothing_waits_in_a_closed_thread"), transaction.atomic():
        Thread.objects.update(closed_at=timezone.now())


def test_an_answer_that_has_not_seen_the_last_message_does_not_leave(
    member: Member, agent: Account, desk: Client, words: Words
) -> None:
    thread = asked(member)
    seen = last(thread)
    assert member.account
    threads.write(
        acting=on_own_file(member), author=member.account, thread_id=thread.pk, body="Non, laissez tomber."
    )
    page = desk.post(f"{DESK}{thread.pk}/", {"body": "Oui, à 80 %.", "after": seen})
    assert "Un message est arrivé entre-temps" in words(page)
    assert "Oui, à 80 %." in words(page), "what was written is kept"
    with pytest.raises(threads.SomethingNew):
        threads.close(agent=agent, thread_id=thread.pk, after=seen)
    assert Message.objects.filter(from_member=False).count() == 0


def test_a_note_never_reaches_the_member(
    member: Member, agent: Account, at_home: Client, desk: Client, words: Words, mails: Callable[[], Any]
) -> None:
    thread = asked(member)
    desk.post(f"{DESK}{thread.pk}/note/", {"body": NOTE})
    answered(thread, agent)
    assert NOTE in words(desk.get(f"{DESK}{thread.pk}/"))
    assert "L’adhérent ne la voit pas." in words(desk.get(f"{DESK}{thread.pk}/"))
    addresses = (OWN, f"{OWN}nouveau/", f"{OWN}{thread.pk}/", "/adherent/", "/adherent/documents/")
    for address in (*addresses, "/adherent/donnees-personnelles/historique/"):
        answer = at_home.get(address)
        assert answer.status_code == 200
        assert "contentieux" not in answer.text + str(answer.headers), address
        assert "ote interne" not in answer.text, address
    zipped = zipfile.ZipFile(
        io.BytesIO(b"".join(export_everything(member=member, actor=member.subject).chunks))
    )
    assert not any(b"contentieux" in zipped.read(name) for name in zipped.namelist())
    assert not any("contentieux" in f"{mail.subject}{mail.text}{mail.html}" for mail in mails())
    assert not any("contentieux" in str(entry.details) for entry in Entry.objects.all())


def test_no_row_can_be_a_members_note(member: Member) -> None:
    thread = asked(member)
    assert member.account
    with pytest.raises(IntegrityError, match="a_note_is_never_a_members"), transaction.atomic():
        Message.objects.create(
            thread=thread, author=member.account, from_member=True, internal=True, body="x"
        )


@pytest.mark.parametrize("method", ["get", "post"])
def test_anothers_thread_answers_as_one_that_never_was(member: Member, method: str) -> None:
    thread = asked(member)
    stranger = browser_of(Member.objects.get(account=open_account(JEAN_FRANCOIS)))
    nobodys = "00000000-0000-4000-8000-000000000000"
    seen = []
    for thread_id in (str(thread.pk), nobodys):
        answer = getattr(stranger, method)(
            f"{OWN}{thread_id}/",
            {"body": "Bonjour"} if method == "post" else {},
            headers={"X-Request-ID": "the-same"},
        )
        assert answer.status_code == 404
        seen.append((TOKEN.sub("", answer.text.replace(thread_id, "")), sorted(answer.headers)))
    assert seen[0] == seen[1]
    assert Message.objects.count() == 1
    assert stranger.get(f"{OWN}nouveau/?document={nobodys}").status_code == 404


def test_the_same_words_again_are_one_message_and_another_one_after_an_answer(
    at_home: Client, member: Member, agent: Account
) -> None:
    twice = [
        at_home.post(
            f"{OWN}nouveau/", {"subject": "Devis", "body": "Le voici", "files": [upload(pdf(), "devis.pdf")]}
        )["Location"]
        for _ in range(2)
    ]
    thread = Thread.objects.get()
    assert len({*twice}) == 1
    assert Attachment.objects.count() == 1
    for _ in range(2):
        at_home.post(f"{OWN}{thread.pk}/", {"body": "Oui"})
    answered(thread, agent)
    at_home.post(f"{OWN}{thread.pk}/", {"body": "Oui"})
    assert [message.body for message in Message.objects.of(thread).in_order()] == [
        "Le voici",
        "Oui",
        "Oui, à 80 %.",
        "Oui",
    ]


def test_a_document_leads_to_its_conversation(at_home: Client, member: Member, words: Words) -> None:
    document = deposited(member, pdf())
    link = f"{OWN}nouveau/?document={document.pk}"
    assert link in at_home.get(f"/adherent/documents/{document.pk}/").text
    assert "Au sujet de : RIB" in words(at_home.get(link))
    at_home.post(link, {"subject": "RIB", "body": "L’avez-vous pris en compte ?"})
    thread = Thread.objects.get()
    assert thread.document == document
    assert at_home.get(link).headers["Location"] == f"{OWN}{thread.pk}/"


def test_a_member_writes_no_more_than_the_profile_allows(
    at_home: Client, member: Member, words: Words, settings: Any
) -> None:
    once = profile().limits.message.model_copy(
        update={"per_identifier": profile().limits.message.per_identifier._replace(times=1)}
    )
    limits = profile().limits.model_copy(update={"message": once})
    settings.ADHERENTS_PROFILE = profile().model_copy(update={"limits": limits})
    thread = asked(member)
    at_home.post(f"{OWN}{thread.pk}/", {"body": "Un"})
    page = at_home.post(f"{OWN}{thread.pk}/", {"body": "Deux"})
    assert "beaucoup de messages" in words(page)
    assert Message.objects.count() == 2


def test_nobody_writes_to_a_closed_account_and_notes_go_on(member: Member, agent: Account) -> None:
    thread = asked(member)
    assert member.account
    closing.close(account=member.account, actor="system", reason="fin")
    with pytest.raises(threads.MemberAccountClosed):
        answered(thread, agent)
    with pytest.raises(threads.MemberAccountClosed):
        threads.start(agent=agent, member=Member.objects.get(), subject="x", body="y")
    threads.note(agent=agent, thread_id=thread.pk, body=NOTE)
    threads.close(agent=agent, thread_id=thread.pk, after=last(thread))


def test_an_agent_writes_first_also_to_who_never_connected(
    newcomer: Member, desk: Client, agent: Account, words: Words, mails: Callable[[], list[Mail]]
) -> None:
    assert "Écrire à l’adhérent" in words(desk.get(f"/gestion/adherents/{newcomer.pk}/"))
    address = f"/gestion/adherents/{newcomer.pk}/ecrire/"
    desk.post(address, {"subject": "Votre carte", "body": "Elle est prête."})
    assert Thread.objects.get().agent == agent
    assert [mail.to for mail in mails()] == [newcomer.email]
    assert "Votre carte" in words(desk.get(f"/gestion/adherents/{newcomer.pk}/"))


def test_an_old_closed_thread_is_erased_with_what_came_with_it_and_an_open_one_stays(
    member: Member, agent: Account, at_home: Client
) -> None:
    at_home.post(f"{OWN}nouveau/", {"subject": "Devis", "body": "Le voici", "files": [upload(pdf())]})
    run_until_nothing_is_left()
    answered(Thread.objects.get(), agent, then_close=True)
    still_open = asked(member)
    later = timezone.now() + timedelta(days=31 * profile().messages.retention_months + 1)
    with time_machine.travel(later):
        call_command("purge", apply=False)
        assert Thread.objects.count() == 2
        call_command("purge", apply=True)
    assert Thread.objects.get() == still_open
    document = Document.objects.get()
    assert document.erased_at
    assert not bytes(document.wrapped_key)
    assert not Attachment.objects.exists()


def test_words_and_subjects_are_sealed_in_the_database(member: Member) -> None:
    asked(member)
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM messaging_message UNION SELECT subject FROM messaging_thread")
        stored = [bytes(row[0]) for row in cursor.fetchall()]
    assert not any(b"couronn" in cell.lower() for cell in stored)


def test_no_mail_leaves_where_the_file_has_no_address(member: Member, agent: Account) -> None:
    thread = asked(member)
    Account.objects.filter(pk=member.account_id).update(email="")
    Member.objects.update(email="", email_key="")
    OutboxMail.objects.all().delete()
    answered(thread, agent)
    assert not OutboxMail.objects.exists()
