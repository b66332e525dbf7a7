"""The pages of a picture are read by one engine, and what it leaves unproven by a second one, each in a process of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from adherents.reading import papers, second_look
from adherents.reading.crops import process as crops
from adherents.reading.papers import ReadPaper
from adherents.reading.people import Named
from adherents.reading.pixels import process as pixels
from adherents.reading.pixels.process import PixelPage
from adherents.reading.second_look import Reread
from adherents.reading.text_layer.process import CannotBeRead, LetterPage, ReadingFailed


@dataclass(frozen=True, slots=True)
class PixelReading:
    """What the pixels of a paper say, the first engine's letters, and the packages that read them."""

    paper: ReadPaper
    pages: Sequence[LetterPage]
    engines: tuple[str, ...]


def read_pixels(
    drawn: Sequence[PixelPage],
    people: Sequence[Named],
    *,
    seconds: int = pixels.SECONDS,
    second: bool = True,
) -> PixelReading:
    """Read drawn pages. `seconds`: for one page and engine. `second`: whether the second engine may be asked.

    Where the second engine fails, what the first one read stands. Raises `CannotBeRead` or `ReadingFailed` where the first fails.
    """
    pages = pixels.recognised_pages(drawn, seconds=seconds)
    if second and crops.is_installed():
        reread = _read_again(drawn, pages, people, seconds=max(1, seconds * crops.SECONDS // pixels.SECONDS))
        if reread:
            return PixelReading(
                second_look.both(pages, reread, people), pages, (*pixels.ENGINES, *crops.ENGINES)
            )
    return PixelReading(papers.read(pages, people, recognised=True), pages, pixels.ENGINES)


def _read_again(
    drawn: Sequence[PixelPage], pages: Sequence[LetterPage], people: Sequence[Named], *, seconds: int
) -> list[Reread]:
    """All runs that it is asked for; nothing where it fails on one page: what it did not read would hide what it did."""
    reread = []
    try:
        for number, runs in second_look.asked_for(pages, people).items():
            page = pages[number - 1]
            found = crops.read_again(drawn[number - 1], runs, page.letters, seconds=seconds)
            reread += [Reread(number, run, letters) for run, letters in zip(runs, found, strict=True)]
    except (CannotBeRead, ReadingFailed):
        return []
    return reread
