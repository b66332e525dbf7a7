"""The parent's side of the second engine: a page's runs are read in a process of its own, bounded, and not believed unchecked."""

import importlib.util
import sys
from collections.abc import Sequence
from importlib.resources import files

from adherents.reading.crops import CORNERS, MOST_CROPS
from adherents.reading.pixels.process import PixelPage
from adherents.reading.text_layer.process import LetterReader, LetterRun, ReadingFailed, SeenLetter

ENGINES = ("tesserocr",)
SECONDS = 20  # of the clock and of the processor, for one page
COMMAND = [sys.executable, "-I", "-m", "adherents.reading.crops"]


def is_installed() -> bool:
    """Whether the engine is there (the extra `pictures`), and its letters (`scripts/page_libraries`)."""
    packages = all(importlib.util.find_spec(name) is not None for name in (*ENGINES, "cv2"))
    return packages and files("adherents.reading").joinpath("assets", "fra.traineddata").is_file()


def read_again(
    page: PixelPage, runs: Sequence[LetterRun], letters: Sequence[SeenLetter], *, seconds: int = SECONDS
) -> list[tuple[SeenLetter, ...]]:
    """What the second engine reads in each of these runs, in the places where the first one put its letters.

    `letters`: all of the page, by the first engine. Raises `ReadingFailed`.
    """
    if not 0 < len(runs) <= MOST_CROPS:
        raise ReadingFailed("no run, or too many")
    command = [*COMMAND, str(page.width), str(page.height), str(len(runs)), str(seconds)]
    with LetterReader(command, seconds=seconds) as reader:
        found = reader.pages(
            page.pixels + b"".join(CORNERS.pack(*run.corners) for run in runs), most=MOST_CROPS
        )
    if len(found) != len(runs):
        raise ReadingFailed("not a page for each run")
    return [
        tuple(
            _placed(letter, crop.width, letters[run.first], letters[run.first + max(run.count, 1) - 1])
            for letter in crop.letters
        )
        for run, crop in zip(runs, found, strict=True)
    ]


def _placed(letter: SeenLetter, width: int, first: SeenLetter, last: SeenLetter) -> SeenLetter:
    """A letter of a run that stands alone, between the first and the last one that the other engine found there."""
    long = last.right - first.left
    left, right = (
        first.left + round(long * min(place, width) / width) for place in (letter.left, letter.right)
    )
    return SeenLetter(letter.sign, left, first.top, right, first.bottom)
