"""What the desk remembers of how an agent reads."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account


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
