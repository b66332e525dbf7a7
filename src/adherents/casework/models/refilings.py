"""How an agent filed a document anew, so that it can be undone for a few seconds."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.casework.models.queue import Item
from adherents.insurer.profile import profile
from adherents.members.models import Beneficiary


class RefilingQuerySet(models.QuerySet["Refiling"]):
    def in_time(self) -> Self:
        """Those that can still be undone."""
        since = timezone.now() - timedelta(seconds=profile().casework.undo_seconds)
        return self.filter(undone_at__isnull=True, at__gt=since)

    def to_undo(self, agent: Account) -> "Refiling | None":
        """This agent's last one, if it can still be undone: not of what was decided, split or joined since."""
        mine = self.in_time().filter(agent=agent, item__status="waiting")
        last: Refiling | None = (
            mine.select_related("item__document__member", "item__document__beneficiary")
            .defer("item__document__wrapped_key")
            .order_by("-at", "-pk")
            .first()
        )
        return last


class Refiling(models.Model):
    """An agent gave a document another kind, or said that it is about another person of the same contract.

    `was_…`: what stood there before; a person who is null is the member.
    """

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="refilings")
    agent = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="refilings")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=40)
    was_kind = models.CharField(max_length=40)
    person = models.ForeignKey(
        Beneficiary, on_delete=models.SET_NULL, null=True, db_index=False, related_name="+"
    )
    was_person = models.ForeignKey(
        Beneficiary, on_delete=models.SET_NULL, null=True, db_index=False, related_name="+"
    )
    undone_at = models.DateTimeField(null=True)

    objects = RefilingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["agent", "-at"], name="refilings_of_an_agent"),
        ]

    def __str__(self) -> str:
        return f"refiling {self.pk}"

    @property
    def undone_before(self) -> datetime:
        """Until when it can still be undone."""
        return self.at + timedelta(seconds=profile().casework.undo_seconds)

    @property
    def milliseconds_left(self) -> int:
        """How long it can still be undone."""
        return max(int((self.undone_before - timezone.now()).total_seconds() * 1000), 0)
