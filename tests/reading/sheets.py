"""PDFs of one page that say what a test wants, truly or not."""

import io
import subprocess
import sys
from collections.abc import Callable

from reportlab.lib.colors import Color, black, white
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from adherents.reading.papers import ReadPaper, read
from adherents.reading.people import Named
from adherents.reading.text_layer.process import letter_pages
from tests import cast

IBAN, BIC = "FR1420041010050500013M02606", "PSSTFRPPLIL"
SPACED = "FR14 2004 1010 0505 0001 3M02 606"
CELLS = (
    ("Code banque", "20041"),
    ("Code guichet", "01005"),
    ("N° de compte", "0500013M026"),
    ("Clé RIB", "06"),
)
OTHER_IBAN, OTHER_SPACED = "FR7630006000011234567890189", "FR76 3000 6000 0112 3456 7890 189"
CAMILLE = Named("Dupont", "", "Camille, Rose", cast.CAMILLE.nir)
Draw = Callable[[Canvas], None]


def sheet(*draws: Draw, title: str = "RELEVÉ D'IDENTITÉ BANCAIRE") -> bytes:
    """A page with a title, and what is drawn on it in that order."""
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=A4, invariant=1)
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(60, 790, title)
    for draw in draws:
        canvas.saveState()
        canvas.setFont("Helvetica", 10)
        draw(canvas)
        canvas.restoreState()
    canvas.save()
    return written.getvalue()


def say(text: str, *, y: float = 650, x: float = 60, size: float = 10, colour: Color = black) -> Draw:
    def draw(canvas: Canvas) -> None:
        canvas.setFillColor(colour)
        canvas.setFont("Helvetica", size)
        canvas.drawString(x, y, text)

    return draw


def cover(
    y: float = 640, *, colour: Color = white, x: float = 50, width: float = 400, height: float = 26
) -> Draw:
    def draw(canvas: Canvas) -> None:
        canvas.setFillColor(colour)
        canvas.rect(x, y, width, height, fill=1, stroke=0)

    return draw


def cells(*values: str, y: float = 700) -> Draw:
    def draw(canvas: Canvas) -> None:
        for at, (label, value) in enumerate(zip((label for label, _ in CELLS), values, strict=True)):
            canvas.drawString(60 + 100 * at, y, label)
            canvas.drawString(60 + 100 * at, y - 15, value)

    return draw


def said(content: bytes, *people: Named) -> dict[str, str]:
    """The values that are read on a paper, by their codes; a code with two values has them both."""
    found: dict[str, str] = {}
    for field in paper(content, *people).fields:
        found[field.code] = f"{found[field.code]} {field.value}" if field.code in found else field.value
    return found


def paper(content: bytes, *people: Named) -> ReadPaper:
    return read(letter_pages(content), people)


def command(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`adherents read …` as a process of its own, with nothing in its environment but this."""
    code = "from adherents.config.command import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "read", *arguments],
        env={"PYTHONPATH": "src", "PATH": "/usr/bin:/bin"} | environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
