"""What other rooms keep of a document's own words, which goes in the transaction that erases it. They stand above this one."""

from collections.abc import Callable
from typing import Any

Forget = Callable[[Any], None]
BELONGINGS: list[Forget] = []


def belonging(forget: Forget) -> Forget:
    """Register what deletes all that a room keeps of a `Document`."""
    BELONGINGS.append(forget)
    return forget


def forget_belongings(document: Any) -> None:
    """Have every room delete what it keeps of this document."""
    for forget in BELONGINGS:
        forget(document)
