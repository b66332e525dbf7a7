"""A whole file is read: its text layer, the codes on its pixels, and the letters there only where it has no text of its own."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version

from adherents.inspection.file_type import PDF
from adherents.reading import papers
from adherents.reading.codes.comparison import text_of
from adherents.reading.codes.process import FoundCode, codes_on
from adherents.reading.codes.reading import ReadCode, read_codes
from adherents.reading.codes.shipped import shipped_trust
from adherents.reading.codes.trust import Trust
from adherents.reading.engines import read_pixels
from adherents.reading.papers import DRAWN, NOTHING, RECOGNISED, ReadPaper
from adherents.reading.people import Named
from adherents.reading.pixels import process as pixels
from adherents.reading.pixels.process import PixelPage
from adherents.reading.text_layer.process import CannotBeRead, LetterPage, ReadingFailed, letter_pages


class NoEngine(Exception):
    """A picture without a code, and no engine that recognises letters is installed (the extra `pictures`), or none is wanted."""


@dataclass(frozen=True, slots=True)
class FileReading:
    """What a file says, from where its letters come (`DRAWN`, `RECOGNISED`, "" for none), its pages with their letters.

    The values of its codes are among the fields of the paper. `engines`: the packages that its letters come from.
    """

    paper: ReadPaper
    letters: str
    pages: Sequence[LetterPage]
    codes: Sequence[ReadCode] = ()
    engines: tuple[str, ...] = ()

    @property
    def versions(self) -> str:
        """Of the packages that read it."""
        names = [*self.engines, *(("zxing-cpp", "tddoc") if self.codes else ())]
        return ", ".join(f"{name} {version(name)}" for name in names)


def read_file(
    content_type: str,
    data: bytes,
    people: Sequence[Named],
    *,
    only: Sequence[int] = (),
    pictures: bool = True,
    trust: Callable[[], Trust] = shipped_trust,
    second: bool = True,
    today: date,
) -> FileReading:
    """Read a PDF or a photo. `only`: these pages of it, which are then counted from 1. `pictures`: whether letters may be
    recognised on pixels; `second`: by a second engine too. `trust`: who signs codes.

    Raises `NoEngine`, `CannotBeRead` or `ReadingFailed`.
    """
    if content_type == PDF:
        pages = _only(letter_pages(data), only)
        if any(page.letters or page.junk for page in pages):
            found = [] if only else _codes_of(content_type, data)
            whole = _whole(papers.read(pages, people), DRAWN, pages, found, trust, today)
            return replace(whole, engines=("pypdfium2",))
    if only:
        raise NoEngine
    may_recognise = pictures and pixels.is_installed()
    drawn = pixels.drawn_pages(content_type, data)
    found = _codes_on(drawn)
    if may_recognise:
        read = read_pixels(drawn, people, second=second)
        whole = _whole(read.paper, RECOGNISED, read.pages, found, trust, today)
        return replace(whole, engines=read.engines)
    reading = _whole(NOTHING, "", [], found, trust, today)
    if not reading.codes:
        raise NoEngine
    return reading


def _whole(
    paper: ReadPaper,
    letters: str,
    pages: Sequence[LetterPage],
    found: Sequence[FoundCode],
    trust: Callable[[], Trust],
    today: date,
) -> FileReading:
    with_code = {one.page for one in found}
    texts = {page.number: text_of(page, sure=letters == DRAWN) for page in pages if page.number in with_code}
    codes = read_codes(found, trust, texts, today=today)
    signed = [field for code in codes for field in code.fields or ()]
    return FileReading(replace(paper, fields=(*paper.fields, *signed)), letters, pages, codes)


def _codes_of(content_type: str, data: bytes) -> list[FoundCode]:
    """The codes of a PDF whose text was read: where it cannot be drawn, that text is worth as much."""
    with suppress(CannotBeRead, ReadingFailed):
        return _codes_on(pixels.drawn_pages(content_type, data))
    return []


def _codes_on(drawn: Sequence[PixelPage]) -> list[FoundCode]:
    with suppress(ReadingFailed):
        return codes_on(drawn)
    return []


def _only(pages: Sequence[LetterPage], only: Sequence[int]) -> list[LetterPage]:
    if not only:
        return list(pages)
    wanted = [page for page in pages if page.number in set(only)]
    return [replace(page, number=page.number - only[0] + 1) for page in wanted]
