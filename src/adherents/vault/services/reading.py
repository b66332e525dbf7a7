"""A member takes a document away, as it was sent."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.acting import Acting
from adherents.storage.reading import SENT_BYTES, Altered, authenticate, authenticated
from adherents.vault.models import Document, NamedFile


class Dangerous(Exception):
    """The antivirus recognised something in the document: it is kept as it was sent, and given to no one."""


class Gone(Exception):
    """The document was erased: nothing can open it, and its proof is what is left."""


class NotGathered(Exception):
    """The PDF of the photos is not made yet. Each photo can be read as it was sent."""


@dataclass(frozen=True)
class VerifiedFile:
    """A file that was read whole and found intact, and its clear bytes, read again."""

    file: NamedFile
    chunks: Iterator[bytes]


def find(*, acting: Acting, document_id: uuid.UUID, photo: int | None = None) -> tuple[Document, NamedFile]:
    """The document, and which of its files would be given: nothing is read, and nothing journalled. Raises as `download`,
    but for what only reading shows.
    """
    document = Document.objects.of(acting.file).get(pk=document_id)
    file: NamedFile = document if photo is None else document.photos.get(number=photo)
    if document.erased_at is not None:
        raise Gone
    if document.threat:
        raise Dangerous
    if not file.sha256:
        raise NotGathered
    return document, file


def note_altered(document: Document, *, code: str, actor: str = "system", **which: int) -> None:
    """Journal that the document is no longer as it arrived. `which`: the page, or the photo, where it is one."""
    with transaction.atomic():
        record(
            Event.DOCUMENT_ALTERED,
            subject=document.subject,
            owner=document.owner,
            actor=actor,
            code=code,
            **which,
        )


def download(*, acting: Acting, document_id: uuid.UUID, photo: int | None = None) -> VerifiedFile:
    """A member's own document, or photo `photo` (from 1) of those gathered in it, as it was sent.

    Verified whole before its first byte leaves, and journalled. Raises `ObjectDoesNotExist` for what is unknown and for
    another's alike, `Gone`, `Dangerous`, `NotGathered`, `Altered`, or `StorageFailed`.
    """
    document, file = find(acting=acting, document_id=document_id, photo=photo)
    which = {} if photo is None else {"photo": photo}
    try:
        authenticate(file)
    except Altered as error:
        note_altered(document, code=error.code, actor=acting.actor, **which)
        raise
    with transaction.atomic():
        record(
            Event.DOCUMENT_DOWNLOADED,
            subject=document.subject,
            owner=document.owner,
            actor=acting.actor,
            **which,
        )
    return VerifiedFile(file, authenticated(file, SENT_BYTES))
