"""Only what a person sees on the page is believed of a PDF's text layer."""

import io

import pikepdf
import pytest
from reportlab.lib.colors import Color, black, lightgrey, white
from reportlab.pdfgen.canvas import Canvas

from adherents.reading.text_layer.process import letter_pages
from tests.reading.sheets import IBAN, OTHER_SPACED, SPACED, cover, said, say, sheet

pytestmark = pytest.mark.any_database
TRUE = say(f"IBAN : {SPACED}", y=500)


def invisible(canvas: Canvas) -> None:
    """As a scanner writes what it has read over the picture of a page."""
    text = canvas.beginText(60, 650)
    text.setTextRenderMode(3)
    text.textLine(f"IBAN : {OTHER_SPACED}")
    canvas.drawText(text)


def clipped(canvas: Canvas) -> None:
    path = canvas.beginPath()
    path.rect(0, 0, 10, 10)
    canvas.clipPath(path, stroke=0)
    canvas.drawString(60, 650, f"IBAN : {OTHER_SPACED}")


def transparent(canvas: Canvas) -> None:
    canvas.setFillAlpha(0.02)
    canvas.drawString(60, 650, f"IBAN : {OTHER_SPACED}")


def turned(canvas: Canvas) -> None:
    canvas.translate(300, 300)
    canvas.rotate(90)
    canvas.drawString(0, 0, f"IBAN : {OTHER_SPACED}")


def mirrored(canvas: Canvas) -> None:
    canvas.scale(-1, 1)
    canvas.drawString(-400, 650, f"IBAN : {OTHER_SPACED}")


HIDDEN = {
    "white": [say(f"IBAN : {OTHER_SPACED}", colour=white)],
    "nearly white": [say(f"IBAN : {OTHER_SPACED}", colour=Color(0.9, 0.9, 0.9))],
    "under a picture": [say(f"IBAN : {OTHER_SPACED}"), cover(colour=lightgrey)],
    "under white": [say(f"IBAN : {OTHER_SPACED}"), cover()],
    "invisible": [invisible],
    "clipped": [clipped],
    "transparent": [transparent],
    "off the page": [say(f"IBAN : {OTHER_SPACED}", x=700)],
    "tiny": [say(f"IBAN : {OTHER_SPACED}", size=1)],
    "small": [say(f"IBAN : {OTHER_SPACED}", size=3)],
}


@pytest.mark.parametrize("draws", HIDDEN.values(), ids=HIDDEN)
def test_what_nobody_sees_is_not_there(draws: list) -> None:  # type: ignore[type-arg]
    assert said(sheet(*draws)) == {}


@pytest.mark.parametrize("how", sorted(HIDDEN.keys() - {"tiny", "small"}))
def test_what_nobody_sees_changes_nothing_of_what_is_seen(how: str) -> None:
    assert said(sheet(*HIDDEN[how], TRUE)) == {"iban": IBAN}


@pytest.mark.parametrize("draw", [turned, mirrored])
def test_letters_that_stand_on_their_side_or_in_a_mirror_are_not_read(draw) -> None:  # type: ignore[no-untyped-def]
    assert said(sheet(draw)) == {}


def test_of_two_texts_at_one_place_neither_is_believed() -> None:
    """The first is under the white, and what is written over it would make it look drawn."""
    first, second = say(f"IBAN : {OTHER_SPACED}"), say(f"IBAN : {SPACED}")
    assert said(sheet(first, cover(), second)) == {}


def test_a_covered_text_is_not_believed_where_two_others_run_through_its_place() -> None:
    """Above and below its middle, so that each of its letters has ink from top to bottom, and a line of its own."""
    eights = "IBAN : PR" + "".join("8" if sign != " " else " " for sign in OTHER_SPACED[2:])
    hidden, above, below = say(f"IBAN : {OTHER_SPACED}"), say(eights, y=655), say(eights, y=645)
    assert said(sheet(hidden, cover(), above, below)) == {}


def test_an_account_that_is_crossed_out_is_not_read() -> None:
    def cross(canvas: Canvas) -> None:
        canvas.setLineWidth(1.5)
        canvas.line(55, 653.5, 330, 653.5)

    assert said(sheet(say(f"IBAN : {SPACED}"), cross)) == {}


def test_an_account_with_one_digit_covered_is_not_read() -> None:
    assert said(sheet(say(f"IBAN : {SPACED}"), cover(x=150, width=7))) == {}


def test_an_account_under_a_stamp_in_letters_is_not_read() -> None:
    def stamp(canvas: Canvas) -> None:
        canvas.translate(100, 630)
        canvas.rotate(12)
        canvas.setFont("Helvetica-Bold", 40)
        canvas.drawString(0, 0, "ANNULÉ")

    assert said(sheet(say(f"IBAN : {SPACED}"), stamp)) == {}


def test_bold_that_is_drawn_twice_is_one_text() -> None:
    assert said(sheet(say(f"IBAN : {SPACED}"), say(f"IBAN : {SPACED}", x=60.3))) == {"iban": IBAN}


def test_white_letters_on_a_dark_ground_are_seen() -> None:
    assert said(sheet(cover(colour=black), say(f"IBAN : {SPACED}", colour=white))) == {"iban": IBAN}


def test_letters_inside_a_form_are_seen_and_hidden_as_others() -> None:
    def form(colour: Color):  # type: ignore[no-untyped-def]
        def draw(canvas: Canvas) -> None:
            canvas.beginForm("inside")
            canvas.setFillColor(colour)
            canvas.setFont("Helvetica", 10)
            canvas.drawString(60, 650, f"IBAN : {SPACED}")
            canvas.endForm()
            canvas.doForm("inside")

        return draw

    assert said(sheet(form(black))) == {"iban": IBAN}
    assert said(sheet(form(white))) == {}


@pytest.mark.parametrize("quarters", [90, 180, 270])
def test_a_page_that_is_shown_turned_is_read_as_it_is_shown(quarters: int) -> None:
    def upright(canvas: Canvas) -> None:
        canvas.translate(300, 400)
        canvas.rotate(quarters)
        canvas.setFont("Helvetica", 10)
        canvas.drawString(-150, 20, "RELEVÉ D'IDENTITÉ BANCAIRE")
        canvas.drawString(-150, 0, f"IBAN : {SPACED}")

    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(sheet(upright, title="."))) as pdf:
        pdf.pages[0].rotate(quarters, relative=False)
        pdf.save(written)
    assert said(written.getvalue()) == {"iban": IBAN}
    assert said(sheet(upright, title=".")) == {}


def with_unicode(content: bytes, table: dict[str, str]) -> bytes:
    """The same page, whose text layer says other characters than those that are drawn."""
    lines = "".join(f"<{ord(drawn):02x}> <{ord(told):04x}>\n" for drawn, told in table.items())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def 1 begincodespacerange <00> <ff> "
        f"endcodespacerange {len(table)} beginbfchar\n{lines}endbfchar endcmap "
        "CMapName currentdict /CMap defineresource pop end end"
    )
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        for font in pdf.pages[0].Resources.Font.values():
            font.ToUnicode = pikepdf.Stream(pdf, cmap.encode())
        pdf.save(written)
    return written.getvalue()


PRINTABLE = [chr(code) for code in range(0x21, 0x7F)]


def test_a_text_layer_of_private_codes_is_junk() -> None:
    content = with_unicode(sheet(TRUE), {sign: chr(0xE000 + ord(sign)) for sign in PRINTABLE})
    (page,) = letter_pages(content)
    assert page.junk
    assert said(content) == {}


@pytest.mark.parametrize("first", [0x0660, 0xFF10, 0x0966], ids=["arabic", "full width", "devanagari"])
def test_digits_of_other_scripts_give_nothing(first: int) -> None:
    table = {sign: sign for sign in PRINTABLE} | {str(digit): chr(first + digit) for digit in range(10)}
    assert said(with_unicode(sheet(TRUE), table)) == {}
    table["9"] = "9"
    assert said(with_unicode(sheet(TRUE), {sign: sign for sign in PRINTABLE} | {"0": chr(first)})) == {}


@pytest.mark.parametrize("mark", ["\u200f", "\u202e", "\u2067", "\u061c"])
def test_marks_that_turn_the_order_of_letters_give_nothing(mark: str) -> None:
    same = {sign: sign for sign in PRINTABLE}
    assert said(with_unicode(sheet(TRUE, say("*", y=400)), same)) == {"iban": IBAN}
    assert said(with_unicode(sheet(TRUE, say("*", y=400)), same | {"*": mark})) == {}


def test_letters_that_only_look_like_ours_give_nothing() -> None:
    table = {sign: sign for sign in PRINTABLE} | {"M": "\u041c"}  # Cyrillic
    assert said(with_unicode(sheet(TRUE), table)) == {}


def test_the_order_is_that_of_the_page_and_not_of_the_file() -> None:
    groups = SPACED.split()
    draws = [say(group, x=100 + 40 * at, y=500) for at, group in enumerate(groups)]
    assert said(sheet(*reversed(draws))) == {"iban": IBAN}
