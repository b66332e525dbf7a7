"""Letters on a page as words, cells and lines, by where they stand and not by the order in which a program wrote them. Pure code.

What is read is what is seen from left to right. A *cell* is a run of words that stand close together: the value under a label,
one column of a table. All lengths are those of the letters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from adherents.members.names import normalise

SPACE = 0.16  # of a letter's height, between the room of two letters: a space has 0.25
WIDE = 0.9  # of a letter's height, between two words: another cell begins
SAME_LINE = 0.6  # of the smaller height that two letters of one line share
MOST_LINES = 2_000


class PlacedLetter(Protocol):
    @property
    def sign(self) -> str: ...
    @property
    def left(self) -> int: ...
    @property
    def top(self) -> int: ...
    @property
    def right(self) -> int: ...
    @property
    def bottom(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Box:
    left: int
    top: int
    right: int
    bottom: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def shares_columns_with(self, other: "Box") -> bool:
        return min(self.right, other.right) > max(self.left, other.left)


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class PageCell:
    """`said` is its text without accents, case and punctuation, as labels are compared."""

    words: tuple[Word, ...]
    text: str
    said: str
    box: Box


@dataclass(frozen=True, slots=True)
class PageLine:
    words: tuple[Word, ...]
    cells: tuple[PageCell, ...]
    said: str
    box: Box


def lines_of(letters: Iterable[PlacedLetter]) -> list[PageLine]:
    """The lines of a page from its top, each from its left."""
    rows: list[list[PlacedLetter]] = []
    open_rows: list[list[PlacedLetter]] = []
    for letter in sorted(letters, key=lambda one: (one.top + one.bottom, one.left)):
        middle = (letter.top + letter.bottom) / 2
        open_rows = [row for row in open_rows if row[0].bottom > middle]
        for row in open_rows:
            if _same_line(row[0], letter):
                row.append(letter)
                break
        else:
            rows.append([letter])
            open_rows.append(rows[-1])
    return [_line(sorted(row, key=lambda one: one.left)) for row in rows[:MOST_LINES]]


def _same_line(one: PlacedLetter, other: PlacedLetter) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared > SAME_LINE * min(one.bottom - one.top, other.bottom - other.top)


def _line(row: Sequence[PlacedLetter]) -> PageLine:
    pieces: list[list[PlacedLetter]] = [[row[0]]]
    for before, letter in pairwise(row):
        height = min(before.bottom - before.top, letter.bottom - letter.top)
        if letter.left - before.right > SPACE * height:
            pieces.append([])
        pieces[-1].append(letter)
    words = [Word("".join(letter.sign for letter in piece), _around(piece)) for piece in pieces]
    groups: list[list[Word]] = [[words[0]]]
    for left, right in pairwise(words):
        if right.box.left - left.box.right > WIDE * min(left.box.height, right.box.height):
            groups.append([])
        groups[-1].append(right)
    cells = tuple(map(_cell, groups))
    return PageLine(tuple(words), cells, " ".join(cell.said for cell in cells), _around(row))


def _cell(words: Sequence[Word]) -> PageCell:
    text = " ".join(word.text for word in words)
    box = Box(
        words[0].box.left,
        min(word.box.top for word in words),
        words[-1].box.right,
        max(word.box.bottom for word in words),
    )
    return PageCell(tuple(words), text, normalise(text), box)


def _around(row: Sequence[PlacedLetter]) -> Box:
    return Box(
        min(one.left for one in row),
        min(one.top for one in row),
        max(one.right for one in row),
        max(one.bottom for one in row),
    )
