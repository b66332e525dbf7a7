"""« Reclasser »: another kind, or another person of the same contract, with the place and the promise kept, undone in time."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.casework.models import Decision, Item, Refiling, Status
from adherents.casework.services import deciding, filing, queue
from adherents.feed.models import Announcement
from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.models import Beneficiary, Member
from adherents.vault.models import Document, State
from adherents.vault.origins import Erased
from adherents.vault.services.erasing import erase
from adherents.vault.services.filing import Place
from tests.at_once import at_once, kinds
from tests.casework.queueing import NEEDED, adviser, waiting

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
Words = Callable[[Any], str]
SECONDS = timedelta(seconds=11)


@pytest.fixture
def child(member: Member) -> Beneficiary:
    return Beneficiary.objects.create(member=member, rank=1, birth_name="Dupont", first_names="Lina")


def held(agent: Account, member: Member, *, kind: str = "ordonnance") -> Item:
    item = waiting(member, kind=kind)[-1]
    queue.take(agent=agent, item=item)
    return Item.objects.get(pk=item.pk)


def filed(item: Item) -> tuple[str, str, int | None]:
    document = Document.objects.get(pk=item.document_id)
    assert Item.objects.get(pk=item.pk).kind == document.kind
    return document.kind, document.sent_as, document.beneficiary_id


def page_of(item: Item) -> str:
    return f"/gestion/traiter/{item.document_id}/reclasser/"


def test_another_kind_keeps_the_place_and_the_promise_and_is_told_in_the_story(
    desk: Client, client: Client, agent: Account, member: Member, words: Words
) -> None:
    item = held(agent, member)
    document = item.about
    before = (item.due_on, item.entered_at, document.answer_expected_on)
    listed = desk.get(page_of(item)).text
    assert 'value="devis" data-key="7"' in listed
    assert 'value="ordonnance"' not in listed, "it is filed so already"
    page = desk.post(page_of(item), {"kind": "devis"}, follow=True)
    assert "Reclassé" in page.text
    assert filed(item) == ("devis", "ordonnance", None)
    item.refresh_from_db()
    document.refresh_from_db()
    assert (item.due_on, item.entered_at, document.answer_expected_on) == before
    assert (item.status, item.agent) == (Status.WAITING, agent)
    told = Announcement.objects.get(type="document.refiled")
    assert told.data["kind"] == "devis"
    entry = Entry.objects.get(event=Event.DOCUMENT_REFILED)
    assert (entry.actor, entry.details) == (
        agent.actor,
        {"kind": "devis", "was": "ordonnance", "person": False},
    )
    assert not OutboxMail.objects.filter(name__startswith="casework/").exists()
    client.force_login(member.account)
    story = words(client.get(f"/adherent/documents/{document.pk}/"))
    assert "Reclassé" in story
    assert "Un conseiller l’a reclassé : « Devis », et non « Ordonnance »." in story


@any_database
def test_another_person_of_the_contract_and_nobody_elses(
    desk: Client, client: Client, agent: Account, member: Member, child: Beneficiary, words: Words
) -> None:
    item = held(agent, member)
    stranger = Member.objects.create(number="70199999", birth_name="Autre", first_names="Paul")
    theirs = Beneficiary.objects.create(member=stranger, rank=1, birth_name="Autre", first_names="Zoé")
    assert theirs.name not in desk.get(page_of(item)).text
    for wrong in (theirs.pk, "x", "9" * 30):
        refused = desk.post(page_of(item), {"person": wrong}, follow=True)
        assert "Choisissez une personne de la liste." in refused.text
    desk.post(page_of(item), {"person": child.pk})
    assert filed(item) == ("ordonnance", "", child.pk)
    client.force_login(member.account)
    story = words(client.get(f"/adherent/documents/{item.document_id}/"))
    assert "il concerne une autre personne de votre contrat" in story
    assert child.name in story
    desk.post(page_of(item), {"person": "0"})
    assert filed(item) == ("ordonnance", "", None)


def test_undone_in_time_it_is_as_before_and_the_member_reads_nothing_of_it(
    desk: Client, client: Client, agent: Account, member: Member, child: Beneficiary, words: Words
) -> None:
    item = held(agent, member)
    desk.post(page_of(item), {"person": child.pk})
    desk.post(page_of(item), {"kind": "devis"})
    last = Refiling.objects.latest("pk")
    shown = desk.get(f"/gestion/traiter/{item.document_id}/").text
    assert f"/gestion/reclassements/{last.pk}/annuler/" in shown
    desk.post(f"/gestion/reclassements/{last.pk}/annuler/")
    assert filed(item) == ("ordonnance", "", child.pk)
    assert [told.data["kind"] for told in Announcement.objects.filter(type="document.refiled").order_by("pk")] == [
        "ordonnance", "devis", "ordonnance",
    ]  # fmt: skip
    client.force_login(member.account)
    story = words(client.get(f"/adherent/documents/{item.document_id}/"))
    assert "« Devis »" not in story
    assert "il concerne une autre personne" in story
    again = desk.post(f"/gestion/reclassements/{last.pk}/annuler/", follow=True)
    assert "Il est trop tard" in again.text


@any_database
def test_it_is_undone_by_its_agent_alone_in_its_seconds_and_before_a_decision(
    agent: Account, member: Member
) -> None:
    item = held(agent, member)
    refiling = filing.refile(agent=agent, item=item, to=Place("devis", None))
    with pytest.raises(filing.TooLateToFileBack):
        filing.undo(agent=adviser(2), refiling=refiling)
    with time_machine.travel(timezone.now() + SECONDS), pytest.raises(filing.TooLateToFileBack):
        filing.undo(agent=agent, refiling=refiling)
    deciding.accept(agent=agent, item=Item.objects.get(pk=item.pk))
    with pytest.raises(filing.TooLateToFileBack):
        filing.undo(agent=agent, refiling=refiling)
    assert filed(item)[0] == "devis"


@any_database
def test_annuler_takes_back_the_later_of_a_decision_and_a_filing(
    desk: Client, agent: Account, member: Member
) -> None:
    first, second = held(agent, member), held(agent, member)
    decision = deciding.accept(agent=agent, item=first)
    refiling = filing.refile(agent=agent, item=second, to=Place("devis", None))
    shown = desk.get(f"/gestion/traiter/{second.document_id}/").text
    assert f"reclassements/{refiling.pk}/annuler" in shown
    assert f"decisions/{decision.pk}/annuler" not in shown
    filing.undo(agent=agent, refiling=refiling)
    assert f"decisions/{decision.pk}/annuler" in desk.get(f"/gestion/traiter/{second.document_id}/").text


@any_database
def test_a_kind_that_was_unknown_and_chosen_can_be_undone_too(agent: Account, member: Member) -> None:
    item = held(agent, member, kind=UNKNOWN_KIND)
    refiling = filing.choose_kind(agent=agent, item=item, kind="devis")
    assert filed(item) == ("devis", UNKNOWN_KIND, None)
    filing.undo(agent=agent, refiling=refiling)
    assert filed(item) == (UNKNOWN_KIND, "", None)


@any_database
def test_filed_back_as_what_its_member_said_it_is_as_it_was_sent(agent: Account, member: Member) -> None:
    item = held(agent, member)
    for kind, sent_as in (("devis", "ordonnance"), ("rib", "ordonnance"), ("ordonnance", "")):
        filing.refile(agent=agent, item=item, to=Place(kind, None))
        assert filed(item) == (kind, sent_as, None)


@any_database
def test_what_cannot_be_filed_is_refused_in_words(agent: Account, member: Member) -> None:
    item = held(agent, member)
    for to, refusal in (
        (Place("ordonnance", None), filing.FiledAlready),
        (Place(UNKNOWN_KIND, None), filing.KindRefused),
        (Place("rien", None), filing.KindRefused),
        (Place("devis", 99), filing.PersonRefused),
    ):
        with pytest.raises(refusal):
            filing.refile(agent=agent, item=item, to=to)
    with pytest.raises(queue.HeldByAnother):
        filing.refile(agent=adviser(2), item=item, to=Place("devis", None))
    Account.objects.filter(pk=agent.pk).update(role=Role.AUDITOR)
    with pytest.raises(filing.NotYoursToFile):
        filing.refile(agent=agent, item=item, to=Place("devis", None))
    Account.objects.filter(pk=agent.pk).update(role=Role.ADVISER)
    Document.objects.filter(pk=item.document_id).update(state=State.ACCEPTED)
    with pytest.raises((filing.NothingToFile, queue.NotAvailable)):
        filing.refile(agent=agent, item=item, to=Place("devis", None))
    assert filed(item) == ("ordonnance", "", None)
    assert not Refiling.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("whole_journal")
def test_filing_against_a_decision_is_before_it_or_not_at_all(member: Member) -> None:
    agent = adviser(1)
    for _ in range(8):
        item = held(agent, member)
        done = at_once(
            [
                partial(filing.refile, agent=agent, item=item, to=Place("devis", None)),
                partial(deciding.refuse, agent=agent, item=item, **NEEDED | {"reason": "illisible"}),
            ]
        )
        assert isinstance(done[1], Decision), done[1]
        kind, _sent_as, _person = filed(item)
        assert kind == ("devis" if isinstance(done[0], Refiling) else "ordonnance"), done[0]
        Item.objects.update(status=Status.DONE)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("whole_journal")
def test_two_presses_and_a_destruction_file_it_once_or_not_at_all(member: Member) -> None:
    agent = adviser(1)
    for _ in range(6):
        item = held(agent, member)
        file = partial(filing.refile, agent=agent, item=item, to=Place("devis", None))
        destroy = partial(erase, document_id=item.document_id, because=Erased.RETENTION)
        ends = kinds(at_once([file, file, destroy]))
        assert ends["bool"] == 1
        assert ends.get("Refiling", 0) == Refiling.objects.filter(item=item).count() <= 1
        assert set(ends) <= {"bool", "Refiling", "FiledAlready", "NothingToFile"}, ends
        Item.objects.update(status=Status.DONE)
