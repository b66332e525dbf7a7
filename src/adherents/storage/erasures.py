"""The erasure list: what was erased, and when. It lies with the objects and not in the database, so that a restored database
learns of what was erased since it was saved.

It only grows: each entry is a small object of its own under `erasures/`, in a folder of its day, sealed under the master key.
A thief who can write to the storage can add nothing to it. It names no person: identifiers, codes and moments.
"""

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime

from django.utils import timezone

from adherents.crypto.keys import CannotOpen, keyring
from adherents.storage.objects.contract import NoSuchObject, ObjectStore

FOLDER = "erasures/"
_PURPOSE = "erasures"
MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ErasureEntry:
    """`subject` as the journal names it (`document:<uuid>`), a code that says why, and when (ISO 8601, UTC)."""

    subject: str
    because: str
    at: str


def is_on_the_list(name: str) -> bool:
    """Whether an object of this name is a part of the list: no row owns it."""
    return name.startswith(FOLDER)


def sealed(entries: Sequence[ErasureEntry]) -> tuple[str, bytes]:
    """A new object of the list: its name and its bytes."""
    name = f"{FOLDER}{timezone.now().astimezone(UTC):%Y/%m/%d}/{secrets.token_hex(20)}"
    return name, seal_again(name, entries)


def seal_again(name: str, entries: Sequence[ErasureEntry]) -> bytes:
    """The bytes of an object of the list, under the first master key."""
    return keyring().seal(_PURPOSE, json.dumps([asdict(entry) for entry in entries]).encode(), name.encode())


def opened(name: str, content: bytes) -> list[ErasureEntry]:
    """What an object of the list says. Raises `CannotOpen`."""
    return [ErasureEntry(**entry) for entry in json.loads(keyring().open(_PURPOSE, content, name.encode()))]


def read_bytes(store: ObjectStore, name: str) -> bytes:
    """Raises `NoSuchObject`, `CannotOpen` for what is too large to be ours, or `StorageFailed`."""
    with store.open(name) as source:
        content = source.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise CannotOpen("too large for a part of the erasure list")
    return content


def names_since(store: ObjectStore, day: date) -> Iterator[str]:
    """The objects of the list that were written on this day (UTC) or later. Raises `StorageFailed`."""
    for name, whole in store.names(FOLDER):
        if whole and _day_of(name) >= day:
            yield name


def entries_since(store: ObjectStore, moment: datetime) -> Iterator[ErasureEntry]:
    """What was erased at this moment or later, in no order. Raises `CannotOpen` where a part was altered, or `StorageFailed`."""
    since = moment.astimezone(UTC)
    for name in names_since(store, since.date()):
        try:
            content = read_bytes(store, name)
        except NoSuchObject:
            continue  # sealed again under another key meanwhile
        for entry in opened(name, content):
            if datetime.fromisoformat(entry.at) >= since:
                yield entry


def _day_of(name: str) -> date:
    """The day of its folder; the last of all days for a name that is not ours, which then is looked at."""
    try:
        year, month, day = map(int, name.removeprefix(FOLDER).split("/")[:3])
        return date(year, month, day)
    except ValueError:
        return date.max
