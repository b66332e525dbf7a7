"""What a page looks like: nearly the same of two pictures of one paper; made by a worker, sealed, gone with its document."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bench.forms import drawn, invoice, photographed, scanned
from django.db import connection
from django.utils import timezone
from PIL import Image

from adherents.crypto.keys import CannotOpen
from adherents.members.models import Member
from adherents.storage.objects import StorageFailed
from adherents.storage.reading import clear_bytes
from adherents.vault.imprints import NOTHING, Imprint
from adherents.vault.models import Document, Page, State
from adherents.vault.origins import Erased
from adherents.vault.selectors.lookalikes import lookalikes_of
from adherents.vault.services import erasing, imprinting
from adherents.vault.services.imprinting import make_imprints, make_imprints_lately
from adherents.vault.services.rendition import draw_due
from tests.vault.conftest import deposited, objects_in, pdf

FORM, OTHER_FORM = 5, 8


def imprint(picture: bytes | Image.Image) -> Imprint:
    image = Image.open(io.BytesIO(picture)) if isinstance(picture, bytes) else picture
    made = Imprint.of(image)
    assert made is not None
    return made


@pytest.mark.any_database
@pytest.mark.parametrize("seed", [1, 2, 4])
def test_a_paper_that_is_scanned_or_photographed_again_is_alike_however_it_is_held(seed: int) -> None:
    page = drawn(invoice(FORM, 1))
    first = imprint(page)
    for again in (scanned(page, seed), photographed(page, seed)):
        picture = Image.open(io.BytesIO(again))
        assert first.is_like(imprint(picture))
        for turn in (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270):
            assert first.is_like(imprint(picture.transpose(turn)))
            assert imprint(picture.transpose(turn)).is_like(first)


@pytest.mark.any_database
def test_another_form_is_not_alike_and_the_same_form_with_other_values_is() -> None:
    """The second half is what an imprint cannot tell, and why nothing is proposed because of it."""
    first = imprint(drawn(invoice(FORM, 1)))
    assert not first.is_like(imprint(drawn(invoice(OTHER_FORM, 1))))
    assert first.is_like(imprint(drawn(invoice(FORM, 2))))


@pytest.mark.any_database
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_page_of_one_colour_has_nothing_to_be_known_by(grey: int) -> None:
    assert Imprint.of(Image.new("RGB", (1240, 1754), (grey, grey, grey))) is None
    assert Imprint.of(Image.linear_gradient("L").resize((1240, 1754))) is None
    assert Imprint.of(Image.new("L", (1, 1), grey)) is None


@pytest.mark.any_database
def test_its_text_gives_it_back_and_no_other_text_gives_one() -> None:
    made = imprint(drawn(invoice(FORM, 1)))
    assert Imprint.read(str(made)) == made
    assert str(made.turns[0]) not in repr(made)
    for text in ("", NOTHING, "700 1 2 3", "700 1 2 3 z", "x 1 2 3 4"):
        assert Imprint.read(text) is None


def drawn_document(member: Member, content: bytes | None = None, name: str = "facture.pdf") -> Document:
    document = deposited(member, invoice(FORM, 1) if content is None else content, name)
    while draw_due():
        pass
    document.refresh_from_db()
    return document


@pytest.mark.django_db
def test_a_worker_makes_it_sealed_once_the_checks_are_done(member: Member) -> None:
    waits = deposited(member, invoice(FORM, 1))
    assert make_imprints_lately() == 0
    while draw_due():
        pass
    assert [make_imprints_lately(), make_imprints_lately(), make_imprints()] == [1, 0, 0]
    page = Page.objects.get(document=waits)
    assert Imprint.read(page.imprint) is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT imprint FROM vault_page")
        stored = bytes(cursor.fetchone()[0])
    assert page.imprint.split()[1].encode() not in stored
    other = drawn_document(member)
    Page.objects.filter(document=other).update(imprint=stored)
    with pytest.raises(CannotOpen):
        str(Page.objects.get(document=other).imprint)
    assert lookalikes_of(waits) == []  # and what does not open hides nothing else


@pytest.mark.django_db
def test_only_the_first_three_pages_have_one_and_a_blank_one_says_nothing(member: Member) -> None:
    document = drawn_document(member, pdf(5))
    assert make_imprints() == 3
    made = Page.objects.filter(document=document).order_by("number")
    assert [bool(page.imprint) for page in made] == [True, True, True, False, False]
    assert {page.imprint for page in made} == {NOTHING, ""}  # two words on a page are too little
    assert lookalikes_of(document) == []


@pytest.mark.django_db
def test_what_was_decided_before_imprints_were_made_is_made_before_what_waits_for_it(member: Member) -> None:
    old = drawn_document(member)
    Document.objects.filter(pk=old.pk).update(state=State.ACCEPTED)
    assert make_imprints() == 0  # nothing waits that could be compared with it
    new = drawn_document(member, scanned(drawn(invoice(FORM, 1)), 1), "photo.jpg")
    assert make_imprints(seconds=-1) == 1
    assert Page.objects.get(document=old).imprint
    assert not Page.objects.get(document=new).imprint
    assert make_imprints(seconds=-1) == 1
    assert lookalikes_of(new) == [old]
    assert lookalikes_of(old) == [new]


@pytest.mark.django_db
def test_what_waited_long_before_is_found_by_the_slow_round(member: Member) -> None:
    document = drawn_document(member)
    Document.objects.filter(pk=document.pk).update(checked_at=timezone.now() - timedelta(days=9))
    assert make_imprints_lately() == 0
    assert make_imprints() == 1


@pytest.mark.django_db
def test_a_storage_that_is_away_ends_the_round_and_loses_nothing(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn_document(member)

    def away(*_: Any) -> None:
        raise StorageFailed("away")

    with monkeypatch.context() as patched:
        patched.setattr(imprinting, "clear_bytes", away)
        assert make_imprints() == 0
    assert make_imprints() == 1


@pytest.mark.django_db
def test_one_file_that_the_storage_does_not_give_stops_no_other_members(
    member: Member, other_member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = drawn_document(member)
    drawn_document(other_member)

    def away_for_one(page: Page) -> Any:
        if page.document_id == refused.pk:
            raise StorageFailed("refused")
        return clear_bytes(page)

    monkeypatch.setattr(imprinting, "clear_bytes", away_for_one)
    assert make_imprints() == 1


@pytest.mark.django_db
def test_a_page_whose_bytes_were_altered_is_asked_once(member: Member, objects_folder: Path) -> None:
    document = drawn_document(member)
    page = Page.objects.get(document=document)
    [stored] = [path for path in objects_in(objects_folder) if page.storage_name.endswith(path.name)]
    stored.write_bytes(stored.read_bytes()[:-1] + b"x")
    assert [make_imprints(), make_imprints()] == [1, 0]
    page.refresh_from_db()
    assert page.imprint == NOTHING


@pytest.mark.django_db
def test_it_goes_with_its_document(member: Member) -> None:
    old, new = drawn_document(member), drawn_document(member, scanned(drawn(invoice(FORM, 1)), 1), "s.jpg")
    make_imprints()
    assert lookalikes_of(new) == [old]
    erasing.erase(document_id=old.pk, because=Erased.RETENTION)
    assert not Page.objects.filter(document=old).exists()
    assert lookalikes_of(new) == []
