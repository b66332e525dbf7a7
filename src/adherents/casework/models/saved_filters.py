"""The filters of the queue that an agent keeps under a name."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from adherents.accounts.models import Account

NAME_CHARACTERS = 40
MOST_KEPT = 12  # of one agent
MOST_SHARED = 24  # of all, with all


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    def shown_to(self, agent: Account) -> Self:
        """Their own and those that are shared with all, by name."""
        return self.filter(Q(account=agent) | Q(is_shared=True)).order_by(Lower("name"), "pk")


class SavedFilter(models.Model):
    """Filters and an order of the queue under a name. `query`: as the page's address says them ("kind=rib&sort=-kind")."""

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="saved_filters", db_index=False
    )
    name = models.CharField(max_length=NAME_CHARACTERS)
    query = models.CharField(max_length=300)
    is_shared = models.BooleanField(default=False, db_default=False)
    at = models.DateTimeField(default=timezone.now)

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="one_saved_filter_a_name"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(query=""), name="a_saved_filter_filters"),
        ]

    def __str__(self) -> str:
        return f"saved filter {self.pk}"
