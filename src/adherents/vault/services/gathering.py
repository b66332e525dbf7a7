"""Photos gathered in one PDF: upright, in the order chosen, by the worker (`docs/decisions/0013-gathered-photos.md`).

Each photo is drawn by the confined process, and what it gives, encoded anew, is both the page that an agent sees and the page
of the PDF. The photos themselves stay as they were sent.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from adherents.inspection.file_type import PHOTOS
from adherents.inspection.rasteriser import MOST_PAGES, Fault
from adherents.inspection.rasteriser.process import CannotBeDrawn, Drawing, OutOfTime
from adherents.storage.models import UnclaimedObject
from adherents.storage.objects import fresh_name
from adherents.storage.reading import Altered, clear_bytes
from adherents.storage.sealing import SealedObject, Sealer
from adherents.vault.models import Document, GatheredPhoto, Page
from adherents.vault.models.files import NamedFile
from adherents.vault.services.pages import Encoded, encoded, sealed_page

Facts = dict[str, object]


class PhotoCannotBeDrawn(CannotBeDrawn):
    """One of the photos is the reason."""

    def __init__(self, fault: Fault, photo: GatheredPhoto) -> None:
        super().__init__(fault)
        self.photo = photo


class PhotoOutOfTime(OutOfTime):
    """One of the photos is the reason."""

    def __init__(self, photo: GatheredPhoto, *, computing: bool) -> None:
        super().__init__(computing=computing)
        self.photo = photo


class PhotoAltered(Altered):
    """One of the photos is the reason."""

    def __init__(self, code: str, photo: GatheredPhoto) -> None:
        super().__init__(code)
        self.photo = photo


@dataclass(frozen=True, slots=True)
class DrawnPhotos:
    """How many pages a document has, those that were drawn, and its PDF where it was made of photos just now.

    All sealed, and not owned yet.
    """

    count: int
    pages: list[Page]
    file: SealedObject | None = None


def files_by_document(files: Sequence[Facts], *, gather: bool) -> list[list[Facts]]:
    """The files of each document that a deposit makes: one, or the photos to gather, where the first of them stood.

    One photo alone is a document as it is. More of them than a document can have pages make a second one.
    """
    photos = [file for file in files if file["content_type"] in PHOTOS]
    if not gather or len(photos) < 2:
        return [[file] for file in files]
    documents: list[list[Facts]] = []
    for file in files:
        if file["content_type"] not in PHOTOS:
            documents.append([file])
        elif file is photos[0]:
            documents += [photos[at : at + MOST_PAGES] for at in range(0, len(photos), MOST_PAGES)]
    return documents


def gather(document: Document, *, lease_seconds: int, drawing: Callable[[NamedFile], Drawing]) -> DrawnPhotos:
    """Draw every photo, and make the PDF. The lease is kept meanwhile; `drawing` starts what draws one of them.

    A photo that is several (a scanned TIFF) gives each of its pages. Raises `PhotoCannotBeDrawn`, also for more pages than a
    document may have, `PhotoOutOfTime`, `DrawingFailed`, `PhotoAltered` or `StorageFailed`.
    """
    from adherents.inspection.photo_pdf import Album  # it takes a while to load, and only the worker needs it

    album, pages = Album(), list[Page]()
    for photo in document.photos.all():
        document.keep_lease(lease_seconds)
        try:
            for page, width, height in _pictures(drawing(photo), photo, before=len(pages)):
                album.add(page.jpeg, width, height)
                pages.append(sealed_page(document, len(pages) + 1, width, height, page))
        except CannotBeDrawn as error:
            raise PhotoCannotBeDrawn(error.fault, photo) from error
        except OutOfTime as error:
            raise PhotoOutOfTime(photo, computing=error.computing) from error
        except Altered as error:
            raise PhotoAltered(error.code, photo) from error
    return DrawnPhotos(len(pages), pages, _sealed(document, album.write))


def _pictures(started: Drawing, photo: GatheredPhoto, *, before: int) -> Iterator[tuple[Encoded, int, int]]:
    with started as drawing:
        if drawing.feed(clear_bytes(photo)) > MOST_PAGES - before:
            raise CannotBeDrawn(Fault.TOO_LARGE)
        for drawn in drawing.pages():
            yield encoded(drawn, first=before + drawn.number == 1), drawn.width, drawn.height


def _sealed(document: Document, write: Callable[[Sealer], None]) -> SealedObject:
    storage_name = fresh_name()
    UnclaimedObject.objects.create(storage_name=storage_name)
    sealer = Sealer(sealed_as=document.sealed_as, storage_name=storage_name)
    try:
        write(sealer)
    except BaseException:
        sealer.abort()
        raise
    return sealer.commit()
