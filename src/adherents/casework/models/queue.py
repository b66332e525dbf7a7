"""The queue: what waits for an agent's decision, and who has it in hand."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Self

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.desk.models import Absence, Specialty
from adherents.journal.subjects import SubjectKind, subject_of
from adherents.vault.models import Document


class Status(models.TextChoices):
    """Where an item is. Its lease, not its status, says whether an agent holds it."""

    WAITING = "waiting", _("À traiter")
    DECIDED = "decided", _("Décidé, encore annulable")
    DONE = "done", _("Traité")
    GONE = "gone", _("Repris par l’adhérent")


class Age(models.TextChoices):
    """How near an item is to the day by which it should be treated."""

    LATE = "late", _("En retard")
    TODAY = "today", _("Pour aujourd’hui")
    LATER = "later", _("Pour plus tard")


class Availability(models.TextChoices):
    """Where an item is: free, in an agent's hand, kept for an agent, or decided a moment ago."""

    FREE = "free", _("À prendre")
    IN_HAND = "in_hand", _("En main")
    KEPT = "kept", _("Réservé")
    DECIDED = "decided", _("Décidé, encore annulable")


@dataclass(frozen=True)
class Filters:
    """The filters of « suivant »: a kind's code and an `Age`, or "" for all."""

    kind: str = ""
    age: str = ""

    def __bool__(self) -> bool:
        return bool(self.kind or self.age)


ALL = Filters()


def _still_kept() -> Q:
    """Of an item that is kept for somebody: its time is not over."""
    return Q(reserved_until=None) | Q(reserved_until__gt=timezone.now())


def _kept_by_somebody() -> Q:
    """Of an item: it is kept for an agent who is at work, or for whom another one stands in today. One query."""
    nobodys = [away for away, instead in Absence.objects.stand_ins().items() if instead is None]
    return Q(reserved_for__isnull=False) & _still_kept() & ~Q(reserved_for__in=nobodys)


def _sent_in(languages: list[str]) -> Exists:
    """Of an item: its member reads one of these languages. A subquery, so that no lock goes beyond the item's row."""
    account = Q(member__account__isnull=False, member__account__language__in=languages)
    register = Q(member__account__isnull=True, member__language__in=languages)
    return Exists(Document.objects.filter(account | register, pk=OuterRef("document_id")))


class ItemQuerySet(models.QuerySet["Item"]):
    def waiting(self) -> Self:
        """Every item without a decision, held or not."""
        return self.filter(status=Status.WAITING)

    def free(self) -> Self:
        """The waiting items that no lease holds."""
        return self.waiting().filter(Q(leased_until=None) | Q(leased_until__lte=timezone.now()))

    def held(self) -> Self:
        """The waiting items that an agent has in hand, or that are held as an agent's next one."""
        return self.waiting().filter(leased_until__gt=timezone.now())

    def in_hand_of(self, agent: Account, *, after: "Item | None" = None) -> Self:
        """The items that this agent has taken and not decided, first taken first; those of one deposit as they were sent.

        `after`: an item that they come from. What was sent behind it comes first, then what was sent before it in its deposit.
        """
        mine = self.held().filter(agent=agent, taken_at__isnull=False)
        if after is None or after.document is None:
            return mine.order_by("taken_at", "document__rank", "pk")
        together = Q(document__deposit=after.document.deposit_id)
        behind = together & Q(document__rank__gt=after.document.rank)
        return mine.order_by(
            Case(When(behind, then=0), When(together, then=1), default=2), "taken_at", "document__rank", "pk"
        )

    def may_be_given_to(self, agent: Account) -> Self:
        """The items that « Suivant » may give to this agent: what is kept for them, and what is open to them and of the kinds
        and languages that they treat. A lease is another question (`free`).
        """
        return self.open_to(agent).treated_by(agent)

    def open_to(self, agent: Account) -> Self:
        """The items that are not kept for another agent, nor for the one who stands in for an agent who is away."""
        stand_ins = Absence.objects.stand_ins()
        nobodys = [away for away, instead in stand_ins.items() if instead is None]
        theirs = [*self.kept_with(agent, stand_ins), *nobodys]
        return self.filter(
            Q(reserved_for=None) | Q(reserved_for__in=theirs) | Q(reserved_until__lte=timezone.now())
        )

    def kept_for(self, agent: Account) -> Self:
        """The items that this agent gets first, free or not: as themselves, or for an agent who is away."""
        return self.waiting().filter(_still_kept(), reserved_for__in=self.kept_with(agent))

    @staticmethod
    def kept_with(agent: Account, stand_ins: Mapping[int, int | None] | None = None) -> list[int]:
        """The keys of the agents whose kept items this one gets: their own, and of those whom they stand in for today."""
        away = Absence.objects.stand_ins() if stand_ins is None else stand_ins
        return [agent.pk, *(absent for absent, instead in away.items() if instead == agent.pk)]

    def treated_by(self, agent: Account) -> Self:
        """The items of the kinds and languages that this agent treats, and whatever is kept for them or in their hands."""
        chosen = Specialty.objects.of(agent)
        if not chosen.kinds and not chosen.languages:
            return self.all()
        treated = Q(kind__in=chosen.kinds) if chosen.kinds else Q()
        if chosen.languages:
            treated &= Q(_sent_in(chosen.languages))
        kept = Q(reserved_for__in=self.kept_with(agent)) & _still_kept()
        return self.filter(treated | kept | Q(agent=agent, leased_until__gt=timezone.now()))

    def in_place(self, place: str) -> Self:
        """The items of this `Availability`; every waiting item for ""."""
        kept = _kept_by_somebody()
        if place == Availability.FREE:
            return self.free().filter(Q(reserved_for=None) | ~kept)
        if place == Availability.IN_HAND:
            return self.held().filter(taken_at__isnull=False)
        if place == Availability.KEPT:
            return self.free().filter(kept)
        return self.filter(status=Status.DECIDED) if place == Availability.DECIDED else self.waiting()

    def with_place_rank(self) -> Self:
        """`place_rank`: where each is, in the order of `Availability`."""
        held = Q(status=Status.WAITING, leased_until__gt=timezone.now())
        ranks = [
            When(Q(status=Status.DECIDED), then=3),
            When(held & Q(taken_at__isnull=False), then=1),
            When(~held & _kept_by_somebody(), then=2),
        ]
        return self.annotate(place_rank=Case(*ranks, default=0))

    def with_name_keys(self) -> Self:
        """`shown_key`, `first_key`: the name that its member is called by, without accents; then the first names."""
        usage, birth = F("document__member__usage_key"), F("document__member__birth_key")
        shown = Case(When(~Q(document__member__usage_key=""), then=usage), default=birth)
        return self.annotate(shown_key=shown, first_key=F("document__member__first_key"))

    def of(self, agent: Account) -> Self:
        """The items that this agent has in hand, was given, or has just decided."""
        now = timezone.now()
        holds = Q(agent=agent) & (Q(leased_until__gt=now) | Q(status=Status.DECIDED))
        return self.filter(holds | Q(reserved_for=agent) & _still_kept())

    def with_what_is_shown(self) -> Self:
        # Agents by queries of their own: an agent who came since the last ANALYZE would have PostgreSQL read every account to
        # join one.
        items = self.select_related("document__member").defer("document__wrapped_key")
        return items.prefetch_related("agent", "reserved_for")

    def with_a_line(self) -> Self:
        """With the columns that one line of the list needs."""
        shown = ["document", "kind", "due_on", "leased_until", "status", "agent", "reserved_for"]
        about = ["document__kind", "document__answers", "document__member"]
        return self.select_related("document__member").only(*shown, *about)

    def matching(self, filters: Filters) -> Self:
        today = timezone.localdate()
        wanted = {
            "": Q(),
            Age.LATE: Q(due_on__lt=today),
            Age.TODAY: Q(due_on=today),
            Age.LATER: Q(due_on__gt=today),
        }
        items = self.filter(wanted[filters.age])
        return items.filter(kind=filters.kind) if filters.kind else items

    def oldest_due_first(self) -> Self:
        return self.order_by("due_on", "entered_at", "pk")


class Item(models.Model):
    """One thing that waits for an agent's decision, once: `about` is today a document whose checks are done. A lease (`agent`,
    `leased_until`) is one agent's, and ends by itself.

    `taken_at`: since when the agent treats the item; a lease without it only holds the item as the agent's next one, and the
    member still reads « Vérifié ». `reserved_for`: the agent who gets the item first (the one who asked for the correction that
    it answers, or that a colleague or a supervisor chose), since `reserved_since` and until `reserved_until`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # What it is about. Another kind of thing is a column beside this one, and a word more in the constraint.
    document = models.OneToOneField(Document, on_delete=models.CASCADE, null=True, related_name="item")
    kind = models.CharField(max_length=40)
    due_on = models.DateField(help_text="the working day by which it should be treated")
    was_late = models.BooleanField(
        default=False,
        db_default=False,
        help_text="a decision came after its day and was reopened: the promise is broken, whatever day it has now",
    )
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
    reserved_since = models.DateTimeField(null=True)
    signature_weighed_at = models.DateTimeField(
        null=True, help_text="when a signature read on it was found to accept it, or not; once"
    )

    # Who stands in for the agents who are away today (`AbsenceQuerySet.stand_ins`), where a page shows the item.
    stand_ins: Mapping[int, int | None] = MappingProxyType({})

    objects = ItemQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_on", "entered_at", "id"],
                condition=Q(status="waiting"),
                name="items_oldest_due_first",
            ),
            models.Index(
                fields=["kind", "due_on", "entered_at", "id"],
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
                fields=["reserved_for", "due_on", "entered_at", "id"],
                condition=Q(status="waiting", reserved_for__isnull=False),
                name="items_kept_for_somebody",
            ),
            models.Index(fields=["id"], condition=Q(status="gone"), name="items_gone"),
            models.Index(fields=["due_on"], condition=Q(status="decided"), name="items_decided"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(leased_until__isnull=True) | Q(agent__isnull=False), name="a_lease_is_somebodys"
            ),
            models.CheckConstraint(condition=Q(document__isnull=False), name="about_exactly_one_thing"),
        ]

    def __str__(self) -> str:
        return f"item {self.pk}"

    @property
    def about(self) -> Document:
        assert self.document is not None  # held by a constraint, until there is another kind
        return self.document

    @property
    def subject(self) -> str:
        """How the journal and the drafts name what it is about."""
        return subject_of(SubjectKind.DOCUMENT, self.document_id)

    @property
    def owner(self) -> str:
        """How the journal names the member whose file it is in."""
        return self.about.owner

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
        """Whether an agent gets it first: the one it is kept for, or who stands in for them."""
        until = self.reserved_until
        return self.keeper_id is not None and (until is None or until > timezone.now())

    @property
    def keeper_id(self) -> int | None:
        """The key of the agent who gets it while it is kept; None: nobody, for the agent is away and has no substitute."""
        return (
            None
            if self.reserved_for_id is None
            else self.stand_ins.get(self.reserved_for_id, self.reserved_for_id)
        )

    @property
    def availability(self) -> Availability | None:
        """Where the item is; None: it waits no more."""
        if self.status == Status.DECIDED:
            return Availability.DECIDED
        if not self.is_waiting:
            return None
        if self.is_held and self.taken_at is not None:
            return Availability.IN_HAND
        return Availability.KEPT if self.is_kept else Availability.FREE

    @property
    def shown_agent(self) -> Account | None:
        """The agent who has the item in hand, has just decided it, or gets it first; None: it is free, or waits no more."""
        if self.availability == Availability.KEPT:
            return self.reserved_for
        return None if self.availability == Availability.FREE else self.agent

    @property
    def age(self) -> Age:
        today = timezone.localdate()
        if self.due_on < today:
            return Age.LATE
        return Age.TODAY if self.due_on == today else Age.LATER
