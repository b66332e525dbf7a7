"""A batch of the register: the members' file, with the beneficiaries' file of the same name. All of it is applied, or nothing.

The files are hashed while they are copied to where nobody else writes, and read from there: what is applied is what was hashed.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from adherents.folder import disk, fin, reports
from adherents.folder.disk import ExchangeFolder, UnfitFile
from adherents.folder.endings import Ending
from adherents.folder.models import BatchKind, FolderBatch
from adherents.folder.services.batches import TakenBack, open_batch, refuse_batch, settle_batch
from adherents.folder.services.watching import Turn, folder_actor
from adherents.members.intake.read import UnusableFile
from adherents.members.models import Source
from adherents.members.services.import_files import (
    RegisterChangedMeanwhile,
    Report,
    TooManyGone,
    import_files,
)

MOST_BYTES = 4 << 30  # four million members take one


class DoubtfulFile(Exception):
    """A file may be cut. Nobody looks at it before it is applied, so nothing of it is."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


class NothingDone(Exception):
    """Every line is refused: who sent the file must learn it, and not from a report in `done/`."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


def take_register(
    *, folder: ExchangeFolder, turn: Turn, name: str, allow_gone: float
) -> tuple[FolderBatch, Ending]:
    """Take the members' file of this name. Raises `LeftAlone`, `TakenBack` and `WatchGone`, with nothing done."""
    members, covered = (fin.fin_of(name, folder[kind]) for kind in (disk.MEMBERS, disk.BENEFICIARIES))
    if members is None:
        raise TakenBack
    kinds = {disk.MEMBERS: members} | ({disk.BENEFICIARIES: covered} if covered else {})
    batch = open_batch(
        token=turn.token,
        kind=BatchKind.MEMBERS,
        name=name,
        digest=members.digest,
        covered_digest=covered.digest if covered else "",
    )
    lines = reports.RefusedLines()
    try:
        for kind, named in kinds.items():
            _copy(folder, turn, kind, name, named)
        _apply(folder, turn, batch, list(kinds), allow_gone, lines)
    except (UnfitFile, UnusableFile) as error:
        return _refused(turn, batch, str(error), Ending.REFUSED, lines)
    except TooManyGone as error:
        return _refused(turn, batch, str(error.message), Ending.TOO_MANY, lines, error.report)
    except DoubtfulFile as error:
        why = _("Un fichier est peut-être coupé : il n’est donc pas appliqué.")
        return _refused(turn, batch, why, Ending.DOUBTFUL, lines, error.report)
    except NothingDone as error:
        why = _("Aucune ligne n’a pu être appliquée.")
        return _refused(turn, batch, why, Ending.REFUSED, lines, error.report)
    except RegisterChangedMeanwhile:
        return batch, Ending.CHANGED_MEANWHILE
    finally:
        for kind in kinds:
            disk.remove(_spooled(kind, name), folder[disk.SPOOL])
    return batch, Ending.WELL


def _spooled(kind: str, name: str) -> str:
    return f"{kind}-{name}.csv"


def _copy(folder: ExchangeFolder, turn: Turn, kind: str, name: str, named: fin.Fin) -> None:
    """Raises `UnfitFile` or `LeftAlone`."""
    file = f"{name}.csv"
    digests = named.digests(most=1)
    if list(digests) != [disk.one_form(file)]:
        raise UnfitFile(
            _("Le fichier .fin de %(kind)s doit nommer %(file)s, et lui seul.") % {"kind": kind, "file": file}
        )
    try:
        seen = fin.Hashing(turn.going_on(disk.read(file, folder[kind], most=MOST_BYTES)))
        disk.write(_spooled(kind, name), folder[disk.SPOOL], iter(seen), mode=0o600)
    except FileNotFoundError:
        raise UnfitFile(_("%(file)s manque.") % {"file": f"{kind}/{file}"}) from None
    if [seen.digest] != list(digests.values()):
        raise UnfitFile(
            _("%(file)s n’a pas l’empreinte que dit le .fin : il est incomplet, ou autre.")
            % {"file": f"{kind}/{file}"}
        )


def _apply(
    folder: ExchangeFolder,
    turn: Turn,
    batch: FolderBatch,
    kinds: list[str],
    allow_gone: float,
    lines: reports.RefusedLines,
) -> None:
    def settle(report: Report) -> None:
        """In the transaction that changes the register."""
        if report.is_doubtful:
            raise DoubtfulFile(report)
        if not _some_done(report):
            raise NothingDone(report)
        text = reports.report(
            batch, _("Appliqué : le registre est à jour."), told=list(_told(report, lines)), more=lines.more
        )
        counts = {
            "lines": report.members.lines,
            "refused_lines": report.members.refused + report.members.other_person,
        }
        settle_batch(token=turn.token, batch=batch, refused=False, report=text, **counts)

    paths = [folder.path_of(disk.SPOOL, _spooled(kind, batch.name)) for kind in kinds]
    import_files(
        members=paths[0],
        beneficiaries=paths[1] if len(paths) > 1 else None,
        apply=True,
        allow_gone=allow_gone,
        source=Source.FOLDER,
        actor=folder_actor(),
        on_refused=lines.add,
        on_applied=settle,
        progress=lambda *_: turn.go_on(),
    )


def _some_done(report: Report) -> bool:
    """Whether a line of it was taken, or it has none."""
    plans = [plan for plan in (report.members, report.beneficiaries) if plan is not None]
    refused = sum(plan.refused + plan.other_person for plan in plans)
    return not refused or refused < sum(plan.lines for plan in plans)


def _refused(
    turn: Turn,
    batch: FolderBatch,
    why: str,
    ending: Ending,
    lines: reports.RefusedLines,
    report: Report | None = None,
) -> tuple[FolderBatch, Ending]:
    told = list(_told(report, lines)) if report else lines.told
    refuse_batch(token=turn.token, batch=batch, why=why, told=told, more=lines.more)
    return batch, ending


def _told(report: Report, lines: reports.RefusedLines) -> Iterator[str]:
    yield from reports.in_words(_("Adhérents"), report.members)
    if report.beneficiaries is not None:
        yield from reports.in_words(_("Bénéficiaires"), report.beneficiaries)
    if lines.told:
        yield ""
        yield from lines.told
