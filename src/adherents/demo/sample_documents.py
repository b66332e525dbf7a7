"""The documents that the invented members send: RIBs, invoices, certificates, as files and as photographs of them."""

import hashlib
import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import pillow_heif
import pypdfium2
from PIL import Image, ImageFilter
from reportlab.lib.colors import Color, HexColor  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

# The sample of the banks' own guides: its keys are right, and no account has it.
IBAN = "FR76 3000 6000 0112 3456 7890 189"
INK, MUTED, LINE, BLUE = (HexColor(f"#{rgb}") for rgb in ("1b2733", "5d6873", "c9ced4", "24507a"))
WIDTH, HEIGHT = A4
LEFT, RIGHT = 62, WIDTH - 62


@dataclass(frozen=True)
class SampleDocument:
    """A document that was sent: its kind in the profile, how it is drawn (a key of `DRAWERS`), how many days ago, who it is for.

    `state`: what became of it. "checked": drawn, and waiting for an agent. "": the worker finds it as it arrived.
    "received": stays « Reçu » a day. "altered": its sealed bytes were changed since.
    """

    kind: str
    drawn_as: str
    days_ago: float
    state: str
    rank: int = 0
    note: str = ""


@dataclass(frozen=True)
class Sender:
    """The person that the document is about."""

    name: str
    number: str
    nir: str


@dataclass(frozen=True)
class PaperSheet:
    """A page to draw: a letterhead, a title, facts in two columns, lines with amounts, small print."""

    head: Sequence[str]
    title: str
    facts: Sequence[tuple[str, str]]
    lines: Sequence[tuple[str, int]] = ()
    small: str = ""
    colour: Color = BLUE


def file_of(sample: SampleDocument, sender: Sender, on: date) -> tuple[str, bytes]:
    """A file's name and its bytes: the same ones for the same person, sample and day."""
    return DRAWERS[sample.drawn_as](sample, sender, on)


def pdf(sheet: PaperSheet) -> bytes:
    written = io.BytesIO()
    page = Canvas(written, pagesize=A4, invariant=1)
    page.setTitle(sheet.title)
    page.setFillColor(sheet.colour)
    page.rect(0, HEIGHT - 18, WIDTH, 18, stroke=0, fill=1)
    at = _write(page, sheet.head[0], LEFT, HEIGHT - 70, 17, "Helvetica-Bold")
    page.setFillColor(MUTED)
    for words in sheet.head[1:]:
        at = _write(page, words, LEFT, at - 15, 10.5)
    page.setFillColor(INK)
    at = _write(page, sheet.title, LEFT, at - 62, 21, "Helvetica-Bold") - 40
    for label, value in sheet.facts:
        page.setFillColor(MUTED)
        _write(page, label, LEFT, at, 11)
        page.setFillColor(INK)
        at = _write(page, value, LEFT + 170, at, 13) - 26
    if sheet.lines:
        at = _amounts(page, sheet.lines, at - 20)
    page.setFillColor(MUTED)
    for words in sheet.small.split("\n"):
        at = _write(page, words, LEFT, at - 18, 10)
    _write(page, "Document inventé pour une démonstration. Aucune valeur.", LEFT, 48, 9)
    page.showPage()
    page.save()
    return written.getvalue()


def _write(page: Canvas, words: str, x: float, y: float, size: float, font: str = "Helvetica") -> float:
    """The built-in fonts know Western letters only: the rare others lose their accent."""
    page.setFont(font, size)
    page.drawString(x, y, words.encode("cp1252", "replace").decode("cp1252"))
    return y


def _amounts(page: Canvas, lines: Sequence[tuple[str, int]], at: float) -> float:
    total = sum(cents for _, cents in lines)
    for label, cents in [*lines, ("Total", total)]:
        page.setStrokeColor(LINE)
        page.line(LEFT, at + 18, RIGHT, at + 18)
        _write(page, label, LEFT, at, 12, "Helvetica-Bold" if label == "Total" else "Helvetica")
        page.drawRightString(RIGHT, at, f"{cents // 100},{cents % 100:02d} €")
        at -= 30
    return at


def _drawn_by(kind: str, sender: Sender, on: date) -> int:
    """A number of this sample's own, for its references and amounts."""
    return int.from_bytes(hashlib.sha256(f"{kind}{sender.number}{on}".encode()).digest()[:4], "big")


def _rib(sample: SampleDocument, sender: Sender, on: date) -> PaperSheet:
    return PaperSheet(
        head=("Banque de l’Exemple", "12 place du Marché, 00000 Exempleville"),
        title="Relevé d’identité bancaire",
        facts=(
            ("Titulaire", sender.name),
            ("IBAN", IBAN),
            ("BIC", "EXEMFRPPXXX"),
            ("Domiciliation", "Exempleville Centre"),
            ("Édité le", f"{on:%d/%m/%Y}"),
        ),
        small="Remettez ce relevé à qui vous verse ou vous prélève une somme.",
    )


_CARE = {
    "facture_dentaire": (
        "Cabinet dentaire des Tilleuls",
        (("Couronne céramique, dent 26", 55000), ("Radiographie", 3191)),
    ),
    "facture_optique": ("Optique du Pont", (("Monture", 9900), ("Verres progressifs, la paire", 28900))),
    "devis": ("Cabinet dentaire des Tilleuls", (("Prothèse amovible, estimation", 98000),)),
}
_OTHER_CARE = ("Cabinet d’ostéopathie Belle Rive", (("Séance d’ostéopathie", 5500),))


def _invoice(sample: SampleDocument, sender: Sender, on: date) -> PaperSheet:
    house, lines = _CARE.get(sample.kind, _OTHER_CARE)
    own = _drawn_by(sample.kind, sender, on)
    return PaperSheet(
        head=(house, "4 rue des Exemples, 00000 Exempleville", "FINESS 00 000 000 0"),
        title="Devis" if sample.kind == "devis" else "Facture",
        facts=(
            ("Numéro", f"{on:%Y}-{own % 9000 + 1000}"),
            ("Date des soins", f"{on:%d/%m/%Y}"),
            ("Patient", sender.name),
        ),
        lines=[(label, cents + own % 40 * 50) for label, cents in lines],
        small="Acquittée par carte bancaire." if sample.kind != "devis" else "Valable six mois.",
        colour=HexColor("#7a4a24"),
    )


def _certificate(sample: SampleDocument, sender: Sender, on: date) -> PaperSheet:
    return PaperSheet(
        head=("Assurance Maladie", "Attestation de droits"),
        title="Attestation de droits",
        facts=(
            ("Assuré", sender.name),
            ("N° de Sécurité sociale", sender.nir),
            ("Organisme", "01 000 0000"),
            ("Valable du", f"{on:%d/%m/%Y}"),
            ("au", f"{on.replace(year=on.year + 1, day=min(on.day, 28)):%d/%m/%Y}"),
        ),
        small="Présentez cette attestation aux professionnels de santé.",
        colour=HexColor("#1d6b8f"),
    )


def _prescription(sample: SampleDocument, sender: Sender, on: date) -> PaperSheet:
    return PaperSheet(
        head=("Docteur A. Exemple", "Médecine générale", "8 avenue des Essais, 00000 Exempleville"),
        title="Ordonnance",
        facts=(
            ("Le", f"{on:%d/%m/%Y}"),
            ("Pour", sender.name),
            ("Lunettes", "Une paire, verres progressifs"),
            ("Correction", "Œil droit +1,25, œil gauche +1,50, addition 2,00"),
        ),
        colour=HexColor("#3d6b3d"),
    )


def _statement(sample: SampleDocument, sender: Sender, on: date) -> PaperSheet:
    own = _drawn_by("decompte", sender, on)
    return PaperSheet(
        head=("Assurance Maladie", "Relevé de prestations"),
        title=f"Relevé n° {own % 900000 + 100000}",
        facts=(
            ("Assuré", sender.name),
            ("N° de Sécurité sociale", sender.nir),
            ("Édité le", f"{on:%d/%m/%Y}"),
        ),
        lines=(
            ("Consultation, médecin généraliste", 1750),
            ("Pharmacie", 840 + own % 900),
            ("Analyses", 2110),
        ),
        colour=HexColor("#1d6b8f"),
    )


def _photograph(page: bytes, turn: float) -> Image.Image:
    """The page as a phone sees it: on a table, a little turned, in the light of a lamp."""
    document = pypdfium2.PdfDocument(page)
    sample = document[0].render(scale=1.6).to_pil().convert("RGB")
    document.close()
    table = Image.new("RGB", (1200, 1600), (124, 96, 70))
    grain = Image.effect_noise((300, 400), 22).resize(table.size).convert("RGB")
    table = Image.blend(table, grain, 0.12)
    mask = Image.new("L", sample.size, 255)
    turned, shape = (
        picture.rotate(turn, Image.Resampling.BICUBIC, expand=True) for picture in (sample, mask)
    )
    place = ((table.width - turned.width) // 2, (table.height - turned.height) // 2)
    shadow = Image.new("L", table.size)
    shadow.paste(shape, (place[0] + 14, place[1] + 18))
    table.paste(
        (52, 38, 27), mask=shadow.filter(ImageFilter.GaussianBlur(16)).point(lambda level: level * 2 // 3)
    )
    table.paste(turned, place, shape)
    light = Image.radial_gradient("L").resize(table.size).point(lambda level: 255 - level // 3)
    return Image.composite(table, Image.new("RGB", table.size, (58, 46, 38)), light)


def _held(photo: Image.Image, kind: str) -> bytes:
    """Held upright, written as phones do: the sensor's own side up, and a word that says how it was held."""
    written, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    photo.transpose(Image.Transpose.ROTATE_90).save(written, kind, exif=exif.tobytes(), quality=80)
    return written.getvalue()


def _as_jpeg(photo: Image.Image) -> bytes:
    return _held(photo, "JPEG")


def _as_heic(photo: Image.Image) -> bytes:
    pillow_heif.register_heif_opener()
    written = io.BytesIO()
    photo.resize((900, 1200)).save(written, "HEIF", quality=60, enc_params={"preset": "ultrafast"})
    return written.getvalue()


Drawer = Callable[[SampleDocument, Sender, date], tuple[str, bytes]]


def _file(name: str, sheet: Callable[[SampleDocument, Sender, date], PaperSheet]) -> Drawer:
    return lambda sample, sender, on: (f"{name} {on:%Y-%m-%d}.pdf", pdf(sheet(sample, sender, on)))


def _photo(
    name: str,
    sheet: Callable[[SampleDocument, Sender, date], PaperSheet],
    written: Callable[[Image.Image], bytes],
) -> Drawer:
    return lambda sample, sender, on: (name, written(_photograph(pdf(sheet(sample, sender, on)), 2.2)))


def _unreadable(sample: SampleDocument, sender: Sender, on: date) -> tuple[str, bytes]:
    """The beginning and the end of a PDF, and nothing that can be read between."""
    return "scan_0042.pdf", b"%PDF-1.4\n" + b"rien de lisible ici\n" * 400 + b"startxref\n0\n%%EOF\n"


def _too_large(sample: SampleDocument, sender: Sender, on: date) -> tuple[str, bytes]:
    """A TIFF of a few bytes that announces four hundred million pixels."""
    entries = [
        (256, 20000),
        (257, 20000),
        (258, 1),
        (259, 1),
        (262, 1),
        (273, 200),
        (278, 20000),
        (279, 50_000_000),
    ]
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return "plan.tif", b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(400)


DRAWERS: dict[str, Drawer] = {
    "rib": _file("RIB", _rib),
    "rib-photo": _photo("IMG_2041.jpg", _rib, _as_jpeg),
    "rib-heic": _photo("IMG_2077.HEIC", _rib, _as_heic),
    "facture": _file("Facture", _invoice),
    "facture-photo": _photo("IMG_1986.jpg", _invoice, _as_jpeg),
    "attestation": _file("Attestation", _certificate),
    "ordonnance": _file("Ordonnance", _prescription),
    "decompte": _file("Relevé", _statement),
    "illisible": _unreadable,
    "trop-grand": _too_large,
}
