"""Page images: what an agent sees, drawn by a process that can do nothing else."""

import io
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image

from adherents.inspection.rasteriser import MOST_PAGE_PIXELS, SLOTS
from adherents.inspection.rasteriser.process import Drawing, DrawingFailed, DrawnPage
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from adherents.storage.reading import Altered
from adherents.vault.models import Document, Page, SetAside, State
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.viewing import NoSuchPage, note_opening, page_image
from tests.vault.conftest import deposited, objects_in, pdf, picture

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def drawn(member: Member, content: bytes, name: str = "x") -> Document:
    document = deposited(member, content, name)
    assert draw_due() == 1
    document.refresh_from_db()
    return document


def image_of(document: Document, number: int = 1) -> Image.Image:
    return Image.open(io.BytesIO(page_image(document, number)))


def is_blue(pixel: Any) -> bool:
    return bool(pixel[2] > 200 and pixel[0] < 60)


def test_each_page_of_a_pdf_becomes_an_image_and_the_document_is_checked(member: Member) -> None:
    document = drawn(member, pdf(3))
    assert (document.state, document.page_count, document.next_attempt_at) == (State.CHECKED, 3, None)
    assert [page.number for page in document.pages.all()] == [1, 2, 3]
    image = image_of(document, 3)
    assert (image.format, image.size) == ("JPEG", (1241, 1754))
    assert image.convert("L").getextrema()[0] < 80, "something is written on it"
    entry = Entry.objects.about(document.subject).first()
    assert entry is not None
    assert entry.event == Event.DOCUMENT_CHECKED
    with pytest.raises(NoSuchPage):
        page_image(document, 4)


@pytest.mark.parametrize("kind", ["JPEG", "HEIF", "PNG", "WEBP"])
def test_a_photo_taken_sideways_is_seen_upright_and_says_nothing_of_where(member: Member, kind: str) -> None:
    photo = picture(kind, (640, 480), orientation=6)  # held upright: the left side is the top
    document = drawn(member, photo)
    image = image_of(document)
    assert image.size == (480, 640)
    assert is_blue(image.getpixel((240, 40)))
    assert not is_blue(image.getpixel((240, 600)))
    assert not image.getexif()
    assert "exif" not in image.info
    assert b"GPS" not in page_image(document, 1)


def test_a_heic_whose_rotation_only_exif_tells_is_upright_too(member: Member) -> None:
    image = Image.new("RGB", (640, 480), (255, 0, 0))
    image.paste((0, 0, 255), (0, 0, 320, 480))
    exif = Image.Exif()
    exif[0x0112] = 6
    written = io.BytesIO()
    image.save(written, "HEIF", exif=exif)
    assert image_of(drawn(member, written.getvalue())).size == (480, 640)


def test_a_twelve_megapixel_photo_is_within_the_bounds(member: Member) -> None:
    width, height = image_of(drawn(member, picture("HEIF", (4032, 3024)))).size
    assert 5_000_000 < width * height <= MOST_PAGE_PIXELS


def test_a_transparent_picture_is_drawn_on_white(member: Member) -> None:
    written = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(written, "PNG")
    assert image_of(drawn(member, written.getvalue())).getpixel((25, 25)) == (255, 255, 255)


def test_each_frame_of_a_tiff_is_a_page(member: Member) -> None:
    written = io.BytesIO()
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "green", "blue")]
    frames[0].save(written, "TIFF", save_all=True, append_images=frames[1:])
    assert drawn(member, written.getvalue()).pages.count() == 3


def test_what_was_typed_into_a_form_is_drawn(member: Member) -> None:
    from reportlab.pdfgen import canvas

    written = io.BytesIO()
    page = canvas.Canvas(written)
    page.acroForm.textfield(name="iban", value="FR76 3000", x=100, y=600, width=300, height=40, borderWidth=0)
    page.showPage()
    page.save()
    image = image_of(drawn(member, written.getvalue())).convert("L")
    left, top = 105 * 150 // 72, (842 - 635) * 150 // 72
    assert image.crop((left, top, left + 300, top + 60)).getextrema()[0] < 80


def test_fifty_pages_are_drawn_of_a_longer_document_and_its_true_length_is_kept(member: Member) -> None:
    document = drawn(member, pdf(53))
    assert (document.page_count, document.pages.count()) == (53, 50)


def test_page_images_are_sealed_and_bound_to_their_place(member: Member, objects_folder: Any) -> None:
    document = drawn(member, pdf(2))
    for kept in objects_in(objects_folder):
        assert b"\xff\xd8\xff" not in kept.read_bytes()[:100]
        assert b"JFIF" not in kept.read_bytes()
    first, second = document.pages.all()
    first_path, two = objects_folder / first.storage_name, objects_folder / second.storage_name
    one_bytes = first_path.read_bytes()
    first_path.write_bytes(two.read_bytes())
    two.write_bytes(one_bytes)
    with pytest.raises(Altered):
        page_image(document, 1)
    entry = Entry.objects.about(document.subject).first()
    assert entry is not None
    assert entry.event == Event.DOCUMENT_ALTERED


def test_a_file_that_no_one_can_open_is_set_aside_and_both_sides_are_told(member: Member) -> None:
    broken = picture("JPEG", (600, 600))
    document = drawn(member, broken[:400] + b"\0" * 50)
    assert (document.state, document.set_aside) == (State.RECEIVED, SetAside.UNREADABLE)
    assert document.next_attempt_at is None
    assert document.shown_state == ("set_aside", "Illisible")
    entry = Entry.objects.about(document.subject).first()
    assert entry is not None
    assert entry.event == Event.DOCUMENT_SET_ASIDE
    assert OutboxMail.objects.filter(name="vault/cannot_be_read").count() == 1


def test_a_process_that_dies_is_tried_three_times(
    member: Member, monkeypatch: pytest.MonkeyPatch, time_machine: Any
) -> None:
    from adherents.vault.services import rendition

    time_machine.move_to("2026-11-23 10:00:00+00:00", tick=False)
    document = deposited(member, pdf())

    def dies(*_: Any) -> Any:
        raise DrawingFailed("killed")

    monkeypatch.setattr(rendition, "_draw", dies)
    for tries in (1, 2, 3):
        assert draw_due() == 1
        assert draw_due() == 0, "not at once again"
        document.refresh_from_db()
        assert document.attempts == tries
        time_machine.shift(3600)
    assert document.set_aside == SetAside.UNREADABLE
    assert draw_due() == 0


def test_drawing_again_replaces_the_pages_and_changes_nothing_else(member: Member) -> None:

    document = drawn(member, pdf(2))
    Document.objects.filter(pk=document.pk).update(next_attempt_at=timezone.now(), state=State.ACCEPTED)
    assert draw_due() == 1
    document.refresh_from_db()
    assert (document.state, document.pages.count()) == (State.ACCEPTED, 2)
    assert image_of(document).format == "JPEG"


def test_an_altered_document_is_set_aside_and_not_drawn(member: Member, objects_folder: Any) -> None:
    document = deposited(member, pdf())
    kept = objects_folder / document.storage_name
    changed = bytearray(kept.read_bytes())
    changed[-20] ^= 1
    kept.write_bytes(changed)
    draw_due()
    document.refresh_from_db()
    assert document.set_aside == SetAside.ALTERED
    assert not Page.objects.exists()


def test_a_storage_that_stops_half_way_alters_nothing(
    member: Member, objects_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ReadTimeoutError

    from adherents.storage import reading
    from adherents.storage.objects.bucket import _S3Body

    class Stops(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 1_000_000:
                raise ReadTimeoutError(endpoint_url="https://s3.example.org")
            return super().read(size)

    document = deposited(member, pdf() + b"%" + b"x" * 3_000_000 + b"\n%%EOF")
    kept = (objects_folder / document.storage_name).read_bytes()
    monkeypatch.setattr(reading, "open_object", lambda name: _S3Body(Stops(kept)))
    draw_due()
    document.refresh_from_db()
    assert (document.state, document.set_aside) == (State.RECEIVED, "")
    assert document.next_attempt_at is not None, "it is tried again"


def test_an_opening_by_an_agent_is_journalled(member: Member) -> None:
    document = drawn(member, pdf())
    note_opening(document=document, actor="agent:3")
    entry = Entry.objects.about(document.subject).first()
    assert entry is not None
    assert (entry.event, entry.actor) == (Event.DOCUMENT_OPENED, "agent:3")


def all_of(content_type: str, content: bytes) -> list[DrawnPage]:
    """Every page, with pixels of its own."""
    pages = []
    with Drawing(content_type, len(content)) as drawing:
        drawing.feed([content])
        for page in drawing.pages():
            pages.append(replace(page, pixels=memoryview(bytes(page.pixels))))
            page.done()
    return pages


COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255), (0, 0, 0)]


def a_colour_a_page() -> bytes:
    from reportlab.pdfgen import canvas

    written = io.BytesIO()
    sheet = canvas.Canvas(written, pagesize=(300, 200), invariant=1)
    for colour in COLOURS:
        sheet.setFillColorRGB(*(part / 255 for part in colour))
        sheet.rect(0, 0, 300, 200, stroke=0, fill=1)
        sheet.showPage()
    sheet.save()
    return written.getvalue()


def colour_of(page: DrawnPage) -> tuple[int, ...]:
    """In its middle."""
    at = 4 * (page.height // 2 * page.width + page.width // 2)
    return tuple(page.pixels[at : at + 3])


def test_every_page_has_its_own_pixels_in_their_own_colours(member: Member) -> None:
    content = a_colour_a_page()
    assert [colour_of(page) for page in all_of("application/pdf", content)] == COLOURS
    document = drawn(member, content)
    for number, colour in enumerate(COLOURS, start=1):
        seen = image_of(document, number)
        pixel: Any = seen.getpixel((seen.width // 2, seen.height // 2))
        assert max(abs(value - other) for value, other in zip(pixel, colour, strict=True)) < 6


@pytest.mark.parametrize("first", range(SLOTS))
def test_a_page_stays_as_it_is_until_somebody_is_done_with_it(first: int) -> None:
    """Whichever page that is: two threads encode, and a page of one colour is done before the busy one that came before it."""
    content = a_colour_a_page()
    with Drawing("application/pdf", len(content)) as drawing:
        drawing.feed([content])
        pages = drawing.pages()
        held = [next(pages) for _ in range(SLOTS)]
        time.sleep(0.5)  # in which the next ones would be drawn long since
        assert [colour_of(page) for page in held] == COLOURS[:SLOTS]
        held[first].done()
        time.sleep(0.5)
        others = [page for page in held if page is not held[first]]
        assert [colour_of(page) for page in others] == [COLOURS[page.number - 1] for page in others]
        for page in others:
            page.done()
        assert [colour_of(next(pages)) for _ in range(SLOTS)] == COLOURS[SLOTS : 2 * SLOTS]


def test_the_confined_process_can_open_nothing_and_reach_nobody() -> None:
    code = """
import os, socket, sys
from adherents.inspection.rasteriser.confinement import confine
confine(memory=1_500_000_000, seconds=10, threads=True)
def attempt(what):
    try:
        what()
    except OSError:
        return "refused"
    return "done"
def reach():
    os.close(0)
    socket.socket().connect(("127.0.0.1", 1))
tries = [lambda: open("/etc/passwd"), lambda: open("x", "w"), os.fork, reach, lambda: os.kill(os.getppid(), 0)]
print([attempt(what) for what in tries], dict(os.environ))
"""
    completed = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, env={}, check=True, timeout=20, text=True
    )
    words = completed.stdout.split("]")
    assert words[0] == str(["refused"] * 5)[:-1]
