"""What was decided about an item, and what was asked for instead."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account, Role
from adherents.accounts.permissions import TABLE, Act
from adherents.casework.models.queue import Item
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.rows import ALTERED, readable
from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.vault.models import Document, State
from adherents.work.models import DueWork, DueWorkQuerySet

BY_SIGNATURE = (
    "reading:signature"  # the account of what no agent decided; it cannot be typed on a sign-in page
)
MOST_REASONS = 5  # of one decision: nobody mends more at once


class Outcome(models.TextChoices):
    """What an agent decides. A correction asked for leaves the document « À compléter »."""

    ACCEPTED = "accepted", _("Accepté")
    REFUSED = "refused", _("Refusé")
    INCOMPLETE = "incomplete", _("Correction demandée")


class DecisionQuerySet(DueWorkQuerySet):
    def latest_settled(self, document: Document) -> "Decision | None":
        """The last decision about a document that was settled: the one that its member was told."""
        latest_settled: Decision | None = (
            self.filter(item__document=document, settled_at__isnull=False)
            .order_by("-settled_at", "-pk")
            .first()
        )
        return latest_settled

    def standing(self) -> Self:
        """Those that were not undone."""
        return self.filter(undone_at__isnull=True)

    def that_were_told_or_stand(self, items: "list[Item]") -> Self:
        """Those about these items that stand, or that a member was told and that were reopened since."""
        return self.filter(Q(undone_at__isnull=True) | Q(reopening__isnull=False), item__in=items)

    def undone_by(self, agent: Account) -> Self:
        """Those that this agent may undo in time: their own, and a system's, which has nobody at the desk to do it."""
        own = Q(agent=agent)
        return self.filter(own | Q(agent__role=Role.CLIENT) if agent.role in TABLE[Act.TREAT] else own)

    def in_time(self) -> Self:
        """Those that can still be undone."""
        since = timezone.now() - timedelta(seconds=profile().casework.undo_seconds)
        return self.standing().filter(settled_at__isnull=True, at__gt=since)

    def to_undo(self, agent: Account) -> "Decision | None":
        """This agent's last decision, if it can still be undone."""
        mine = self.in_time().filter(agent=agent)
        shown = mine.select_related("item__document__member", "item__document__deposit")
        last: Decision | None = shown.order_by("-at", "-pk").first()
        return last


class Decision(DueWork):
    """What an agent decided about an item. It can be undone until it settles; the member is told when it settles, not before.
    Later it can be reopened: then it is undone as well, and its `Reopening` says when the member had been told of it.

    `words_fr` and `words_en` are what the member reads: a template of the profile, as the agent edited it.
    """

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="decisions")
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    agent = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="decisions")
    team = models.CharField(
        max_length=60, default="", blank=True, help_text="the agent's group when it settled"
    )
    at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(
        max_length=40, default="", blank=True, help_text="code of the profile's template"
    )
    other_reasons = models.CharField(
        max_length=MOST_REASONS * 41,
        default="",
        db_default="",
        blank=True,
        help_text="codes of those given beside `reason`, a space between",
    )
    words_fr = EncryptedTextField(bound_to=["item_id", "agent_id", "at"], default="", blank=True)
    words_en = EncryptedTextField(bound_to=["item_id", "agent_id", "at"], default="", blank=True)
    until = models.DateField(null=True, help_text="of a correction: the day by which it is asked for")
    together = models.UUIDField(
        null=True, editable=False, help_text="the same of those that one act made, and one undo takes back"
    )
    settled_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    objects: ClassVar[DecisionQuerySet] = DecisionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(
                fields=["agent", "-at"],
                condition=Q(undone_at__isnull=True, settled_at__isnull=True),
                name="decisions_to_settle",
            ),
            models.Index(fields=["at"], condition=Q(settled_at__isnull=False), name="decisions_that_count"),
        ]
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
            models.CheckConstraint(
                condition=~Q(outcome="incomplete") | Q(until__isnull=False), name="a_day_with_a_correction"
            ),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}: {self.outcome}"

    def words(self, language: str) -> str:
        """What the member reads, in their language; French where there is no English; a sentence where it does not open."""
        english = readable(self, "words_en", str(ALTERED)) if language.startswith("en") else ""
        return english or readable(self, "words_fr", str(ALTERED))

    @property
    def french_words(self) -> str:
        """Those that the desk shows."""
        return self.words("fr")

    @property
    def reasons(self) -> list[str]:
        """The codes of all its reasons: the one after which nothing more is expected first, if there is one."""
        return [self.reason, *self.other_reasons.split()] if self.reason else []

    @property
    def count_together(self) -> int:
        """How many of those that one act made stand, itself among them. One query, where there are others."""
        if self.together is None:
            return 1
        return Decision.objects.standing().filter(together=self.together).count()

    @property
    def asks(self) -> bool:
        """Whether another document is expected: not after « accepted », nor where the profile's reason says so.

        The first reason alone says it, to this version and to those that know of one reason only.
        """
        return self.outcome != Outcome.ACCEPTED and self.reason not in self.closing_reasons()

    def may_be_reopened_by(self, agent: Account) -> bool:
        """A decision that its member was told: by the agent who took it, for a time, and by a responsable. The document may
        still forbid it (`services/reopening.py`).
        """
        if self.settled_at is None or self.undone_at is not None:
            return False
        if agent.role in TABLE[Act.REOPEN_ANY]:
            return True
        own_until = self.settled_at + timedelta(hours=profile().casework.reopen_hours)
        own = agent.pk == self.agent_id and agent.role in TABLE[Act.REOPEN]
        return own and timezone.now() < own_until

    @staticmethod
    def closing_reasons() -> set[str]:
        """The profile's reasons after which nothing more is expected."""
        return {reason.code for reason in profile().documents.reasons if not reason.asks}

    @property
    def undone_before(self) -> datetime:
        """Until when it can still be undone."""
        return self.at + timedelta(seconds=profile().casework.undo_seconds)

    @property
    def milliseconds_left(self) -> int:
        """How long it can still be undone."""
        return max(int((self.undone_before - timezone.now()).total_seconds() * 1000), 0)


class Reopening(models.Model):
    """A decision that its member was told and that stands no more: the document waits for another one. Why is in the journal.

    `told_at`: when it had settled.
    """

    decision = models.OneToOneField(Decision, on_delete=models.CASCADE, related_name="reopening")
    agent = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="reopenings")
    at = models.DateTimeField(default=timezone.now)
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"reopening of decision {self.decision_id}"


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def open(self) -> Self:
        """Those that wait for an answer: the document is still there, and « À compléter »."""
        return self.filter(
            answered_at__isnull=True, document__erased_at__isnull=True, document__state=State.INCOMPLETE
        )

    def open_for(self, member: Member) -> Self:
        """What this member is asked for, the most pressing first, with the document and the words."""
        asked = self.open().filter(document__member=member).order_by("until", "pk")
        return asked.select_related("document", "decision")


class Correction(models.Model):
    """Another document that an agent asked for. The member answers by sending it."""

    decision = models.OneToOneField(Decision, on_delete=models.CASCADE, related_name="correction")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="corrections")
    agent = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="corrections_asked")
    asked_at = models.DateTimeField(default=timezone.now)
    until = models.DateField()
    answered_at = models.DateTimeField(null=True)
    answer = models.OneToOneField(
        Document, on_delete=models.SET_NULL, null=True, related_name="answered_correction"
    )

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["document"], condition=Q(answered_at__isnull=True), name="corrections_open")
        ]

    def __str__(self) -> str:
        return f"correction of {self.document_id}"
