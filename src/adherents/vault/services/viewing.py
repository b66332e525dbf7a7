"""What an agent sees of a document: its pages as pixels, and never the original."""

from django.db import transaction

from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.storage.reading import Altered, clear_bytes
from adherents.vault.models import Document, Page, Thumbnail
from adherents.vault.services.pages import small_copy
from adherents.vault.services.reading import note_altered


class NoSuchPage(Exception):
    """This page is not drawn: not yet, or the document has fewer."""


def pages_of(document: Document) -> dict[int, Page]:
    """The pages that may be seen, by their number from 1: of a part, those of its original that it is; of what was joined, all
    pages of the ones that it was made of, in their order.
    """
    if document.joined_count:
        joined = Page.objects.filter(document__joined_into=document, document__threat="")
        return dict(enumerate(joined.order_by("document__joined_rank", "number"), start=1))
    original = document.part_of_id or document.pk
    pages = Page.objects.filter(document=original, document__threat="")
    if document.part_of_id is None:
        return {page.number: page for page in pages}
    wanted = document.original_pages
    return {page.number - wanted[0] + 1: page for page in pages.filter(number__in=wanted)}


def page_image(document: Document, number: int) -> bytes:
    """Page `number` (from 1) as a whole JPEG. Raises `NoSuchPage`, `Altered` (journalled), or `StorageFailed`."""
    page = pages_of(document).get(number)
    if page is None:
        raise NoSuchPage
    try:
        return b"".join(list(clear_bytes(page)))
    except Altered as error:
        note_altered(page.document, code=error.code, page=page.number)
        raise


def thumbnail_image(document: Document) -> bytes:
    """The first page as a small JPEG. Raises as `page_image`.

    One that was drawn before thumbnails were kept is made from its page each time: a read writes nothing.
    """
    thumbnail = Thumbnail.objects.filter(document=document, document__threat="").first()
    if thumbnail is None:
        return small_copy(page_image(document, 1)).jpeg
    try:
        return b"".join(list(clear_bytes(thumbnail)))
    except Altered as error:
        note_altered(document, code=error.code, page=1)
        raise


def page_thumbnail(document: Document, number: int) -> bytes:
    """Page `number` as a small JPEG: the kept thumbnail of the first one, the others' made each time. Raises as `page_image`."""
    return thumbnail_image(document) if number == 1 else small_copy(page_image(document, number)).jpeg


def note_opening(*, document: Document, actor: str) -> None:
    """Journal that an agent (`agent:3`) opened the document: once an opening, not once a page."""
    with transaction.atomic():
        record(Event.DOCUMENT_OPENED, subject=document.subject, owner=document.owner, actor=actor)
