"""The invented papers as pictures: as a scanner makes them, and as a phone does, turned, in shadow, blurred and compressed."""

import dataclasses
import io
import random
import threading

import pypdfium2
from PIL import Image, ImageChops, ImageFilter

from stress.reading_papers import Paper

Corners = list[tuple[float, float]]
SCAN_DPI, PHOTO_DPI = 200, 190
_one_at_a_time = threading.Lock()  # pdfium draws for one thread: two of them end the process


def scanned(made: Paper, seed: int) -> Paper:
    """A PDF that holds one picture, slightly turned, grey, with noise."""
    chance = random.Random(seed)
    page = _drawn(made, SCAN_DPI).convert("L")
    page = page.rotate(chance.uniform(-0.8, 0.8), Image.Resampling.BICUBIC, fillcolor=255)
    noise = Image.effect_noise(page.size, chance.uniform(4, 14))
    page = ImageChops.add(page, noise, 1, -128).filter(ImageFilter.GaussianBlur(chance.uniform(0, 0.6)))
    written = io.BytesIO()
    page.save(written, "PDF", resolution=SCAN_DPI, quality=chance.randrange(55, 90))
    return _as_picture(made, "scan", written)


def photographed(made: Paper, seed: int) -> Paper:
    """A JPEG of the paper on a table."""
    chance = random.Random(seed)
    page = _drawn(made, PHOTO_DPI)
    width, height = page.size
    margin = int(width * 0.06)
    table = Image.new("RGB", (width + 2 * margin, height + 2 * margin), (120, 96, 70))
    table.paste(page, (margin, margin))
    table = table.rotate(chance.uniform(-4, 4), Image.Resampling.BICUBIC, fillcolor=(110, 90, 66))
    table = _in_perspective(table, chance)
    table = _in_shadow(table, chance).filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 1.1)))
    table = ImageChops.add(
        table, Image.effect_noise(table.size, chance.uniform(4, 12)).convert("RGB"), 1, -128
    )
    if chance.random() < 0.1:
        table = table.transpose(
            chance.choice([Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270])
        )
    written = io.BytesIO()
    table.save(written, "JPEG", quality=chance.randrange(45, 88))
    return _as_picture(made, "photo", written)


def _as_picture(made: Paper, how: str, written: io.BytesIO) -> Paper:
    """Of pixels only that may be said which a wrong letter would undo, and what two engines read alike."""
    said = {
        "iban",
        "nir",
        "total",
        "school_year",
        "bic",
        "date",
        "valid_from",
        "valid_until",
    } - made.drawn_only
    truth = {code: value for code, value in made.truth.items() if code in said or value == "same"}
    return dataclasses.replace(made, name=f"{made.name} ({how})", content=written.getvalue(), truth=truth)


def _drawn(made: Paper, dpi: int) -> Image.Image:
    with _one_at_a_time:
        document = pypdfium2.PdfDocument(made.content)
        picture: Image.Image = document[0].render(scale=dpi / 72).to_pil().convert("RGB")
        document.close()
    return picture


def _in_perspective(picture: Image.Image, chance: random.Random) -> Image.Image:
    width, height = picture.size
    away = 0.035

    def moved(x: float, y: float) -> tuple[float, float]:
        return x + chance.uniform(-away, away) * width, y + chance.uniform(-away, away) * height

    corners = [moved(0, 0), moved(width, 0), moved(width, height), moved(0, height)]
    return picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, _coefficients(corners, width, height), Image.Resampling.BICUBIC,
        fillcolor=(110, 90, 66),
    )  # fmt: skip


def _coefficients(corners: Corners, width: int, height: int) -> list[float]:
    """Of the projection that takes the picture's corners to these: eight equations, solved by elimination."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip([(0, 0), (width, 0), (width, height), (0, height)], corners, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for at in range(8):
        pivot = max(range(at, 8), key=lambda row: abs(rows[row][at]))
        rows[at], rows[pivot] = rows[pivot], rows[at]
        rows[at] = [value / rows[at][at] for value in rows[at]]
        for other in range(8):
            if other != at:
                rows[other] = [a - rows[other][at] * b for a, b in zip(rows[other], rows[at], strict=True)]
    return [row[8] for row in rows]


def _in_shadow(picture: Image.Image, chance: random.Random) -> Image.Image:
    dark = Image.linear_gradient("L").rotate(chance.choice([0, 90, 180, 270])).resize(picture.size)
    strength = chance.uniform(0.1, 0.5)
    light = dark.point(lambda value: int(255 - strength * value))
    return ImageChops.multiply(picture, light.convert("RGB"))
