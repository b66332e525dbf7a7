"""One round: what is whole is taken, what was decided goes out, what was there long enough goes away."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

from django.utils.translation import gettext as _

from adherents.folder import disk, fin
from adherents.folder.disk import ExchangeFolder, LeftAlone
from adherents.folder.endings import Ending
from adherents.folder.models import BatchKind, BatchState, FolderBatch
from adherents.folder.services.batches import TakenBack, put_batch_away, withdraw_batches
from adherents.folder.services.clearing import clear_away
from adherents.folder.services.delivering import complete_deliveries, deliver_new
from adherents.folder.services.papers import Interrupted, take_papers
from adherents.folder.services.registers import take_register
from adherents.folder.services.watching import Turn, keep_watch, note_waiting
from adherents.members.services.import_files import GONE_PERCENT

STALE_SECONDS = 3600  # a batch takes some time to arrive; one that takes longer was forgotten
Say = Callable[[str], None]


def go_round(
    *, folder: ExchangeFolder, turn: Turn, say: Say = lambda words: None, allow_gone: float = GONE_PERCENT
) -> Ending:
    """Do what there is to do, each thing once. The caller has the folder's lock and the watch. Raises `WatchGone`.

    `say` is told what became of each batch. `allow_gone`: as of an import, in percent.
    """
    keep_watch(turn.token)
    endings = [Ending.WELL]
    steps = _steps(folder, turn, say, allow_gone)
    while not turn.is_stopping():
        try:
            step = next(steps, None)
            if step is None:
                break
            endings.append(step())
        except LeftAlone as error:
            say(str(error))
            endings.append(Ending.TROUBLE)
        except Interrupted:
            break
    since, waiting = _waiting(folder)
    note_waiting(token=turn.token, since=since, count=len(waiting))
    for name in waiting:
        say(
            _("%(name)s attend depuis plus d’une heure : son .fin, ou ce qui va avec, n’est pas là.")
            % {"name": name}
        )
    return Ending.gravest(*endings)


def _steps(folder: ExchangeFolder, turn: Turn, say: Say, allow_gone: float) -> Iterator[Callable[[], Ending]]:
    """Each is tried whatever became of those before it."""
    for name in disk.names_in(folder[disk.SPOOL]):  # of a process that was killed
        disk.remove(name, folder[disk.SPOOL])
    withdraw_batches(folder=folder, token=turn.token)
    for batch in FolderBatch.objects.settled():
        yield partial(_finished, folder, turn, batch, Ending.REFUSED if batch.refused else Ending.WELL, say)
    for name in _ready_registers(folder):
        if not _is_settled(BatchKind.MEMBERS, name):
            yield partial(_register, folder, turn, name, allow_gone, say)
    for name in _named_by_fin(folder, disk.DOCUMENTS):
        if not _is_settled(BatchKind.DOCUMENTS, name):
            yield partial(_papers, folder, turn, name, say)
    yield partial(complete_deliveries, folder=folder, turn=turn)
    yield partial(deliver_new, folder=folder, turn=turn, say=say)
    yield partial(clear_away, folder=folder, turn=turn)


def _register(folder: ExchangeFolder, turn: Turn, name: str, allow_gone: float, say: Say) -> Ending:
    try:
        batch, ending = take_register(folder=folder, turn=turn, name=name, allow_gone=allow_gone)
    except TakenBack:
        return _taken_away(f"{disk.MEMBERS}/{name}", say)
    return _finished(folder, turn, batch, ending, say)


def _papers(folder: ExchangeFolder, turn: Turn, name: str, say: Say) -> Ending:
    place = f"{disk.DOCUMENTS}/{name}"
    try:
        batch, ending = take_papers(folder=folder, turn=turn, name=name)
    except TakenBack:
        return _taken_away(place, say)
    except LeftAlone as error:  # a paper's name says whose it is, and what is said here is kept in logs
        raise LeftAlone(error.words, place) from error
    return _finished(folder, turn, batch, ending, say)


def _taken_away(place: str, say: Say) -> Ending:
    """What was begun of it ends at the next round."""
    say(_("%(name)s a été retiré avant d’être pris.") % {"name": place})
    return Ending.WELL


def _finished(folder: ExchangeFolder, turn: Turn, batch: FolderBatch, ending: Ending, say: Say) -> Ending:
    said = {"kind": BatchKind(batch.kind).label, "name": batch.name, "number": batch.pk}
    if batch.state == BatchState.TAKEN:  # for another round
        say(_("%(kind)s, %(name)s : un autre import a été appliqué entre-temps, il sera repris.") % said)
        return ending
    put_batch_away(folder=folder, token=turn.token, batch=batch)
    where = f"{disk.REFUSED if batch.refused else disk.DONE}/{batch.place}"
    say(_("%(kind)s, %(name)s : lot n° %(number)d, voir %(where)s.") % (said | {"where": where}))
    return ending


def _is_settled(kind: BatchKind, name: str) -> bool:
    """What became of it is known, and its files cannot be moved: it is not taken a second time."""
    return FolderBatch.objects.settled().filter(kind=kind, name=name).exists()


def _named_by_fin(folder: ExchangeFolder, kind: str) -> list[str]:
    names = [
        name.removesuffix(fin.SUFFIX) for name in disk.names_in(folder[kind]) if name.endswith(fin.SUFFIX)
    ]
    return [name for name in names if disk.is_plain(name, longest=disk.LONGEST_NAME)]


def _ready_registers(folder: ExchangeFolder) -> list[str]:
    """The members' batches that are whole, with the beneficiaries of the same name where something of them is there."""
    covered = set(disk.names_in(folder[disk.BENEFICIARIES]))
    ready = []
    for name in _named_by_fin(folder, disk.MEMBERS):
        begun, ended = f"{name}.csv" in covered, f"{name}{fin.SUFFIX}" in covered
        if begun == ended:
            ready.append(name)
    return ready


def _waiting(folder: ExchangeFolder) -> tuple[datetime | None, list[str]]:
    """What lies there for longer than an hour, and since when the oldest does. Hidden files are a transfer's own."""
    now, oldest, names = time.time(), 0.0, []
    for kind in disk.INCOMING:
        for name in disk.names_in(folder[kind]):
            age = disk.age_seconds(name, folder[kind], now)
            if age > STALE_SECONDS and not name.startswith("."):
                oldest = max(oldest, age)
                names.append(f"{kind}/{name if disk.is_plain(name) else _('(nom illisible)')}")
    since = datetime.fromtimestamp(now - oldest, UTC) if names else None
    return since, names
