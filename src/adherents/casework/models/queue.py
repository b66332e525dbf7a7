"""A document's place in the queue, what was decided of it, and what was asked for instead."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.rows import ALTERED, readable
from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.vault.models import Document, State
from adherents.work.models import DueWork, DueWorkQuerySet

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


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


class Age(models.TextChoices):
    """How an item stands to the day by which it should be treated."""

    LATE = "late", _("En retard")
    TODAY = "today", _("Pour aujourd’hui")
    LATER = "later", _("Pour plus tard")


class Availability(models.TextChoices):
    """Where a waiting item is: nobody's, in somebody's hand, or kept for somebody; or decided of a moment ago."""

    FREE = "free", _("À prendre")
    IN_HAND = "in_hand", _("En main")
    KEPT = "kept", _("Réservé")
    DECIDED = "decided", _("Décidé, encore annulable")


@dataclass(frozen=True)
class Filters:
    """Of what « suivant » gives the next one: a kind's code and an `Age`, or "" for all."""

    kind: str = ""
    age: str = ""

    def __bool__(self) -> bool:
        return bool(self.kind or self.age)


ALL = Filters()


class ItemQuerySet(models.QuerySet["Item"]):
    def waiting(self) -> Self:
        """Everything that no agent has decided of, held or not."""
        return self.filter(status=Status.WAITING)

    def free(self) -> Self:
        """Of the waiting, those that nobody's lease holds."""
        return self.waiting().filter(Q(leased_until=None) | Q(leased_until__lte=timezone.now()))

    def held(self) -> Self:
        """Of the waiting, those that somebody has in hand, or that are set apart for somebody's next."""
        return self.waiting().filter(leased_until__gt=timezone.now())

    def in_hand_of(self, agent: Account) -> Self:
        """What this agent has taken and not decided of, first taken first."""
        return self.held().filter(agent=agent, taken_at__isnull=False).order_by("taken_at", "pk")

    def open_to(self, agent: Account) -> Self:
        """Kept for nobody else."""
        now = timezone.now()
        return self.filter(Q(reserved_for=None) | Q(reserved_for=agent) | Q(reserved_until__lte=now))

    def kept_for(self, agent: Account) -> Self:
        """Those that come to this agent first, free or not."""
        now = timezone.now()
        return self.waiting().filter(Q(reserved_until=None) | Q(reserved_until__gt=now), reserved_for=agent)

    def in_place(self, place: str) -> Self:
        """Those of a `Availability`; everything that waits for ""."""
        now = timezone.now()
        kept = Q(reserved_until=None, reserved_for__isnull=False) | Q(reserved_until__gt=now)
        if place == Availability.FREE:
            return self.free().exclude(kept)
        if place == Availability.IN_HAND:
            return self.held().filter(taken_at__isnull=False)
        if place == Availability.KEPT:
            return self.free().filter(kept)
        return self.filter(status=Status.DECIDED) if place == Availability.DECIDED else self.waiting()

    def of(self, agent: Account) -> Self:
        """What this agent has in hand, was given, or has just decided of."""
        now = timezone.now()
        holds = Q(agent=agent) & (Q(leased_until__gt=now) | Q(status=Status.DECIDED))
        given = Q(reserved_for=agent) & (Q(reserved_until=None) | Q(reserved_until__gt=now))
        return self.filter(holds | given)

    def with_what_is_shown(self) -> Self:
        # Agents by queries of their own: an agent who came since the last ANALYZE would have PostgreSQL read every account to
        # join one.
        found = self.select_related("document__member").defer("document__wrapped_key")
        return found.prefetch_related("agent", "reserved_for")

    def matching(self, filters: Filters) -> Self:
        today = timezone.localdate()
        wanted = {
            "": Q(),
            Age.LATE: Q(due_on__lt=today),
            Age.TODAY: Q(due_on=today),
            Age.LATER: Q(due_on__gt=today),
        }
        found = self.filter(wanted[filters.age])
        return found.filter(kind=filters.kind) if filters.kind else found

    def oldest_due_first(self) -> Self:
        return self.order_by("due_on", "entered_at", "pk")


class Item(models.Model):
    """A document whose checks are done waits here once. A lease (`agent`, `leased_until`) is one agent's, and ends by itself.

    `taken_at`: since when the agent treats it; a lease without it only sets the item apart as the agent's next one, and
    the member still reads « Vérifié ». `reserved_for`: the agent to whom it comes first (who asked for the correction that
    it answers, or to whom a supervisor gave it), until `reserved_until` (null: until that agent gives it back).
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
        db_index=False,
        related_name="items",
        help_text="who holds or decided it",
    )
    leased_until = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    reserved_for = models.ForeignKey(
        Account, on_delete=models.SET_NULL, null=True, db_index=False, related_name="reserved_items"
    )
    reserved_until = models.DateTimeField(null=True)

    objects = ItemQuerySet.as_manager()
    decisions: "RelatedManager[Decision]"

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
                fields=["agent", "leased_until"],
                condition=Q(status="waiting", agent__isnull=False),
                name="items_in_hand",
            ),
            models.Index(
                fields=["leased_until"],
                condition=Q(status="waiting", leased_until__isnull=False),
                name="items_leased",
            ),
            models.Index(
                fields=["reserved_for", "due_on", "entered_at", "document"],
                condition=Q(status="waiting", reserved_for__isnull=False),
                name="items_kept_for_somebody",
            ),
            models.Index(fields=["document"], condition=Q(status="gone"), name="items_gone"),
            models.Index(fields=["due_on"], condition=Q(status="decided"), name="items_decided"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(leased_until__isnull=True) | Q(agent__isnull=False), name="a_lease_is_somebodys"
            )
        ]

    def __str__(self) -> str:
        return f"item {self.document_id}"

    @property
    def subject(self) -> str:
        """How the journal and the drafts name what it is about."""
        return f"document:{self.document_id}"

    @property
    def owner(self) -> str:
        """How the journal names the member whose file it is in."""
        return self.document.owner

    def held_by(self, agent: Account, at: datetime | None = None) -> bool:
        """Whether this agent's lease holds (now by default)."""
        moment = at or timezone.now()
        return self.agent_id == agent.pk and self.leased_until is not None and self.leased_until > moment

    @property
    def is_waiting(self) -> bool:
        return self.status == Status.WAITING

    @property
    def is_held(self) -> bool:
        return self.is_waiting and self.leased_until is not None and self.leased_until > timezone.now()

    @property
    def is_kept(self) -> bool:
        """Whether somebody has to be offered it first."""
        until = self.reserved_until
        return self.reserved_for_id is not None and (until is None or until > timezone.now())

    @property
    def place(self) -> Availability | None:
        """None: it waits no more."""
        if self.status == Status.DECIDED:
            return Availability.DECIDED
        if not self.is_waiting:
            return None
        if self.is_held and self.taken_at is not None:
            return Availability.IN_HAND
        return Availability.KEPT if self.is_kept else Availability.FREE

    @property
    def whose(self) -> Account | None:
        """Who has it in hand, has just decided of it, or is to be offered it first."""
        return (
            self.reserved_for
            if self.place == Availability.KEPT
            else self.agent
            if self.place != Availability.FREE
            else None
        )

    @property
    def age(self) -> Age:
        today = timezone.localdate()
        return Age.LATE if self.due_on < today else Age.TODAY if self.due_on == today else Age.LATER


class DecisionQuerySet(DueWorkQuerySet):
    def told(self, document: Document) -> "Decision | None":
        """What the member was told of a document last."""
        told: Decision | None = (
            self.filter(item=document.pk, settled_at__isnull=False).order_by("-settled_at", "-pk").first()
        )
        return told

    def standing(self) -> Self:
        """Those that were not undone."""
        return self.filter(undone_at__isnull=True)

    def to_undo(self, agent: Account) -> "Decision | None":
        """What this agent decided last, while it can still be undone."""
        since = timezone.now() - timedelta(seconds=profile().casework.undo_seconds)
        mine = self.standing().filter(agent=agent, settled_at__isnull=True, at__gt=since)
        last: Decision | None = mine.select_related("item__document__member").order_by("-at", "-pk").first()
        return last


class Decision(DueWork):
    """What an agent decided of an item. It can be undone until it settles: the member is told by settling, not before.

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
    words_fr = EncryptedTextField(bound_to=["item_id", "agent_id", "at"], default="", blank=True)
    words_en = EncryptedTextField(bound_to=["item_id", "agent_id", "at"], default="", blank=True)
    until = models.DateField(null=True, help_text="of a correction: the day by which it is asked for")
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
    def asks(self) -> bool:
        """Whether another document is expected: so it is where one did not do, unless the profile's reason says otherwise."""
        return self.outcome != Outcome.ACCEPTED and self.reason not in self.closing_reasons()

    @staticmethod
    def closing_reasons() -> set[str]:
        """The profile's reasons after which nothing more is expected."""
        return {one.code for one in profile().documents.reasons if not one.asks}

    @property
    def undone_before(self) -> datetime:
        """Until when its agent can still undo it."""
        return self.at + timedelta(seconds=profile().casework.undo_seconds)

    @property
    def milliseconds_left(self) -> int:
        """For its agent to undo it."""
        return max(int((self.undone_before - timezone.now()).total_seconds() * 1000), 0)


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def open(self) -> Self:
        """Those that wait for an answer: the document is still there, and « À compléter »."""
        return self.filter(
            answered_at__isnull=True, document__erased_at__isnull=True, document__state=State.INCOMPLETE
        )

    def open_for(self, member: Member) -> Self:
        """What this member is asked for, the most pressing first, with the document and the words."""
        found = self.open().filter(document__member=member).order_by("until", "pk")
        return found.select_related("document", "decision")


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

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["document"], condition=Q(answered_at__isnull=True), name="corrections_open")
        ]

    def __str__(self) -> str:
        return f"correction of {self.document_id}"
