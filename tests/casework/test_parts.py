"""What a part is: pages of its original, whose bytes, receipt and end stay its own."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.casework.services import deciding, queue, splitting
from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.storage.services import write_erasures
from adherents.vault.models import Document
from adherents.vault.origins import Erased
from adherents.vault.receipts.services import envelope_of
from adherents.vault.receipts.statement import read_statement
from adherents.vault.services import retention
from adherents.vault.services.erasing import erase
from adherents.vault.services.reading import give_original
from adherents.vault.services.verification import Pace, Verified, verify_everything
from adherents.vault.services.viewing import NoSuchPage, page_image, thumbnail_image
from adherents.work.purging import due
from tests.api.systems import System, code_of
from tests.casework.test_splitting import cut, drawn
from tests.journeys.papers import sheets

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
Words = Callable[[Any], str]
Kinds = tuple[str, ...]


@pytest.mark.usefixtures("objects_folder")
def test_a_part_shows_its_pages_and_gives_the_whole_original(agent: Account, member: Member) -> None:
    item = drawn(agent, member)
    original = item.about
    receipt = envelope_of(original.deposit)
    [_first, rest] = splitting.split(agent=agent, item=item, slices=cut((1, 1), (2, 3)))
    part = Document.objects.select_related("part_of", "member", "deposit").get(pk=rest.document_id)
    assert page_image(part, 1) == page_image(original, 2)
    assert page_image(part, 2) == page_image(original, 3)
    assert thumbnail_image(part)
    with pytest.raises(NoSuchPage):
        page_image(part, 3)
    assert b"".join(give_original(document=part, actor="client:1").chunks) == sheets(3)
    assert envelope_of(original.deposit) == receipt
    assert len(read_statement(receipt.payload).files) == 1
    findings: list[Any] = []
    seen = Verified()
    for _ in verify_everything(pace=Pace(None), seen=seen, on_finding=findings.append):
        pass
    assert findings == []


@pytest.mark.usefixtures("objects_folder")
def test_a_receipt_that_was_never_asked_for_still_proves_one_file(agent: Account, member: Member) -> None:
    item = drawn(agent, member, 2)
    deposit = item.about.deposit
    splitting.split(agent=agent, item=item, slices=cut((1, 1), (2, 2)))
    assert [file.kind for file in read_statement(envelope_of(deposit).payload).files] == ["rib"]


@pytest.mark.usefixtures("objects_folder")
def test_its_member_reads_what_became_of_it_and_takes_the_whole_away(
    client: Client, agent: Account, member: Member, words: Words
) -> None:
    item = drawn(agent, member)
    first, _rest = splitting.split(agent=agent, item=item, slices=cut((1, 1), (2, 3)))
    client.force_login(member.account)
    whole = words(client.get(f"/adherent/documents/{item.document_id}/"))
    assert "Réparti" in whole
    assert "un conseiller les traite un par un" in whole
    assert "pages 2 à 3" in whole
    assert "Réparti" not in words(client.get("/adherent/")), "at home one story a document: its parts tell it"
    part = words(client.get(f"/adherent/documents/{first.document_id}/"))
    assert "Ordonnance" in part
    assert "page 1" in part
    assert "du fichier que vous avez envoyé" in part
    assert "Vous téléchargez le fichier entier" in part
    got = client.get(f"/adherent/documents/{first.document_id}/telecharger/")
    assert b"".join(got.streaming_content) == sheets(3)  # type: ignore[attr-defined]
    assert client.get(f"/adherent/documents/{first.document_id}/pages/vignette/").status_code == 200
    assert words(client.get("/adherent/documents/")).count("page") >= 2
    number = item.about.deposit.number
    receipt = words(client.get(f"/adherent/documents/accuses/{number}/"))
    assert receipt.count("Ordonnance") == 0
    assert "Nous les traitons en général" in receipt, "its parts are treated"
    zipped = client.post("/adherent/documents/tout/")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(zipped.streaming_content)))  # type: ignore[attr-defined]
    listed = json.loads(archive.read("manifest.json"))
    assert sorted(line["pages"] for line in listed) == ["", "1-1", "2-3"]
    assert len(archive.namelist()) == 3
    assert {line["file"] for line in listed} == {name for name in archive.namelist() if name.endswith(".pdf")}


@pytest.mark.usefixtures("objects_folder")
def test_an_original_goes_with_its_last_part_and_never_before(agent: Account, member: Member) -> None:
    item = drawn(agent, member, 2)
    [part, rest] = splitting.split(agent=agent, item=item, slices=cut((1, 1), (2, 2)))
    for row in (part, rest):
        deciding.settle(deciding.accept(agent=agent, item=row))
    months = max(kind.retention_months for kind in profile().documents.kinds)
    Document.objects.filter(pk=part.document_id).update(
        state_at=timezone.now() - timedelta(days=31 * months + 31)
    )
    for work in due():
        if work.count:
            work.delete(100)
    assert Document.objects.get(pk=part.document_id).erased_at is not None
    assert Document.objects.get(pk=item.document_id).erased_at is None
    gone = Document.objects.select_related("part_of", "member", "deposit").get(pk=rest.document_id)
    assert page_image(gone, 1)
    erase(document_id=rest.document_id, because=Erased.RETENTION)
    assert retention.destroy_split(100) == 1
    write_erasures()
    original = Document.objects.get(pk=item.document_id)
    assert original.erased_at is not None
    assert not original.pages.exists()


@pytest.mark.usefixtures("objects_folder")
def test_programs_read_which_pages_a_part_is_and_get_the_whole(agent: Account, member: Member) -> None:
    item = drawn(agent, member)
    system = System()
    [part, rest] = splitting.split(agent=agent, item=item, slices=cut((1, 1), (2, 3)))
    original = system.get(f"documents/{item.document_id}").json()
    said = system.get(f"documents/{rest.document_id}").json()
    assert (original["split"], original["state"], original["part_of"]) == (True, "in_progress", None)
    assert (said["part_of"], said["pages"], said["split"]) == (str(item.document_id), [2, 3], False)
    assert (said["size"], said["sha256"], said["receipt"], said["due_on"], said["page_count"]) == (
        original["size"], original["sha256"], original["receipt"], original["due_on"], 2,
    )  # fmt: skip
    given = system.get(f"documents/{rest.document_id}/content")
    assert b"".join(given.streaming_content) == sheets(3)
    assert system.get(f"documents/{rest.document_id}/pages/2").status_code == 200
    assert system.get(f"documents/{rest.document_id}/pages/3").status_code == 404
    refused = system.post(f"documents/{item.document_id}/decision", {"outcome": "accept"})
    assert code_of(refused) == "already-decided"
    queue.give_back(agent=agent, item=part)
    assert system.post(f"documents/{part.document_id}/decision", {"outcome": "accept"}).status_code == 202
