"""The papers that a member sends, invented: a photographed RIB, an invoice, a statement."""

import io
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pillow_heif
import reportlab
from PIL import Image, ImageDraw, ImageFilter, ImageFont
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


SMALL_PRINT = ImageFont.truetype(
    Path(reportlab.__file__).parent / "fonts" / "Vera.ttf", 45
)  # 10 points, below
PRINTED_AT = (330, 420, 88)  # pixels: left, top, from one line to the next
MEGABYTES = 4_000_000


@cache
def printed_lines() -> tuple[str, ...]:
    """What `camera_photo` shows: digits, in 10 points."""
    chance = random.Random(7)
    return tuple(f"{chance.randrange(10**12):012d}   {chance.randrange(10**6) / 100:.2f}" for _ in range(36))


@cache
def camera_photo(*, blur: float = 0.7, light: float = 1, right: int = 0) -> bytes:
    """Twelve megapixels of a sheet of A4 on a table, with a camera's noise, as a JPEG of 4 MB.

    `blur`: in pixels; `light`: of a lit room; `right`: how far the sheet is moved out of the picture.
    """
    left, top, line = PRINTED_AT
    image = Image.new("RGB", (3000, 4000), "#7d6b58")
    drawn = ImageDraw.Draw(image)
    drawn.rectangle((150 + right, 200, 2850 + right, 3820), fill="#f6f4ee")  # 12.9 pixels a millimetre
    for number, words in enumerate(printed_lines()):
        drawn.text((left + right, top + line * number), words, fill="#26241f", font=SMALL_PRINT)
    noise = Image.effect_noise(image.size, 22).convert("RGB")
    image = Image.blend(image.filter(ImageFilter.GaussianBlur(blur)), noise, 0.12).point(
        lambda value: int(value * light)
    )
    for quality in range(96, 40, -3):
        written = io.BytesIO()
        image.save(written, "JPEG", quality=quality)
        if written.tell() <= MEGABYTES:
            break
    return written.getvalue().ljust(MEGABYTES, b"\0")


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
