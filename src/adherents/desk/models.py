"""What the desk knows of an agent: how they read, which documents they treat, when they are away."""

from collections.abc import Mapping
from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act


class Scale(models.TextChoices):
    """How large a page is drawn: seen whole, or as wide as its pane, or that many percent of this width."""

    WHOLE = "page", _("Entière")
    WIDTH = "100", _("Largeur")
    LARGER = "150", _("150 %")
    LARGEST = "200", _("200 %")


LEGIBLE = Scale.WIDTH  # for who has chosen nothing: see docs/decisions/0054-legible-without-a-key.md


class ZoomQuerySet(models.QuerySet["Zoom"]):
    def of(self, agent: Account, kind: str) -> str:
        """How large this agent reads documents of this kind."""
        chosen = self.filter(account=agent, kind=kind).values_list("scale", flat=True)
        return next(iter(chosen), LEGIBLE.value)  # one at most, by a constraint


class Zoom(models.Model):
    """How large an agent chose to read documents of a kind, on whatever machine. It names no member and no document."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="zooms", db_index=False)
    kind = models.CharField(max_length=40, help_text="of documents: its code in the profile")
    scale = models.CharField(max_length=4, choices=Scale.choices)

    objects = ZoomQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "kind"], name="one_zoom_a_kind")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind} {self.scale}"


class SpecialtyQuerySet(models.QuerySet["Specialty"]):
    def of(self, agent: Account) -> "Specialty":
        """What this agent treats; everything where nothing was chosen."""
        return self.filter(account=agent).first() or Specialty(account=agent)


class Specialty(models.Model):
    """The kinds of documents and the languages that « Suivant » gives to an agent. An empty list means all; so does no row.

    `kinds`: codes of the profile, `UNKNOWN_KIND` among them. `languages`: codes such as "fr", of the members who sent.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="specialty")
    kinds = models.JSONField(default=list)
    languages = models.JSONField(default=list)

    objects = SpecialtyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "specialties"

    def __str__(self) -> str:
        return f"specialty of {self.account_id}"

    def covers(self, kind: str, language: str) -> bool:
        """Whether this agent treats documents of this kind, sent in this language."""
        return (not self.kinds or kind in self.kinds) and (not self.languages or language in self.languages)


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def on(self, day: date | None = None) -> Self:
        """Those that this day is part of; today by default."""
        day = day or timezone.localdate()
        return self.filter(begins_on__lte=day, ends_on__gte=day)

    def to_come(self) -> Self:
        """Those that are not over, the first to begin first."""
        return self.filter(ends_on__gte=timezone.localdate()).order_by("begins_on", "pk")

    def stand_ins(self) -> dict[int, int | None]:
        """The agents who are away today, by their keys, and who stands in for each: None where nobody does. One query.

        A substitute who is away too has their own substitute stand in, and so on; a circle ends with nobody, and so does a
        substitute who was suspended or treats no documents any more.
        """
        rows = self.on().values_list(
            "account_id", "substitute_id", "substitute__closed_at", "substitute__role"
        )
        treating = TABLE[Act.TREAT]
        next_ones = {
            account: substitute if closed_at is None and role in treating else None
            for account, substitute, closed_at, role in rows
        }
        return {account: _end_of_chain(account, next_ones) for account in next_ones}


def _end_of_chain(account: int, next_ones: Mapping[int, int | None]) -> int | None:
    seen: set[int] = set()
    while account in next_ones:
        if account in seen:
            return None
        seen.add(account)
        substitute = next_ones[account]
        if substitute is None:
            return None
        account = substitute
    return account


class Absence(models.Model):
    """Days on which an agent does not work, the first and the last included. Meanwhile what is kept for them goes to the
    substitute, or to all.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="absences", db_index=False)
    begins_on = models.DateField()
    ends_on = models.DateField()
    substitute = models.ForeignKey(
        Account, on_delete=models.SET_NULL, null=True, related_name="absences_covered"
    )

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "ends_on"], name="absences_of_an_agent"),
            models.Index(fields=["ends_on"], name="absences_not_over"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("begins_on")), name="an_absence_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(substitute__isnull=True) | ~Q(substitute=F("account")),
                name="nobody_stands_in_for_themselves",
            ),
        ]

    def __str__(self) -> str:
        return f"absence {self.pk}"

    @property
    def is_now(self) -> bool:
        return self.begins_on <= timezone.localdate() <= self.ends_on
