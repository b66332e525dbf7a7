"""Deposits: what a receipt proves, and how it came."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.members.models import Member
from adherents.vault.origins import BY_DESK, Channel, came_in_words

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

    from adherents.vault.models.documents import Document, DocumentQuerySet


class DepositQuerySet(models.QuerySet["Deposit"]):
    def of(self, member: Member) -> Self:
        """A member's deposits; not what an agent attached to messages, of which the member gets no receipt."""
        by_an_agent = models.Q(sent_by__isnull=True, entered_by__isnull=False)
        return self.filter(~by_an_agent, member=member)


class Deposit(models.Model):
    """One sending: what its receipt proves. `refused` lists the files that did not enter: `{"name", "reason"}`."""

    number = models.CharField(max_length=20, unique=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="deposits")
    sent_by = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, related_name="+", help_text="null: the insurer"
    )
    at = models.DateTimeField(default=timezone.now)
    refused = models.JSONField(default=list)
    channel = models.CharField(
        max_length=8, choices=Channel.choices, default=Channel.PORTAL, db_default="", blank=True
    )
    received_on = models.DateField(
        null=True, help_text="by this channel; null: by the portal, at that moment"
    )
    entered_by = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        help_text="the agent, where it did not come by the portal, or goes with a message to the member",
    )

    objects = DepositQuerySet.as_manager()
    documents: "RelatedManager[Document]"

    class Meta:
        indexes = [
            models.Index(fields=["member", "-at"], name="deposits_newest_first"),
            models.Index(
                fields=["entered_by", "at"],
                condition=models.Q(entered_by__isnull=False),
                name="deposits_by_agent",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def sent(self) -> "DocumentQuerySet":
        """What its member sent: without the parts, and what was joined, that an agent made of it since."""
        sent: DocumentQuerySet = self.documents.filter(part_of=None, joined_count=0)  # type: ignore[assignment]
        return sent

    @property
    def way(self) -> str:
        """A code of `Channel`; or `BY_DESK`, where an agent filed here what had come for another file.

        That is not in the column: the version before this one does not know it, and reads it while machines are upgraded.
        """
        return BY_DESK if not self.channel and self.received_on is not None else self.channel

    @property
    def came_in_words(self) -> str:
        """« reçu par courrier le 12/11/2026 »; "" for what came by the portal."""
        return came_in_words(self.way, self.received_on)
