"""What came by post, at the counter or by mail: an agent deposits it for the member, and everything says how it came and when."""

import json
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.accounts.services.acts import ActRefused
from adherents.casework.models import Age, Item
from adherents.casework.services.entering import enter_checked
from adherents.feed.models import Announcement
from adherents.insurer.calendar import add_working_days
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.models import Beneficiary, Member
from adherents.storage.models import UnclaimedObject
from adherents.vault.models import SENDING, Deposit, Document, PendingFile, Sending, SetAside
from adherents.vault.origins import Channel
from adherents.vault.receipts import services as receipts
from adherents.vault.receipts.statement import read_envelope, read_statement
from adherents.vault.services import preparing, receiving, sending
from adherents.vault.services.allowance import RoomLeft
from adherents.vault.services.deposit import Form, NothingArrived, WayIn
from adherents.vault.services.receiving import FormFiles, UploadBatch
from adherents.vault.services.rendition import draw_due
from adherents.work.services import run_until_nothing_is_left
from tests.agents import make_agent, signed_in
from tests.api.systems import System
from tests.at_once import at_once
from tests.vault.conftest import browser_of, deposited, objects_in, pdf, send, upload
from tests.vault.hostile import broken_table

Words = Callable[[Any], str]
MONDAY = date(2026, 11, 16)


def page_of(member: Member) -> str:
    return reverse("desk:enter_deposit", args=[member.pk])


def enter(
    desk: Client, member: Member, *files: Any, sending: object = None, waiting: Any = (), **said: Any
) -> Any:
    """« Déposer », from the record."""
    came = {"channel": "post", "received_on": timezone.localdate().isoformat(), "kind": "rib"}
    posted = {**came, **said, "files": list(files), "waiting": [str(key) for key in waiting]}
    return desk.post(f"{page_of(member)}?{SENDING}={sending or uuid.uuid4()}", posted)


def in_hand(name: str = "rib.pdf", content: bytes | None = None) -> Any:
    intake = UploadBatch()
    intake.begin(name).write(content or pdf())
    intake.end()
    return intake.take()


def entered(agent: Account, member: Member, **said: Any) -> Deposit:
    """By the service, a paper that came today."""
    return sending.enter_deposit(
        member=member,
        sending_id=said.get("sending_id", uuid.uuid4()),
        form=Form(kind="rib"),
        came=WayIn(said.get("channel", Channel.POST), said.get("on", timezone.localdate()), agent),
        files=FormFiles(said.get("arrived") or in_hand()),
    )


@pytest.mark.django_db
class TestDepositing:
    def test_what_came_by_post_goes_the_way_of_a_members_own_sending(
        self, desk: Client, agent: Account, member: Member
    ) -> None:
        person = Beneficiary.objects.create(member=member, rank=2, birth_name="ESSAI", first_names="Lou")
        answer = enter(
            desk, member, upload(pdf(2), "scan.pdf"), channel="counter", beneficiary=str(person.pk)
        )
        assert answer["Location"] == reverse("desk:member", args=[member.pk])
        run_until_nothing_is_left()
        document = Document.objects.select_related("deposit").get()
        assert (document.kind, document.beneficiary, document.page_count) == ("rib", person, 2)
        made = document.deposit
        assert (made.channel, made.received_on) == (Channel.COUNTER, timezone.localdate())
        assert (made.sent_by, made.entered_by) == (member, agent)
        assert Item.objects.get().document == document, "an agent decides it"

    def test_the_promise_counts_from_the_day_it_came_and_late_is_said_at_once(
        self, desk: Client, member: Member, words: Words
    ) -> None:
        came = timezone.localdate() - timedelta(days=60)
        due = add_working_days(came, profile().documents.kind("rib").treatment_days)
        answer = enter(desk, member, upload(pdf()), received_on=came.isoformat())
        assert (
            f"Déjà en retard\u00a0: réponse attendue avant le {due:%d/%m/%Y}"
            in desk.get(answer["Location"]).text
        )
        draw_due()
        assert enter_checked() == 1
        item = Item.objects.get()
        assert (item.due_on, item.age) == (due, Age.LATE)

    def test_the_receipt_is_signed_with_the_channel_and_the_day(self, agent: Account, member: Member) -> None:
        made = entered(agent, member, on=MONDAY)
        envelope = receipts.envelope_of(made)
        stated = read_statement(read_envelope(envelope.written()).payload)
        assert (stated.channel, stated.channel_label, stated.received_on) == (
            "post",
            "Par courrier",
            "2026-11-16",
        )
        assert stated.came_in_words == "reçu par courrier le 16/11/2026"
        assert json.loads(envelope.payload)["version"] == 1
        drawn = receipts.pdf.draw(envelope, "en")
        assert receipts.check(drawn).verdict == receipts.ReceiptVerdict.AUTHENTIC

    def test_journal_and_feed_tell_who_acts_whose_file_it_is_and_how_it_came(
        self, agent: Account, member: Member
    ) -> None:
        entered(agent, member, channel=Channel.MAIL, on=MONDAY)
        document = Document.objects.get()
        entry = Entry.objects.get(event=Event.DOCUMENT_DEPOSITED)
        assert (entry.actor, entry.owner) == (agent.actor, member.subject)
        assert (entry.details["channel"], entry.details["received_on"]) == ("mail", "2026-11-16")
        told = Announcement.objects.get(subject=f"document/{document.pk}")
        assert (told.data["channel"], told.data["received_on"]) == ("mail", "2026-11-16")
        said = System().get(f"documents/{document.pk}").json()
        assert (said["channel"], said["received_on"]) == ("mail", "2026-11-16")

    def test_the_member_reads_how_it_came_everywhere(
        self, agent: Account, member: Member, words: Words
    ) -> None:
        made = entered(agent, member, on=MONDAY)
        run_until_nothing_is_left()
        document, at_home = Document.objects.get(), browser_of(member)
        how = "par courrier le 16/11/2026"
        assert how in words(at_home.get(reverse("vault:documents")))
        assert how in words(at_home.get(reverse("vault:receipt", args=[made.number])))
        page = words(at_home.get(reverse("vault:document", args=[document.pk])))
        assert how in page
        assert "Un conseiller l’a déposé pour vous." in page
        assert "Vous l’avez envoyé." not in page

    def test_agents_read_how_it_came(
        self, desk: Client, agent: Account, member: Member, words: Words
    ) -> None:
        made = entered(agent, member, on=MONDAY)
        draw_due()
        how = "reçu par courrier le 16/11/2026"
        assert how in words(desk.get(reverse("desk:document", args=[made.documents.get().pk])))
        assert how in words(desk.get(reverse("desk:documents", args=[member.pk])))
        assert how in words(desk.post(reverse("desk:search"), {"q": made.number}, follow=True))

    def test_a_member_whose_account_is_closed_is_deposited_for_and_told_nothing(
        self, agent: Account, member: Member
    ) -> None:
        Account.objects.filter(pk=member.account_id).update(closed_at=timezone.now())
        member.refresh_from_db()
        entered(agent, member)
        assert not OutboxMail.objects.exists()

    def test_a_member_who_never_connected_is_deposited_for_and_told(
        self, agent: Account, newcomer: Member
    ) -> None:
        entered(agent, newcomer)
        assert OutboxMail.objects.get().recipient == newcomer.email

    def test_a_member_who_has_sent_all_that_may_be_sent_today_still_gets_what_came_by_post(
        self, agent: Account, member: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(receiving, "room_of", lambda _member: RoomLeft(0, 0, 0, 0))
        with pytest.raises(NothingArrived):
            deposited(member, pdf())
        assert entered(agent, member).documents.count() == 1

    def test_a_scan_that_does_not_open_is_told_to_the_agent_who_made_it_and_not_to_the_member(
        self, agent: Account, member: Member
    ) -> None:
        entered(agent, member, arrived=in_hand("scan.pdf", broken_table()))
        OutboxMail.objects.all().delete()
        run_until_nothing_is_left()
        assert Document.objects.get().set_aside == SetAside.UNREADABLE
        [mail] = OutboxMail.objects.all()
        assert (mail.name, mail.recipient) == ("vault/entered_set_aside", agent.email)


@pytest.mark.django_db
class TestRefused:
    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ({"received_on": ""}, "Indiquez le jour"),
            ({"channel": "portal"}, "Dites comment"),
            ({"channel": ""}, "Dites comment"),
            ({"kind": "rien"}, "Choisissez un type"),
            ({"beneficiary": "999"}, "Choisissez dans la liste"),
        ],
    )
    def test_a_form_that_is_wrong_keeps_its_files_for_this_agent_alone(
        self, desk: Client, member: Member, words: Words, said: dict[str, str], why: str
    ) -> None:
        Beneficiary.objects.create(member=member, rank=2, birth_name="ESSAI", first_names="Lou")
        answer = enter(desk, member, upload(pdf(), "scan.pdf"), **said)
        assert why in words(answer)
        assert not Deposit.objects.exists()
        kept = PendingFile.objects.get()
        assert str(kept.pk) in answer.text
        at_home = browser_of(member)
        assert "scan.pdf" not in at_home.get(f"/adherent/documents/envoyer/?{SENDING}={kept.sending_id}").text
        assert "scan.pdf" not in at_home.get("/adherent/").text
        other = signed_in(make_agent(Role.SUPERVISOR))
        assert "scan.pdf" not in other.get(f"{page_of(member)}?{SENDING}={kept.sending_id}").text
        assert enter(desk, member, sending=kept.sending_id, waiting=[kept.pk]).status_code == 302
        assert Document.objects.get().name == "scan.pdf"

    @pytest.mark.parametrize("days", [-1, 367])
    def test_a_day_to_come_or_more_than_a_year_ago_is_a_slip(
        self, desk: Client, member: Member, days: int
    ) -> None:
        day = timezone.localdate() - timedelta(days=days)
        answer = enter(desk, member, upload(pdf()), received_on=day.isoformat())
        assert "received_on" in answer.context["form"].errors
        assert not Deposit.objects.exists()

    def test_a_file_that_is_refused_is_said_and_the_others_wait(
        self, desk: Client, member: Member, words: Words
    ) -> None:
        answer = enter(desk, member, upload(pdf(), "scan.pdf"), upload(b"MZ", "outil.exe"))
        assert "outil.exe" in words(answer)
        assert PendingFile.objects.get().name == "scan.pdf"

    def test_no_mail_reminds_the_member_of_what_an_agent_left_and_it_is_swept(
        self, desk: Client, member: Member, objects_folder: Any
    ) -> None:
        enter(desk, member, upload(pdf(), "scan.pdf"), kind="rien")
        Sending.objects.update(expires_at=timezone.now() + timedelta(hours=1))
        assert preparing.tell_what_waits() == 0
        Sending.objects.update(expires_at=timezone.now())
        assert preparing.sweep_over() == 1
        assert objects_in(objects_folder) == []

    def test_pressed_again_it_gives_the_same_deposit(self, desk: Client, member: Member) -> None:
        key = uuid.uuid4()
        for _ in range(3):
            assert enter(desk, member, upload(pdf(), "scan.pdf"), sending=key).status_code == 302
        assert Deposit.objects.count() == 1
        assert not UnclaimedObject.objects.exists()

    def test_the_same_page_with_another_day_is_no_second_press(
        self, desk: Client, member: Member, words: Words
    ) -> None:
        key, before = uuid.uuid4(), timezone.localdate() - timedelta(days=3)
        enter(desk, member, upload(pdf(), "scan.pdf"), sending=key)
        answer = enter(desk, member, upload(pdf(), "scan.pdf"), sending=key, received_on=before.isoformat())
        assert "Ce dépôt est déjà fait" in words(answer)
        assert Deposit.objects.count() == 1

    def test_a_members_own_sending_is_not_taken_by_an_agent(self, desk: Client, member: Member) -> None:
        at_home, key = browser_of(member), uuid.uuid4()
        send(at_home, upload(pdf(), "mien.pdf"), kind="rien", sending=key)
        mine = PendingFile.objects.get()
        answer = enter(desk, member, sending=key, waiting=[mine.pk])
        assert answer.status_code == 200
        assert not Deposit.objects.exists()
        assert PendingFile.objects.get().sending_id == key

    def test_nothing_is_deposited_for_a_former_holder(
        self, desk: Client, agent: Account, member: Member
    ) -> None:
        given = {"former_number": member.number, "number_given_at": timezone.now(), "gone_at": timezone.now()}
        Member.objects.filter(pk=member.pk).update(**given)
        member.refresh_from_db()
        assert desk.get(page_of(member)).status_code == 404
        with pytest.raises(sending.NoLongerHolder):
            entered(agent, member)

    @pytest.mark.parametrize("change", [{"closed_at": timezone.now()}, {"role": Role.AUDITOR}])
    def test_an_agent_who_may_no_more_deposits_nothing(
        self, agent: Account, member: Member, change: dict[str, Any]
    ) -> None:
        Account.objects.filter(pk=agent.pk).update(**change)
        with pytest.raises(ActRefused):
            entered(agent, member)
        assert not Deposit.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_eight_presses_at_once_make_one_deposit(member: Member) -> None:
    agent, key = make_agent(), uuid.uuid4()
    hands = [in_hand("scan.pdf", pdf()) for _ in range(8)]
    made = at_once(
        [
            lambda arrived=arrived: entered(agent, member, sending_id=key, arrived=arrived).number
            for arrived in hands
        ]
    )
    assert len({*made}) == 1
    assert (Deposit.objects.count(), Document.objects.count()) == (1, 1)
    assert not UnclaimedObject.objects.exists()
