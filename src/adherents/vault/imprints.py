"""What a page looks like, in a few hundred bits: nearly the same of two pictures of one paper, drawn, scanned or photographed.

Two papers that are drawn on one form look alike too: an imprint says that somebody should look, and nothing more. What each
number below was measured against is in docs/decisions/0073.
"""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log
from typing import Self

import dhash
from PIL import Image, ImageChops, ImageFilter, ImageOps

SIDE = 10  # cells each way, each compared with the next one across and the next one down
BITS = 2 * SIDE * SIDE
MOST_DIFFERENT = 26  # bits, of two pictures of one paper
MOST_STRETCHED = 0.06  # the logarithm of the ratio of their shapes
LONGEST = 400  # pixels: finer is not seen on a bad photo
NOTHING = "-"  # looked at, and there is nothing to be known by

_STROKE = 4  # pixels: what is dark and no wider than twice this is ink; what is wider is a shadow, a table, a surface
_FAINT = 40  # of 256: less than this under the paper around it is no ink
_SHEET = 0.6  # of the brightest tenth: darker is not the paper
_EDGE = 0.01  # of all ink may lie outside the box that is looked at: dust, a fold
_LEAST_INK = 0.002  # of the picture: with less there is nothing to be known by
_TURNS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
_WIDER, _NARROWER = ImageFilter.MaxFilter(3), ImageFilter.MinFilter(3)
Bits = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Imprint:
    """A page's bits as it is, and turned by 90, 180 and 270 degrees.

    `shape`: width over height of what is printed, in thousandths.
    """

    shape: int
    turns: Bits

    def __repr__(self) -> str:
        return "<Imprint>"

    def __str__(self) -> str:
        """As `read` takes it."""
        return " ".join([str(self.shape), *(f"{bits:x}" for bits in self.turns)])

    @classmethod
    def of(cls, picture: Image.Image) -> Self | None:
        """Of a page; None where it is blank, or nearly."""
        ink = _box(_ink(picture))
        if ink is None:
            return None
        one, two, three, four = (_bits(turned) for turned in (ink, *map(ink.transpose, _TURNS)))
        return cls(max(ink.width * 1000 // ink.height, 1), (one, two, three, four))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The imprint that `str` gave; None for anything else, such as `NOTHING`."""
        shape, *turns = text.split()[:5] or [""]
        try:
            one, two, three, four = (int(part, 16) for part in turns)
            return cls(int(shape), (one, two, three, four))
        except ValueError:
            return None

    def is_like(self, other: Self) -> bool:
        """Whether both may be of one paper, whichever way it was held."""
        own, shape = self.turns[0], log(self.shape / 1000)
        for turn, bits in enumerate(other.turns):
            theirs = log(other.shape / 1000) * (-1 if turn % 2 else 1)
            if (own ^ bits).bit_count() <= MOST_DIFFERENT and abs(shape - theirs) <= MOST_STRETCHED:
                return True
        return False


def _bits(ink: Image.Image) -> int:
    # The numbers, since the library asks Pillow for them by a way that Pillow has given up.
    grid = ink.resize((SIDE + 1, SIDE + 1), Image.Resampling.LANCZOS)
    bits: int = dhash.dhash_int(list(grid.tobytes()), SIDE)
    return bits


def _ink(picture: Image.Image) -> Image.Image:
    """What is printed, white on black: neither light and shadow nor the table under the paper."""
    small = picture.convert("L")
    small.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
    border = 2 * _STROKE + 2  # dark, so that a strip of table along the picture's edge is no stroke
    framed = ImageOps.expand(small, border, 0)
    paper = _often(_often(framed, _WIDER, _STROKE), _NARROWER, _STROKE)
    ink = ImageChops.subtract(paper, framed).point(
        lambda v: 0 if v < _FAINT else min(255, 6 * (v - _FAINT) + 60)
    )
    inside = (border, border, border + small.width, border + small.height)
    return ImageChops.multiply(ink, _sheet(paper, _brightest(paper.crop(inside)))).crop(inside)


def _sheet(paper: Image.Image, bright: int) -> Image.Image:
    """Where the sheet lies, without its edge; in large pieces, so that a dark surface on it is part of it."""
    size = max(paper.width // 4, 1), max(paper.height // 4, 1)
    light = paper.point(lambda v: 255 if v >= bright * _SHEET else 0).resize(size, Image.Resampling.BOX)
    pieces = light.point(lambda v: 255 if v > 127 else 0)
    return _often(_often(pieces, _WIDER, 5), _NARROWER, 8).resize(paper.size, Image.Resampling.NEAREST)


def _brightest(paper: Image.Image) -> int:
    """The value that a tenth of the picture reaches."""
    left = paper.width * paper.height // 10
    for value, count in reversed(list(enumerate(paper.histogram()))):
        left -= count
        if left < 0:
            return value
    return 0


def _often(picture: Image.Image, by: ImageFilter.Filter, times: int) -> Image.Image:
    for _ in range(times):
        picture = picture.filter(by)
    return picture


def _box(ink: Image.Image) -> Image.Image | None:
    """The part of it that has nearly all ink, wherever the paper lay; None where there is too little."""
    exact = ink.convert("F")
    across = _sums(exact, (ink.width, 1))
    if sum(across) < 255 * _LEAST_INK * ink.width:
        return None
    (left, right), (top, bottom) = _span(across), _span(_sums(exact, (1, ink.height)))
    return ink.crop((left, top, right, bottom))


def _sums(exact: Image.Image, size: tuple[int, int]) -> "array[float]":
    return array("f", exact.resize(size, Image.Resampling.BOX).tobytes())


def _span(sums: Sequence[float]) -> tuple[int, int]:
    """Where the ink begins and ends, both ends without `_EDGE` of it."""
    least, whole = _EDGE * sum(sums), list(accumulate(sums))
    begin, end = bisect_left(whole, least), bisect_left(whole, whole[-1] - least) + 1
    return begin, max(min(end, len(sums)), begin + 1)
