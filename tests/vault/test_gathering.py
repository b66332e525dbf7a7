"""Photos gathered in one PDF: upright, in the order chosen, made once, and one document for everybody."""

import hashlib
import io
import tempfile
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from PIL import Image

from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.storage.reading import clear_bytes
from adherents.vault.models import Document, GatheredPhoto, Page, PendingFile, SetAside, State
from adherents.vault.services import gathering
from adherents.vault.services.erasing import take_back
from adherents.vault.services.gathering import files_by_document
from adherents.vault.services.rendition import LEASE_SECONDS, draw_due
from adherents.vault.services.sweeping import sweep_forgotten
from adherents.vault.services.viewing import page_image
from tests.vault.conftest import objects_in, pdf, picture, send, upload
from tests.vault.hostile import png_bomb
from tests.vault.photos import GREEN, THREE, VIOLET, YELLOW, drawn, gathered, sheet

# Photos and the PDF that is made of them; test_leases has the rows.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def pages_of(content: bytes) -> list[Image.Image]:
    return [page.render(scale=1).to_pil().convert("RGB") for page in pdfium.PdfDocument(content)]


def middle(image: Image.Image) -> tuple[int, ...]:
    pixel = image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(pixel, tuple)
    return tuple(round(channel / 40) for channel in pixel)


def like(colour: tuple[int, int, int]) -> tuple[int, ...]:
    return tuple(round(channel / 40) for channel in colour)


def test_photos_become_the_pages_of_one_document_in_their_order(member: Member) -> None:
    document = gathered(member, *THREE)
    assert Document.objects.get() == document
    assert (document.name, document.content_type, document.photo_count) == (
        "3 photos réunies.pdf",
        "application/pdf",
        3,
    )
    drawn(document)
    assert (document.state, document.page_count, document.pages.count()) == (State.CHECKED, 3, 3)
    content = b"".join(clear_bytes(document))
    assert [middle(page) for page in pages_of(content)] == [like(GREEN), like(YELLOW), like(VIOLET)]
    shown = [Image.open(io.BytesIO(page_image(document, number))) for number in (1, 2, 3)]
    assert [middle(page) for page in shown] == [like(GREEN), like(YELLOW), like(VIOLET)]
    assert (document.size, document.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    entry = Entry.objects.about(document.subject).get(event=Event.DOCUMENT_GATHERED)
    assert (entry.details["photos"], entry.details["sha256"]) == (3, document.sha256)
    assert not UnclaimedObject.objects.exists()


@pytest.mark.parametrize("kind", ["JPEG", "HEIF"])
def test_each_page_stands_upright_and_says_nothing_of_where(member: Member, kind: str) -> None:
    sideways = picture(kind, (640, 480), orientation=6)
    document = drawn(gathered(member, ("a", sideways), ("b", picture("JPEG", (640, 480)))))
    content = b"".join(clear_bytes(document))
    upright, lying = pages_of(content)
    assert upright.height > upright.width
    assert lying.width > lying.height
    top, bottom = (upright.getpixel((upright.width // 2, y)) for y in (60, upright.height - 60))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[2] > 200 > top[0]
    assert bottom[0] > 200 > bottom[2]
    for mark in (b"Exif", b"GPS", b"\xff\xe1"):
        assert mark not in content
    assert b"".join(clear_bytes(document.photos.get(number=1))) == sideways


def test_what_waits_is_gathered_in_the_order_that_the_member_chose(signed_in: Client, member: Member) -> None:
    send(signed_in, *(upload(content, name) for name, content in [*THREE, ("d.pdf", pdf())]), kind="inconnue")
    by_name = {arrival.name: str(arrival.pk) for arrival in PendingFile.objects.all()}
    order = [by_name[name] for name in ("c.heic", "d.pdf", "a.png", "b.jpg")]
    send(signed_in, gather="on", order=order)
    first, second = Document.objects.order_by("rank")
    assert [photo.name for photo in first.photos.all()] == ["c.heic", "a.png", "b.jpg"]
    assert (second.name, second.photo_count) == ("d.pdf", 0)


def test_without_the_box_or_with_one_photo_each_file_is_its_own_document(
    signed_in: Client, member: Member
) -> None:
    send(signed_in, *(upload(content, name) for name, content in THREE))
    send(signed_in, upload(sheet(GREEN), "seule.png"), upload(pdf(), "a.pdf"), gather="on")
    assert not GatheredPhoto.objects.exists()
    assert list(Document.objects.order_by("at", "rank").values_list("name", flat=True)) == [
        "a.png", "b.jpg", "c.heic", "seule.png", "a.pdf"
    ]  # fmt: skip


def test_more_photos_than_a_document_has_pages_make_a_second_one() -> None:
    files = [{"content_type": "image/jpeg", "name": number} for number in range(53)]
    documents = files_by_document(files, gather=True)
    assert [len(document) for document in documents] == [50, 3]
    assert [file for document in documents for file in document] == files


@pytest.mark.parametrize(
    ("hostile", "content_type"),
    [(png_bomb(), "image/png"), (picture("HEIF")[:200], "image/heic")],
    ids=["png bomb", "cut heic"],
)
def test_a_hostile_photo_ends_in_words_in_bounded_time(
    member: Member, hostile: bytes, content_type: str
) -> None:
    document = gathered(member, *THREE[:2])
    photo = document.photos.get(number=2)
    deposited = gathered(member, *THREE[:2])  # whose second photo is then another file, past the first look
    for file in (photo, deposited.photos.get(number=2)):
        _put(file, hostile, content_type)
    draw_due()
    for row in (document, deposited):
        row.refresh_from_db()
        assert row.set_aside in {SetAside.TOO_LARGE, SetAside.UNREADABLE}
        assert not row.pages.exists()


def _put(photo: GatheredPhoto, content: bytes, content_type: str) -> None:
    """Other bytes for this photo, sealed as it is: what no look at a file's first bytes would have let in."""
    from adherents.storage.objects import fresh_name
    from adherents.storage.sealing import Sealer

    sealer = Sealer(sealed_as=photo.sealed_as, storage_name=fresh_name())
    sealer.write(content)
    sealed = sealer.commit()
    photo.size, photo.sha256, photo.content_type = sealed.size, sealed.sha256, content_type
    photo.wrapped_key, photo.storage_name = sealed.wrapped_key, sealed.storage_name
    photo.save()


def test_a_scan_of_several_pages_gives_each_and_too_many_are_said(member: Member) -> None:
    def scan(pages: int) -> bytes:
        written = io.BytesIO()
        frames = [Image.new("L", (30, 40), 200) for _ in range(pages)]
        frames[0].save(written, "TIFF", save_all=True, append_images=frames[1:])
        return written.getvalue()

    document = drawn(gathered(member, ("scan.tif", scan(3)), ("b.png", sheet(GREEN))))
    assert (document.page_count, len(pages_of(b"".join(clear_bytes(document))))) == (4, 4)
    document = drawn(gathered(member, ("b.png", sheet(GREEN)), ("scan.tif", scan(50))))
    assert (document.set_aside, document.sha256) == (SetAside.TOO_LARGE, "")


def test_a_crash_before_the_end_loses_nothing_and_it_is_made_once(
    member: Member, monkeypatch: pytest.MonkeyPatch, time_machine: Any, objects_folder: Path
) -> None:
    time_machine.move_to("2026-11-23 10:00:00+00:00", tick=False)
    document = gathered(member, *THREE)

    def killed(*_: object, **__: object) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(gathering, "_sealed", killed)
        with pytest.raises(KeyboardInterrupt):
            draw_due()
    assert UnclaimedObject.objects.count() == 3, "the pages that nobody owns"
    assert draw_due() == 0, "the killed worker's lease holds"
    time_machine.shift(400)
    drawn(document)
    assert document.state == State.CHECKED
    first = document.sha256
    Document.objects.update(next_attempt_at=document.at)
    drawn(document)
    assert document.sha256 == first, "drawn again, from the PDF that there is"
    assert document.pages.count() == 3
    assert Entry.objects.filter(event=Event.DOCUMENT_GATHERED).count() == 1
    time_machine.shift(2 * 24 * 3600)
    sweep_forgotten()
    assert len(objects_in(objects_folder)) == 3 + 3 + 1 + 1, "photos, pages, PDF and thumbnail"
    call_command("verify_vault", pace=0, stdout=io.StringIO())


def test_the_lease_is_kept_from_photo_to_photo(
    member: Member, monkeypatch: pytest.MonkeyPatch, time_machine: Any
) -> None:
    time_machine.move_to("2026-11-23 10:00:00+00:00", tick=False)
    document = gathered(member, *THREE)
    real, others = gathering._pictures, []

    def slowly(*arguments: Any, **named: Any) -> Any:
        yield from real(*arguments, **named)
        time_machine.shift(LEASE_SECONDS - 1)
        others.append(len(Document.objects.claim_due(limit=1, lease_seconds=LEASE_SECONDS)))

    monkeypatch.setattr(gathering, "_pictures", slowly)
    drawn(document)
    assert (document.state, others) == (State.CHECKED, [0, 0, 0])


def test_a_storage_that_fails_at_the_pdf_is_tried_again(
    member: Member, monkeypatch: pytest.MonkeyPatch, time_machine: Any
) -> None:
    from adherents.storage import sealing
    from adherents.storage.objects import StorageFailed, begin

    time_machine.move_to("2026-11-23 10:00:00+00:00", tick=False)
    document = gathered(member, *THREE)
    begun: list[str] = []

    def full(name: str) -> Any:
        begun.append(name)
        if len(begun) == 4:
            raise StorageFailed("full")
        return begin(name)

    monkeypatch.setattr(sealing, "begin", full)
    drawn(document)
    assert (document.state, document.set_aside, document.sha256) == (State.RECEIVED, "", "")
    time_machine.shift(3600)
    drawn(document)
    assert document.state == State.CHECKED


def test_what_was_taken_back_while_it_was_gathered_stays_destroyed(
    member: Member, objects_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = gathered(member, *THREE)
    real = gathering._sealed

    def meanwhile(*arguments: Any) -> Any:
        take_back(acting=on_own_file(member), document_id=document.pk)
        return real(*arguments)

    monkeypatch.setattr(gathering, "_sealed", meanwhile)
    drawn(document)
    assert (document.state, bytes(document.wrapped_key), document.sha256) == (State.WITHDRAWN, b"", "")
    assert not Page.objects.exists()
    assert {bytes(photo.wrapped_key) for photo in document.photos.all()} == {b""}


def test_no_clear_byte_of_it_touches_the_disk(
    member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    document = gathered(member, *THREE)
    seen: list[Path] = []
    real = gathering._sealed

    def look(*arguments: Any) -> Any:
        sealed = real(*arguments)
        seen.extend(path for path in tmp_path.rglob("*") if path.is_file())
        return sealed

    monkeypatch.setattr(gathering, "_sealed", look)
    drawn(document)
    assert len(seen) == 3 + 3 + 1
    for path in [*seen, *(path for path in tmp_path.rglob("*") if path.is_file())]:
        for mark in (b"%PDF", b"JFIF", b"ftyp", b"PNG\r\n"):
            assert mark not in path.read_bytes(), path
    assert not list(temporary.iterdir())


def test_a_document_without_a_file_has_photos_or_the_database_refuses_it(member: Member) -> None:
    document = gathered(member, *THREE)
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.filter(pk=document.pk).update(photo_count=0)
