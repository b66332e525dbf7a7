"""The parent's side of codes: the process that looks for them is fed pixels, bounded, and not believed unchecked."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, cast

from adherents.reading.boxes import LARGEST
from adherents.reading.codes import CODE, MOST_BYTES, MOST_CODES, MOST_PAGES
from adherents.reading.pixels.process import PixelPage
from adherents.reading.text_layer.process import LetterReader, ReadingFailed

SECONDS = 20  # of the clock and of the processor, for one document
Corner = tuple[int, int]  # across and down
COMMAND = [sys.executable, "-I", "-m", "adherents.reading.codes"]


@dataclass(frozen=True, slots=True)
class FoundCode:
    """The bytes of a code, and the page that it stands on (from 1).

    `corners`: its four there, in ten-thousandths of the page's `sides`.
    """

    page: int
    said: bytes
    corners: tuple[Corner, ...] = field(default=(), compare=False)
    sides: tuple[int, int] = field(default=(1, 1), compare=False)

    def __repr__(self) -> str:
        return f"<FoundCode on page {self.page}>"


def codes_on(pages: Sequence[PixelPage], *, seconds: int = SECONDS) -> list[FoundCode]:
    """The codes on a document's first pages, whatever they say, each once a page. Raises `ReadingFailed`."""
    looked_at = pages[:MOST_PAGES]
    sides = [f"{page.width}x{page.height}" for page in looked_at]
    with CodeReader([*COMMAND, str(seconds), *sides], seconds=seconds) as reader:
        return reader.codes(looked_at)


class CodeReader(LetterReader):
    """A process that is fed pixels and says codes, under the same bounds as one that says letters."""

    def codes(self, pages: Sequence[PixelPage]) -> list[FoundCode]:
        """Feed it, then read what it found. Raises `ReadingFailed`."""
        fed = cast(IO[bytes], self._process.stdin)
        with suppress(BrokenPipeError):
            for page in pages:
                fed.write(page.pixels)
            fed.close()
        found: list[FoundCode] = []
        while (letter := self._exactly(1)) == b"C":
            number, length, *places = CODE.unpack(self._exactly(CODE.size))
            if not 0 < number <= len(pages) or length > MOST_BYTES or len(found) == MOST_CODES:
                raise ReadingFailed("a code out of bounds")
            page = pages[number - 1]
            corners = _corners(places, page)
            found.append(FoundCode(number, self._exactly(length), corners, (page.width, page.height)))
        if letter != b"Z":
            raise ReadingFailed("nonsense")
        return list(dict.fromkeys(found))


def _corners(places: Sequence[int], page: PixelPage) -> tuple[Corner, ...]:
    """Raises `ReadingFailed` where one is not on the page."""
    corners = list(zip(places[::2], places[1::2], strict=True))
    if any(across > page.width or down > page.height for across, down in corners):
        raise ReadingFailed("a corner out of bounds")
    return tuple(
        (round(LARGEST * across / page.width), round(LARGEST * down / page.height))
        for across, down in corners
    )
