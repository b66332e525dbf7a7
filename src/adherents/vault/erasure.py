"""What other rooms keep of a document's own words, which goes in the transaction that erases it. They stand above this one."""

from collections.abc import Callable
from typing import Any

Forget = Callable[[Any], None]
BELONGINGS: list[Forget] = []
UNDONE: list[Forget] = []


def belonging(forget: Forget) -> Forget:
    """Register what deletes all that a room keeps of a `Document`."""
    BELONGINGS.append(forget)
    return forget


def forget_belongings(document: Any) -> None:
    """Have every room delete what it keeps of this document."""
    for forget in BELONGINGS:
        forget(document)


def undone(tell: Forget) -> Forget:
    """Register what a room tells of a part of a file that is no more because its split is undone, before it forgets it."""
    UNDONE.append(tell)
    return tell


def tell_undone(document: Any) -> None:
    """Have every room tell what is not any more."""
    for tell in UNDONE:
        tell(document)
