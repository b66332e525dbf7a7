"""What would harm while it is drawn is given up in bounded time, and what the drawing process says is checked again."""

import io
import os
import struct
import sys
import time
import zlib
from typing import Any

import pytest
from django.utils import timezone

from adherents.inspection.rasteriser import MOST_PAGE_PIXELS, Fault, process
from adherents.inspection.rasteriser.process import CannotBeDrawn, Drawing, DrawingFailed
from adherents.members.models import Member
from adherents.vault.models import Document, State
from adherents.vault.services import pages
from adherents.vault.services.rendition import draw_due
from tests.vault.conftest import deposited, pdf, picture
from tests.vault.test_rendition import all_of, drawn, image_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def png_bomb(side: int) -> bytes:
    """A few kilobytes that announce side x side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000, 9))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content_type", "content", "fault"),
    [
        ("image/png", png_bomb(30_000), Fault.TOO_LARGE),
        ("image/tiff", b"II*\0\x08\0\0\0" + b"\0" * 50, Fault.UNREADABLE),
        ("application/pdf", b"%PDF-1.7\n" + b"garbage" * 100, Fault.UNREADABLE),
        ("application/pdf", pdf(password="x"), Fault.ENCRYPTED),
        ("image/heic", picture("HEIF")[:200], Fault.UNREADABLE),
    ],
    ids=["png bomb", "broken tiff", "broken pdf", "locked pdf", "cut heic"],
)
def test_what_would_harm_is_given_up_in_bounded_time(content_type: str, content: bytes, fault: Fault) -> None:
    start = time.monotonic()
    with pytest.raises(CannotBeDrawn) as error:
        all_of(content_type, content)
    assert error.value.fault is fault
    assert time.monotonic() - start < 20


def test_a_pdf_with_a_giant_page_is_drawn_within_the_bounds(member: Member) -> None:
    from reportlab.pdfgen import canvas

    written = io.BytesIO()
    page = canvas.Canvas(written, pagesize=(14_400, 14_400))
    page.drawString(100, 100, "x")
    page.save()
    width, height = image_of(drawn(member, written.getvalue())).size
    assert width * height <= MOST_PAGE_PIXELS


def test_a_process_that_hangs_is_killed_with_its_group() -> None:
    start = time.monotonic()
    with Drawing("application/pdf", 10, seconds=1) as drawing:
        child = drawing._child.process.pid
        with pytest.raises(DrawingFailed):
            drawing._next()  # it waits for a file that never comes
    assert time.monotonic() - start < 5
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_pages_that_cannot_be_encoded_are_tried_again_and_hold_nobody_up(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: Any, **__: Any) -> None:
        raise MemoryError

    document = deposited(member, pdf(pages=8))
    monkeypatch.setattr(pages.Image, "frombuffer", no_room)
    start = time.monotonic()
    assert draw_due() == 1
    assert time.monotonic() - start < process.SECONDS / 2
    document.refresh_from_db()
    assert (document.state, document.set_aside, document.attempts) == (State.RECEIVED, "", 1)
    assert document.next_attempt_at is not None
    monkeypatch.undo()
    Document.objects.update(next_attempt_at=timezone.now())
    assert draw_due() == 1
    document.refresh_from_db()
    assert (document.state, document.page_count) == (State.CHECKED, 8)


def test_what_the_process_says_is_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def page(number: int, width: int, height: int) -> bytes:
        return b"P" + struct.pack(">HII", number, width, height)

    first_part, two = b"N" + struct.pack(">I", 1), b"N" + struct.pack(">I", 2)
    lies = [
        b"N" + struct.pack(">I", 0),
        first_part + page(2, 10, 10) + b"Z",
        first_part + page(1, 9000, 10) + b"Z",
        first_part + page(1, 8000, 8000) + b"Z",
        first_part + page(1, 0, 10) + b"Z",
        first_part + page(1, 10, 10) + page(2, 10, 10) + b"Z",
        two + page(1, 10, 10) + b"Z",
        first_part + page(1, 10, 10),
        first_part + b"P\0",
        b"?",
        b"",
    ]
    for lie in lies:
        code = f"import sys; sys.stdin.buffer.readline(); sys.stdout.buffer.write({lie!r})"
        monkeypatch.setattr(process, "COMMAND", [sys.executable, "-I", "-c", code])
        with pytest.raises(DrawingFailed):
            all_of("application/pdf", b"abc")
