"""Where a value stands on its page, so that a person sees it beside what was read. Pure code.

A place that is not found is not given: the crop is a help, and no proof.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Protocol

from adherents.reading.issued import MONTHS
from adherents.reading.layout import Box, PageLine, Word, lines_of
from adherents.reading.papers import PageOfLetters, ReadField

MOST_WORDS = 40  # of one line, from where a value begins
_AROUND = 0.6  # of the value's height, left free on each side of it
LARGEST = 10_000


class MeasuredPage(PageOfLetters, Protocol):
    """A page whose sides are known, in the unit of its letters."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


def box_of(field: ReadField, page: MeasuredPage) -> Box | None:
    """The value's box with a little room around it, in ten-thousandths of the page's sides; None where it is not found."""
    for wanted in printed_forms(field):
        # A total stands under its lines, of which another may say the same.
        lines = lines_of(page.letters)
        for line in reversed(lines) if field.code == "total" else lines:
            if (found := _in_line(wanted, line)) is not None:
                return _in_parts(found, page)
    return None


def printed_forms(field: ReadField) -> list[str]:
    """How a value may stand on a page, without spaces, points and accents."""
    if field.code in {"iban", "bic"}:
        return [field.value]
    if field.code == "nir":
        return [field.value[:13]]  # « Clé » stands before the last two
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


def _in_line(wanted: str, line: PageLine) -> Box | None:
    for place in range(len(line.words)):
        text, words = "", list[Word]()
        for word in line.words[place : place + MOST_WORDS]:
            text += re.sub(r"[^0-9A-Za-z]", "", word.text)
            words.append(word)
            if len(text) >= len(wanted):
                break
        if text.startswith(wanted) or (len(words) == 1 and wanted in text):
            return _around(words)
    return None


def _around(words: Sequence[Word]) -> Box:
    return Box(
        min(word.box.left for word in words),
        min(word.box.top for word in words),
        max(word.box.right for word in words),
        max(word.box.bottom for word in words),
    )


def _in_parts(box: Box, page: MeasuredPage) -> Box:
    room = round(_AROUND * box.height)
    return Box(
        _part(box.left - room, page.width),
        _part(box.top - room, page.height),
        _part(box.right + room, page.width),
        _part(box.bottom + room, page.height),
    )


def _part(place: int, side: int) -> int:
    return min(max(round(LARGEST * place / side), 0), LARGEST)
