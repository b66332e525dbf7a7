"""What stands beside or under a label of a page. Pure code."""

import re
from collections.abc import Iterator, Sequence

from adherents.reading.layout import Box, PageCell, PageLine

BELOW = 3.5  # heights of the label: farther down is another thing
_AFTER_LABEL = re.compile(r"\s*[:.\-–]?\s*")


def labelled(
    lines: Sequence[PageLine], label: "re.Pattern[str]", *, is_label: "re.Pattern[str]"
) -> Iterator[list[str]]:
    """For each place of a label, the texts that may be its value: what follows in its cell; else the next cell of its line; else
    the cells under it, the nearest first.

    `label` is matched at the beginning of a cell's text, `is_label` at that of what may be a label itself and so no value.
    """
    for number, line in enumerate(lines):
        for place, cell in enumerate(line.cells):
            found = label.match(cell.text)
            if not found:
                continue
            if rest := _AFTER_LABEL.sub("", cell.text[found.end() :], count=1).strip():
                yield [rest]
            else:
                yield _around(lines, number, place, is_label)


def _around(lines: Sequence[PageLine], number: int, place: int, is_label: "re.Pattern[str]") -> list[str]:
    line = lines[number]
    label = line.cells[place]
    beside = line.cells[place + 1 : place + 2]
    if beside and not is_label.match(beside[0].text):
        return [_AFTER_LABEL.sub("", beside[0].text, count=1).strip()]
    return [cell.text for cell in below(lines[number + 1 :], label.box) if not is_label.match(cell.text)]


def below(lines: Sequence[PageLine], label: Box) -> Iterator[PageCell]:
    """The cells under a label, of the lines behind its own."""
    most = label.bottom + BELOW * label.height
    for line in lines:
        if line.box.top > most:
            return
        if line.box.top < label.top:
            continue
        yield from (cell for cell in line.cells if cell.box.shares_columns_with(label))
