"""What the queue keeps: its items, decisions, corrections, and what is counted of them."""

from adherents.casework.models.decisions import (
    BY_SIGNATURE,
    MOST_REASONS,
    Correction,
    Decision,
    Outcome,
    Reopening,
)
from adherents.casework.models.figures import DayTally, ReasonTally, Tally
from adherents.casework.models.handing import HandOver
from adherents.casework.models.morning import MorningAlert
from adherents.casework.models.queue import ALL, Age, Availability, Filters, Item, ItemQuerySet, Status
from adherents.casework.models.refilings import Refiling
from adherents.casework.models.relocations import Relocation
from adherents.casework.models.saved_filters import SavedFilter
from adherents.casework.models.summaries import Summary, SummaryLine

__all__ = [
    "ALL",
    "BY_SIGNATURE",
    "MOST_REASONS",
    "Age",
    "Availability",
    "Correction",
    "DayTally",
    "Decision",
    "Filters",
    "HandOver",
    "Item",
    "ItemQuerySet",
    "MorningAlert",
    "Outcome",
    "ReasonTally",
    "Refiling",
    "Relocation",
    "Reopening",
    "SavedFilter",
    "Status",
    "Summary",
    "SummaryLine",
    "Tally",
]
