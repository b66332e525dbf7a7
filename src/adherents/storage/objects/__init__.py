"""Storage objects, written once: a folder by default, S3 by setting (`storages["documents"]`).

A writer takes bytes as they come, in bounded memory. `commit` makes the object appear, whole and flushed to disk,
under a name that nothing had; `abort` leaves nothing behind, or answers False when it cannot be sure of that: a request
without an answer may still be carried out. Only sealed bytes come here.
"""

import re
import secrets
from collections.abc import Iterator
from typing import BinaryIO

from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils import timezone

from adherents.storage.objects.contract import NoSuchObject, ObjectStore, ObjectWriter, StorageFailed
from adherents.storage.objects.folder import Folder, need_room
from adherents.telemetry import engines
from adherents.telemetry.outages import Part

PIECE_TRIED = 1 << 20

__all__ = [
    "NoSuchObject",
    "ObjectWriter",
    "StorageFailed",
    "begin",
    "delete_object",
    "fresh_name",
    "is_begun",
    "is_our_name",
    "make_bucket",
    "need_room",
    "object_names",
    "object_size",
    "open_object",
    "place_of",
    "probe",
    "try_out",
]

_OURS = re.compile(r"\d{4}/\d\d/\d\d/[0-9a-f]{40}")


def fresh_name() -> str:
    """A random name that was never used, in a folder of its day (`2026/11/23/…`)."""
    return f"{timezone.now():%Y/%m/%d}/{secrets.token_hex(20)}"


def is_our_name(name: str) -> bool:
    """Whether `fresh_name` may have made it: the storage may hold what another program put there."""
    return _OURS.fullmatch(name) is not None


def begin(name: str) -> ObjectWriter:
    """Start writing the object `name`. Raises `StorageFailed`."""
    return _place().begin(name)


def open_object(name: str) -> BinaryIO:
    """The object's bytes, from the start. Raises `NoSuchObject` or `StorageFailed`."""
    return _place().open(name)


def delete_object(name: str) -> None:
    """Delete the object, begun or whole; nothing happens when there is none. Raises `StorageFailed`."""
    _place().delete(name)


def object_size(name: str) -> int | None:
    """How many sealed bytes the object has; None when there is no such object. Raises `StorageFailed`."""
    return _place().size(name)


def is_begun(name: str) -> bool:
    """Whether an object of this name is being written, or was left so. Raises `StorageFailed`."""
    return _place().is_begun(name)


def probe() -> None:
    """Nothing where the place is there: a folder to write in, a bucket that lets us in. Raises `StorageFailed`."""
    _whole_place().probe()


def make_bucket() -> None:
    """Make the bucket, which is not there yet; a folder is made with its first object. Raises `StorageFailed`."""
    _place().make()


def try_out() -> None:
    """Write an object in two parts as a large document is, read it back and delete it. Raises `StorageFailed`."""
    name, written = fresh_name(), secrets.token_bytes(PIECE_TRIED) * 6
    writer = begin(name)
    try:
        writer.write(written)
        writer.commit()
        with open_object(name) as stored:
            read = stored.read()
    except (NoSuchObject, OSError) as error:
        raise StorageFailed("what was written there is not found again") from error
    except StorageFailed:
        writer.abort()
        raise
    delete_object(name)
    if read != written:
        raise StorageFailed("what was written there is read as something else")


def object_names(under: str = "") -> Iterator[tuple[str, bool]]:
    """Every object's name and whether it is whole (else: begun, and not committed), in no order, in constant memory.

    `under`: those of one folder, written with its slash. What another program put there is named too. Raises `StorageFailed`.
    """
    return _place().names(under)


def _place() -> ObjectStore:
    """Where objects are. Raises `StorageFailed` at once while the place is known to hang: each request that asked it would hold
    a thread until it gave up, and pages that need no object would have none left."""
    if engines.hangs(Part.STORAGE):
        raise StorageFailed("it hangs, and was not asked")
    return _whole_place()


def _whole_place() -> ObjectStore:
    return place_of(storages["documents"])


def place_of(storage: Storage) -> ObjectStore:
    """The objects of a Django storage: a folder's or a bucket's."""
    if isinstance(storage, FileSystemStorage):
        return Folder(storage)

    # Half of what a command loads, and only for those who keep documents there.
    from storages.backends.s3 import S3Storage

    from adherents.storage.objects.bucket import Bucket

    if isinstance(storage, S3Storage):
        return Bucket(storage)
    raise ImproperlyConfigured(
        f"documents cannot be kept in {type(storage).__name__}: a folder or S3 is needed"
    )
