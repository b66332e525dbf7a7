"""Messages between a member and the service: what each may do, what each is told, and what a member never sees."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
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
from adherents.messaging import placeholders
from adherents.messaging.models import Attachment, CannedAnswer, Message, Thread
from adherents.messaging.services import threads
from adherents.vault.models import Document, State
from adherents.vault.origins import Origin
from adherents.vault.services.exporting import export_everything
from adherents.work.services import run_until_nothing_is_left
from tests.agents import make_agent, signed_in
from tests.cast import JEAN_FRANCOIS
from tests.conftest import Mail
from tests.factories import open_account
from tests.messaging.exchanges import DESK, OWN, QUESTION, answered, asked, last
from tests.vault.conftest import browser_of, deposited, pdf, upload
from tests.vault.hostile import broken_table

pytestmark = pytest.mark.django_db
Words = Callable[[Any], str]
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')  # masked anew each time
NOTE = "Attention : dossier contentieux, ne rien promettre."


@pytest.fixture
def at_home(member: Member) -> Client:
    return browser_of(member)


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


def test_what_comes_with_a_message_is_kept_as_a_document_and_nobody_has_to_decide_it(
    at_home: Client, desk: Client, member: Member, words: Words, mails: Callable[[], list[Mail]]
) -> None:
    data = {"subject": "Devis", "body": "Le voici", "files": [upload(pdf(2), "devis.pdf")]}
    sent = at_home.post(f"{OWN}nouveau/", data, follow=True)
    assert "devis.pdf" in words(sent)
    assert mails() == [], "the thread says that it arrived"
    document = Document.objects.get()
    assert (document.origin, document.state, document.page_count) == (Origin.MESSAGE, State.CHECKED, 2)
    assert document.pages.count() == 2
    assert "Rien n’attend" in words(desk.get("/gestion/")), "not among what is to decide"
    thread = desk.get(f"{DESK}{Thread.objects.get().pk}/")
    assert f"/gestion/documents/{document.pk}/" in thread.text
    assert "telecharger" not in thread.text
    assert desk.get(f"/gestion/documents/{document.pk}/pages/1/image/").status_code == 200
    assert b"".join(at_home.get(f"/adherent/documents/{document.pk}/telecharger/")) == pdf(2)  # type: ignore[arg-type]
    assert "vous répond dans" in words(at_home.get(f"/adherent/documents/accuses/{document.deposit.number}/"))
    page = words(at_home.get(f"/adherent/documents/{document.pk}/"))
    assert "Pièce jointe" in page
    assert "Réponse" not in page
    assert "devis.pdf" not in words(at_home.get("/adherent/documents/"))
    zipped = zipfile.ZipFile(
        io.BytesIO(b"".join(export_everything(member=member, actor=member.subject).chunks))
    )
    assert any(name.startswith("Mes messages/") for name in zipped.namelist())
    call_command("verify_vault", pace=0)


def test_a_message_whose_file_is_refused_does_not_leave_and_what_arrived_waits_for_it(
    at_home: Client, member: Member, words: Words
) -> None:
    data = {"subject": "Devis", "body": "Le voici"}
    files = [upload(pdf(), "devis.pdf"), upload(b"#!/bin/sh", "virus.sh")]
    refused = at_home.post(f"{OWN}nouveau/", data | {"files": files})
    assert "virus.sh" in words(refused)
    assert "devis.pdf" in words(refused)
    assert not Thread.objects.exists()
    waiting = member.pending_files.get().pk
    gone = at_home.post(f"{OWN}nouveau/", data | {"waiting": ["00000000-0000-4000-8000-000000000000"]})
    assert "n’est plus là" in words(gone)
    at_home.post(f"{OWN}nouveau/", data | {"waiting": [str(waiting)]})
    assert Attachment.objects.get().document.name == "devis.pdf"
    assert not member.pending_files.exists()


def test_files_of_a_message_that_was_left_unfinished_hold_no_other_one_back(
    at_home: Client, member: Member, words: Words
) -> None:
    left = [upload(pdf(number), f"{number}.pdf") for number in range(1, 21)]
    at_home.post(f"{OWN}nouveau/", {"subject": "", "body": "Bonjour", "files": left})
    assert member.pending_files.count() == 20
    at_home.post(f"{OWN}nouveau/", {"subject": "Devis", "body": "Le voici", "files": [upload(pdf(30))]})
    assert Attachment.objects.count() == 1
    named = [str(file.pk) for file in member.pending_files.all()]
    body = {"subject": "Encore", "body": "Tout", "waiting": named, "files": [upload(pdf(31))]}
    assert "20 fichiers au plus par message" in words(at_home.post(f"{OWN}nouveau/", body))
    assert Thread.objects.count() == 1


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


def test_the_same_words_with_another_file_or_without_it_are_a_message_of_their_own(
    at_home: Client, member: Member
) -> None:
    for files in ([upload(pdf(), "devis.pdf")], [upload(pdf(2), "devis.pdf")], []):
        at_home.post(f"{OWN}nouveau/", {"subject": "Devis", "body": "Le voici", "files": files})
    assert Thread.objects.count() == 3
    assert Attachment.objects.count() == 2


def test_a_file_that_waits_on_the_send_page_does_not_leave_with_a_message(
    at_home: Client, member: Member
) -> None:
    at_home.post("/adherent/documents/envoyer/", {"kind": "", "files": [upload(pdf())]})
    at_home.post(f"{OWN}nouveau/", {"subject": "Devis", "body": "Bonjour"})
    assert Thread.objects.exists()
    assert member.pending_files.count() == 1
    assert not Document.objects.exists()


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


def test_an_answer_kept_ready_is_filled_in_in_the_members_language(
    member: Member, agent: Account, desk: Client
) -> None:
    thread = asked(member)
    kept = CannedAnswer.objects.create(
        title="Accusé", fr="Bonjour {prenom}, {numero_accuse}", en="Hello {prenom}, {numero_accuse}"
    )
    page = desk.post(f"{DESK}{thread.pk}/", {"body": "D’abord.", "after": "0", "insert": str(kept.pk)})
    assert "D’abord.\n\nBonjour Camille, {numero_accuse}" in page.context["answer"]["body"].value()
    assert not Message.objects.filter(from_member=False).exists(), "it is not sent"
    for nobodys in ("9" * 30, "9" * 5000):  # more than a database counts, more digits than Python reads
        page = desk.post(f"{DESK}{thread.pk}/", {"body": "D’abord.", "after": "0", "insert": nobodys})
        assert page.context["answer"]["body"].value() == "D’abord."
    with pytest.raises(threads.Unfilled):
        answered(thread, agent, "Bonjour Camille, {numero_accuse}")
    Account.objects.filter(pk=member.account_id).update(language="en")
    about = placeholders.About(Member.objects.select_related("account").get(), agent)
    assert placeholders.fill(kept.to(about.language), about).startswith("Hello Camille")
    assert placeholders.fill("{__class__} {prenom.__class__}", about) == "{__class__} {prenom.__class__}"


@pytest.mark.parametrize(
    ("text", "said"),
    [("Bonjour {prénom}", "« {prénom} » n’est pas un champ connu"), ("Bonjour {", "Une accolade n’entoure")],
)
def test_a_field_that_is_not_known_is_refused_in_words(text: str, said: str, words: Words) -> None:
    supervisor = signed_in(make_agent(Role.SUPERVISOR))
    page = supervisor.post("/gestion/modeles/nouveau/", {"title": "Un", "fr": text, "en": "Hello"})
    assert said in words(page).replace("\u00a0", " ")
    assert not CannedAnswer.objects.filter(title="Un").exists()


def test_a_supervisor_keeps_the_answers_and_the_first_ones_are_there(words: Words) -> None:
    if (
        not CannedAnswer.objects.exists()
    ):  # a test before this one emptied every table, the migration's rows too
        import_module("adherents.messaging.migrations.0001_initial").keep_starters(apps, None)
    supervisor = signed_in(make_agent(Role.SUPERVISOR))
    assert "Document bien reçu" in words(supervisor.get("/gestion/modeles/"))
    for kept in CannedAnswer.objects.all():
        assert not placeholders.unknown_in(kept.fr) + placeholders.unknown_in(kept.en), kept
    new = {"title": "Carte", "fr": "Bonjour {prenom}", "en": "Hello {prenom}"}
    supervisor.post("/gestion/modeles/nouveau/", new)
    taken = supervisor.post("/gestion/modeles/nouveau/", new)
    assert "porte déjà ce titre" in words(taken)
    kept = CannedAnswer.objects.get(title="Carte")
    supervisor.post(f"/gestion/modeles/{kept.pk}/", new | {"en": "Dear {prenom}"})
    assert CannedAnswer.objects.get(title="Carte").en == "Dear {prenom}"
    supervisor.post(f"/gestion/modeles/{kept.pk}/suppression/")
    assert not CannedAnswer.objects.filter(title="Carte").exists()


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


def test_what_waits_for_the_purge_of_documents_is_no_attachment(member: Member, at_home: Client) -> None:
    at_home.post(
        f"{OWN}nouveau/", {"subject": "Devis", "body": "Le voici", "files": [upload(broken_table())]}
    )
    run_until_nothing_is_left()
    assert Document.objects.get().set_aside
    with time_machine.travel(timezone.now() + timedelta(days=366 * 30)):
        call_command("purge", apply=True)
    assert Document.objects.get().erased_at is None


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


def test_what_is_still_between_braces_is_told_beside_the_answer(desk: Client, member: Member) -> None:
    thread = asked(member)
    answer = desk.post(f"{DESK}{thread.pk}/", {"body": "Bonjour {prenom}", "after": last(thread)})
    assert answer.context["form"].errors.keys() == {"body"}
    assert 'href="#id_body"' in answer.content.decode()
