"""« Je ne sais pas »: sent without a kind, promised for the longest delay, given its kind by the agent who looks at it."""

import re
from functools import partial

import pytest
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.casework.models import Item, Outcome, Refiling, Status
from adherents.casework.services import deciding, filing, queue
from adherents.feed.event_types import EventType
from adherents.feed.models import Announcement
from adherents.insurer.profile import profile
from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.vault.legibility import SetAside
from adherents.vault.models import Deposit, Document, State
from adherents.vault.origins import Erased
from adherents.vault.receipts.services import envelope_of
from adherents.vault.receipts.statement import read_statement
from adherents.vault.services.erasing import erase
from tests.at_once import at_once
from tests.casework.queueing import adviser, waiting
from tests.vault.conftest import pdf, upload

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", [{}, {"kind": ""}, {"kind": UNKNOWN_KIND}])
@pytest.mark.one_on_postgresql
def test_no_kind_never_blocks_and_the_longest_delay_is_promised(
    client: Client, member: Member, kind: dict[str, str]
) -> None:
    client.force_login(member.account)
    sent = client.post("/adherent/documents/envoyer/", {"files": [upload(pdf())], **kind})
    assert sent.status_code == 302
    document = Document.objects.get()
    assert document.kind == UNKNOWN_KIND
    assert document.treatment_days == max(kind.treatment_days for kind in profile().documents.kinds)
    assert "Document à classer" in client.get(sent["Location"]).text
    assert 'value="inconnu"' in client.get("/adherent/documents/envoyer/").text


def test_the_agent_chooses_the_kind_before_accepting_and_what_was_promised_stays(
    desk: Client, agent, member: Member
) -> None:
    [item] = waiting(member, kind=UNKNOWN_KIND)
    queue.take(agent=agent, item=item)
    document = Document.objects.get()
    before, due = document.answer_expected_on, item.due_on
    page = desk.get(f"/gestion/traiter/{document.pk}/")
    assert "Choisissez son type" in page.text
    assert "Document à classer (1)" in desk.get("/gestion/").text
    # What would be refused does not look like the way on, and the error stands at the field.
    assert re.search(r'class="button button-secondary button-wide" data-key="A"', page.text)
    for act, posted in (("accepter", {}), ("type", {"kind": ""}), ("type", {"kind": "rien"})):
        refused = desk.post(f"/gestion/traiter/{document.pk}/{act}/?kind={UNKNOWN_KIND}", posted, follow=True)
        assert '<a href="#id_kind">' in refused.text
        assert re.search(
            r'<select[^>]* aria-invalid="true"[^>]* aria-describedby="id_kind_error"', refused.text
        )
        assert "Choisissez d’abord le type de ce document." in refused.text
    assert not item.decisions.exists()
    desk.post(f"/gestion/traiter/{document.pk}/type/", {"kind": "rib"})
    document.refresh_from_db()
    item.refresh_from_db()
    assert (document.kind, document.sent_as, item.kind) == ("rib", UNKNOWN_KIND, "rib")
    assert (document.answer_expected_on, item.due_on) == (before, due)
    assert read_statement(envelope_of(Deposit.objects.get()).payload).files[0].kind == UNKNOWN_KIND
    assert Entry.objects.filter(event=Event.DOCUMENT_FILED).count() == 1
    told = Announcement.objects.get(type=EventType.DOCUMENT_REFILED)
    assert (told.subject, told.data["kind"]) == (f"document/{document.pk}", "rib")
    filed = desk.get(f"/gestion/traiter/{document.pk}/?sans-type=1").text
    assert "Choisissez son type" not in filed
    assert re.search(r'class="button button-primary button-wide" data-key="A"', filed)
    desk.post(f"/gestion/traiter/{document.pk}/accepter/")
    assert item.decisions.get().outcome == Outcome.ACCEPTED


def test_only_who_holds_it_chooses_and_only_once_and_only_a_kind_of_the_profile(
    agent, member: Member
) -> None:
    [item] = waiting(member, kind=UNKNOWN_KIND)
    queue.take(agent=adviser(2), item=item)
    with pytest.raises(queue.NotAvailable):
        filing.choose_kind(agent=agent, item=item, kind="rib")
    [other] = [row for row in waiting(member, kind=UNKNOWN_KIND) if row.pk != item.pk]
    with pytest.raises(filing.KindRefused):
        filing.choose_kind(agent=agent, item=other, kind="rien")
    filing.choose_kind(agent=agent, item=other, kind="rib")
    with pytest.raises(filing.KnownAlready):
        filing.choose_kind(agent=agent, item=other, kind="devis")


def test_who_left_files_nothing_and_nothing_is_filed_that_waits_no_more(agent, member: Member) -> None:
    """What a page checked before is checked again by the service."""
    gone, unsafe, taken_back, open_one = waiting(member, 4, kind=UNKNOWN_KIND)
    for item in (gone, unsafe, taken_back, open_one):
        queue.take(agent=agent, item=item)
    erase(document_id=gone.document_id, because=Erased.RETENTION)
    Document.objects.filter(pk=unsafe.document_id).update(set_aside=SetAside.INFECTED)
    Document.objects.filter(pk=taken_back.document_id).update(state=State.WITHDRAWN)
    for item in (gone, unsafe, taken_back):
        with pytest.raises(filing.NothingToFile):
            filing.choose_kind(agent=agent, item=item, kind="rib")
    Account.objects.filter(pk=agent.pk).update(closed_at=timezone.now())
    with pytest.raises(filing.NotYoursToFile):
        filing.choose_kind(agent=agent, item=open_one, kind="rib")
    assert not Entry.objects.filter(event=Event.DOCUMENT_FILED).exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_kind_chosen_against_its_destruction_is_chosen_before_or_not_at_all(member: Member) -> None:
    agent = adviser(1)
    for _ in range(8):
        [item] = waiting(member, kind=UNKNOWN_KIND)
        queue.take(agent=agent, item=item)
        filed, _erased = at_once(
            [
                partial(filing.choose_kind, agent=agent, item=item, kind="rib"),
                partial(erase, document_id=item.document_id, because=Erased.RETENTION),
            ]
        )
        events = [Event.DOCUMENT_FILED, Event.DOCUMENT_ERASED]
        about = Entry.objects.filter(subject=item.subject, event__in=events).order_by("pk")
        wanted = events if isinstance(filed, Refiling) else [Event.DOCUMENT_ERASED]
        assert list(about.values_list("event", flat=True)) == wanted
        assert isinstance(filed, (Refiling, filing.NothingToFile)), filed
        Item.objects.update(status=Status.DONE)


def test_what_was_never_announced_is_refused_with_words_that_are_true_of_it(agent, member: Member) -> None:
    """Neither as long as nobody knows what it is, nor when an agent has said it."""
    unknown, filed = waiting(member, 2, kind=UNKNOWN_KIND)
    for item in (unknown, filed):
        queue.take(agent=agent, item=item)
    filing.choose_kind(agent=agent, item=filed, kind="rib")
    filed = Item.objects.get(pk=filed.pk)
    [announced] = waiting(member)[-1:]

    def codes(item: Item) -> set[str]:
        return {reason.code for reason in deciding.reasons_for(item, "refuse")}

    assert "autre_document" in codes(announced)
    assert not {"autre_document"} & (codes(unknown) | codes(filed))
    assert "a_preciser" in codes(unknown) - codes(filed)
    with pytest.raises(deciding.NoSuchReason):
        deciding.refuse(agent=agent, item=filed, reason="autre_document", words_fr="Pas celui annoncé.")


def test_a_refused_document_without_a_kind_is_replaced_by_one_that_may_have_one(
    client: Client, agent, member: Member
) -> None:
    """« Je ne sais pas » is not proposed again; what an agent or the member said of it is."""
    client.force_login(member.account)

    def proposed(item: Item, kind: str = "") -> list[str]:
        queue.take(agent=agent, item=item)
        if kind:
            filing.choose_kind(agent=agent, item=item, kind=kind)
        deciding.settle(deciding.refuse(agent=agent, item=item, reason="illisible", words_fr="Illisible."))
        page = client.get(f"/adherent/documents/envoyer/?replaces={item.document_id}").text
        assert 'value="inconnu"' in page
        radios = re.findall(r'<input type="radio"[^>]*>', page)
        return [
            value for radio in radios if " checked" in radio for value in re.findall(r'value="(\w*)"', radio)
        ]

    unknown, filed = waiting(member, 2, kind=UNKNOWN_KIND)
    [known] = [row for row in waiting(member) if row.kind == "rib"]
    assert proposed(unknown) == []
    assert proposed(filed, kind="devis") == ["devis"]
    assert proposed(known) == ["rib"]


def test_what_cannot_be_read_is_refused_without_a_kind(agent, member: Member) -> None:
    [item] = waiting(member, kind=UNKNOWN_KIND)
    queue.take(agent=agent, item=item)
    [*reasons] = deciding.reasons_for(item, "refuse")
    assert reasons
    assert all(not reason.kinds or UNKNOWN_KIND in reason.kinds for reason in reasons)
    deciding.refuse(agent=agent, item=item, reason=reasons[0].code, words_fr="Illisible.")
    assert Item.objects.get().decisions.get().outcome == Outcome.REFUSED
