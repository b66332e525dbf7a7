"""The owner of an object of the storage: the row that claims it, or the sweep. And what the erasure list is told."""

from collections.abc import Iterable, Sequence
from datetime import UTC

from adherents.database.transactions import needs_transaction
from adherents.storage.erasures import ErasureEntry, sealed
from adherents.storage.models import Erasure, SealedFile, UnclaimedObject
from adherents.storage.objects import StorageFailed, begin, delete_object

MOST_ENTRIES = 1000  # of one object of the erasure list


def delete_objects(storage_names: Iterable[str]) -> None:
    """Delete objects that no row owns any more. A sweep deletes later what the storage refuses to delete now."""
    for storage_name in storage_names:
        try:
            delete_object(storage_name)
        except StorageFailed:
            continue
        UnclaimedObject.objects.filter(pk=storage_name).delete()


@needs_transaction
def claim(names: Sequence[str]) -> None:
    """These objects have an owner from now on: to be called in the transaction that makes the owner's rows."""
    freed, _ = UnclaimedObject.objects.filter(pk__in=names).delete()
    if freed != len(names):
        raise LookupError("an object was swept before a row could own it")


@needs_transaction
def release(files: Sequence[SealedFile]) -> None:
    """The rows of these objects are about to go, in this transaction: the sweep will delete what they leave."""
    UnclaimedObject.objects.bulk_create([UnclaimedObject(storage_name=file.storage_name) for file in files])


@needs_transaction
def note_erasure(subject: str, because: str) -> None:
    """Something is erased in this transaction: the erasure list will name it (`write_erasures`)."""
    Erasure.objects.create(subject=subject, because=because)


def write_erasures() -> int:
    """Tell the erasure list what was erased; how many entries. What the storage does not take now, a sweep tells it later.

    Two processes may tell of the same at once: to be named twice changes nothing.
    """
    told = 0
    while some := list(Erasure.objects.order_by("pk")[:MOST_ENTRIES]):
        entries = [ErasureEntry(row.subject, row.because, row.at.astimezone(UTC).isoformat()) for row in some]
        if not put_object(*sealed(entries)):
            break
        Erasure.objects.filter(pk__in=[row.pk for row in some]).delete()
        told += len(some)
    return told


def put_object(name: str, content: bytes) -> bool:
    """Write a small object that is sealed already; False where the storage did not take it."""
    try:
        writer = begin(name)
    except StorageFailed:
        return False
    try:
        writer.write(content)
        writer.commit()
    except (StorageFailed, OSError):
        writer.abort()
        return False
    return True
