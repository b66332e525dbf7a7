"""Where a value stands on its page, found by its letters."""

import pytest

from adherents.reading.boxes import box_of
from adherents.reading.layout import Box
from adherents.reading.papers import ReadField
from adherents.reading.text_layer.process import LetterPage, SeenLetter

pytestmark = pytest.mark.any_database
WIDE, HIGH = 10, 14


def page_of(*lines: str) -> LetterPage:
    """Each sign is 10 wide, each line 14 high, and a space is as wide as a letter."""
    letters = [
        SeenLetter(sign, 100 + WIDE * at, 100 * row, 100 + WIDE * at + WIDE, 100 * row + HIGH)
        for row, line in enumerate(lines, start=1)
        for at, sign in enumerate(line)
        if sign != " "
    ]
    return LetterPage(1, 1000, 1000, junk=False, letters=tuple(letters))


def stands(code: str, value: str, *lines: str) -> tuple[int, int, int] | None:
    """The line, and the first and the last sign, which the box has all of and nothing of another."""
    box: Box | None = box_of(ReadField(code, value, 1, ("drawn",)), page_of(*lines))
    if box is None:
        return None
    room = 8  # on each side
    return (
        box.top // 1000 + 1,
        round((box.left / 10 + room - 100) / WIDE),
        round((box.right / 10 - room - 100) / WIDE),
    )


def test_a_value_that_has_no_space_before_it_is_framed_without_its_label() -> None:
    assert stands("iban", "FR1420041010", "xx IBAN:FR14 2004 1010 yy") == (1, 8, 22)


def test_a_mark_before_it_is_no_part_of_it() -> None:
    assert stands("iban", "FR142004", "IBAN : FR14 2004") == (1, 7, 16)


@pytest.mark.parametrize("line", ["Total 1123,45", "Total 123,456", "Total A1123,45"])
def test_a_number_is_not_framed_within_another(line: str) -> None:
    assert stands("total", "123.45", line) is None


def test_of_two_equal_amounts_the_total_is_the_lower_one() -> None:
    assert stands("total", "123.45", "Soin 123,45", "Total 123,45 EUR") == (2, 6, 12)


def test_a_quantity_before_the_amount_is_no_part_of_it() -> None:
    assert stands("total", "1234.56", "2  1 234,56") == (1, 3, 11)


@pytest.mark.parametrize(
    ("line", "first", "last"),
    [("254039935012378", 0, 15), ("2540399350123 Clé 78", 0, 13), ("2 54 03 99 350 123 78", 0, 21)],
)
def test_a_nir_with_its_key_however_it_is_printed(line: str, first: int, last: int) -> None:
    assert stands("nir", "254039935012378", line) == (1, first, last)
