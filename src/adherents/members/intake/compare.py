"""What the file would change: each line is new, changed, unchanged or refused. The register is only read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from adherents.members.intake import read
from adherents.members.intake.digest import LineDigest
from adherents.members.intake.facts import Reason
from adherents.members.intake.sheets import Sheet, number_of
from adherents.members.intake.staging import Staging

_BATCH = 2000

Progress = Callable[[int, int], None]
Owners = Callable[[set[str]], set[str]]


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is not imported. It names the member where it can, and never repeats what the line says."""

    line: int
    key: str
    reasons: list[Reason]


@dataclass(slots=True)
class Plan:
    """What one file would do to the register: numbers of lines, and of people who are no longer named (`gone`)."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    refused: int = 0
    unnumbered: int = 0
    present: int = 0

    @property
    def lines(self) -> int:
        return self.new + self.changed + self.unchanged + self.refused

    @property
    def gone_percent(self) -> float:
        """Of those who are in the register now."""
        return 100 * self.gone / self.present if self.present else 0.0

    @property
    def empty(self) -> bool:
        """Whether applying it would change nothing."""
        return not (self.new or self.changed or self.gone)


def compare(
    path: Path,
    staging: Staging,
    *,
    on_refused: Callable[[Refused], None],
    progress: Progress,
    owners: Owners | None = None,
) -> Plan:
    """Read the file into `staging` and count. Raises `read.UnusableFile`.

    Memory does not grow with the file: two thousand lines at once. `owners` says which of a set of member
    numbers may have beneficiaries.
    """
    sheet, plan, size = staging.sheet, Plan(), path.stat().st_size
    encoding = read.encoding_of(path)
    lines = read.rows(path, sheet.columns, encoding=encoding, progress=lambda done: progress(done, size))
    for batch in _batches(lines):
        _Batch(sheet, staging, plan, on_refused, owners).compare(batch)
    staging.ready()
    return plan


def _batches(rows: Iterator[read.Row]) -> Iterator[list[read.Row]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


class _Batch:
    """Some lines together, so that each question is asked of the database once."""

    def __init__(
        self,
        sheet: Sheet,
        staging: Staging,
        plan: Plan,
        on_refused: Callable[[Refused], None],
        owners: Owners | None,
    ) -> None:
        self.sheet, self.staging, self.plan = sheet, staging, plan
        self.on_refused, self.owners = on_refused, owners
        self.digests = LineDigest(sheet.name)
        self.refused: dict[int, Refused] = {}
        self.untrusted: list[str] = []

    def compare(self, rows: Sequence[read.Row]) -> None:
        keyed = self._named(rows)
        known = self.sheet.digests(keyed)
        may_have = self.owners({number_of(key) for key in keyed}) if self.owners else None
        kept: list[tuple[Any, ...]] = []
        for key, row in keyed.items():
            if may_have is not None and number_of(key) not in may_have:
                self._refuse(
                    row, key, [Reason("numero_adherent", _("Cet adhérent n’est pas dans le registre."))]
                )
                self.untrusted.append(key)
                continue
            if self._is_unchanged(row, known.get(key)):
                self.plan.unchanged += 1
                continue
            values, reasons = self._facts(row)
            if reasons:
                self._refuse(row, key, reasons)
                self.untrusted.append(key)
                continue
            kept.append((*values, self.digests.of(row.values)))
            if key in known:
                self.plan.changed += 1
            else:
                self.plan.new += 1
        self.staging.keep(kept)
        self.staging.refuse(self.untrusted)
        self.plan.refused += len(self.refused)
        for line in sorted(self.refused):
            self.on_refused(self.refused[line])

    def _named(self, rows: Sequence[read.Row]) -> dict[str, read.Row]:
        """The lines by their key. Lines without one and lines that name somebody a second time are refused."""
        keyed: dict[str, read.Row] = {}
        for row in rows:
            key = self.sheet.key_in(row.values)
            if key is None:
                self.plan.unnumbered += 1
                self._refuse(row, "", self._facts(row)[1])
            elif key in keyed:
                self._refuse(row, key, [_repeated(keyed[key].line)])
            else:
                keyed[key] = row
        for key, line in self.staging.see({key: row.line for key, row in keyed.items()}).items():
            self._refuse(keyed.pop(key), key, [_repeated(line)])
        return keyed

    def _facts(self, row: read.Row) -> tuple[tuple[Any, ...], list[Reason]]:
        if not row.whole:
            return (), [Reason("", _("Le nombre de colonnes n’est pas celui de l’en-tête."))]
        return self.sheet.facts([value.strip() for value in row.values])

    def _is_unchanged(self, row: read.Row, digest: bytes | None) -> bool:
        return digest is not None and row.whole and self.digests.recognises(row.values, digest)

    def _refuse(self, row: read.Row, key: str, reasons: list[Reason]) -> None:
        self.refused[row.line] = Refused(row.line, key, reasons)


def _repeated(line: int) -> Reason:
    return Reason("numero_adherent", _("La ligne %(line)d porte déjà ce numéro.") % {"line": line})
