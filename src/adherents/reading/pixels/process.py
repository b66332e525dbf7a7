"""The parent's side of pixels: the rasteriser draws a file, and each of its pages is recognised in a process of its own."""

import importlib.util
import sys

from adherents.inspection.rasteriser.process import CannotBeDrawn, Drawing, DrawingFailed
from adherents.reading.pixels import MOST_PAGES
from adherents.reading.text_layer.process import CannotBeRead, LetterPage, LetterReader, ReadingFailed

SECONDS = 60  # of the clock and of the processor, for one page
COMMAND = [sys.executable, "-I", "-m", "adherents.reading.pixels"]


def is_installed() -> bool:
    """Whether the engine is there: it is an extra of the installation (`pictures`)."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def letter_pages(content_type: str, data: bytes, *, seconds: int = SECONDS) -> list[LetterPage]:
    """The first pages of a PDF or a photo, each with the letters that were recognised on it, one process at a time.

    Raises `CannotBeRead` or `ReadingFailed`.
    """
    pages = []
    try:
        with Drawing(content_type, len(data), seconds=seconds) as drawing:
            drawing.feed([data])
            for drawn in drawing.pages():
                pages.append((drawn.width, drawn.height, bytes(drawn.pixels)))
                drawn.done()
                if len(pages) == MOST_PAGES:
                    break
    except CannotBeDrawn as error:
        raise CannotBeRead(error.fault) from error
    except (DrawingFailed, OSError) as error:
        raise ReadingFailed("it could not be drawn") from error
    return [_recognised(number, *page, seconds=seconds) for number, page in enumerate(pages, start=1)]


def _recognised(number: int, width: int, height: int, pixels: bytes, *, seconds: int) -> LetterPage:
    command = [*COMMAND, str(width), str(height), str(seconds)]
    with LetterReader(command, seconds=seconds) as reader:
        pages = reader.pages(pixels)
    if len(pages) != 1:
        raise ReadingFailed("not one page")
    return LetterPage(number, pages[0].width, pages[0].height, pages[0].junk, pages[0].letters)
