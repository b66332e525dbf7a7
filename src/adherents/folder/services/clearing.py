"""What lies in the folder goes away: after the profile's days; an original, as soon as its document is erased or taken back."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from adherents.folder import disk
from adherents.folder.disk import ExchangeFolder, LeftAlone
from adherents.folder.endings import Ending
from adherents.folder.models import (
    BatchState,
    DeliveryKind,
    DeliveryState,
    FolderBatch,
    FolderDelivery,
    FolderOriginal,
)
from adherents.folder.services.watching import Turn, keep_watch
from adherents.insurer.profile import profile
from adherents.vault.models import State

Clear = Callable[[Turn], None]


def clear_away(*, folder: ExchangeFolder, turn: Turn) -> Ending:
    """The file goes first, then the row says so: a second time finds nothing. Raises `LeftAlone`, once all others are gone, and
    `WatchGone`.
    """
    left: LeftAlone | None = None
    for clear in (*_originals(folder), *_deliveries(folder), *_batches(folder)):
        turn.go_on()
        try:
            clear(turn)
        except LeftAlone as error:  # somebody else's, perhaps; it holds up no other
            left = left or error
    if left is not None:
        raise left
    return Ending.WELL


def _cleared(
    folder: ExchangeFolder,
    names: Sequence[str],
    subfolder: str,
    row: models.Model,
    turn: Turn,
    **columns: object,
) -> None:
    for name in names:
        disk.remove(name, folder[subfolder])
    with transaction.atomic():
        keep_watch(turn.token)
        type(row)._default_manager.filter(pk=row.pk).update(**columns)


def _originals(folder: ExchangeFolder) -> Iterator[Clear]:
    over = Q(given_at__lte=timezone.now() - timedelta(days=profile().folder.originals_days))
    not_theirs = Q(document__erased_at__isnull=False) | Q(document__state=State.WITHDRAWN)
    lying = FolderOriginal.objects.filter(given_at__isnull=False, removed_at__isnull=True)
    delivered = lying.filter(over | not_theirs, delivery__state=DeliveryState.DELIVERED)
    for row in delivered.order_by("pk"):
        yield partial(_cleared, folder, [row.file_name], disk.ORIGINALS, row, removed_at=timezone.now())


def _deliveries(folder: ExchangeFolder) -> Iterator[Clear]:
    """The lists, and the index of the originals."""
    now, rules = timezone.now(), profile().folder
    for kind, days in (
        (DeliveryKind.DECISIONS, rules.kept_days),
        (DeliveryKind.ORIGINALS, rules.originals_days),
    ):
        over = FolderDelivery.objects.filter(kind=kind, at__lte=now - timedelta(days=days))
        delivered = over.filter(state=DeliveryState.DELIVERED, files_removed_at__isnull=True)
        for row in delivered.order_by("pk"):
            yield partial(_cleared, folder, row.files, kind.value, row, files_removed_at=now)


def _batches(folder: ExchangeFolder) -> Iterator[Clear]:
    now = timezone.now()
    over = FolderBatch.objects.filter(
        state=BatchState.FINISHED, settled_at__lte=now - timedelta(days=profile().folder.kept_days)
    )
    for row in over.filter(files_removed_at__isnull=True).order_by("pk"):
        subfolder = disk.REFUSED if row.refused else disk.DONE
        yield partial(_cleared, folder, [row.place], subfolder, row, files_removed_at=now, report="")
