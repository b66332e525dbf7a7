"""A new second factor takes two people: one asks, the other agrees."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from adherents.accounts.models.accounts import Account


class FactorRequestQuerySet(models.QuerySet["FactorRequest"]):
    def waiting(self) -> Self:
        return self.filter(state="waiting", expires_at__gt=timezone.now())

    def answerable_by(self, agent: "Account") -> Self:
        """Those that wait for a second person, who this agent may be."""
        return self.waiting().exclude(asked_by=agent).exclude(account=agent)

    def overdue(self) -> Self:
        """No second person agreed in time, and that is not written down yet."""
        return self.filter(state="waiting", expires_at__lte=timezone.now())


class FactorRequest(models.Model):
    """Somebody asks that an agent who lost their second factor may add another; a second person agrees, or not."""

    class RequestState(models.TextChoices):
        WAITING = "waiting", _("attend une seconde personne")
        APPROVED = "approved", _("accordé")
        REFUSED = "refused", _("refusé")
        EXPIRED = "expired", _("sans réponse à temps")
        WITHDRAWN = "withdrawn", _("sans objet : l’agent a retrouvé son second facteur")

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="factor_requests"
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=12, choices=RequestState.choices, default=RequestState.WAITING)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True)

    objects = FactorRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="waiting"), name="one_factor_request_waits"
            ),
            models.CheckConstraint(condition=~Q(asked_by=F("account")), name="factor_asked_by_another"),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | (Q(settled_by__isnull=False) & ~Q(settled_by=F("asked_by")) & ~Q(settled_by=F("account"))),
                name="factor_approved_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"new factor for {self.account_id}: {self.state}"
