"""What was made of several documents: their pages, in their order; their bytes, receipt and end stay their own."""

import io
import json
import uuid
import zipfile
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from adherents.accounts.models import Account, Role
from adherents.casework.models import Item, Outcome, Refiling
from adherents.casework.services import deciding, filing, joining, queue, splitting
from adherents.casework.twins import selectors as twins
from adherents.insurer.profile import profile
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.notes.models import Opinion, Prospect
from adherents.notes.selectors import beside
from adherents.notes.services.opinions import NothingToDecide, ask_opinion
from adherents.portal.waiting import waiting_for
from adherents.reading.services.entering import ready_to_read
from adherents.storage.services import write_erasures
from adherents.vault.legibility import SetAside
from adherents.vault.models import Document, State
from adherents.vault.origins import Erased
from adherents.vault.receipts.services import envelope_of
from adherents.vault.receipts.statement import read_statement
from adherents.vault.selectors.listing import JOINED, Narrowing, count_documents, narrowed_to
from adherents.vault.services import retention, sending
from adherents.vault.services.deposit import Form
from adherents.vault.services.erasing import erase
from adherents.vault.services.filing import Place
from adherents.vault.services.reading import NotToBeGiven, check_open_to_insurer
from adherents.vault.services.receiving import FormFiles, UploadBatch
from adherents.vault.services.splitting import Slice
from adherents.vault.services.verification import Pace, Verified, verify_everything
from adherents.vault.services.viewing import NoSuchPage, page_image, thumbnail_image
from adherents.work.purging import due
from adherents.work.services import run_until_nothing_is_left
from tests.api.systems import System, code_of
from tests.casework.queueing import adviser
from tests.casework.test_joining import held, joined
from tests.journeys.papers import sheets
from tests.test_queries import MOST, queries_of

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
Words = Callable[[Any], str]


def drawn(agent: Account, member: Member, *pages: int) -> list[Item]:
    """In hand: real PDFs of one sending, each of this number of pages, all drawn."""
    intake = UploadBatch()
    for number, count in enumerate(pages, start=1):
        intake.begin(f"page-{number}.pdf").write(sheets(count))
        intake.end()
    made = sending.send(
        acting=on_own_file(member), sending_id=uuid.uuid4(), form=Form("rib"), files=FormFiles(intake.take())
    )
    documents = list(made.documents.order_by("rank"))
    run_until_nothing_is_left()
    items = [Item.objects.get(document=document) for document in documents]
    queue.take(agent=agent, item=items[0])
    return [Item.objects.get(pk=item.pk) for item in items]


def made_of(item: Item) -> Document:
    rows = Document.objects.select_related("part_of", "member", "deposit", "joined_into")
    found: Document = rows.get(pk=item.document_id)
    return found


@pytest.mark.usefixtures("objects_folder")
def test_its_pages_are_theirs_in_their_order_and_the_receipt_proves_each(
    agent: Account, member: Member
) -> None:
    items = drawn(agent, member, 2, 1, 1)
    receipt = envelope_of(items[0].about.deposit)
    made = made_of(joined(agent, [items[1], items[0], items[2]]))
    assert made.page_count == 4
    assert page_image(made, 1) == page_image(items[1].about, 1)
    assert page_image(made, 3) == page_image(items[0].about, 2)
    assert page_image(made, 4) == page_image(items[2].about, 1)
    assert thumbnail_image(made)
    with pytest.raises(NoSuchPage):
        page_image(made, 5)
    again = envelope_of(made.deposit)
    assert (again, len(read_statement(again.payload).files)) == (receipt, 3)
    findings: list[Any] = []
    for _ in verify_everything(pace=Pace(None), seen=Verified(), on_finding=findings.append):
        pass
    assert findings == []
    assert not ready_to_read(State.IN_PROGRESS).filter(pk=made.pk).exists(), "each of them is read"


@pytest.mark.usefixtures("objects_folder")
def test_a_receipt_that_was_never_asked_for_still_proves_three_files(agent: Account, member: Member) -> None:
    items = drawn(agent, member, 1, 1, 1)
    made = made_of(joined(agent, items))
    assert len(read_statement(envelope_of(made.deposit).payload).files) == 3


@pytest.mark.usefixtures("objects_folder")
def test_its_member_reads_one_story_and_finds_each_file_as_it_was_sent(
    client: Client, agent: Account, member: Member, words: Words
) -> None:
    items = drawn(agent, member, 1, 1, 1)
    Document.objects.filter(pk__in=[item.document_id for item in items]).update(content_type="image/jpeg")
    made = made_of(joined(agent, items))
    client.force_login(member.account)
    original = words(client.get(f"/adherent/documents/{items[0].document_id}/"))
    assert "Réuni avec vos 2 autres photos" in original
    assert "vous recevrez une seule réponse" in original
    assert "Télécharger" in original
    page = words(client.get(f"/adherent/documents/{made.pk}/"))
    assert "3 photos réunies" in page
    assert "a réuni vos documents en un seul" in page
    assert "en préparation" not in page
    listed = words(client.get("/adherent/documents/"))
    assert listed.count("Réuni avec vos 2 autres photos") == 3
    assert "3 photos réunies, envoi du" in listed
    with override("en"):
        assert (
            Document.objects.get(pk=items[0].document_id).joined_with_words
            == "Joined with your 2 other photos"
        )
    latest = [document.pk for document in waiting_for(member, member.account).latest]
    assert latest == [made.pk], "home says it once"
    got = client.get(f"/adherent/documents/{items[0].document_id}/telecharger/")
    assert b"".join(got.streaming_content) == sheets(1)  # type: ignore[attr-defined]
    assert client.get(f"/adherent/documents/{made.pk}/telecharger/").status_code == 302
    assert client.get(f"/adherent/documents/{made.pk}/pages/vignette/").status_code == 200
    number = items[0].about.deposit.number
    receipt = client.get(f"/adherent/documents/accuses/{number}/")
    assert receipt.text.count(str(made.pk)) == 0
    assert "Nous le traitons en général" in words(receipt), "the whole is treated"
    zipped = client.post("/adherent/documents/tout/")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(zipped.streaming_content)))  # type: ignore[attr-defined]
    lines = json.loads(archive.read("manifest.json"))
    assert sorted(line["given"] for line in lines) == ["joined", "whole", "whole", "whole"]
    assert len([name for name in archive.namelist() if "manifest" not in name]) == 3


@any_database
def test_its_pages_ask_the_database_no_more_than_others(
    client: Client, agent: Account, member: Member
) -> None:
    made = joined(agent, held(agent, member))
    client.force_login(member.account)
    for path in (f"/adherent/documents/{made.document_id}/", "/adherent/documents/", "/adherent/"):
        assert len(queries_of(client, path)) <= MOST, path
    system = System()
    system.get("documents")  # which takes a token first
    with CaptureQueriesContext(connection) as one:
        system.get(f"documents?member={member.number}")
    for _ in range(3):
        joined(agent, held(agent, member))
    with CaptureQueriesContext(connection) as several:
        system.get(f"documents?member={member.number}")
    assert len(several) == len(one)


@any_database
def test_it_is_counted_and_found_by_its_state(agent: Account, member: Member) -> None:
    items = held(agent, member)
    made = joined(agent, items)
    assert count_documents(member).states == {"joined": 3, "in_progress": 1}
    rows = Document.objects.filter(member=member)
    assert narrowed_to(rows, Narrowing(state=JOINED)).count() == 3
    assert [row.pk for row in narrowed_to(rows, Narrowing(state="in_progress"))] == [made.document_id]


@pytest.mark.usefixtures("objects_folder")
def test_what_was_joined_goes_with_what_was_made_of_it_and_never_before(
    agent: Account, member: Member
) -> None:
    items = drawn(agent, member, 1, 1)
    made = joined(agent, items, kind="rib")
    deciding.settle(deciding.accept(agent=agent, item=made))
    months = max(kind.retention_months for kind in profile().documents.kinds)
    long_ago = timezone.now() - timedelta(days=31 * months + 31)
    keys = [item.document_id for item in items]
    Document.objects.filter(pk__in=keys).update(state_at=long_ago, at=long_ago)
    for work in due():
        if work.count:
            work.delete(100)
    assert Document.objects.filter(pk__in=keys, erased_at=None).count() == 2
    assert page_image(made_of(made), 2)
    erase(document_id=made.about.pk, because=Erased.RETENTION)
    assert retention.destroy_joined(100) == 2
    write_erasures()
    assert not Document.objects.filter(pk__in=keys, erased_at=None).exists()
    with pytest.raises(joining.CannotJoin):
        joining.separate(agent=agent, item=made)


@pytest.mark.usefixtures("objects_folder")
def test_programs_read_what_it_was_made_of_and_ask_for_each(agent: Account, member: Member) -> None:
    items = drawn(agent, member, 2, 1)
    system = System()
    made = joined(agent, [items[1], items[0]], kind="rib")
    sent = system.get(f"documents/{items[0].document_id}").json()
    said = system.get(f"documents/{made.document_id}").json()
    assert (sent["joined_into"], sent["originals"], sent["state"]) == (
        str(made.document_id), None, "in_progress",
    )  # fmt: skip
    assert said["originals"] == [str(items[1].document_id), str(items[0].document_id)]
    assert (said["size"], said["sha256"], said["receipt"], said["due_on"], said["page_count"]) == (
        None, None, sent["receipt"], sent["due_on"], 3,
    )  # fmt: skip
    listed = system.get(f"documents?member={member.number}").json()["items"]
    assert next(row for row in listed if row["id"] == said["id"])["originals"] == said["originals"]
    assert code_of(system.get(f"documents/{made.document_id}/content")) == "several-files"
    given = system.get(f"documents/{items[0].document_id}/content")
    assert b"".join(given.streaming_content) == sheets(2)
    assert system.get(f"documents/{made.document_id}/pages/3").status_code == 200
    assert system.get(f"documents/{made.document_id}/pages/4").status_code == 404
    stored = system.post(f"documents/{made.document_id}/acknowledgement", {"reference": "GED-1"})
    assert stored.status_code == 200
    refused = system.post(f"documents/{items[0].document_id}/decision", {"outcome": "accept"})
    assert code_of(refused) == "already-decided"
    queue.give_back(agent=agent, item=made)
    assert system.post(f"documents/{made.document_id}/decision", {"outcome": "accept"}).status_code == 202


@any_database
def test_its_twins_are_those_of_each_and_its_decision_is_theirs(agent: Account, member: Member) -> None:
    first, again = held(agent, member), held(agent, member)
    for before, after in zip(first, again, strict=True):
        Document.objects.filter(pk=after.document_id).update(sha256=before.about.sha256)
    made, later = joined(agent, first), joined(agent, again)
    assert {twin.document.pk for twin in twins.twins(later.about)} == {item.document_id for item in first}
    assert not twins.was_accepted_before(later.about)
    deciding.settle(deciding.accept(agent=agent, item=made))
    [decision] = {twin.decision for twin in twins.twins(later.about)}
    assert decision is not None
    assert decision.outcome == Outcome.ACCEPTED
    assert twins.was_accepted_before(later.about)
    responsable = adviser(9, Role.SUPERVISOR)
    other = Document.objects.get(pk=again[0].document_id)
    Document.objects.filter(pk=other.pk).update(sha256="f" * 64)
    assert not twins.was_accepted_before(Document.objects.get(pk=later.document_id)), "one of them is new"
    assert twins.twins_of_others(later.about, reader=responsable) == []


@pytest.mark.usefixtures("objects_folder")
def test_one_that_was_set_aside_since_stays_with_the_whole_which_no_system_is_given(
    agent: Account, member: Member
) -> None:
    items = drawn(agent, member, 1, 1)
    made = joined(agent, items, kind="rib")
    check_open_to_insurer(made_of(made))
    long_ago = timezone.now() - timedelta(days=9999)
    first = Document.objects.filter(pk=items[0].document_id)
    first.update(set_aside=SetAside.INFECTED, threat="Eicar", state_at=long_ago, at=long_ago)
    with pytest.raises(NotToBeGiven):
        check_open_to_insurer(made_of(made))
    for rule in retention.rules():
        retention.destroy(rule, 100)
    assert first.get().erased_at is None


def test_an_opinion_asked_before_is_expected_until_the_whole_is_decided(
    agent: Account, member: Member
) -> None:
    items, colleague = held(agent, member), adviser(7)
    asking = partial(
        ask_opinion, agent=agent, colleague=colleague, question="Lisible ?", due_on=timezone.localdate()
    )
    opinion = asking(document=items[0].about)
    made = joined(agent, items)
    assert Opinion.objects.expected_of(colleague).count() == 1
    with pytest.raises(NothingToDecide):
        asking(document=Document.objects.get(pk=items[1].document_id))
    deciding.settle(deciding.accept(agent=agent, item=made))
    assert not Opinion.objects.expected_of(colleague).exists()
    assert Opinion.objects.get(pk=opinion.pk).prospect == Prospect.DECIDED


def test_an_opinion_on_what_it_was_made_of_is_read_beside_the_whole(
    agent: Account, member: Member, django_assert_num_queries: Any
) -> None:
    items = held(agent, member)
    opinion = ask_opinion(
        agent=agent,
        colleague=adviser(7),
        document=items[1].about,
        question="Lisible ?",
        due_on=timezone.localdate(),
    )
    whole = joined(agent, items).about
    with django_assert_num_queries(2):
        [beside_it] = beside(whole).opinions
        assert (beside_it.pk, beside_it.prospect) == (opinion.pk, Prospect.EXPECTED)
        assert beside_it.shown_question == "Lisible ?"


def test_what_is_kept_for_a_colleague_is_taken_apart_by_nobody_else(agent: Account, member: Member) -> None:
    colleague = adviser(7)
    made = joined(agent, held(agent, member))
    queue.hand_over(agent=agent, item=made, to=colleague, words="À voir avec elle")
    made.refresh_from_db()
    with pytest.raises(joining.TooLateToSeparate):
        joining.separate(agent=adviser(8), item=made)
    assert len(joining.separate(agent=colleague, item=made)) == 3


def test_an_opinion_on_a_file_is_beside_its_parts_and_expected_while_one_of_them_waits(
    agent: Account, member: Member
) -> None:
    [item] = drawn(agent, member, 2)
    colleague = adviser(7)
    asked = ask_opinion(
        agent=agent,
        colleague=colleague,
        document=item.about,
        question="Lisible ?",
        due_on=timezone.localdate(),
    )
    slices = [Slice(page, page, Place("ordonnance", None)) for page in (1, 2)]
    first, second = splitting.split(agent=agent, item=item, slices=slices)
    for part in (first, second):
        assert [opinion.pk for opinion in beside(made_of(part)).opinions] == [asked.pk]
        assert Opinion.objects.expected_of(colleague).count() == 1
        assert Opinion.objects.get(pk=asked.pk).prospect == Prospect.EXPECTED
        deciding.settle(deciding.accept(agent=agent, item=part))
    assert not Opinion.objects.expected_of(colleague).exists()
    assert Opinion.objects.get(pk=asked.pk).prospect == Prospect.DECIDED


def test_an_opinion_on_what_went_to_another_file_is_expected_of_nobody(
    agent: Account, member: Member
) -> None:
    [item, *_rest], colleague = held(agent, member), adviser(7)
    asked = ask_opinion(
        agent=agent, colleague=colleague, document=item.about, question="?", due_on=timezone.localdate()
    )
    Document.objects.filter(pk=item.document_id).update(relocated_at=timezone.now())
    assert not Opinion.objects.expected_of(colleague).exists()
    assert Opinion.objects.get(pk=asked.pk).prospect == Prospect.DECIDED


def test_a_filing_is_not_offered_to_be_undone_once_it_was_joined(agent: Account, member: Member) -> None:
    items = held(agent, member)
    filing.refile(agent=agent, item=items[0], to=Place("devis", None))
    assert Refiling.objects.to_undo(agent) is not None
    joined(agent, [Item.objects.get(pk=item.pk) for item in items])
    assert Refiling.objects.to_undo(agent) is None
