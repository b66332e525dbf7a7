"""Drawn pages, encoded and sealed: images that the portal made from pixels."""

import io
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import cache
from typing import NamedTuple, cast

from PIL import Image

from adherents.inspection.rasteriser import MOST_PAGES
from adherents.inspection.rasteriser.process import DrawnPage
from adherents.storage.models import UnclaimedObject
from adherents.storage.objects import fresh_name
from adherents.storage.sealing import Sealer
from adherents.vault.models import Document, Page, Small, Thumbnail

JPEG_QUALITY = 82
AT_ONCE = 2
SAME_COLOUR = 8  # of 256: between the darkest and the lightest of a page on which nothing can be seen
SMALL, SMALL_QUALITY = (240, 240), 75  # a thumbnail: at most 240 pixels each way, seen 44 to 120 wide
A_FEW_PIXELS = (64, 64)  # enough to see quickly that nearly every page is not blank


class Encoded(NamedTuple):
    """A page as a JPEG with nothing in it but its pixels, whether it is of one single colour, and the first one small too."""

    jpeg: bytes
    is_blank: bool
    small: Small | None = None


def encoded(drawn: DrawnPage, *, first: bool) -> Encoded:
    """The page as a JPEG. Its pixels may be freed afterwards. `first`: as a thumbnail too."""
    written = io.BytesIO()
    size, pixels = (drawn.width, drawn.height), drawn.pixels  # read where they are, which any buffer allows
    try:
        image = Image.frombuffer("RGBX", size, pixels, "raw", "RGBX", 0, 1)  # type: ignore[arg-type]
        is_blank = _is_plain(image.resize(A_FEW_PIXELS, Image.Resampling.NEAREST)) and _is_plain(image)
        image.save(written, "JPEG", quality=JPEG_QUALITY)
        small = _small(image) if first else None
    finally:
        drawn.done()
    return Encoded(written.getvalue(), is_blank, small)


def small_copy(jpeg: bytes) -> Small:
    """The thumbnail of a page that was drawn before thumbnails were kept: our own JPEG, decoded at about that size."""
    image = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
    image.draft("RGB", (SMALL[0] * 2, SMALL[1] * 2))
    return _small(image)


def _small(image: Image.Image) -> Small:
    scale = min(SMALL[0] / image.width, SMALL[1] / image.height, 1)
    size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
    written = io.BytesIO()
    image.resize(size, Image.Resampling.BOX, reducing_gap=2).save(written, "JPEG", quality=SMALL_QUALITY)
    return Small(written.getvalue(), *size)


def _is_plain(image: Image.Image) -> bool:
    """Whether an eye sees one single colour. (The fourth byte of a pixel means nothing.)"""
    red, green, blue, _ = cast("tuple[tuple[int, int], ...]", image.getextrema())
    return all(high - low <= SAME_COLOUR for low, high in (red, green, blue))


def sealed_page(document: Document, number: int, width: int, height: int, page: Encoded) -> Page:
    """Page `number`, stored. Its object is unclaimed until its row is saved. Raises `StorageFailed`."""
    [storage_name] = _claimed_names(1)
    return _sealed(_page(document, number, width, height, storage_name), page)


def sealed_pages(document: Document, count: int, pages: Iterable[DrawnPage]) -> list[Page]:
    """The first fifty of the document's `count` pages as they are drawn, each as `sealed_page` gives it.

    They are encoded and stored beside the drawing of the next ones, by threads that touch no database, in the request's
    name. Raises `StorageFailed`, and whatever `pages` raises; nothing is being written any more then.
    """
    names = _claimed_names(min(count, MOST_PAGES))
    sealed: list[Page] = []
    waiting: deque[Future[Page]] = deque()
    try:
        for drawn, name in zip(pages, names, strict=False):
            page = _page(document, drawn.number, drawn.width, drawn.height, name)
            waiting.append(_threads().submit(copy_context().run, _encoded_and_sealed, page, drawn))
            while waiting and waiting[0].done():
                sealed.append(waiting.popleft().result())
        sealed += [future.result() for future in waiting]
    finally:
        for future in waiting:
            future.cancel()
        wait(waiting)
    return sealed


def sealed_thumbnail(document: Document, pages: Iterable[Page]) -> Thumbnail | None:
    """The thumbnail of what was just drawn, stored as its pages are. Raises `StorageFailed`."""
    small = next((page.small for page in pages if page.small), None)
    if small is None:
        return None
    [storage_name] = _claimed_names(1)
    thumbnail = Thumbnail(
        document=document,
        width=small.width,
        height=small.height,
        content_type="image/jpeg",
        storage_name=storage_name,
    )
    sealer = Sealer(sealed_as=thumbnail.sealed_as, storage_name=storage_name)
    sealer.write(small.jpeg)
    sealed = sealer.commit()
    thumbnail.size, thumbnail.sha256 = sealed.size, sealed.sha256
    thumbnail.wrapped_key = sealed.wrapped_key
    return thumbnail


@cache
def _threads() -> ThreadPoolExecutor:
    """They stay: each has a connection of its own to the storage."""
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pages")


def _claimed_names(count: int) -> list[str]:
    claimed = [UnclaimedObject(storage_name=fresh_name()) for _ in range(count)]
    return [row.storage_name for row in UnclaimedObject.objects.bulk_create(claimed)]


def _page(document: Document, number: int, width: int, height: int, storage_name: str) -> Page:
    return Page(
        document=document,
        number=number,
        width=width,
        height=height,
        content_type="image/jpeg",
        storage_name=storage_name,
    )


def _encoded_and_sealed(page: Page, drawn: DrawnPage) -> Page:
    return _sealed(page, encoded(drawn, first=page.number == 1))


def _sealed(page: Page, image: Encoded) -> Page:
    sealer = Sealer(sealed_as=page.sealed_as, storage_name=page.storage_name)
    sealer.write(image.jpeg)
    page.is_blank, page.small = image.is_blank, image.small
    sealed = sealer.commit()
    page.size, page.sha256, page.wrapped_key = sealed.size, sealed.sha256, sealed.wrapped_key
    return page
