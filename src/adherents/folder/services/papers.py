"""A batch of the insurer's papers: an index and its files, each into its member's vault, as the API's deposit does.

The bytes are sealed while they are read, and hashed again: a file that changed since it was looked at enters nothing. The row
of a paper is made in the transaction of its deposit, under a key that is of its words and bytes: so a batch that is begun again,
after a kill or because it was sent again, goes on with what is left.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.translation import gettext as _

from adherents.folder import disk, fin, reports
from adherents.folder.disk import ExchangeFolder, LeftAlone, UnfitFile
from adherents.folder.endings import Ending
from adherents.folder.models import BatchKind, FolderBatch, FolderPaper
from adherents.folder.services.batches import TakenBack, open_batch, refuse_batch, settle_batch
from adherents.folder.services.watching import Turn, folder_actor, keep_watch
from adherents.insurer.profile import profile
from adherents.members.intake import encodings, read
from adherents.members.intake.facts import rank_in
from adherents.members.models import Beneficiary, Member
from adherents.members.selectors import member_numbered
from adherents.vault.names import clean_name
from adherents.vault.refusals import FileRefusal
from adherents.vault.services.from_insurer import deposit_arrived
from adherents.vault.services.receiving import MEGABYTE, Arrived, FileReceiver, RefusedFile, discard

INDEX = "index.csv"
COLUMNS = ("numero_adherent", "nature", "rang", "nom", "fichier")
MOST_FILES = 2000
MOST_INDEX_BYTES = 4 << 20


class LineRefused(Exception):
    """Why this line is not done, in words. The others are."""

    def __init__(self, why: str, *, column: str = "") -> None:
        super().__init__(why)
        self.why, self.column = why, column


class Interrupted(Exception):
    """The process is being stopped. The batch is gone on with at the next round."""


@dataclass(frozen=True)
class IndexLine:
    """One line of the index, as it is written."""

    line: int
    number: str
    kind: str
    rank: str
    name: str
    file: str


def take_papers(*, folder: ExchangeFolder, turn: Turn, name: str) -> tuple[FolderBatch, Ending]:
    """Take the batch of this name. Raises `LeftAlone`, `TakenBack`, `Interrupted` and `WatchGone`: what is done of it stays
    done, once.
    """
    named = fin.fin_of(name, folder[disk.DOCUMENTS])
    if named is None:
        raise TakenBack
    batch = open_batch(token=turn.token, kind=BatchKind.DOCUMENTS, name=name, digest=named.digest)
    try:
        digests = named.digests(most=MOST_FILES)
        try:
            with disk.subfolder(name, folder[disk.DOCUMENTS]) as files:
                digests = _there(files, digests)
                lines = _looked_at(folder, turn, files, digests)
                return _deposited(turn, batch, files, digests, lines)
        except FileNotFoundError:
            words = _("Le dossier %(name)s manque : les fichiers du lot sont dans un dossier de son nom.")
            raise UnfitFile(words % {"name": f"documents/{name}"}) from None
    except (UnfitFile, read.UnusableFile) as error:
        if batch.papers.exists():  # it was begun with, and changed since
            return _ended(turn, batch, [], reports.RefusedLines(), why=str(error))
        refuse_batch(token=turn.token, batch=batch, why=str(error))
        return batch, Ending.REFUSED
    finally:
        disk.remove(INDEX, folder[disk.SPOOL])


def _there(files: int, digests: Mapping[str, str]) -> dict[str, str]:
    """The digests under the names as the disk writes them, once everything is there and nothing else is. Raises `UnfitFile`."""
    there = {disk.one_form(name): name for name in disk.names_in(files)}
    if INDEX not in digests:
        raise UnfitFile(_("Le fichier .fin ne nomme pas %(index)s.") % {"index": INDEX})
    _check_none(_("manquent"), sorted(digests.keys() - there.keys()))
    surplus = set(disk.names_in(files)) - {there[name] for name in digests}
    _check_none(_("sont en trop : le .fin ne les nomme pas"), sorted(surplus))
    return {there[name]: digest for name, digest in digests.items()}


def _looked_at(folder: ExchangeFolder, turn: Turn, files: int, digests: Mapping[str, str]) -> list[IndexLine]:
    """The lines of the index, once each file is what the `.fin` says. Raises `UnfitFile`, `UnusableFile` or `LeftAlone`."""
    try:
        seen = fin.Hashing(disk.read(INDEX, files, most=MOST_INDEX_BYTES))
        disk.write(INDEX, folder[disk.SPOOL], iter(seen), mode=0o600)
        wrong = [INDEX] if seen.digest != digests[INDEX] else []
        for file in digests.keys() - {INDEX}:
            if turn.is_stopping():
                raise Interrupted
            if _digest(turn, file, files) != digests[file]:
                wrong.append(file)
    except FileNotFoundError:
        raise UnfitFile(_("Un fichier du lot a été retiré pendant qu’il était lu.")) from None
    _check_none(_("n’ont pas l’empreinte que dit le .fin"), sorted(wrong))
    path = folder.path_of(disk.SPOOL, INDEX)
    rows = list(read.rows(path, COLUMNS, look=read.look_at(path)))
    for row in rows:
        if not row.whole:
            words = _("%(index)s, ligne %(line)d : le nombre de colonnes n’est pas celui de l’en-tête.")
            raise UnfitFile(words % {"index": INDEX, "line": row.line})
    there = {disk.one_form(name): name for name in digests}
    lines = [
        replace(line, file=there.get(disk.one_form(line.file), line.file))
        for line in (IndexLine(row.line, *(value.strip() for value in row.values)) for row in rows)
    ]
    named = {line.file for line in lines}
    _check_none(_("sont en trop : l’index ne les nomme pas"), sorted(digests.keys() - named - {INDEX}))
    for line in lines:
        if line.file not in digests or line.file == INDEX:
            words = _("%(index)s, ligne %(line)d : son fichier n’est pas dans le lot.")
            raise UnfitFile(words % {"index": INDEX, "line": line.line})
    if not lines:
        raise UnfitFile(_("%(index)s ne nomme aucun document.") % {"index": INDEX})
    return lines


def _check_none(what: str, names: Sequence[str]) -> None:
    """Raises `UnfitFile`. A name that nobody can read is not repeated."""
    if names:
        shown = [name if disk.is_plain(name) else _("(nom illisible)") for name in names[:20]]
        rest = [_("et %(count)d autres") % {"count": len(names) - 20}] if len(names) > 20 else []
        raise UnfitFile(
            _("Des fichiers %(what)s : %(names)s.") % {"what": what, "names": ", ".join([*shown, *rest])}
        )


def _most() -> int:
    return profile().documents.max_file_mb * MEGABYTE


def _digest(turn: Turn, file: str, files: int) -> str:
    seen = fin.Hashing(turn.going_on(disk.read(file, files, most=_most())))
    for _chunk in seen:
        pass
    return seen.digest


def _deposited(
    turn: Turn, batch: FolderBatch, files: int, digests: Mapping[str, str], lines: Sequence[IndexLine]
) -> tuple[FolderBatch, Ending]:
    refused, told = reports.RefusedLines(), list[str]()
    for line in lines:
        if turn.is_stopping():
            raise Interrupted
        turn.go_on()
        try:
            if earlier := _deposit(turn, batch, files, digests, line):
                told.append(
                    _("%(index)s, ligne %(line)d : %(why)s")
                    % {"index": INDEX, "line": line.line, "why": earlier}
                )
        except LineRefused as error:
            refused.say(
                INDEX,
                line.line,
                line.number if _is_a_number(line.number) else "",
                [(error.column, error.why)],
            )
    return _ended(turn, batch, told, refused)


def _ended(
    turn: Turn, batch: FolderBatch, told: list[str], refused: reports.RefusedLines, *, why: str = ""
) -> tuple[FolderBatch, Ending]:
    """Refused as a whole where no line of it could be done."""
    deposited, lines_refused = batch.papers.count(), len(refused.told) + refused.more
    is_refused = bool(why) or (lines_refused > 0 and not deposited and not told)
    result = _("Documents déposés : %(deposited)d. Déjà déposés : %(already)d. Lignes refusées : %(refused)d.") % {
        "deposited": deposited, "already": len(told), "refused": lines_refused,
    }  # fmt: skip
    shown = [*told[: reports.MOST_LINES], *refused.told]
    more = refused.more + max(len(told) - reports.MOST_LINES, 0)
    text = reports.report(batch, result, why=why, told=shown, more=more)
    with transaction.atomic():
        settle_batch(
            token=turn.token,
            batch=batch,
            refused=is_refused,
            report=text,
            documents=deposited,
            refused_lines=lines_refused,
        )
    return batch, Ending.REFUSED if is_refused else Ending.WELL


def _deposit(turn: Turn, batch: FolderBatch, files: int, digests: Mapping[str, str], line: IndexLine) -> str:
    """Put it in the vault. Returns why that was not necessary, or "". Raises `LineRefused`, `LeftAlone` and `WatchGone`."""
    member, beneficiary = _of_whom(line)
    name = clean_name(line.name or line.file)
    key = _key(batch, member, line, name, digests[line.file])
    known = FolderPaper.objects.filter(key=key).select_related("batch").first()
    if known is not None and known.batch_id == batch.pk:
        same = known.line == line.line
        return "" if same else _("la ligne %(line)d dépose déjà ce document.") % {"line": known.line}
    if known is not None:
        return _("déjà déposé par le lot n° %(number)d, du même nom.") % {"number": known.batch_id}
    arrived = _sealed(turn, files, line, digests[line.file])
    try:
        with transaction.atomic():
            keep_watch(turn.token)
            document = deposit_arrived(
                member=member,
                kind=line.kind,
                arrived=replace(arrived, name=name),
                actor=folder_actor(),
                beneficiary=beneficiary,
            )
            FolderPaper.objects.create(key=key, batch=batch, line=line.line, document=document)
    except BaseException:
        discard([arrived])
        raise
    return ""


def _is_a_number(text: str) -> bool:
    """Of a member: a report repeats nothing else that stands in that column."""
    return encodings.is_readable(text) and member_numbered(text) is not None


def _of_whom(line: IndexLine) -> tuple[Member, Beneficiary | None]:
    """Raises `LineRefused`."""
    text = " ".join((line.number, line.kind, line.rank, line.name, line.file))
    if not encodings.is_readable(text):
        raise LineRefused(str(encodings.cause(text)))
    member = member_numbered(line.number)
    if member is None:
        raise LineRefused(_("cet adhérent n’est pas dans le registre."), column="numero_adherent")
    if line.kind not in {kind.code for kind in profile().documents.kinds}:
        raise LineRefused(_("le profil n’a pas cette nature de document."), column="nature")
    if not line.rank:
        return member, None
    found: Beneficiary | None = Beneficiary.objects.filter(
        member=member, rank=rank_in(line.rank) or 0
    ).first()
    if found is None:
        raise LineRefused(_("cet adhérent n’a pas de bénéficiaire de ce rang."), column="rang")
    return member, found


def _key(batch: FolderBatch, member: Member, line: IndexLine, name: str, digest: str) -> str:
    said = (batch.name, str(member.pk), line.kind, line.rank.lstrip("0"), name, digest)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _sealed(turn: Turn, files: int, line: IndexLine, digest: str) -> Arrived:
    """Raises `LineRefused` or `LeftAlone`."""
    incoming = FileReceiver(name=line.file)
    try:
        for chunk in turn.going_on(disk.read(line.file, files, most=_most())):
            incoming.write(chunk)
    except (UnfitFile, FileNotFoundError) as error:
        incoming.abort()
        raise LineRefused(_("le fichier a changé pendant qu’il était lu."), column="fichier") from error
    except BaseException:
        incoming.abort()
        raise
    arrived = incoming.finish()
    if isinstance(arrived, RefusedFile):
        if arrived.reason == FileRefusal.NOT_KEPT:
            raise LeftAlone(_("Un document n’a pas pu être gardé : le stockage ne l’a pas pris."))
        raise LineRefused(arrived.sentence, column="fichier")
    if arrived.sealed.sha256 != digest:
        discard([arrived])
        raise LineRefused(_("le fichier a changé pendant qu’il était lu."), column="fichier")
    return arrived
