"""A batch is taken once: its row says what became of it, in the transaction that did it. Then its files are moved away.

The `.fin` is moved last. While it is there, its digest says whether what lies there is still this batch.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.database.transactions import needs_transaction
from adherents.folder import disk, fin, reports
from adherents.folder.disk import ExchangeFolder
from adherents.folder.models import BatchKind, BatchState, FolderBatch
from adherents.folder.services.watching import WatchGone, keep_watch, watched_row
from adherents.journal.events import Event
from adherents.journal.services import record


class TakenBack(Exception):
    """Its sender took the `.fin` away while the round was at work."""


def open_batch(
    *, token: str, kind: BatchKind, name: str, digest: str, covered_digest: str = ""
) -> FolderBatch:
    """The row of this batch: a new one, or that of a process that was stopped. The digests are those of `fin.Fin`.

    One that was begun under this name with another content ends here: what it had done stays, and its report says so.
    """
    with transaction.atomic():
        keep_watch(token)
        open_one = FolderBatch.objects.filter(kind=kind, name=name, state=BatchState.TAKEN).first()
        if open_one is not None and open_one.digest == digest:
            if open_one.covered_digest != covered_digest:
                open_one.covered_digest = covered_digest
                open_one.save(update_fields=["covered_digest"])
            return open_one
        if open_one is not None:
            words = _("Interrompu, puis remplacé par un autre lot du même nom avant d’être pris en entier.")
            report = reports.report(open_one, words, told=_kept(open_one))
            settle_batch(token=token, batch=open_one, refused=True, report=report)
        return FolderBatch.objects.create(kind=kind, name=name, digest=digest, covered_digest=covered_digest)


@needs_transaction
def settle_batch(*, token: str, batch: FolderBatch, refused: bool, report: str, **counts: Any) -> None:
    """What became of it, in the caller's transaction, with what was done for it. Raises `WatchGone`."""
    watch = watched_row(token)
    now = timezone.now()
    settled = FolderBatch.objects.filter(pk=batch.pk, state=BatchState.TAKEN).update(
        state=BatchState.SETTLED, refused=refused, report=report, settled_at=now
    )
    if not settled:
        raise WatchGone
    batch.state, batch.refused, batch.report, batch.settled_at = BatchState.SETTLED, refused, report, now
    record(
        Event.FOLDER_BATCH_REFUSED if refused else Event.FOLDER_BATCH_TAKEN,
        subject=watch.subject,
        batch=batch.pk,
        kind=batch.kind,
        **counts,
    )


def withdraw_batches(*, folder: ExchangeFolder, token: str) -> int:
    """End those that were begun, and whose `.fin` was taken away since: nothing goes on with them. How many."""
    begun = FolderBatch.objects.filter(state=BatchState.TAKEN).order_by("pk")
    gone = [batch for batch in begun if not disk.is_there(f"{batch.name}{fin.SUFFIX}", folder[batch.kind])]
    for batch in gone:
        why = _("Retiré avant d’être pris en entier.")
        with transaction.atomic():
            settle_batch(
                token=token, batch=batch, refused=True, report=reports.report(batch, why, told=_kept(batch))
            )
    return len(gone)


def _kept(batch: FolderBatch) -> list[str]:
    """What a batch had done that ends before its end."""
    if batch.kind != BatchKind.DOCUMENTS:
        return []
    return [_("%(count)d documents étaient déjà déposés : ils restent.") % {"count": batch.papers.count()}]


def refuse_batch(
    *, token: str, batch: FolderBatch, why: str, told: list[str] | None = None, more: int = 0
) -> None:
    """Nothing of it was done."""
    text = reports.report(batch, _("Refusé : rien n’a été fait."), why=why, told=told or [], more=more)
    with transaction.atomic():
        settle_batch(token=token, batch=batch, refused=True, report=text)


def put_batch_away(*, folder: ExchangeFolder, token: str, batch: FolderBatch) -> None:
    """Move its files to `done` or `refused`, with its report. Raises `LeftAlone`: it is tried again at the next round."""
    keep_watch(token)
    parent = folder[disk.REFUSED if batch.refused else disk.DONE]
    disk.make_folder(batch.place, parent, mode=0o750)
    with disk.subfolder(batch.place, parent) as place:
        # First: who reads it learns what became of the batch, and why it lies there still where it cannot be moved.
        disk.write(reports.NAME, place, iter([batch.report.encode()]), mode=0o640)
        if _lies_there(folder, batch.kind, batch.name, batch.digest):
            for kind, entry in _files_of(folder, batch):
                if disk.is_there(entry, folder[kind]):
                    disk.make_folder(kind, place, mode=0o750)
                    with disk.subfolder(kind, place) as into:
                        disk.move(entry, folder[kind], into)
    with transaction.atomic():
        keep_watch(token)
        FolderBatch.objects.filter(pk=batch.pk).update(state=BatchState.FINISHED)
    batch.state = BatchState.FINISHED


def _lies_there(folder: ExchangeFolder, kind: str, name: str, digest: str) -> bool:
    """Whether its `.fin` does, and not that of another batch that came under its name."""
    there = fin.fin_of(name, folder[kind])
    return there is not None and there.digest == digest


def _files_of(folder: ExchangeFolder, batch: FolderBatch) -> list[tuple[str, str]]:
    """Each with its subfolder, in the order in which they are moved."""
    last = (batch.kind, f"{batch.name}{fin.SUFFIX}")
    if batch.kind == BatchKind.DOCUMENTS:
        return [(disk.DOCUMENTS, batch.name), last]
    covered: list[tuple[str, str]] = []
    if batch.covered_digest and _lies_there(folder, disk.BENEFICIARIES, batch.name, batch.covered_digest):
        covered = [(disk.BENEFICIARIES, f"{batch.name}{ending}") for ending in (".csv", fin.SUFFIX)]
    return [(disk.MEMBERS, f"{batch.name}.csv"), *covered, last]
