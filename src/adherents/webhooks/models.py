"""Who is called, and how far each has got in the feed."""

import hashlib
import uuid
from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.crypto.fields import EncryptedTextField
from adherents.feed.models import Announcement
from adherents.feed.services import last_position
from adherents.journal.subjects import SubjectKind, subject_of
from adherents.webhooks.troubles import Trouble
from adherents.work.models import DueWork, DueWorkQuerySet

GIVEN_UP_AFTER = timedelta(days=3)
LONGEST_WAIT = timedelta(hours=1)  # between two tries: a receiver that is back is served within the hour


class EndpointState(models.TextChoices):
    LIVE = "live", _("En service")
    PAUSED = "paused", _("En pause")
    SET_ASIDE = "set_aside", _("Mis de côté")


class EndpointQuerySet(DueWorkQuerySet):
    def due(self) -> Self:
        """Those whose time has come and for whom there is something in the feed."""
        return super().due().live().filter(position__lt=last_position())

    def live(self) -> Self:
        return self.filter(state=EndpointState.LIVE)

    def behind(self) -> Self:
        """Those that have something to take, now or later; `waits_since`: when the first of it was announced."""
        first = Announcement.objects.filter(position=OuterRef("position") + 1).values("at")[:1]
        behind = self.live().filter(position__lt=last_position())
        return behind.annotate(waits_since=Coalesce(Subquery(first), "next_attempt_at"))

    def set_aside(self) -> Self:
        return self.filter(state=EndpointState.SET_ASIDE)


class Endpoint(DueWork):
    """An address that the feed's events are sent to, one after the other. The row is the work: `position` is that of the last
    event that it took, or did not want.

    `types`: those that it wants, none for all. `former_secret` signs beside `secret` until it is removed: so the receiver
    changes from one to the other without a cut. `failing_since`: nothing was taken since then; after `GIVEN_UP_AFTER` it is set
    aside.
    """

    seal_id = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="tells its row apart"
    )
    name = models.CharField(max_length=60, unique=True)
    url = models.CharField(max_length=500)
    secret = EncryptedTextField(bound_to=["seal_id"])
    former_secret = EncryptedTextField(bound_to=["seal_id"], default="")
    types = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=EndpointState.choices, default=EndpointState.LIVE)
    position = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    rotated_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True, help_text="the last try")
    answered_status = models.PositiveSmallIntegerField(null=True)
    trouble = models.CharField(
        max_length=20, choices=Trouble.choices, default="", help_text="of the last try"
    )
    taken_at = models.DateTimeField(null=True, help_text="the last event that it took")
    failing_since = models.DateTimeField(null=True)

    objects: ClassVar[EndpointQuerySet] = EndpointQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        return subject_of(SubjectKind.WEBHOOK, self.pk)

    @property
    def secrets_mark(self) -> str:
        """Other secrets have another one; nobody finds the secrets by it."""
        return hashlib.sha256(" ".join(self.secrets).encode()).hexdigest()[:32]

    @property
    def secrets(self) -> list[str]:
        """Those that sign, the newest first."""
        return [secret for secret in (self.secret, self.former_secret) if secret]

    def wants(self, event_type: str) -> bool:
        return not self.types or event_type in self.types
