"""Invoices that nobody received: sixty forms and more, each with as many values as one likes, and as they come a second time."""

import io
import random

import pypdfium2
from PIL import Image, ImageChops, ImageEnhance, ImageFilter
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

ACTS = [
    "Consultation", "Monture", "Verre droit", "Verre gauche", "Détartrage", "Couronne", "Séance", "Soins", "Analyse",
    "Radiographie",
]  # fmt: skip
TITLES = ["FACTURE", "NOTE D'HONORAIRES", "Feuille de soins", "FACTURE ACQUITTEE"]
SMALL_PRINT = [
    "Membre d'une association agréée, le règlement par chèque est accepté.",
    "TVA non applicable, article 261 du CGI.",
    "En cas de retard de paiement une indemnité de 40 € est due.",
    "Merci de votre confiance.",
]


def invoice(form: int, values: int) -> bytes:
    """A PDF of one page. The form gives its places and lines, `values` its number, day, acts and amounts."""
    place, value = random.Random(9000 + form), random.Random(values * 7919 + form)
    written = io.BytesIO()
    sheet = Canvas(written, pagesize=A4, invariant=1)
    logo = place.choice([50, 330])
    sheet.setFillGray(place.random() / 2)
    sheet.rect(logo, 760, place.randrange(60, 180), place.randrange(20, 50), fill=1)
    sheet.setFillGray(0)
    size = place.choice([9, 10, 11])
    sheet.setFont("Helvetica-Bold", 14)
    sheet.drawString(380 - logo, 780, place.choice(TITLES))
    sheet.setFont("Helvetica", size)
    sender = ["Cabinet " + place.choice(["Morel", "des Lilas", "du Port"]), "12 rue des Lilas", "75011 PARIS"]
    for at, text in enumerate(sender):
        sheet.drawString(50, 735 - 13 * at, text)
    for at, text in enumerate(["Mme Camille DUPONT", "4 bis avenue du Général Leclerc", "29200 BREST"]):
        sheet.drawString(330, 735 - 13 * at, text)
    top = place.randrange(620, 660)
    sheet.drawString(50, top, f"N° 2026-{value.randrange(1, 9999):04d}")
    sheet.drawString(250, top, f"Date : {value.randrange(1, 29):02d}/{value.randrange(1, 13):02d}/2026")
    rows = place.randrange(3, 9)
    filled = value.randrange(1, rows + 1) if place.random() < 0.5 else rows
    top -= 40
    for row in range(rows + 1):
        sheet.line(50, top - 20 * row + 14, 540, top - 20 * row + 14)
    for x in (50, 300, 380, 460, 540):
        sheet.line(x, top + 14, x, top - 20 * rows + 14)
    total = 0.0
    for row in range(filled):
        amount = value.randrange(1500, 30000) / 100
        total += amount
        sheet.drawString(55, top - 20 * row, value.choice(ACTS))
        sheet.drawRightString(375, top - 20 * row, str(value.randrange(1, 3)))
        sheet.drawRightString(455, top - 20 * row, f"{amount:.2f}")
        sheet.drawRightString(535, top - 20 * row, f"{amount:.2f}")
    top -= 20 * rows + 20
    sheet.drawString(300, top, "Total")
    sheet.drawRightString(535, top, f"{total:.2f} €")
    for line in range(place.randrange(2, 8)):
        sheet.drawString(50, top - 60 - 14 * line, place.choice(SMALL_PRINT))
    sheet.save()
    return written.getvalue()


def drawn(pdf: bytes) -> Image.Image:
    """Its page, as large as the portal draws it."""
    document = pypdfium2.PdfDocument(pdf)
    picture: Image.Image = document[0].render(scale=150 / 72).to_pil().convert("RGB")
    document.close()
    return picture


def scanned(page: Image.Image, seed: int) -> bytes:
    """A JPEG: turned by 1.5° at most, moved, lighter or darker, larger or smaller."""
    chance = random.Random(seed)
    page = page.rotate(chance.uniform(-1.5, 1.5), Image.Resampling.BICUBIC, fillcolor=(252, 252, 252))
    page = ImageChops.offset(page, chance.randrange(-15, 16), chance.randrange(-15, 16))
    page = ImageEnhance.Brightness(page).enhance(chance.uniform(0.9, 1.1))
    scale = chance.uniform(0.6, 1.2)
    page = page.resize((int(page.width * scale), int(page.height * scale)), Image.Resampling.BICUBIC)
    return _jpeg(page, chance.randrange(45, 85))


def photographed(page: Image.Image, seed: int) -> bytes:
    """A JPEG: on a table, or cut by 2 % at most; turned by 2°, aslant, in shadow, blurred."""
    chance = random.Random(seed)
    margin = chance.uniform(-0.02, 0.05)
    across, down = int(margin * page.width), int(margin * page.height)
    if margin > 0:
        grey = chance.randrange(60, 140)
        table = Image.new("RGB", (page.width + 2 * across, page.height + 2 * down), (grey, grey, grey))
        table.paste(page, (across, down))
        page = table
    else:
        page = page.crop((-across, -down, page.width + across, page.height + down))
    slant = chance.uniform(0, 0.02)
    width, height = page.size

    def off(length: int) -> float:
        return chance.uniform(0, slant) * length

    corners = [off(width), off(height), off(width), height - off(height)]
    corners += [width - off(width), height - off(height), width - off(width), off(height)]
    page = page.transform(page.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)
    page = page.rotate(chance.uniform(-2, 2), Image.Resampling.BICUBIC, fillcolor=(110, 110, 110))
    page = ImageEnhance.Brightness(page).enhance(chance.uniform(0.75, 1.05))
    strength = chance.uniform(0.05, 0.35)
    light = Image.linear_gradient("L").rotate(chance.choice([0, 90, 180, 270])).resize(page.size)
    shadow = light.point(lambda value: int(255 - strength * value))
    page = ImageChops.multiply(page, shadow.convert("RGB"))
    page = page.filter(ImageFilter.GaussianBlur(chance.uniform(0, 1.2)))
    return _jpeg(page, chance.randrange(40, 85))


def _jpeg(page: Image.Image, quality: int) -> bytes:
    written = io.BytesIO()
    page.save(written, "JPEG", quality=quality)
    return written.getvalue()
