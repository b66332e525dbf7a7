"""Reading a document back: to its last byte before the first one leaves, or not at all.

The cipher vouches for each byte, its place, its document and the end, and its key for the SHA-256 of the row. What is checked,
gathered, taken away as a zip or looked after by `verify_vault` is hashed again all the same.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from adherents.crypto.envelopes import opening_stream
from adherents.crypto.keys import CannotOpen
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member
from adherents.storage.objects import NoSuchObject, StorageFailed, open_object
from adherents.storage.sealing import Digest
from adherents.vault.models import Document
from adherents.vault.sealed import NamedFile, SealedFile

HASHED_BYTES = 1 << 20  # a chunk: large ones keep the thread that hashes beside the cipher busy
SENT_BYTES = 1 << 16  # small ones are still at hand when they are sent, and their memory is used again


class Altered(Exception):
    """The stored bytes are missing, cut, changed or another's: nothing of them is given. `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Dangerous(Exception):
    """The antivirus recognised something in the document: it is kept as it was sent, and given to nobody."""


class Gone(Exception):
    """The document was erased: nothing can open it, and its proof is what is left."""


class NotGathered(Exception):
    """The photos are not one PDF yet. Each of them is there, as it was sent."""


@dataclass(frozen=True)
class Opened:
    """A file that was read whole and found intact, and its clear bytes, read again."""

    file: NamedFile
    chunks: Iterator[bytes]


def clear_bytes(file: SealedFile) -> Iterator[bytes]:
    """The clear bytes, in chunks. Raises `Altered` as soon as something is wrong, which may be at the very end, or
    `StorageFailed`.

    Whoever gives them further before the end has been reached gives bytes that nobody vouches for.
    """
    digest, size = Digest(most_waiting=2), 0
    try:
        for chunk in _authenticated(file, HASHED_BYTES):
            digest.update(chunk)
            size += len(chunk)
            yield chunk
    finally:
        sha256 = digest.finish()
    if size != file.size or sha256 != file.sha256:
        raise Altered("digest")


def _authenticated(file: SealedFile, chunk_bytes: int) -> Iterator[bytes]:
    """The clear bytes, each segment and the end vouched for by the cipher alone. Raises as `clear_bytes`."""
    try:
        source = open_object(file.storage_name)
    except NoSuchObject as error:
        raise Altered("missing") from error
    try:
        stream = opening_stream(
            bytes(file.wrapped_key), source, document_id=file.sealed_as, sha256=file.sha256
        )
    except CannotOpen as error:
        source.close()
        raise Altered("key") from error
    with stream:
        try:
            while chunk := stream.read(chunk_bytes):
                yield chunk
        except CannotOpen as error:
            if getattr(source, "failed", False):
                raise StorageFailed("it stopped half-way") from error
            raise Altered("bytes") from error


def verify(file: SealedFile) -> None:
    """Read the file to its last byte. Raises `Altered`, or `StorageFailed` when the storage does not answer."""
    for _ in clear_bytes(file):
        pass


def _authenticate(file: SealedFile) -> None:
    """As `verify`, by the cipher and the length alone: hashing would take longer than all the rest of a download."""
    if sum(len(chunk) for chunk in _authenticated(file, SENT_BYTES)) != file.size:
        raise Altered("digest")


def find(*, member: Member, document_id: uuid.UUID, photo: int | None = None) -> tuple[Document, NamedFile]:
    """The document, and which of its files would be given: nothing is read, and nothing journalled. Raises as `download`,
    but for what only reading shows.
    """
    document = Document.objects.of(member).get(pk=document_id)
    file: NamedFile = document if photo is None else document.photos.get(number=photo)
    if document.erased_at is not None:
        raise Gone
    if document.threat:
        raise Dangerous
    if not file.sha256:
        raise NotGathered
    return document, file


def download(*, member: Member, document_id: uuid.UUID, photo: int | None = None) -> Opened:
    """A member's own document, or photo `photo` (from 1) of those gathered in it, as it was sent.

    Verified whole before its first byte leaves, and journalled. Raises `ObjectDoesNotExist` for what is unknown and for
    another's alike, `Gone`, `Dangerous`, `NotGathered`, `Altered`, or `StorageFailed`.
    """
    document, file = find(member=member, document_id=document_id, photo=photo)
    which = {} if photo is None else {"photo": photo}
    try:
        _authenticate(file)
    except Altered as error:
        with transaction.atomic():
            record(
                Event.DOCUMENT_ALTERED,
                subject=document.subject,
                actor=member.subject,
                code=error.code,
                **which,
            )
        raise
    with transaction.atomic():
        record(Event.DOCUMENT_DOWNLOADED, subject=document.subject, actor=member.subject, **which)
    return Opened(file, _authenticated(file, SENT_BYTES))
