"""The owner of an object of the storage: the row that claims it, or the sweep."""

from collections.abc import Iterable, Sequence

from adherents.database.transactions import needs_transaction
from adherents.storage.models import SealedFile, UnclaimedObject
from adherents.storage.objects import StorageFailed, delete_object


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
