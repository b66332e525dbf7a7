"""Files that an agent attaches to a message: kept as documents, and never with the member before they are checked."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from time_machine import travel

from adherents.accounts.models import Account
from adherents.accounts.services.acts import ActRefused
from adherents.casework.models import Item
from adherents.casework.services.entering import enter_checked
from adherents.feed.models import Announcement
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from adherents.messaging.models import Attachment, Message, Thread
from adherents.messaging.services import threads
from adherents.vault.models import Deposit, Document, PendingFile, Sending, SetAside
from adherents.vault.origins import Origin
from adherents.vault.refusals import FileRefusal
from adherents.vault.services.allowance import room_of, room_of_agent
from adherents.vault.services.exporting import export_everything
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.sweeping import sweep_forgotten
from tests.api.systems import System
from tests.conftest import Mail
from tests.messaging.exchanges import DESK, answered, asked, in_hand, last
from tests.vault.clamd import EICAR, Clamd
from tests.vault.conftest import objects_in, pdf, upload
from tests.vault.hostile import broken_table
from tests.vault.test_keeping import disk_full_after

pytestmark = pytest.mark.django_db
Words = Callable[[Any], str]
TO_COME = "Nos contrôles ne sont pas finis"
NOT_JOINED = "Un fichier n’a pas pu être joint à ce message"


def post(desk: Client, thread: Thread, *files: Any, body: str = "Voici le devis.", **said: Any) -> Any:
    data = {"body": body, "after": str(last(thread)), "files": list(files), **said}
    return desk.post(f"{DESK}{thread.pk}/", data, follow=True)


def own(thread: Thread) -> str:
    return reverse("messages:thread", args=[thread.pk])


def download(browser: Client, document: Document) -> Any:
    return browser.get(reverse("vault:download", args=[document.pk]))


def zipped(member: Member) -> zipfile.ZipFile:
    return zipfile.ZipFile(
        io.BytesIO(b"".join(export_everything(member=member, actor=member.subject).chunks))
    )


class TestAttaching:
    def test_what_an_agent_attaches_reaches_the_member_once_it_is_checked_and_waits_for_nobody(
        self, desk: Client, at_home: Client, member: Member, words: Words
    ) -> None:
        thread = asked(member)
        sent = post(desk, thread, upload(pdf(2), "devis.pdf"), upload(pdf(3), "grille.pdf"))
        assert "Réponse envoyée." in words(sent)
        assert "l’adhérent ne le voit pas encore" in words(sent)
        first, second = Document.objects.order_by("rank")
        assert (first.origin, first.checked_at) == (Origin.ANSWER, None)
        before = words(at_home.get(own(thread)))
        assert before.count(TO_COME) == 2
        assert "devis.pdf" not in before
        assert download(at_home, first).status_code == 404
        assert at_home.get(reverse("vault:document", args=[first.pk])).status_code == 404
        assert zipped(member).namelist() == ["manifest.json", "manifest.csv"]

        draw_due()
        there = words(at_home.get(own(thread)))
        assert "devis.pdf" in there
        assert "grille.pdf" in there
        assert TO_COME not in there
        assert b"".join(download(at_home, first)) == pdf(2)
        assert b"".join(download(at_home, second)) == pdf(3)
        page = words(at_home.get(reverse("vault:document", args=[first.pk])))
        assert "Un conseiller l’a joint à un message pour vous." in page
        assert "Accusé de dépôt" not in page
        assert "ne le voit pas encore" not in words(desk.get(f"{DESK}{thread.pk}/"))
        assert desk.get(f"/gestion/documents/{first.pk}/pages/1/image/").status_code == 200
        assert (
            reverse("messaging:thread", args=[thread.pk]) in desk.get(f"/gestion/documents/{first.pk}/").text
        )
        assert sum(name.startswith("Mes messages/") for name in zipped(member).namelist()) == 2
        call_command("verify_vault", pace=0)

        assert enter_checked() == 0
        assert not Item.objects.exists()
        assert "devis.pdf" not in words(at_home.get("/adherent/documents/"))
        assert "Pièce jointe" not in words(at_home.get("/adherent/"))
        assert "grille.pdf" not in words(at_home.get(reverse("vault:insurers")))

    def test_the_mail_says_how_many_files_there_are_and_the_journal_who_attached_them(
        self, desk: Client, agent: Account, member: Member, mails: Callable[[], list[Mail]]
    ) -> None:
        thread = asked(member)
        post(desk, thread, upload(pdf(), "a.pdf"), upload(pdf(2), "b.pdf"))
        [mail] = mails()
        assert "2 fichiers y sont joints." in mail.text
        deposited = Entry.objects.filter(event=Event.DOCUMENT_DEPOSITED)
        assert {(entry.actor, entry.owner) for entry in deposited} == {(agent.actor, member.subject)}
        assert Entry.objects.get(event=Event.MESSAGE_ANSWERED).details["files"] == 2
        made = Deposit.objects.get()
        assert (made.sent_by, made.entered_by, made.received_on) == (None, agent, None)
        assert Announcement.objects.filter(type="document.received").count() == 2

    def test_an_agent_who_writes_first_attaches_too_and_twice_is_once(
        self, desk: Client, member: Member
    ) -> None:
        page = reverse("messaging:start_thread", args=[member.pk])
        for _ in range(2):
            said = {"subject": "Votre carte", "body": "La voici", "files": [upload(pdf(), "carte.pdf")]}
            assert desk.post(page, said).status_code == 302
        assert Attachment.objects.get().message == Message.objects.get()
        assert Document.objects.count() == 1

    def test_an_answer_that_is_pressed_twice_leaves_once(self, desk: Client, member: Member) -> None:
        thread = asked(member)
        seen = last(thread)
        for _ in range(2):
            post(desk, thread, upload(pdf(), "devis.pdf"), after=str(seen))
        assert Message.objects.filter(from_member=False).count() == 1
        assert Document.objects.count() == 1
        assert not PendingFile.objects.exists()

    def test_programs_read_the_attachments_and_no_list_of_what_is_to_decide_has_them(
        self, agent: Account, member: Member
    ) -> None:
        thread = answered(asked(member), agent, files=in_hand())
        document, system = Document.objects.get(), System()
        assert system.get(f"documents/{document.pk}/content").status_code == 409
        draw_due()
        said = system.get(f"threads/{thread.pk}").json()["messages"][-1]
        assert said["attachments"] == [str(document.pk)]
        assert system.get(f"documents/{document.pk}").json()["channel"] is None
        assert system.get(f"documents/{document.pk}/content").status_code == 200
        assert system.get("documents").json()["items"] == []

    def test_it_takes_no_room_of_the_members(self, agent: Account, member: Member) -> None:
        before = room_of(member)
        answered(asked(member), agent, files=in_hand())
        assert room_of(member) == before


class TestSetAside:
    def test_what_is_infected_never_reaches_the_member_and_the_agent_is_told(
        self,
        clamd: Clamd,
        desk: Client,
        agent: Account,
        at_home: Client,
        member: Member,
        words: Words,
        mails: Callable[[], list[Mail]],
    ) -> None:
        thread = asked(member)
        post(desk, thread, upload(pdf() + b"\n" + EICAR, "virus.pdf"), upload(pdf(), "devis.pdf"))
        infected, _sound = Document.objects.order_by("rank")
        draw_due()
        infected.refresh_from_db()
        assert infected.set_aside == SetAside.INFECTED
        there = words(at_home.get(own(thread)))
        assert NOT_JOINED in there
        assert "virus.pdf" not in there
        assert "devis.pdf" in there
        for name in ("vault:download", "vault:document", "vault:thumbnail"):
            assert at_home.get(reverse(name, args=[infected.pk])).status_code == 404
        assert at_home.get(reverse("vault:receipt_json", args=[infected.deposit.number])).status_code == 404
        files = zipped(member)
        assert not any("virus" in name for name in files.namelist())
        assert b"virus" not in files.read("manifest.json")
        assert System().get(f"documents/{infected.pk}/content").status_code == 409
        assert "L’adhérent ne le reçoit pas" in words(desk.get(f"{DESK}{thread.pk}/"))
        to_the_member, told = mails()
        assert told.to == agent.email
        assert infected.deposit.number in told.text
        assert to_the_member.to != told.to

    def test_what_does_not_open_neither_and_a_member_is_told_nothing_when_the_agent_has_left(
        self, agent: Account, at_home: Client, member: Member, words: Words
    ) -> None:
        thread = answered(asked(member), agent, files=in_hand(broken_table()))
        Account.objects.filter(pk=agent.pk).update(closed_at=timezone.now())
        draw_due()
        document = Document.objects.get()
        assert document.set_aside == SetAside.UNREADABLE
        assert NOT_JOINED in words(at_home.get(own(thread)))
        assert download(at_home, document).status_code == 404
        assert [mail.name for mail in OutboxMail.objects.all()] == ["messaging/message_waits"]

    def test_without_the_antivirus_it_waits_and_nothing_is_given(
        self, own_clamd: Clamd, agent: Account, at_home: Client, member: Member, words: Words
    ) -> None:
        own_clamd.end()
        thread = answered(asked(member), agent, files=in_hand())
        draw_due()
        document = Document.objects.get()
        assert document.unscanned
        assert TO_COME in words(at_home.get(own(thread)))
        assert download(at_home, document).status_code == 404

    def test_what_the_agent_attached_is_no_twin_of_what_the_member_sends(
        self, agent: Account, at_home: Client, member: Member, words: Words
    ) -> None:
        answered(asked(member), agent, files=in_hand())
        at_home.post("/adherent/documents/envoyer/", {"kind": "rib", "files": [upload(pdf(), "mien.pdf")]})
        mine = Document.objects.get(origin=Origin.MEMBER)
        assert "déjà envoyé" not in words(at_home.get(reverse("vault:document", args=[mine.pk])))


class TestKeeping:
    def test_a_refused_answer_keeps_its_files_and_what_is_unticked_is_deleted(
        self,
        desk: Client,
        member: Member,
        words: Words,
        objects_folder: Any,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        thread = asked(member)
        refused = post(desk, thread, upload(pdf(), "a.pdf"), upload(pdf(2), "b.pdf"), body="")
        assert "Écrivez votre message" in words(refused)
        assert "Fichiers déjà arrivés" in words(refused)
        first, second = PendingFile.objects.order_by("at", "pk")
        with django_capture_on_commit_callbacks(execute=True):
            sent = post(desk, thread, upload(b"#!/bin/sh", "virus.sh"), waiting=[str(second.pk)])
        assert "« virus.sh » n’a pas été joint." in words(sent)
        assert list(PendingFile.objects.all()) == [second], "the other one was unticked"
        assert "Fichiers déjà arrivés" in words(desk.get(f"{DESK}{thread.pk}/")), "they are there again"
        with django_capture_on_commit_callbacks(execute=True):
            post(desk, thread, upload(pdf(3), "c.pdf"), waiting=[str(second.pk)])
        names = Document.objects.order_by("rank").values_list("name", flat=True)
        assert list(names) == [second.name, "c.pdf"]
        assert not PendingFile.objects.exists()
        assert not Sending.objects.exists()
        assert len(objects_in(objects_folder)) == 2, "nothing is left of what was unticked"
        assert first.name not in names

    def test_on_a_full_disk_the_message_waits_with_what_arrived_and_leaves_whole_afterwards(
        self, desk: Client, at_home: Client, member: Member, words: Words, objects_folder: Any
    ) -> None:
        thread, large = asked(member), pdf().replace(b"\n", b"\n%" + b"x" * 3_000_000 + b"\n", 1)
        with disk_full_after(1 << 20):
            page = post(desk, thread, upload(pdf(2), "petit.pdf"), upload(large, "gros.pdf"))
        assert f"« gros.pdf » n’a pas été joint. {FileRefusal.NOT_KEPT.label}" in words(page)
        assert not Document.objects.exists()
        assert len(objects_in(objects_folder)) == 1, "nothing is left of the half"
        named = [str(PendingFile.objects.get().pk)]
        post(desk, thread, upload(large, "gros.pdf"), waiting=named)
        draw_due()
        first, second = Document.objects.order_by("rank")
        assert b"".join(download(at_home, first)) == pdf(2)
        assert b"".join(download(at_home, second)) == large

    def test_an_answer_kept_ready_keeps_the_files_that_were_chosen(
        self, desk: Client, member: Member, words: Words
    ) -> None:
        thread = asked(member)
        page = post(desk, thread, upload(pdf(), "a.pdf"), upload(b"nothing", "b.sh"), insert="0")
        assert "a.pdf" in words(page)
        assert "« b.sh » n’a pas été joint." in words(page)
        assert PendingFile.objects.get().name == "a.pdf"
        assert not Message.objects.filter(from_member=False).exists()

    def test_they_are_the_agents_alone_and_go_after_a_day(
        self, desk: Client, at_home: Client, member: Member, words: Words, objects_folder: Any
    ) -> None:
        thread = asked(member)
        post(desk, thread, upload(pdf(), "a.pdf"), body="")
        pending = PendingFile.objects.get()
        assert "a.pdf" not in words(at_home.get(own(thread)))
        at_home.post(own(thread), {"body": "Le voici", "waiting": [str(pending.pk)]})
        assert not Document.objects.exists(), "a member names no file of an agent's"
        assert "Fichiers qui attendent" not in words(at_home.get("/adherent/"))
        with travel(timezone.now() + timedelta(hours=25)):
            sweep_forgotten()
        assert not PendingFile.objects.exists()
        assert objects_in(objects_folder) == []

    def test_a_thread_that_was_closed_meanwhile_keeps_them_until_it_is_opened_again(
        self, desk: Client, agent: Account, member: Member, words: Words
    ) -> None:
        thread = asked(member)
        threads.close(agent=agent, thread_id=thread.pk, after=last(thread))
        assert "Cette conversation est fermée" in words(post(desk, thread, upload(pdf(), "a.pdf")))
        assert not Document.objects.exists()
        threads.reopen(agent=agent, thread_id=thread.pk)
        assert "a.pdf" in words(desk.get(f"{DESK}{thread.pk}/"))
        post(desk, thread, waiting=[str(PendingFile.objects.get().pk)])
        assert Document.objects.get().name == "a.pdf"

    def test_a_file_that_another_page_unticked_holds_the_message_back(
        self, desk: Client, member: Member, words: Words
    ) -> None:
        thread = asked(member)
        post(desk, thread, upload(pdf(), "a.pdf"), body="")
        named = str(PendingFile.objects.get().pk)
        post(desk, thread, body="")  # the other page: it ticks nothing
        assert "n’est plus là" in words(post(desk, thread, waiting=[named]))
        assert not Document.objects.exists()


class TestBounds:
    def test_an_agents_day_has_the_bounds_of_a_members(
        self, desk: Client, agent: Account, member: Member, words: Words, bounds: Callable[..., None]
    ) -> None:
        bounds(files_a_day=2)
        thread = asked(member)
        assert room_of_agent(agent).files_today == 2
        post(desk, thread, upload(pdf(), "a.pdf"), upload(pdf(2), "b.pdf"))
        assert room_of_agent(agent).files_today == 0
        refused = post(desk, thread, upload(pdf(3), "c.pdf"), body="Encore")
        assert "ce qui peut être envoyé en un jour" in words(refused)
        assert Document.objects.count() == 2
        with travel(timezone.now() + timedelta(days=1, hours=1)):
            assert room_of_agent(agent).files_today == 2

    def test_too_many_files_do_not_leave(self, desk: Client, member: Member, words: Words) -> None:
        thread = asked(member)
        post(desk, thread, *(upload(pdf(number), f"{number}.pdf") for number in range(1, 21)), body="")
        named = [str(file.pk) for file in PendingFile.objects.all()]
        assert len(named) == 20
        page = post(desk, thread, upload(pdf(21), "21.pdf"), waiting=named)
        assert "20 fichiers au plus par message" in words(page)
        assert not Document.objects.exists()

    def test_an_agent_who_was_suspended_meanwhile_attaches_nothing(
        self, agent: Account, member: Member
    ) -> None:
        thread, files = asked(member), in_hand()
        Account.objects.filter(pk=agent.pk).update(closed_at=timezone.now())
        with pytest.raises(ActRefused):
            answered(thread, agent, files=files)
        assert not Document.objects.exists()


class TestGone:
    def test_it_goes_with_its_conversation_and_not_before(
        self, agent: Account, member: Member, objects_folder: Any
    ) -> None:
        thread = answered(asked(member), agent, files=in_hand(), then_close=True)
        draw_due()
        months = profile().messages.retention_months
        for passed, is_there in ((31 * months - 62, True), (31 * months + 31, False)):
            with travel(timezone.now() + timedelta(days=passed)):
                call_command("purge", apply=True)
            assert Thread.objects.filter(pk=thread.pk).exists() is is_there
            assert (Document.objects.get().erased_at is None) is is_there
        assert objects_in(objects_folder) == []
