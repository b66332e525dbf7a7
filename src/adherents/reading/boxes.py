"""Where a value stands on its page, so that a person sees it beside what was read. Pure code.

A place that is not found is not given: the crop is a help, and no proof.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

from adherents.reading.issued import MONTHS
from adherents.reading.layout import Box, PageLine, Word, lines_of
from adherents.reading.papers import PageOfLetters, ReadField

MOST_WORDS = 40  # of one line, from where a value begins
MOST_BEHIND = 40  # letters, in the same word
_AROUND = 0.6  # of the value's height, left free on each side of it
LARGEST = 10_000  # a box's sides are in ten-thousandths of the page's


class MeasuredPage(PageOfLetters, Protocol):
    """A page whose sides are known, in the unit of its letters.

    `places`: where its letters are shown, if they do not stand there.
    """

    @property
    def sides(self) -> tuple[int, int]: ...
    @property
    def places(self) -> Sequence[tuple[int, int, int, int]]: ...


def box_of(field: ReadField, page: MeasuredPage) -> Box | None:
    """The value's box with a little room around it, in ten-thousandths of the page's sides; None where it is not found."""
    if page.places and len(page.places) != len(page.letters):
        return None
    for wanted in printed_forms(field):
        # A total stands under its lines, of which another may say the same.
        lines = lines_of(page.letters)
        for line in reversed(lines) if field.code == "total" else lines:
            if (words := _in_line(wanted, line)) is not None:
                return _in_parts(_around(_places(wanted, words, page)), page)
    return None


def printed_forms(field: ReadField) -> list[str]:
    """How a value may stand on a page, without spaces, points and accents."""
    if field.code in {"iban", "bic"}:
        return [field.value]
    if field.code == "nir":
        return [field.value, field.value[:13]]  # « Clé » may stand before the last two
    if field.code in {"valid_from", "valid_until", "date"}:
        day = date.fromisoformat(field.value)
        month = re.sub(r"[^a-z]", "", MONTHS[day.month - 1])  # of a word, what `_in_line` keeps
        return [
            f"{day:%d%m%Y}",
            f"{day.day}{day:%m%Y}",
            f"{day.day}{month}{day.year}",
            f"{day.day}er{month}{day.year}",
        ]
    if field.code == "total":
        digits = field.value.replace(".", "")
        return [digits, f"{digits}EUR"]
    if field.code == "school_year":
        return [field.value.replace("-", "")]
    return []


def _in_line(wanted: str, line: PageLine) -> list[Word] | None:
    """The words that hold a value, which begins in the first of them, as in « IBAN:FR76 ». A number is no part of another one."""
    for place, first in enumerate(line.words):
        begins = len(_letters_in(first.text))
        text, words = "", list[Word]()
        for word in line.words[place : place + MOST_WORDS] if begins else ():
            text += _letters_in(word.text)
            words.append(word)
            at = text.find(wanted)
            if at >= begins or len(text) >= begins + len(wanted) + MOST_BEHIND:
                break
            if at >= 0:
                beside = text[:at][-1:] + text[at + len(wanted) :][:1]
                if not wanted.isdecimal() or not any(sign.isdecimal() for sign in beside):
                    return words
                break
    return None


def _places(wanted: str, words: Sequence[Word], page: MeasuredPage) -> list[Box]:
    """Where the value's letters are shown, among all those of its words; of all of these where they are not told apart."""
    around = _around(word.box for word in words)
    places = page.places or [(one.left, one.top, one.right, one.bottom) for one in page.letters]
    inside = sorted(
        (letter.left, letter.sign, place)
        for letter, place in zip(page.letters, places, strict=True)
        if around.left <= (letter.left + letter.right) / 2 <= around.right
        and around.top <= (letter.top + letter.bottom) / 2 <= around.bottom
    )
    read = [(sign, Box(*place)) for _left, sign, place in inside if _letters_in(sign)]
    at = "".join(sign for sign, _ in read).find(wanted)
    if at >= 0:
        return [box for _, box in read[at : at + len(wanted)]]
    return [Box(*place) for _left, _sign, place in inside]


def _letters_in(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", text)


def _around(boxes: Iterable[Box]) -> Box:
    all_ = list(boxes)
    return Box(
        min(box.left for box in all_),
        min(box.top for box in all_),
        max(box.right for box in all_),
        max(box.bottom for box in all_),
    )


def _in_parts(box: Box, page: MeasuredPage) -> Box:
    room = round(_AROUND * min(box.height, box.right - box.left))
    return Box(
        _part(box.left - room, page.sides[0]),
        _part(box.top - room, page.sides[1]),
        _part(box.right + room, page.sides[0]),
        _part(box.bottom + room, page.sides[1]),
    )


def _part(place: int, side: int) -> int:
    return min(max(round(LARGEST * place / side), 0), LARGEST)
