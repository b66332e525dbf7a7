"""A document's place in the queue, what was decided of it, and what was asked for instead."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.crypto.fields import EncryptedTextField
from adherents.vault.models import Document
from adherents.work.models import DueWork, DueWorkQuerySet


class Status(models.TextChoices):
    """Where an item is. Whether an agent holds it is said by its lease, not here."""

    WAITING = "waiting", _("À traiter")
    DECIDED = "decided", _("Décidé, encore annulable")
    DONE = "done", _("Traité")
    GONE = "gone", _("Repris par l’adhérent")


class Outcome(models.TextChoices):
    """What an agent decides. A correction asked for leaves the document « À compléter »."""

    ACCEPTED = "accepted", _("Accepté")
    REFUSED = "refused", _("Refusé")
    INCOMPLETE = "incomplete", _("Correction demandée")


class ItemQuerySet(models.QuerySet["Item"]):
    """Read by the queue and its filters; see `services/queue.py` for who takes what."""


class Item(models.Model):
    """A document whose checks are done waits here once. A lease (`agent`, `leased_until`) is one agent's, and ends by itself.

    `reserved_for`: the agent to whom it comes first (who asked for the correction that it answers, or to whom a
    supervisor gave it), until `reserved_until` (null: until that agent gives it back).
    """

    document = models.OneToOneField(Document, on_delete=models.CASCADE, primary_key=True, related_name="item")
    kind = models.CharField(max_length=40)
    due_on = models.DateField(help_text="the working day by which it should be treated")
    entered_at = models.DateTimeField(default=timezone.now)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    agent = models.ForeignKey(
        Account,
        on_delete=models.SET_NULL,
        null=True,
        related_name="items",
        help_text="who holds or decided it",
    )
    leased_until = models.DateTimeField(null=True)
    reserved_for = models.ForeignKey(
        Account, on_delete=models.SET_NULL, null=True, related_name="reserved_items"
    )
    reserved_until = models.DateTimeField(null=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_on", "entered_at", "document"],
                condition=Q(status="waiting"),
                name="items_oldest_due_first",
            ),
            models.Index(
                fields=["kind", "due_on", "entered_at", "document"],
                condition=Q(status="waiting"),
                name="items_of_a_kind",
            ),
            models.Index(
                fields=["agent", "leased_until"], condition=Q(status="waiting"), name="items_in_hand"
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.document_id}"

    def held_by(self, agent: Account, at: datetime | None = None) -> bool:
        """Whether this agent's lease holds (now by default)."""
        moment = at or timezone.now()
        return self.agent_id == agent.pk and self.leased_until is not None and self.leased_until > moment


class Decision(DueWork):
    """What an agent decided of an item. It can be undone until it settles: the member is told by settling, not before.

    `words_fr` and `words_en` are what the member reads: a template of the profile, as the agent edited it.
    """

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="decisions")
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    agent = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="decisions")
    at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(
        max_length=40, default="", blank=True, help_text="code of the profile's template"
    )
    words_fr = EncryptedTextField(default="", blank=True)
    words_en = EncryptedTextField(default="", blank=True)
    until = models.DateField(null=True, help_text="of a correction: the day by which it is asked for")
    settled_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    objects: ClassVar[DueWorkQuerySet] = DueWorkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item"], condition=Q(undone_at__isnull=True), name="one_decision_an_item"
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(settled_at__isnull=True), name="undone_or_settled"
            ),
            models.CheckConstraint(
                condition=Q(outcome="accepted") | ~Q(reason=""), name="a_reason_unless_accepted"
            ),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}: {self.outcome}"


class Correction(models.Model):
    """Another document that was asked for, apart from the state of the one that did not do. The member answers by sending it."""

    decision = models.OneToOneField(Decision, on_delete=models.CASCADE, related_name="correction")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="corrections")
    agent = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="corrections_asked")
    asked_at = models.DateTimeField(default=timezone.now)
    until = models.DateField()
    answered_at = models.DateTimeField(null=True)
    answer = models.OneToOneField(
        Document, on_delete=models.SET_NULL, null=True, related_name="answered_correction"
    )

    class Meta:
        indexes = [
            models.Index(fields=["document"], condition=Q(answered_at__isnull=True), name="corrections_open")
        ]

    def __str__(self) -> str:
        return f"correction of {self.document_id}"
