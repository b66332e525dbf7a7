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
    Status,
)

__all__ = ["ALL", "Age", "Correction", "Decision", "Filters", "Item", "ItemQuerySet", "Outcome", "Status"]
