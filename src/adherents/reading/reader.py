"""A whole file is read: its text layer first, and its pixels only where it has no text of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from adherents.inspection.file_type import PDF
from adherents.reading import papers
from adherents.reading.papers import DRAWN, RECOGNISED, ReadPaper
from adherents.reading.people import Named
from adherents.reading.pixels import process as pixels
from adherents.reading.text_layer.process import LetterPage, letter_pages


class NoEngine(Exception):
    """A picture, and no engine that recognises letters is installed (the extra `pictures`), or none is wanted."""


@dataclass(frozen=True, slots=True)
class FileReading:
    """What a file says, from where its letters come (`DRAWN` or `RECOGNISED`), and its pages with their letters."""

    paper: ReadPaper
    letters: str
    pages: Sequence[LetterPage]

    @property
    def versions(self) -> str:
        """Of the packages that read it."""
        names = ["pypdfium2"] if self.letters == DRAWN else ["rapidocr", "onnxruntime"]
        return ", ".join(f"{name} {version(name)}" for name in names)


def read_file(
    content_type: str,
    data: bytes,
    people: Sequence[Named],
    *,
    only: Sequence[int] = (),
    pictures: bool = True,
) -> FileReading:
    """Read a PDF or a photo. `only`: these pages of it, which are then counted from 1. `pictures`: whether pixels may be read.

    Raises `NoEngine`, `CannotBeRead` or `ReadingFailed`.
    """
    if content_type == PDF:
        pages = _only(letter_pages(data), only)
        if any(page.letters or page.junk for page in pages):
            return FileReading(papers.read(pages, people), DRAWN, pages)
    if only or not pictures or not pixels.is_installed():
        raise NoEngine
    pages = pixels.letter_pages(content_type, data)
    return FileReading(papers.read(pages, people, recognised=True), RECOGNISED, pages)


def _only(pages: Sequence[LetterPage], only: Sequence[int]) -> list[LetterPage]:
    if not only:
        return list(pages)
    wanted = [page for page in pages if page.number in set(only)]
    return [replace(page, number=page.number - only[0] + 1) for page in wanted]
