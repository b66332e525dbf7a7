"""A drawn page, encoded and sealed: an image that the portal made, of pixels."""

import io

from PIL import Image

from adherents.vault.drawing.process import DrawnPage
from adherents.vault.models import Document, Page, UnclaimedObject
from adherents.vault.objects import fresh_name
from adherents.vault.sealing import Sealer

JPEG_QUALITY = 82


def encoded(drawn: DrawnPage) -> bytes:
    """The page as a JPEG with nothing in it but its pixels."""
    written = io.BytesIO()
    pixels = Image.frombytes("RGB", (drawn.width, drawn.height), drawn.pixels)
    pixels.save(written, "JPEG", quality=JPEG_QUALITY)
    return written.getvalue()


def sealed_page(document: Document, number: int, width: int, height: int, jpeg: bytes) -> Page:
    """Page `number`, stored, and owned by nobody before its row is saved. Raises `StorageFailed`."""
    page = Page(
        document=document,
        number=number,
        width=width,
        height=height,
        content_type="image/jpeg",
        storage_name=fresh_name(),
    )
    UnclaimedObject.objects.create(storage_name=page.storage_name)
    sealer = Sealer(sealed_as=page.sealed_as, storage_name=page.storage_name)
    sealer.write(jpeg)
    sealed = sealer.commit()
    page.size, page.sha256, page.wrapped_key = sealed.size, sealed.sha256, sealed.wrapped_key
    return page
