"""What was taken from the exchange folder and put into it. The rows are the truth: files may come and go."""

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.journal.subjects import SubjectKind, subject_of
from adherents.vault.models import Document

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

ROWS_KEPT_FOR = timedelta(days=400)  # so long a paper that comes a second time is known


class FolderWatchQuerySet(models.QuerySet["FolderWatch"]):
    def behind(self) -> Self:
        """While something lies in the folder that is not taken, or its watcher died; `waits_since`: since when."""
        died = Q(leased_until__lt=timezone.now())
        behind = self.filter(Q(waiting_since__isnull=False) | died)
        return behind.annotate(waits_since=Coalesce("waiting_since", "leased_until"))


class FolderWatch(models.Model):
    """Who watches the folder, until when, and how far it is in the feed. One row: what is written under it is written once.

    `holder`: the machine and the folder, so that who has the lock of that very folder need not wait for a dead one's end.
    `waiting_since`: of the oldest batch that is not whole, or cannot be taken.
    """

    THE_ONE = 1

    holder = models.CharField(max_length=120, default="")
    token = models.CharField(max_length=16, default="")
    leased_until = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    decisions_after = models.CharField(max_length=80, default="", help_text="cursor of the feed")
    originals_after = models.CharField(max_length=80, default="", help_text="cursor of the feed")
    waiting_since = models.DateTimeField(null=True)
    waiting_count = models.PositiveIntegerField(default=0)

    objects = FolderWatchQuerySet.as_manager()

    def __str__(self) -> str:
        return "watch of the folder"

    @property
    def subject(self) -> str:
        return subject_of(SubjectKind.FOLDER, self.pk)


class BatchKind(models.TextChoices):
    """`MEMBERS`: with the beneficiaries of the same name, where they are there."""

    MEMBERS = "members", _("adhérents")
    DOCUMENTS = "documents", _("documents")


class BatchState(models.TextChoices):
    """`SETTLED`: what became of it is committed, and its files are still to be moved."""

    TAKEN = "taken"
    SETTLED = "settled"
    FINISHED = "finished"


class FolderBatchQuerySet(models.QuerySet["FolderBatch"]):
    def settled(self) -> Self:
        """Those whose files are still to be moved."""
        return self.filter(state=BatchState.SETTLED).order_by("pk")

    def old(self) -> Self:
        return self.filter(files_removed_at__isnull=False, taken_at__lte=timezone.now() - ROWS_KEPT_FOR)


class FolderBatch(models.Model):
    """A batch that was taken. `digest`: the SHA-256 of its `.fin`; `covered_digest`: of the beneficiaries' one, where they came
    too. `report`: what is written beside it, whole.
    """

    kind = models.CharField(max_length=12, choices=BatchKind.choices)
    name = models.CharField(max_length=160)
    digest = models.CharField(max_length=64)
    covered_digest = models.CharField(max_length=64, default="", blank=True)
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.TAKEN)
    refused = models.BooleanField(default=False)
    report = models.TextField(default="", blank=True)
    taken_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)
    files_removed_at = models.DateTimeField(null=True)

    objects = FolderBatchQuerySet.as_manager()
    papers: "RelatedManager[FolderPaper]"

    class Meta:
        verbose_name_plural = "folder batches"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "name"], condition=Q(state="taken"), name="one_open_batch_a_name"
            )
        ]

    def __str__(self) -> str:
        return f"batch {self.pk}"

    @property
    def place(self) -> str:
        """The name of its folder in `done` or `refused`."""
        return f"{self.pk:06d}-{self.kind}-{self.name}"


class FolderPaper(models.Model):
    """A document that a batch put in the vault. `key` is of what a line says, so that it is put there once.

    SHA-256 of: the batch's name, the member, the kind, the rank, the document's name and its bytes.
    """

    key = models.CharField(max_length=64, unique=True)
    batch = models.ForeignKey(FolderBatch, on_delete=models.CASCADE, related_name="papers")
    line = models.PositiveIntegerField()
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"paper {self.pk}"


class DeliveryKind(models.TextChoices):
    DECISIONS = "decisions"
    ORIGINALS = "originals"


class DeliveryState(models.TextChoices):
    """`WRITTEN`: whole in the private part of the folder. Each file gets its place by one rename: it is no longer there then."""

    MADE = "made"
    WRITTEN = "written"
    DELIVERED = "delivered"


class FolderDeliveryQuerySet(models.QuerySet["FolderDelivery"]):
    def undelivered(self) -> Self:
        return self.exclude(state=DeliveryState.DELIVERED).order_by("pk")

    def old(self) -> Self:
        """Whose files were taken away, too."""
        return self.filter(files_removed_at__isnull=False, at__lte=timezone.now() - ROWS_KEPT_FOR)


class FolderDelivery(models.Model):
    """Files that were put in `decisions` or `originals`: of the events between two positions of the feed."""

    kind = models.CharField(max_length=10, choices=DeliveryKind.choices)
    after = models.PositiveBigIntegerField(help_text="position")
    until = models.PositiveBigIntegerField(help_text="position")
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.MADE)
    at = models.DateTimeField(default=timezone.now)
    files = models.JSONField(
        default=list, help_text="in the order in which they get their places, the .fin last"
    )
    files_removed_at = models.DateTimeField(null=True)

    objects = FolderDeliveryQuerySet.as_manager()
    originals: "RelatedManager[FolderOriginal]"

    class Meta:
        verbose_name_plural = "folder deliveries"

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.kind}-{timezone.localtime(self.at):%Y%m%d-%H%M%S}-{self.pk:06d}"


class FolderOriginal(models.Model):
    """A member's document that lies, or lay, in `originals`. `given_at`: when the journal said so. `removed_at`: taken away."""

    delivery = models.ForeignKey(FolderDelivery, on_delete=models.CASCADE, related_name="originals")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=80)
    given_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "document"], name="one_original_a_delivery")
        ]

    def __str__(self) -> str:
        return self.file_name
