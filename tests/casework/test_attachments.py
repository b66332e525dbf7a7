"""What came with a message becomes a document to treat: once, from the day of the message, and kept as its kind says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from time_machine import travel

from adherents.accounts.models import Account, Role
from adherents.casework.models import Item
from adherents.casework.services import entering, queue
from adherents.casework.services.deciding import accept, reasons_for
from adherents.feed.models import Announcement
from adherents.insurer.calendar import add_working_days
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Beneficiary, Member
from adherents.messaging.models import Thread
from adherents.messaging.services import retention, threads
from adherents.vault.models import Document, State
from adherents.vault.origins import Origin
from adherents.vault.receipts.services import envelope_of
from adherents.vault.services.rendition import draw_due
from tests.api.systems import System
from tests.at_once import at_once, kinds
from tests.casework.queueing import adviser
from tests.messaging.exchanges import attached, last
from tests.vault.conftest import browser_of, deposited, pdf
from tests.vault.hostile import broken_table

Words = Callable[[Any], str]


def enter(agent: Account, document: Document, kind: str = "devis", person: Any = None) -> Document:
    return entering.enter_attachment(agent=agent, document=document, kind=kind, beneficiary=person)


def thread_of(document: Document) -> Thread:
    return Thread.objects.get(messages__attachments__document=document)


@pytest.mark.django_db
class TestEntering:
    def test_one_key_and_two_choices_put_it_in_the_queue_and_it_stays_in_its_conversation(
        self, desk: Client, member: Member, words: Words
    ) -> None:
        person = Beneficiary.objects.create(member=member, rank=2, birth_name="ESSAI", first_names="Lou")
        document = attached(member)
        thread = reverse("messaging:thread", args=[thread_of(document).pk])
        page = f"{reverse('casework:treat_attachment', args=[document.pk])}?thread={thread_of(document).pk}"
        assert f'href="{page}" data-key="a"' in desk.get(thread).text
        assert "Elle reste dans la conversation" in words(desk.get(page))
        answer = desk.post(page, {"kind": "devis", "beneficiary": str(person.pk)})
        assert answer["Location"] == thread
        there = desk.get(thread)
        assert "Document à traiter" in words(there)
        assert page not in there.text
        assert reverse("desk:document", args=[document.pk]) in there.text
        item = Item.objects.get()
        assert (item.document, item.kind) == (document, "devis")
        document.refresh_from_db()
        assert (document.origin, document.kind, document.beneficiary) == (Origin.MEMBER, "devis", person)
        beside = desk.get(reverse("desk:document", args=[document.pk]))
        assert thread in beside.text, "its page leads back to the conversation"

    def test_its_promise_counts_from_the_message_with_the_longest_time(
        self, agent: Account, member: Member
    ) -> None:
        with travel(timezone.now() - timedelta(days=40), tick=False):
            document, day = attached(member), timezone.localdate()
        enter(agent, document)
        days = max(kind.treatment_days for kind in profile().documents.kinds)
        assert Item.objects.get().due_on == add_working_days(day, days)

    def test_what_is_not_drawn_yet_waits_once_it_is(self, agent: Account, member: Member) -> None:
        document = attached(member)
        Document.objects.filter(pk=document.pk).update(
            state=State.RECEIVED, checked_at=None, next_attempt_at=timezone.now()
        )
        enter(agent, document)
        assert not Item.objects.exists()
        draw_due()
        assert entering.enter_checked() == 1

    def test_journal_feed_and_api_say_so_and_the_receipt_is_the_same(
        self, agent: Account, member: Member
    ) -> None:
        document = attached(member)
        before = envelope_of(document.deposit)
        enter(agent, document)
        entry = Entry.objects.get(event=Event.DOCUMENT_FILED)
        assert (entry.actor, entry.owner, entry.details["kind"]) == (agent.actor, member.subject, "devis")
        assert Announcement.objects.get(type="document.refiled").data["kind"] == "devis"
        said = System().get(f"documents/{document.pk}").json()
        assert (said["channel"], said["kind"]) == ("message", "devis")
        assert envelope_of(document.deposit) == before

    def test_the_member_finds_it_among_the_documents(
        self, agent: Account, member: Member, words: Words
    ) -> None:
        document = attached(member)
        at_home = browser_of(member)
        assert "devis.pdf" not in words(at_home.get(reverse("vault:documents")))
        enter(agent, document)
        today = f"{timezone.localdate():%d/%m/%Y}"
        assert f"reçu avec un message le {today}" in words(at_home.get(reverse("vault:documents")))
        page = words(at_home.get(reverse("vault:document", args=[document.pk])))
        assert "un de vos messages" in page
        assert "Votre document attend son tour" in page
        thread = at_home.get(reverse("messages:thread", args=[thread_of(document).pk]))
        assert "devis.pdf" in words(thread)

    def test_nothing_was_announced_so_no_reason_speaks_of_what_was(
        self, agent: Account, member: Member
    ) -> None:
        enter(agent, attached(member))
        item = Item.objects.get()
        expected = profile().documents.reasons_for("devis", "refuse", announced=False)
        assert reasons_for(item, "refuse") == expected

    def test_it_is_decided_as_any_other(self, agent: Account, member: Member) -> None:
        enter(agent, attached(member))
        item = Item.objects.get()
        queue.take(agent=agent, item=item)
        accept(agent=agent, item=item)


@pytest.mark.django_db
class TestRefused:
    def test_twice_is_said_and_makes_one_document(
        self, desk: Client, agent: Account, member: Member, words: Words
    ) -> None:
        document = attached(member)
        enter(agent, document)
        with pytest.raises(entering.TreatedAlready):
            enter(agent, document, "rib")
        answer = desk.post(
            reverse("casework:treat_attachment", args=[document.pk]), {"kind": "rib"}, follow=True
        )
        assert "déjà un document à traiter" in words(answer)
        document.refresh_from_db()
        assert (document.kind, Item.objects.count()) == ("devis", 1)

    def test_no_other_document_becomes_one(self, desk: Client, agent: Account, member: Member) -> None:
        own = deposited(member, pdf())
        with pytest.raises(entering.TreatedAlready):
            enter(agent, own)
        Document.objects.filter(pk=own.pk).update(origin=Origin.INSURER)
        assert desk.get(reverse("casework:treat_attachment", args=[own.pk])).status_code == 404

    def test_what_does_not_open_or_has_no_such_kind_is_refused(self, agent: Account, member: Member) -> None:
        with pytest.raises(entering.AttachmentDestroyed):
            enter(agent, attached(member, broken_table()))
        with pytest.raises(entering.NoKind):
            enter(agent, attached(member, pdf(2)), "piece_jointe")

    def test_an_agent_who_may_no_more_enters_nothing(self, agent: Account, member: Member) -> None:
        document = attached(member)
        Account.objects.filter(pk=agent.pk).update(role=Role.AUDITOR)
        with pytest.raises(entering.NoLongerTreats):
            enter(agent, document)


def closed_long_ago(document: Document, agent: Account) -> Thread:
    thread = thread_of(document)
    threads.close(agent=agent, thread_id=thread.pk, after=last(thread))
    Thread.objects.filter(pk=thread.pk).update(closed_at=timezone.now() - timedelta(days=366 * 20))
    return thread


@pytest.mark.django_db
class TestErasing:
    def test_the_message_goes_and_the_document_stays_as_long_as_its_kind_says(
        self, agent: Account, member: Member
    ) -> None:
        document, other = attached(member), attached(member, pdf(2), "autre.pdf")
        enter(agent, document)
        for one in (document, other):
            closed_long_ago(one, agent)
        assert retention.erase_threads(10) == 2
        kept, gone = (Document.objects.get(pk=row.pk) for row in (document, other))
        assert (kept.erased_at, kept.origin) == (None, Origin.MEMBER)
        assert gone.erased_at is not None
        assert not Thread.objects.exists()

    def test_a_document_that_is_gone_is_said_in_the_conversation(
        self, agent: Account, member: Member, words: Words
    ) -> None:
        document = attached(member)
        enter(agent, document)
        at_home = browser_of(member)
        at_home.post(reverse("vault:take_back", args=[document.pk]), {"sent": "1"})
        document.refresh_from_db()
        assert document.erased_at is not None
        thread = at_home.get(reverse("messages:thread", args=[thread_of(document).pk]))
        assert "Pièce jointe détruite" in words(thread)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """On a real PostgreSQL."""

    def test_eight_agents_make_one_document_of_it(self, member: Member) -> None:
        document = attached(member)
        agents = [adviser(rank) for rank in range(8)]
        results = at_once([lambda one=one: enter(one, document) for one in agents], threads=8)
        assert kinds(results) == {"Document": 1, "TreatedAlready": 7}
        assert Item.objects.count() == 1

    def test_the_sweep_that_enters_never_makes_two_items(self, member: Member) -> None:
        document = attached(member)
        acts: list[Callable[[], object]] = [lambda: enter(adviser(1), document)]
        at_once([*acts, *[entering.enter_checked] * 7], threads=8)
        assert Item.objects.count() == 1

    def test_a_purge_at_the_same_moment_erases_it_or_leaves_it_whole(self, member: Member) -> None:
        for round_ in range(5):
            agent, document = adviser(round_), attached(member, pdf(round_ + 1), f"{round_}.pdf")
            closed_long_ago(document, agent)
            results = at_once(
                [lambda: enter(agent, document), lambda: retention.erase_threads(10)],  # noqa: B023
                threads=2,
            )
            now = Document.objects.get(pk=document.pk)
            entered = kinds(results)["Document"] == 1
            assert entered == (now.erased_at is None) == (now.origin == Origin.MEMBER)
            assert Item.objects.filter(document=document).count() == int(entered)
