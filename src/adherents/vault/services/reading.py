"""Reading a document back: to its last byte before the first one leaves, or not at all."""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from adherents.crypto.envelopes import opening_stream
from adherents.crypto.keys import CannotOpen
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member
from adherents.vault.models import Document, SealedFile
from adherents.vault.objects import NoSuchObject, StorageFailed, open_object

CHUNK_BYTES = 1 << 20


class Altered(Exception):
    """The stored bytes are missing, cut, changed or another's: nothing of them is given. `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Dangerous(Exception):
    """The antivirus recognised something in the document: it is kept as it was sent, and given to nobody."""


class Gone(Exception):
    """The document was erased: nothing can open it, and its proof is what is left."""


@dataclass(frozen=True)
class Opened:
    """A document that was read whole and found intact, and its clear bytes, read again."""

    document: Document
    chunks: Iterator[bytes]


def clear_bytes(file: SealedFile) -> Iterator[bytes]:
    """The clear bytes, in chunks. Raises `Altered` as soon as something is wrong, which may be at the very end, or
    `StorageFailed`.

    Whoever gives them further before the end has been reached gives bytes that nobody vouches for.
    """
    digest, size = hashlib.sha256(), 0
    try:
        source = open_object(file.storage_name)
    except NoSuchObject as error:
        raise Altered("missing") from error
    try:
        stream = opening_stream(bytes(file.wrapped_key), source, document_id=file.sealed_as)
    except CannotOpen as error:
        source.close()
        raise Altered("key") from error
    with stream:
        try:
            while chunk := stream.read(CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
                yield chunk
        except CannotOpen as error:
            if getattr(source, "failed", False):
                raise StorageFailed("it stopped half-way") from error
            raise Altered("bytes") from error
    if size != file.size or digest.hexdigest() != file.sha256:
        raise Altered("digest")


def verify(file: SealedFile) -> None:
    """Read the file to its last byte. Raises `Altered`, or `StorageFailed` when the storage does not answer."""
    for _ in clear_bytes(file):
        pass


def download(*, member: Member, document_id: uuid.UUID) -> Opened:
    """A member's own document, verified whole before its first byte leaves, and journalled.

    Raises `Document.DoesNotExist` for an unknown id and for another's alike, `Gone`, `Dangerous`, `Altered`, or
    `StorageFailed`.
    """
    document = Document.objects.of(member).get(pk=document_id)
    if document.erased_at is not None:
        raise Gone
    if document.threat:
        raise Dangerous
    actor = member.subject
    try:
        verify(document)
    except Altered as error:
        with transaction.atomic():
            record(Event.DOCUMENT_ALTERED, subject=document.subject, actor=actor, code=error.code)
        raise
    with transaction.atomic():
        record(Event.DOCUMENT_DOWNLOADED, subject=document.subject, actor=actor)
    return Opened(document, clear_bytes(document))
