"""What the desk keeps: the queue, decisions, corrections, what is counted of them; messages and the answers kept ready."""

from adherents.casework.models.figures import ReasonTally, Tally
from adherents.casework.models.messages import Attachment, CannedAnswer, Message, Thread
from adherents.casework.models.queue import (
    ALL,
    Age,
    Availability,
    Correction,
    Decision,
    Filters,
    Item,
    ItemQuerySet,
    Outcome,
    Status,
)

__all__ = [
    "ALL",
    "Age",
    "Attachment",
    "Availability",
    "CannedAnswer",
    "Correction",
    "Decision",
    "Filters",
    "Item",
    "ItemQuerySet",
    "Message",
    "Outcome",
    "ReasonTally",
    "Status",
    "Tally",
    "Thread",
]
