"""The parent's side of pixels: the rasteriser draws a file, and each of its pages is recognised in a process of its own."""

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from adherents.inspection.rasteriser.process import CannotBeDrawn, Drawing, DrawingFailed
from adherents.reading.pixels import MOST_PAGES
from adherents.reading.text_layer import QUARTER
from adherents.reading.text_layer.process import CannotBeRead, LetterPage, LetterReader, ReadingFailed

ENGINES = ("rapidocr", "onnxruntime")
SECONDS = 60  # of the clock and of the processor, for one page
COMMAND = [sys.executable, "-I", "-m", "adherents.reading.pixels"]


def is_installed() -> bool:
    """Whether the engine is there: it is an extra of the installation (`pictures`)."""
    return all(importlib.util.find_spec(name) is not None for name in ENGINES)


@dataclass(frozen=True, slots=True)
class PixelPage:
    """A page as it is drawn: `PIXEL_BYTES` a pixel."""

    width: int
    height: int
    pixels: bytes

    def __repr__(self) -> str:
        return f"<PixelPage {self.width}x{self.height}>"


def drawn_pages(content_type: str, data: bytes, *, seconds: int = SECONDS) -> list[PixelPage]:
    """The first pages of a PDF or a photo, drawn. Raises `CannotBeRead` or `ReadingFailed`."""
    pages = []
    try:
        with Drawing(content_type, len(data), seconds=seconds) as drawing:
            drawing.feed([data])
            for drawn in drawing.pages():
                pages.append(PixelPage(drawn.width, drawn.height, bytes(drawn.pixels)))
                drawn.done()
                if len(pages) == MOST_PAGES:
                    break
    except CannotBeDrawn as error:
        raise CannotBeRead(error.fault) from error
    except (DrawingFailed, OSError) as error:
        raise ReadingFailed("it could not be drawn") from error
    return pages


def letter_pages(content_type: str, data: bytes, *, seconds: int = SECONDS) -> list[LetterPage]:
    """The first pages of a PDF or a photo, each with the letters that were recognised on it.

    Raises `CannotBeRead` or `ReadingFailed`.
    """
    return recognised_pages(drawn_pages(content_type, data, seconds=seconds), seconds=seconds)


def recognised_pages(pages: Sequence[PixelPage], *, seconds: int = SECONDS) -> list[LetterPage]:
    """Drawn pages with the letters on them, one process at a time. Raises `CannotBeRead` or `ReadingFailed`."""
    return [_recognised(number, page, seconds=seconds) for number, page in enumerate(pages, start=1)]


def _recognised(number: int, page: PixelPage, *, seconds: int) -> LetterPage:
    command = [*COMMAND, str(page.width), str(page.height), str(seconds)]
    with LetterReader(command, seconds=seconds) as reader:
        pages = reader.pages(page.pixels)
    if len(pages) != 1:
        raise ReadingFailed("not one page")
    return replace(pages[0], number=number, shown=(page.width * QUARTER, page.height * QUARTER))
