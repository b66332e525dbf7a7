"""Photos sent to be gathered in one PDF, each of its own colour."""

import io

from PIL import Image

from adherents.members.models import Member
from adherents.vault.models import Document
from adherents.vault.services.rendition import draw_due
from tests.vault.conftest import browser_of, send, upload

GREEN, YELLOW, VIOLET = (0, 160, 0), (250, 220, 0), (120, 0, 160)


def sheet(colour: tuple[int, int, int], kind: str = "PNG") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (300, 400), colour).save(written, kind)
    return written.getvalue()


def gathered(member: Member, *files: tuple[str, bytes], **fields: str) -> Document:
    """Sent with the box ticked; the document that the photos are."""
    answer = send(
        browser_of(member), *(upload(content, name) for name, content in files), gather="on", **fields
    )
    assert answer.status_code == 302
    document: Document = Document.objects.filter(photo_count__gt=0).latest("at")
    return document


def drawn(document: Document) -> Document:
    assert draw_due() >= 1
    document.refresh_from_db()
    return document


THREE = [("a.png", sheet(GREEN)), ("b.jpg", sheet(YELLOW, "JPEG")), ("c.heic", sheet(VIOLET, "HEIF"))]
