"""The one mail of a sending: what was decided of it and not told yet, and when it is told."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from adherents.casework.models.decisions import Decision
from adherents.vault.models import Deposit
from adherents.work.models import DueWork, DueWorkQuerySet


class SummaryQuerySet(DueWorkQuerySet):
    def open(self) -> Self:
        """Those whose mail was not posted yet: one of a deposit at most."""
        return self.filter(posted_at__isnull=True)


class Summary(DueWork):
    """One mail about a deposit of several documents. `next_attempt_at` is when it is posted; decisions join it until then."""

    deposit = models.ForeignKey(Deposit, on_delete=models.CASCADE, related_name="summaries")
    begun_at = models.DateTimeField(default=timezone.now)
    posted_at = models.DateTimeField(null=True)

    objects: ClassVar[SummaryQuerySet] = SummaryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "summaries"
        constraints = [
            models.UniqueConstraint(
                fields=["deposit"], condition=Q(posted_at__isnull=True), name="one_open_summary_a_deposit"
            )
        ]

    def __str__(self) -> str:
        return f"summary of deposit {self.deposit_id}"


class SummaryLine(models.Model):
    """A decision that its summary tells."""

    decision = models.OneToOneField(Decision, on_delete=models.CASCADE, related_name="summary_line")
    summary = models.ForeignKey(Summary, on_delete=models.CASCADE, related_name="lines")

    def __str__(self) -> str:
        return f"decision {self.decision_id} in summary {self.summary_id}"
