"""What the desk keeps: the queue, decisions, corrections."""

from adherents.casework.models.queue import Correction, Decision, Item, Outcome, Status

__all__ = ["Correction", "Decision", "Item", "Outcome", "Status"]
