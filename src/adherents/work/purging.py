"""Rows that are kept for a time only. Each room names its own in `purging.py`; `adherents purge` lists or deletes them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

BATCH = 500


@dataclass(frozen=True)
class Due:
    """Rows that have been kept long enough. `delete` takes the most to destroy and returns how many it did; 0: none is left."""

    name: str
    rule: str
    count: int
    delete: Callable[[int], int]


Purge = Callable[[], Iterable[Due]]
PURGES: list[Purge] = []


def purge(function: Purge) -> Purge:
    """Register a function that says what is due now."""
    PURGES.append(function)
    return function


def due() -> list[Due]:
    """What is due now in every room."""
    return [purge for function in PURGES for purge in function()]


def rows(name: str, rule: str, expired: "QuerySet[Any]", *, order: str = "pk") -> Due:
    """Plain rows that nothing else depends on. They are deleted some at a time, so that no other query waits for the table.

    `order`: a column with an index that leads to those which are due, where the table is large and few of its rows are.
    """

    def delete(limit: int) -> int:
        some = list(expired.order_by(order).values_list("pk", flat=True)[:limit])
        return expired.filter(pk__in=some).delete()[0] and len(some)

    return Due(name, rule, expired.count(), delete)


def apply(purge: Due, *, on_batch: Callable[[int], object] = lambda done: None) -> int:
    """Destroy what is due. Returns how many. It can be stopped, and run again."""
    total = 0
    while done := purge.delete(BATCH):
        total += done
        on_batch(total)
    return total
