"""What a place for objects must do, and how it says that it cannot."""

from collections.abc import Iterator
from typing import BinaryIO, ClassVar, Protocol

from adherents.telemetry.outages import Part


class StorageFailed(Exception):
    """The storage did not take, give or delete an object: full, away, or refusing."""

    part_away: ClassVar[Part] = Part.STORAGE


class NoSuchObject(Exception):
    """The storage has no object of this name."""


class ObjectWriter(Protocol):
    """What `begin` returns. It looks like a binary file, so that a cipher can write to it; `close` commits nothing."""

    closed: bool

    def write(self, chunk: bytes) -> int: ...
    def writable(self) -> bool: ...
    def close(self) -> None: ...
    def commit(self) -> None: ...
    def abort(self) -> bool: ...


class ObjectStore(Protocol):
    """Where objects are. Every method raises `StorageFailed` when the place does not do its work."""

    def begin(self, name: str) -> ObjectWriter: ...

    def open(self, name: str) -> BinaryIO:
        """The object's bytes, from the start. Raises `NoSuchObject` too."""

    def delete(self, name: str) -> None:
        """Begun or whole; nothing happens when there is none."""

    def size(self, name: str) -> int | None: ...

    def is_begun(self, name: str) -> bool: ...

    def probe(self) -> None:
        """Nothing happens when objects can be put there and found."""

    def make(self) -> None:
        """Make the place where there is none."""

    def names(self, under: str = "") -> Iterator[tuple[str, bool]]:
        """Every name, and whether the object is whole. `under`: only of a folder, written with its slash."""
