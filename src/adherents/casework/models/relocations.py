"""Which document an agent files with another member. It can be undone for a few seconds; then that member gets a copy."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.casework.models.queue import Item
from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.vault.models import Document
from adherents.work.models import DueWork, DueWorkQuerySet


class RelocationQuerySet(DueWorkQuerySet):
    def standing(self) -> Self:
        """Those that were neither undone nor given up."""
        return self.filter(undone_at__isnull=True)

    def in_time(self) -> Self:
        """Those that can still be undone."""
        since = timezone.now() - timedelta(seconds=profile().casework.undo_seconds)
        return self.standing().filter(settled_at__isnull=True, at__gt=since)

    def to_undo(self, agent: Account) -> "Relocation | None":
        """This agent's last one, if it can still be undone."""
        mine = self.in_time().filter(agent=agent).select_related("item__document__member", "to")
        last: Relocation | None = mine.defer("item__document__wrapped_key").order_by("-at", "-pk").first()
        return last

    def about(self, document: Document) -> "Relocation | None":
        """The one that sent this document elsewhere, or brought it here."""
        either = Q(item__document=document) | Q(copy=document)
        shown = self.standing().filter(either).select_related("item__document__member", "to", "copy", "agent")
        last: Relocation | None = shown.order_by("-at", "-pk").first()
        return last


class Relocation(DueWork):
    """An agent files a document with the member `to`. `copy`: what that member got when it settled.

    The document itself stays with who sent it. `undone_at`: taken back in time, or given up since it could not be done.
    """

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="relocations")
    to = models.ForeignKey(Member, on_delete=models.PROTECT, db_index=False, related_name="+")
    agent = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="relocations")
    at = models.DateTimeField(default=timezone.now)
    copy = models.OneToOneField(Document, on_delete=models.SET_NULL, null=True, related_name="relocation")
    settled_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    objects: ClassVar[RelocationQuerySet] = RelocationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["agent", "-at"], name="relocations_of_an_agent")]
        constraints = [
            models.UniqueConstraint(
                fields=["item"], condition=Q(undone_at__isnull=True), name="one_relocation_an_item"
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(settled_at__isnull=True),
                name="relocation_undone_or_settled",
            ),
        ]

    def __str__(self) -> str:
        return f"relocation {self.pk}"

    @property
    def undone_before(self) -> datetime:
        """Until when it can still be undone."""
        return self.at + timedelta(seconds=profile().casework.undo_seconds)

    @property
    def milliseconds_left(self) -> int:
        """How long it can still be undone."""
        return max(int((self.undone_before - timezone.now()).total_seconds() * 1000), 0)
