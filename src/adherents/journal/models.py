"""Entries chained by hash per subject, and each chain's head."""

import hashlib
import json
from typing import Self

from django.db import models

from adherents.journal.events import Event


class EntryQuerySet(models.QuerySet["Entry"]):
    def about(self, *subjects: str) -> Self:
        """Newest first."""
        return self.filter(subject__in=subjects).order_by("-at", "-sequence")

    def chain(self, subject: str) -> Self:
        """In the order in which they were chained."""
        return self.filter(subject=subject).order_by("sequence")


class Entry(models.Model):
    """One event. `digest` = SHA-256 over the previous entry's digest and this one's content."""

    subject = models.CharField(max_length=80)
    sequence = models.PositiveIntegerField()
    at = models.DateTimeField(db_index=True)
    event = models.CharField(max_length=60)  # of `Event`: no choices, a new one is no migration
    actor = models.CharField(max_length=80)  # who did it
    owner = models.CharField(
        max_length=80, default=""
    )  # the member whose file it is about, `member:12`; empty: no member's
    details = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)

    objects = EntryQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "sequence"], name="one_entry_a_place")]
        indexes = [
            # What an agent had on the screen last, each time the desk is opened.
            models.Index(
                fields=["actor", "-at"],
                condition=models.Q(event=Event.MEMBER_CONSULTED.value),
                name="entries_consulted",
            ),
            # All that happened around one member's file, when everything is exported: each of four million asks.
            models.Index(fields=["owner", "at"], name="entries_of_a_file"),
            # What an auditor asks for, each in the order in which it is read (`selectors.py`).
            models.Index(fields=["event", "at", "id"], name="entries_of_an_event"),
            models.Index(fields=["actor", "at", "id"], name="entries_of_an_actor"),
            models.Index(fields=["subject", "at", "id"], name="entries_of_a_subject"),
        ]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.subject} #{self.sequence} {self.event}"

    @property
    def label(self) -> str:
        """What a person reads; the bare value for an event that this version does not know."""
        return str(Event(self.event).label) if self.event in Event.values else self.event

    def computed_digest(self, previous: str) -> str:
        """What `digest` must be after an entry whose digest is `previous` ("" for the first)."""
        content = [
            previous,
            self.subject,
            self.sequence,
            self.at.isoformat(),
            self.event,
            self.actor,
            self.owner,
            json.dumps(self.details, sort_keys=True, ensure_ascii=False),
        ]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


class Head(models.Model):
    """The last link of a subject's chain: locked while the next one is added, so that no global lock is needed."""

    subject = models.CharField(max_length=80, primary_key=True)
    sequence = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, default="")

    def __str__(self) -> str:
        return f"{self.subject} @{self.sequence}"
