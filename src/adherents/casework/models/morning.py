"""Who wants to read each morning, in a mail, what breaks its promise tomorrow."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.desk.models import Absence


class MorningAlertQuerySet(models.QuerySet["MorningAlert"]):
    def not_told_on(self, day: date) -> Self:
        """Those that this day has not served yet."""
        return self.filter(Q(told_on__isnull=True) | Q(told_on__lt=day))

    def at_work_on(self, day: date) -> Self:
        """Those of agents who may still have it, and who are neither suspended nor away."""
        away = Absence.objects.on(day).values("account")
        roles = TABLE[Act.MORNING_ALERT]
        return self.filter(account__closed_at__isnull=True, account__role__in=roles).exclude(account__in=away)


class MorningAlert(models.Model):
    """An agent who wants the mail of the morning: the row is the wish. `told_on`: the last day that was served, mail or none."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="morning_alert")
    told_on = models.DateField(null=True)

    objects = MorningAlertQuerySet.as_manager()

    def __str__(self) -> str:
        return f"morning alert of {self.account_id}"
