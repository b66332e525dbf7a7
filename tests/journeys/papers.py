"""The papers that a member sends, invented: a photographed RIB, an invoice, a statement."""

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pillow_heif
import reportlab
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import FilePayload
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen import canvas

FONT = ImageFont.truetype(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf", 30)  # it has accents

RIB = [
    "RELEVÉ D’IDENTITÉ BANCAIRE",
    "",
    "Titulaire   MME CAMILLE DUPONT",
    "Banque      Banque des Alpes (exemple)",
    "IBAN        FR76 3000 6000 0112 3456 7890 189",
    "BIC         AGRIFRPP",
]


def photo(*, kind: str = "JPEG", lines: Sequence[str] = RIB) -> bytes:
    """A sheet on a table, taken in with a phone."""
    return _photo(kind, tuple(lines))


@cache  # many tests send the same one
def _photo(kind: str, lines: tuple[str, ...]) -> bytes:
    pillow_heif.register_heif_opener()
    image = Image.new("RGB", (1200, 900), "#8a7a66")
    drawn = ImageDraw.Draw(image)
    drawn.rectangle((90, 70, 1110, 830), fill="#fbfaf6")
    for number, line in enumerate(lines):
        drawn.text((150, 150 + 70 * number), line, fill="#222222", font=FONT)
    written = io.BytesIO()
    image.save(written, kind, quality=80)
    return written.getvalue()


@cache
def sheets(pages: int = 2, words: str = "Relevé de prestations") -> bytes:
    """A PDF."""
    written = io.BytesIO()
    drawn = canvas.Canvas(written, pagesize=A4, invariant=1)
    for number in range(1, pages + 1):
        drawn.setFont("Helvetica", 22)
        drawn.drawString(80, 740, f"{words}, page {number}")
        drawn.setFont("Helvetica", 12)
        for line in range(18):
            drawn.drawString(
                80, 690 - 28 * line, f"{line + 1:02d}/09/2026    Consultation    25,00 €    17,50 €"
            )
        drawn.showPage()
    drawn.save()
    return written.getvalue()


def file(name: str, content: bytes) -> FilePayload:
    """As the browser hands it over; its type says nothing, as from a phone that knows none."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}
