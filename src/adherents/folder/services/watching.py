"""Who watches the folder: one process at a time, on whatever machine. It writes under the lease of one row, or nothing."""

import logging
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from adherents.accounts.services.systems import system_account
from adherents.database.transactions import needs_transaction
from adherents.folder.models import FolderWatch

log = logging.getLogger("adherents.folder")
LEASE = timedelta(minutes=10)
BEATS_EVERY = 20.0  # seconds, while a long file is read
IDENTIFIER = "folder:exchange"  # cannot be typed on a sign-in page, where it would be upper case


class WatchHeld(Exception):
    """Another process watches the folder, or did until it died: then it is free at `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until.isoformat())
        self.until = until


class WatchGone(Exception):
    """The lease ended, and another process has it: nothing more is written here."""


def take_watch(*, folder: str) -> str:
    """Watch the folder from now on; the token that each write needs. Raises `WatchHeld`.

    `folder`: what `ExchangeFolder.identity` says, by who has its lock: the one before on this machine is dead, and its lease
    need not end.
    """
    holder, token, now = f"{socket.gethostname()[:80]}/{folder}", secrets.token_hex(8), timezone.now()
    FolderWatch.objects.bulk_create([FolderWatch(pk=FolderWatch.THE_ONE)], ignore_conflicts=True)
    free = Q(holder=holder) | Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    taken = FolderWatch.objects.filter(free, pk=FolderWatch.THE_ONE).update(
        holder=holder, token=token, leased_until=now + LEASE, beat_at=now
    )
    if not taken:
        raise WatchHeld(FolderWatch.objects.get(pk=FolderWatch.THE_ONE).leased_until or now)
    return token


def keep_watch(token: str) -> None:
    """Go on watching. Raises `WatchGone`. In a transaction, nobody else can take the watch before its end."""
    now = timezone.now()
    mine = FolderWatch.objects.filter(pk=FolderWatch.THE_ONE, token=token)
    if not mine.update(leased_until=now + LEASE, beat_at=now):
        raise WatchGone


def leave_watch(token: str) -> None:
    """The next one need not wait."""
    FolderWatch.objects.filter(pk=FolderWatch.THE_ONE, token=token).update(token="", leased_until=None)


class Turn:
    """One round under the watch. It goes on for as long as what is read takes, and ends early when the process is stopped."""

    def __init__(self, token: str, *, is_stopping: Callable[[], bool] = lambda: False) -> None:
        self.token, self.is_stopping = token, is_stopping
        self._kept_at = time.monotonic()

    def go_on(self) -> None:
        """Raises `WatchGone`."""
        if time.monotonic() > self._kept_at + BEATS_EVERY:
            keep_watch(self.token)
            self._kept_at = time.monotonic()

    def going_on(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.go_on()
            yield chunk


@needs_transaction
def watched_row(token: str) -> FolderWatch:
    """The row, held until the caller's transaction ends. Must be called in a transaction. Raises `WatchGone`."""
    keep_watch(token)
    return FolderWatch.objects.get(pk=FolderWatch.THE_ONE)


def note_waiting(*, token: str, since: datetime | None, count: int) -> None:
    """What lies in the folder and is not taken, for health and figures. Raises `WatchGone`."""
    with transaction.atomic():
        row = watched_row(token)
        if count > row.waiting_count:
            log.warning("batches wait in the exchange folder", extra={"count": count})
        row.waiting_since, row.waiting_count = since, count
        row.save(update_fields=["waiting_since", "waiting_count"])


def folder_actor() -> str:
    """How the journal names who puts files into the folder: a system of the insurer, as a client of the API is one."""
    account, _new = system_account(IDENTIFIER, name="Dossier d’échange")
    return account.actor
