"""What an agent sees of a document: its pages as pixels, and never the original."""

from django.db import transaction

from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.storage.reading import Altered, clear_bytes
from adherents.vault.models import Document, Page
from adherents.vault.services.reading import note_altered


class NoSuchPage(Exception):
    """This page is not drawn: not yet, or the document has fewer."""


def page_image(document: Document, number: int) -> bytes:
    """Page `number` (from 1) as a whole JPEG. Raises `NoSuchPage`, `Altered` (journalled), or `StorageFailed`."""
    try:
        page = Page.objects.get(document=document, document__threat="", number=number)
    except Page.DoesNotExist as error:
        raise NoSuchPage from error
    try:
        return b"".join(list(clear_bytes(page)))
    except Altered as error:
        note_altered(document, code=error.code, page=number)
        raise


def note_opening(*, document: Document, actor: str) -> None:
    """Journal that an agent (`agent:3`) opened the document: once an opening, not once a page."""
    with transaction.atomic():
        record(Event.DOCUMENT_OPENED, subject=document.subject, owner=document.owner, actor=actor)
