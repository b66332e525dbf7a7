"""The paper, small: drawn with its pages, sealed as they are, seen by its member alone, and gone with its document."""

import io

import pytest
from PIL import Image

from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.storage.objects import object_names
from adherents.vault.models import Document, Page, Thumbnail
from adherents.vault.origins import Erased
from adherents.vault.services import erasing
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.sweeping import sweep_forgotten
from adherents.vault.services.verification import Pace, Verified, verify_everything
from tests.cast import EVE
from tests.factories import open_account
from tests.vault.conftest import deposited, pdf

pytestmark = pytest.mark.django_db


def address(document: Document) -> str:
    return f"/adherent/documents/{document.pk}/pages/vignette/"


def names() -> set[str]:
    return {name for name, _whole in object_names()}


@pytest.fixture
def drawn(member: Member) -> Document:
    document = deposited(member, pdf(2))
    draw_due()
    document.refresh_from_db()
    return document


def test_a_member_sees_the_first_page_small_and_nobody_elses(client, member, drawn):
    client.force_login(member.account)
    answer = client.get(address(drawn))
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (
        200,
        "image/jpeg",
        "no-store",
    )
    image = Image.open(io.BytesIO(answer.content))
    row = Thumbnail.objects.get(document=drawn)
    assert image.size == (row.width, row.height)
    assert max(image.size) == 240
    page = Page.objects.get(document=drawn, number=1)
    assert abs(image.width / image.height - page.width / page.height) < 0.02
    assert len(answer.content) < 12_000
    client.force_login(open_account(EVE))
    assert client.get(address(drawn)).status_code == 404


def test_it_is_in_the_lists_once_it_is_drawn_and_only_then_lazily(client, member, drawn):
    waiting = deposited(member, pdf(1))
    client.force_login(member.account)
    for page in ("/adherent/", "/adherent/documents/"):
        text = client.get(page).text
        assert f'src="{address(drawn)}" width="44" height="56" loading="lazy"' in text
        assert address(waiting) not in text
    assert client.get(address(waiting)).status_code == 204
    assert client.head(address(drawn)).content == b""
    receipt = f"/adherent/documents/accuses/{waiting.deposit.number}/"
    assert f'data-picture="{address(waiting)}"' in client.get(receipt).text
    draw_due()
    assert f'src="{address(waiting)}"' in client.get(receipt).text


def test_it_is_sealed_for_its_document_and_read_back_by_the_control_of_integrity(client, member, drawn):
    found: list[object] = []
    for _ in verify_everything(pace=Pace(None), seen=Verified(), on_finding=found.append):
        pass
    assert not found
    other = deposited(member, pdf(1))
    draw_due()
    mine, theirs = (Thumbnail.objects.get(document=one) for one in (drawn, other))
    Thumbnail.objects.filter(pk=theirs.pk).delete()
    Thumbnail.objects.filter(pk=mine.pk).update(
        storage_name=theirs.storage_name,
        wrapped_key=theirs.wrapped_key,
        sha256=theirs.sha256,
        size=theirs.size,
    )
    client.force_login(member.account)
    assert client.get(address(drawn)).status_code == 404
    for _ in verify_everything(pace=Pace(None), seen=Verified(), on_finding=found.append):
        pass
    assert any("thumbnail" in str(finding) for finding in found)


def test_it_dies_with_its_document_and_with_what_is_found_infected(client, member, drawn):
    before = names()
    kept = Thumbnail.objects.get().storage_name
    assert kept in before
    erasing.erase(document_id=drawn.pk, because=Erased.RETENTION)
    assert kept not in names()
    assert not Thumbnail.objects.exists()
    client.force_login(member.account)
    assert client.get(address(drawn)).status_code == 404
    assert address(drawn) not in client.get("/adherent/documents/").text


def test_what_an_older_version_erased_leaves_no_thumbnail(member, drawn):
    kept = Thumbnail.objects.get().storage_name
    Document.objects.filter(pk=drawn.pk).update(
        erased_at=drawn.at, erased_because=Erased.RETENTION, wrapped_key=b"", page_count=None
    )
    sweep_forgotten()
    assert not Thumbnail.objects.exists()
    assert UnclaimedObject.objects.filter(pk=kept).exists()


def test_what_was_drawn_before_thumbnails_were_kept_is_shown_and_nothing_is_written(client, member, drawn):
    Thumbnail.objects.all().delete()
    client.force_login(member.account)
    answer = client.get(address(drawn))
    assert max(Image.open(io.BytesIO(answer.content)).size) == 240
    assert not Thumbnail.objects.exists()


def test_the_fingerprint_and_the_json_are_folded_and_another_document_is_a_button(client, member, drawn):
    client.force_login(member.account)
    for page in (f"/adherent/documents/accuses/{drawn.deposit.number}/", f"/adherent/documents/{drawn.pk}/"):
        before, folded = client.get(page).text.split("Preuve technique", 1)
        assert drawn.sha256 not in before
        assert "accuse.json" not in before
        assert drawn.sha256 in folded
        assert "accuse.json" in folded
    receipt = client.get(f"/adherent/documents/accuses/{drawn.deposit.number}/").text
    assert "Envoyer un autre document" in receipt
