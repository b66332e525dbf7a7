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
from adherents.vault.models import Document, Page

JPEG_QUALITY = 82
AT_ONCE = 2
SAME_COLOUR = 8  # of 256: between the darkest and the lightest of a page on which nothing can be seen
A_FEW_PIXELS = (64, 64)  # enough to see quickly that nearly every page is not blank


class Encoded(NamedTuple):
    """A page as a JPEG with nothing in it but its pixels, and whether it is of one single colour."""

    jpeg: bytes
    is_blank: bool


def encoded(drawn: DrawnPage) -> Encoded:
    """The page as a JPEG. Its pixels may be freed afterwards."""
    written = io.BytesIO()
    size, pixels = (drawn.width, drawn.height), drawn.pixels  # read where they are, which any buffer allows
    try:
        image = Image.frombuffer("RGBX", size, pixels, "raw", "RGBX", 0, 1)  # type: ignore[arg-type]
        is_blank = _is_plain(image.resize(A_FEW_PIXELS, Image.Resampling.NEAREST)) and _is_plain(image)
        image.save(written, "JPEG", quality=JPEG_QUALITY)
    finally:
        drawn.done()
    return Encoded(written.getvalue(), is_blank)


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
    return _sealed(page, encoded(drawn))


def _sealed(page: Page, image: Encoded) -> Page:
    sealer = Sealer(sealed_as=page.sealed_as, storage_name=page.storage_name)
    sealer.write(image.jpeg)
    page.is_blank = image.is_blank
    sealed = sealer.commit()
    page.size, page.sha256, page.wrapped_key = sealed.size, sealed.sha256, sealed.wrapped_key
    return page
