"""What the desk keeps: the queue, decisions, corrections."""

from adherents.casework.models.queue import (
    ALL,
    Age,
    Correction,
    Decision,
    Filters,
    Item,
    ItemQuerySet,
    Outcome,
    Place,
    Status,
)

__all__ = [
    "ALL",
    "Age",
    "Correction",
    "Decision",
    "Filters",
    "Item",
    "ItemQuerySet",
    "Outcome",
    "Place",
    "Status",
]
