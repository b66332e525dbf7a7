"""Reading a file back: to its last byte before the first one leaves, or not at all.

The cipher authenticates each byte, its place, its file and the end; its key belongs to the SHA-256 of the row. A file that is
checked, gathered, exported or verified by `verify_vault` is hashed again all the same.
"""

from collections.abc import Iterator

from adherents.crypto.envelopes import opening_stream
from adherents.crypto.keys import CannotOpen
from adherents.storage.models import SealedFile
from adherents.storage.objects import NoSuchObject, StorageFailed, open_object
from adherents.storage.sealing import Digest

HASHED_BYTES = 1 << 20  # a chunk: large ones keep the thread that hashes beside the cipher busy
SENT_BYTES = 1 << 16  # small ones are still at hand when they are sent, and their memory is used again


class Altered(Exception):
    """The stored bytes are missing, cut, changed or another's: nothing of them is given. `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def clear_bytes(file: SealedFile) -> Iterator[bytes]:
    """The clear bytes, in chunks. Raises `Altered` as soon as something is wrong, which may be at the very end, or
    `StorageFailed`.

    A caller that passes them on before the end passes on bytes that are not verified yet.
    """
    digest, size = Digest(most_waiting=2), 0
    try:
        for chunk in authenticated(file, HASHED_BYTES):
            digest.update(chunk)
            size += len(chunk)
            yield chunk
    finally:
        sha256 = digest.finish()
    if size != file.size or sha256 != file.sha256:
        raise Altered("digest")


def authenticated(file: SealedFile, chunk_bytes: int) -> Iterator[bytes]:
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


def authenticate(file: SealedFile) -> None:
    """As `verify`, by the cipher and the length alone: hashing would take longer than all the rest of a download."""
    if sum(len(chunk) for chunk in authenticated(file, SENT_BYTES)) != file.size:
        raise Altered("digest")
