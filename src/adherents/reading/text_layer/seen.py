"""Which letters of a PDF's text layer can be seen. Runs in the confined process only.

A page is drawn with its text and again without it. A letter is believed where the two differ as its glyph would make them
differ: in most of the glyph's box, with contrast, on an even ground, and where no other letter stands. Text that is white on
white, under a picture, drawn as « invisible » by a scanner, or off the page changes nothing, and so says nothing.
"""

import ctypes
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, cast

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageChops

from adherents.inspection.rasteriser import CannotDraw, Fault, bounded
from adherents.reading.text_layer import DOTS_PER_INCH, MOST_LETTERS, MOST_PAGES, QUARTER

CONTRAST = 60  # of 255, between a letter and its ground
UNEVEN = 80  # of 255, within the ground of one letter: a line, a stamp or a picture crosses it
LEAST_POINTS = 4.0  # a smaller letter is not read by a person
MOST_TURN = math.radians(3)  # from upright
MOST_OBJECTS = 50_000  # on one page
DEEPEST = 12  # forms within forms
JUNK = 0.1  # of a page's letters: the text layer is not what is drawn
MOST_AT_ONE_PLACE = 8
PLACE = 16  # pixels
# They turn the order of what is read, and no paper in French has any.
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
DOUBT = 0xFFFD


class InkedLetter(NamedTuple):
    """One `LETTER` of the protocol. `doubtful`: something is drawn there, and it may be another thing."""

    code: int
    left: int
    top: int
    right: int
    bottom: int
    doubtful: bool


@dataclass
class SeenPage:
    width: int = 1
    height: int = 1
    junk: bool = False
    letters: list[InkedLetter] = field(default_factory=list)


class _Inked(NamedTuple):
    """A letter that is drawn, with the box of its glyph in pixels."""

    code: int
    glyph: tuple[int, int, int, int]
    around: tuple[int, int, int, int]  # with the room that its font gives it, in quarters
    doubtful: bool


def ready() -> None:
    """Load what would be loaded later, when nothing can be opened any more."""
    Image.preinit()


def pages_of(data: bytes) -> Iterator[SeenPage]:
    """The first pages of a PDF. A page that cannot be drawn has no letter. Raises `CannotDraw`."""
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        encrypted = getattr(error, "err_code", None) == pdfium_c.FPDF_ERR_PASSWORD
        raise CannotDraw(Fault.ENCRYPTED if encrypted else Fault.UNREADABLE) from error
    if document.get_formtype() != pdfium_c.FORMTYPE_NONE:
        document.init_forms()  # what was typed into a form hides what is under it
    for index in range(min(len(document), MOST_PAGES)):
        try:
            yield _seen(document[index])
        except (pdfium.PdfiumError, ValueError):
            yield SeenPage()


def _seen(page: pdfium.PdfPage) -> SeenPage:
    page_width, page_height = page.get_size()
    scale, _, _ = bounded(page_width, page_height, DOTS_PER_INCH / 72)
    text = page.get_textpage()
    count = text.count_chars()
    if count > MOST_LETTERS:
        return SeenPage(junk=True)
    drawn = _drawn(page, scale)
    found = SeenPage(drawn.width * QUARTER, drawn.height * QUARTER)
    if count == 0:
        return found
    _hide_text(page)
    ground = _drawn(page, scale)
    differs = ImageChops.difference(drawn, ground).point(lambda value: 255 * (value >= CONTRAST))
    inked, unknown, turned = [], 0, False
    for index in range(count):
        code = pdfium_c.FPDFText_GetUnicode(text, index)
        sign = chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
        if sign.isspace() or pdfium_c.FPDFText_IsGenerated(text, index) == 1:
            continue
        turned |= sign in TURNING or (sign.isdecimal() and not sign.isascii())
        if pdfium_c.FPDFText_HasUnicodeMapError(text, index) == 1 or _says_nothing(sign):
            sign = "\ufffd"
        letter = _inked(page, text, index, sign, drawn.size, scale, differs, ground)
        if letter is not None:
            inked.append(letter)
            unknown += sign == "\ufffd"
    found.junk = turned or unknown > JUNK * len(inked)
    if not found.junk:
        found.letters = _each_alone(inked)
    return found


def _says_nothing(sign: str) -> bool:
    """A private or unassigned code, or a control character, instead of a letter."""
    return sign != "\u00ad" and unicodedata.category(sign) in {"Cc", "Co", "Cn", "Cs"}


def _drawn(page: pdfium.PdfPage, scale: float) -> Image.Image:
    bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=True)
    picture: Image.Image = bitmap.to_pil().convert("L")
    bitmap.close()
    return picture


def _hide_text(page: pdfium.PdfPage) -> None:
    """Let no text be drawn any more, within forms neither."""
    left = [(pdfium_c.FPDFPage_GetObject(page, at), 0) for at in range(pdfium_c.FPDFPage_CountObjects(page))]
    hidden = 0
    while left:
        item, depth = left.pop()
        hidden += 1
        if hidden > MOST_OBJECTS or depth > DEEPEST:
            raise ValueError("too many objects")
        kind = pdfium_c.FPDFPageObj_GetType(item)
        if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
            pdfium_c.FPDFPageObj_SetIsActive(item, False)
        elif kind == pdfium_c.FPDF_PAGEOBJ_FORM:
            inside = range(min(pdfium_c.FPDFFormObj_CountObjects(item), MOST_OBJECTS))
            left += [(pdfium_c.FPDFFormObj_GetObject(item, at), depth + 1) for at in inside]


def _inked(
    page: pdfium.PdfPage,
    text: pdfium.PdfTextPage,
    index: int,
    sign: str,
    size: tuple[int, int],
    scale: float,
    differs: Image.Image,
    ground: Image.Image,
) -> _Inked | None:
    """The letter, where its glyph is what makes the two drawings differ; None where nothing is drawn."""
    sides = [ctypes.c_double() for _ in range(4)]
    if not pdfium_c.FPDFText_GetCharBox(text, index, *(ctypes.byref(side) for side in sides)):
        return None
    left, right, bottom, top = (side.value for side in sides)
    room = pdfium_c.FS_RECTF()
    if not pdfium_c.FPDFText_GetLooseCharBox(text, index, ctypes.byref(room)):
        return None
    glyph = _on_screen(page, (left, bottom, right, top), size)
    around = _on_screen(page, (room.left, room.bottom, room.right, room.top), size)
    if glyph is None or around is None or glyph[2] <= glyph[0] or glyph[3] <= glyph[1]:
        return None
    box = (
        glyph[0] // QUARTER,
        glyph[1] // QUARTER,
        -(-glyph[2] // QUARTER),
        -(-glyph[3] // QUARTER),
    )
    crop = differs.crop(box)
    inked = crop.getbbox()
    if inked is None:
        return None
    width, height = crop.size
    slack_x, slack_y = max(2.0, width / 5), max(2.0, height / 5)
    whole = (
        inked[0] <= slack_x
        and inked[1] <= slack_y
        and width - inked[2] <= slack_x
        and height - inked[3] <= slack_y
    )
    darkest, lightest = cast(tuple[int, int], ground.crop(box).getextrema())
    small = around[3] - around[1] < LEAST_POINTS * scale * QUARTER
    doubtful = not whole or lightest - darkest > UNEVEN or small or not _is_upright(page, text, index)
    return _Inked(DOUBT if doubtful else ord(sign), box, around, doubtful or sign == "\ufffd")


def _on_screen(
    page: pdfium.PdfPage, box: tuple[float, float, float, float], size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """A box of the page in quarters of a pixel, as it is shown; None off the page."""
    corners = []
    for x, y in ((box[0], box[1]), (box[2], box[3])):
        across, down = ctypes.c_int(), ctypes.c_int()
        pdfium_c.FPDF_PageToDevice(
            page,
            0,
            0,
            size[0] * QUARTER,
            size[1] * QUARTER,
            0,
            x,
            y,
            ctypes.byref(across),
            ctypes.byref(down),
        )
        corners.append((across.value, down.value))
    (x1, y1), (x2, y2) = corners
    left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    if right <= 0 or bottom <= 0 or left >= size[0] * QUARTER or top >= size[1] * QUARTER:
        return None
    return max(left, 0), max(top, 0), min(right, size[0] * QUARTER), min(bottom, size[1] * QUARTER)


def _is_upright(page: pdfium.PdfPage, text: pdfium.PdfTextPage, index: int) -> bool:
    """As the page is shown, neither turned nor mirrored."""
    matrix = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFText_GetMatrix(text, index, ctypes.byref(matrix)):
        return False
    turn = math.atan2(matrix.b, matrix.a) - math.radians(page.get_rotation())
    turn = (turn + math.pi) % (2 * math.pi) - math.pi
    return abs(turn) <= MOST_TURN and matrix.a * matrix.d - matrix.b * matrix.c > 0


def _each_alone(inked: list[_Inked]) -> list[InkedLetter]:
    """The letters, doubtful where another one stands at the same place: only one of them can be what is seen.

    The same letter drawn twice at nearly the same place, as some programs draw bold, is one letter.
    """
    places: dict[tuple[int, int], list[int]] = {}
    doubtful, twice = set[int](), set[int]()
    for index, letter in enumerate(inked):
        left, top, right, bottom = letter.glyph
        for across in range(left // PLACE, right // PLACE + 1):
            for down in range(top // PLACE, bottom // PLACE + 1):
                there = places.setdefault((across, down), [])
                for other in there[:MOST_AT_ONE_PLACE]:
                    if other not in twice and _share(letter.glyph, inked[other].glyph):
                        if letter.code == inked[other].code and _same_place(letter.glyph, inked[other].glyph):
                            twice.add(index)
                        else:
                            doubtful |= {index, other}
                if len(there) >= MOST_AT_ONE_PLACE:
                    doubtful |= {index, *there[:MOST_AT_ONE_PLACE]}
                else:
                    there.append(index)
    return [
        InkedLetter(
            DOUBT if index in doubtful else letter.code, *letter.around, index in doubtful or letter.doubtful
        )
        for index, letter in enumerate(inked)
        if index not in twice or index in doubtful
    ]


def _share(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Whether two boxes have more than a rim in common."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 2 or down <= 2:
        return False
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return across * down > 0.2 * smaller


def _same_place(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    slack = max(2, (one[3] - one[1]) // 6)
    return all(abs(here - there) <= slack for here, there in zip(one, other, strict=True))
