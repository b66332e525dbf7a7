"""The API of an Espace Adhérents portal: members in, documents and decisions out, events as they happen."""

from espace_adherents.portal import Portal
from espace_adherents.problems import Problem, Unreachable
from espace_adherents.records import (
    BatchAnswer,
    Beneficiary,
    ConfirmedValue,
    Decision,
    Document,
    Event,
    Events,
    Member,
    Message,
    Put,
    Thread,
)

__all__ = [
    "BatchAnswer",
    "Beneficiary",
    "ConfirmedValue",
    "Decision",
    "Document",
    "Event",
    "Events",
    "Member",
    "Message",
    "Portal",
    "Problem",
    "Put",
    "Thread",
    "Unreachable",
]
