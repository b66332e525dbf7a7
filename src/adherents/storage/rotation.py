import secrets
from collections.abc import Iterator

from adherents.crypto.keys import CannotOpen, keyring
from adherents.crypto.rotation import RotationStats, rotation
from adherents.storage import erasures
from adherents.storage.objects import NoSuchObject, StorageFailed, delete_object, object_names, open_object
from adherents.storage.services import put_object


@rotation("the erasure list", covers=[])
def erasure_list() -> Iterator[RotationStats]:
    """Objects are written once: a part that an older key sealed is written again under another name, then deleted."""
    turned = RotationStats()
    try:
        for name, whole in object_names(erasures.FOLDER):
            if whole:
                _turn(name, turned)
    except StorageFailed:
        turned.closed.append("the erasure list: the storage")
    yield turned


def _turn(name: str, turned: RotationStats) -> None:
    turned.seen += 1
    try:
        with open_object(name) as source:
            content = source.read(erasures.MOST_BYTES)
        entries = erasures.opened(name, content)
        if keyring().is_current(content):
            return
    except NoSuchObject:
        return
    except CannotOpen:
        turned.closed.append(name)
        return
    anew = f"{name.rpartition('/')[0]}/{secrets.token_hex(20)}"
    if put_object(anew, erasures.seal_again(anew, entries)):
        delete_object(name)
        turned.changed += 1
    else:
        turned.late += 1
