"""What the file would change: each line is new, changed, unchanged or refused. The register is only read."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from adherents.crypto.index import blind_indexes
from adherents.members import nir
from adherents.members.identity import Identity, is_same_person
from adherents.members.intake import encodings, read
from adherents.members.intake.digest import LineDigest
from adherents.members.intake.facts import RowReason
from adherents.members.intake.sheets import Known, RegisterSheet, number_of
from adherents.members.intake.staging import NAMED_AGAIN, OTHER_PERSON, REFUSED, Staging
from adherents.members.last_file import DIGEST_BYTES
from adherents.members.models import NIR_PURPOSE

_BATCH = 2000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Owners:
    """Of some numbers, whose beneficiaries may come in, and whose member line was another person's."""

    accepted: set[str]
    other_person: set[str]


class LineOutcome(StrEnum):
    """What a line does to the person whom it names; `GIVEN`: the key is another person's from now on."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    GIVEN = "given"
    REFUSED = "refused"
    OTHER_PERSON = "other_person"


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A line that is not imported. It names the member where it can, and never repeats what the line says."""

    line: int
    key: str
    reasons: list[RowReason]
    is_other_person: bool = False


OnAccepted = Callable[[int, str, LineOutcome], None]


@dataclass(slots=True)
class Plan:
    """What one file would do to the register: numbers of lines, and of people who are no longer named (`gone`).

    `other_person`: lines that are refused because they would give a known key to somebody else. `given`: the keys for which
    that was asked for. `doubts`: why the file may be cut; it then ends no member. `kept`: people who are not named and stay,
    because another source named them last. `named_again`: unchanged people of another source, who are this one's now.
    `newer`: lines that were not applied, because something else named their person while the file was read. `present` are all
    people of the register, `own` those whom the file may end.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    refused: int = 0
    other_person: int = 0
    given: set[str] = field(default_factory=set)
    unnumbered: int = 0
    present: int = 0
    own: int = 0
    kept: int = 0
    all_sources: bool = False
    named_again: int = 0
    newer: int = 0
    order: bytes = b""
    ends_short: bool = False
    is_closed: bool = True
    doubts: list[str | Promise] = field(default_factory=list)

    @property
    def lines(self) -> int:
        return self.new + self.changed + self.unchanged + self.refused + self.other_person + len(self.given)

    @property
    def gone_percent(self) -> float:
        """Of those whom the file may end."""
        return 100 * self.gone / self.own if self.own else 0.0

    @property
    def changes_of_person(self) -> int:
        """Keys, of ended people too, that the file gives to another person: refused or asked for."""
        return self.other_person + len(self.given)

    @property
    def other_person_percent(self) -> float:
        """The changes of person, of those who are in the register now."""
        return 100 * self.changes_of_person / max(self.present, 1)

    @property
    def empty(self) -> bool:
        """Whether applying it would change nothing."""
        return not (self.new or self.changed or self.given or self.gone or self.named_again)


def compare(
    path: Path,
    staging: Staging,
    *,
    on_refused: Callable[[RefusedRow], None],
    progress: Progress,
    owners: Callable[[set[str]], Owners] | None = None,
    let_through: Collection[str] = (),
    fresh: Collection[str] = (),
) -> Plan:
    """Read the file into `staging` and count. Raises `read.UnusableFile`.

    Memory does not grow with the file: two thousand lines at once. `owners` says which of a set of member
    numbers may have beneficiaries. `let_through`: the keys that may be given to another person. `fresh`: the member numbers
    that this import gives to another person, whose beneficiaries are all new.
    """
    look, size = read.look_at(path), path.stat().st_size
    lines = read.rows(path, staging.sheet.columns, look=look, progress=lambda done: progress(done, size))
    plan = compare_rows(
        lines,
        staging,
        on_refused=on_refused,
        owners=owners,
        let_through=let_through,
        fresh=fresh,
        code_page=look.code_page,
    )
    plan.is_closed = look.is_closed
    return plan


def compare_rows(
    lines: Iterable[read.Row],
    staging: Staging,
    *,
    on_refused: Callable[[RefusedRow], None],
    on_accepted: OnAccepted | None = None,
    owners: Callable[[set[str]], Owners] | None = None,
    let_through: Collection[str] = (),
    fresh: Collection[str] = (),
    code_page: str = "",
) -> Plan:
    """As `compare`, for lines from wherever they come. `on_accepted` is told of each line that is not refused.

    `code_page`: the encoding that the accents of a file seem to be in instead.
    """
    plan, order = Plan(), blake2b(digest_size=DIGEST_BYTES)
    for rows in _batches(iter(lines)):
        batch = _Batch(staging, plan, on_refused, owners, frozenset(let_through), frozenset(fresh))
        batch.code_page, batch.on_accepted = code_page, on_accepted
        order.update("\n".join((*batch.compare(rows), "")).encode())
        plan.ends_short = rows[-1].is_short
    plan.order = order.digest()
    staging.ready()
    return plan


def _batches(rows: Iterator[read.Row]) -> Iterator[list[read.Row]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


class _Batch:
    """Some lines together, so that each question is asked of the database once."""

    code_page = ""
    on_accepted: OnAccepted | None = None

    def __init__(
        self,
        staging: Staging,
        plan: Plan,
        on_refused: Callable[[RefusedRow], None],
        owners: Callable[[set[str]], Owners] | None,
        let_through: frozenset[str],
        fresh: frozenset[str],
    ) -> None:
        self.sheet, self.staging, self.plan = staging.sheet, staging, plan
        self.on_refused, self.owners = on_refused, owners
        self.let_through, self.fresh = let_through, fresh
        self.digests = LineDigest(staging.sheet.name)
        self.refused: dict[int, RefusedRow] = {}
        self.untrusted: list[str] = []
        self.others: list[str] = []
        self.named_again: list[str] = []

    def compare(self, rows: Sequence[read.Row]) -> list[str]:
        """Returns the keys that the lines name, in their order."""
        keyed = self._named(rows)
        self._refuse_without_owner(keyed)
        known = self.sheet.marks(self._not_fresh(keyed))
        stated: dict[str, tuple[Any, ...]] = {}
        for key, row in keyed.items():
            if row.line in self.refused:
                continue
            if (mark := known.get(key)) and self._is_unchanged(row, mark.digest):
                self._accept(row, key, LineOutcome.UNCHANGED)
                if mark.source != self.staging.source:
                    self.named_again.append(key)
                continue
            values, reasons = self._facts(row)
            if reasons:
                self._refuse(row, key, reasons)
                self.untrusted.append(key)
                continue
            stated[key] = values
        self._refuse_other_persons(keyed, {key: stated[key] for key in stated if key in known}, stated)
        self.staging.keep(
            [
                (*values, self.digests.of(keyed[key].values), known[key].digest if key in known else None)
                for key, values in stated.items()
            ]
        )
        for key in stated:
            if key in self.plan.given:
                self._accept(keyed[key], key, LineOutcome.GIVEN)
            else:
                self._accept(keyed[key], key, LineOutcome.CHANGED if key in known else LineOutcome.NEW)
        self.plan.named_again += len(self.named_again)
        self.staging.stand(self.named_again, NAMED_AGAIN)
        self.staging.stand(self.untrusted, REFUSED)
        self.staging.stand(self.others, OTHER_PERSON)
        self.plan.refused += len(self.refused) - len(self.others)
        self.plan.other_person += len(self.others)
        for line in sorted(self.refused):
            self.on_refused(self.refused[line])
        return list(keyed)

    def _not_fresh(self, keys: Collection[str]) -> Collection[str]:
        return [key for key in keys if number_of(key) not in self.fresh] if self.fresh else keys

    def _named(self, rows: Sequence[read.Row]) -> dict[str, read.Row]:
        """The lines by their key. Lines without a key, and lines that name a person a second time, are refused."""
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

    def _refuse_without_owner(self, keyed: dict[str, read.Row]) -> None:
        """A beneficiary comes in with a member, and never with another person's line under the member's number."""
        if self.owners is None:
            return
        owners = self.owners({number_of(key) for key in keyed})
        for key, row in keyed.items():
            if number_of(key) in owners.other_person:
                self._refuse(
                    row,
                    key,
                    [
                        RowReason(
                            "numero_adherent", _("La ligne de son adhérent est celle d’une autre personne.")
                        )
                    ],
                )
            elif number_of(key) not in owners.accepted:
                self._refuse(
                    row, key, [RowReason("numero_adherent", _("Cet adhérent n’est pas dans le registre."))]
                )
            else:
                continue
            self.untrusted.append(key)

    def _facts(self, row: read.Row) -> tuple[tuple[Any, ...], list[RowReason]]:
        if row.is_too_long:
            return (), [
                RowReason("", _("Cette ligne est bien trop longue : ce n’est pas celle d’une personne."))
            ]
        if not row.whole:
            columns = RowReason("", _("Le nombre de colonnes n’est pas celui de l’en-tête."))
            return (), list(row.reasons) or [columns]
        if self.code_page and not all(value.isascii() for value in row.values):
            return (), [RowReason("", encodings.in_another(self.code_page))]
        facts, reasons = self.sheet.facts([value.strip() for value in row.values])
        if not row.reasons:
            return facts, reasons
        told = {reason.column for reason in row.reasons}
        return (), [*row.reasons, *(reason for reason in reasons if reason.column not in told)]

    def _refuse_other_persons(
        self,
        keyed: dict[str, read.Row],
        changed: dict[str, tuple[Any, ...]],
        stated: dict[str, tuple[Any, ...]],
    ) -> None:
        """Take out of `stated` the lines that would give a known key to another person, unless that was asked for."""
        if not changed:
            return
        for key, known in self.sheet.people(changed).items():
            if key not in changed or self._is_same_person(known, keyed[key], changed[key]):
                continue
            if key in self.let_through:
                self.plan.given.add(key)
                continue
            del stated[key]
            self.others.append(key)
            self._refuse(
                keyed[key], key, [RowReason("", _other_person(self.sheet, key))], is_other_person=True
            )

    def _is_same_person(self, known: Known, row: read.Row, values: tuple[Any, ...]) -> bool:
        facts = dict(zip(self.sheet.fields, values, strict=True))
        identity = Identity(facts["birth_date"], facts["birth_name"], facts["first_names"])
        text = row.values[self.sheet.columns.index("nir")].strip()

        def same_nir() -> bool:
            if not text or known.nir_index is None:
                return False
            return known.nir_index in blind_indexes(NIR_PURPOSE, nir.parse(text).text)

        return is_same_person(known.identity, identity, same_nir=same_nir)

    def _is_unchanged(self, row: read.Row, digest: bytes) -> bool:
        return row.whole and not row.reasons and self.digests.recognises(row.values, digest)

    def _accept(self, row: read.Row, key: str, outcome: LineOutcome) -> None:
        if outcome is LineOutcome.NEW:
            self.plan.new += 1
        elif outcome is LineOutcome.CHANGED:
            self.plan.changed += 1
        elif outcome is LineOutcome.UNCHANGED:
            self.plan.unchanged += 1
        if self.on_accepted:
            self.on_accepted(row.line, key, outcome)

    def _refuse(
        self, row: read.Row, key: str, reasons: list[RowReason], *, is_other_person: bool = False
    ) -> None:
        self.refused[row.line] = RefusedRow(row.line, key, reasons, is_other_person)


def _other_person(sheet: RegisterSheet, key: str) -> str:
    option = "--new-person" if sheet.name == "member" else "--new-beneficiary"
    return _(
        "Changement de personne : le registre a quelqu’un d’autre sous ce numéro. S’il a vraiment été redonné, relancez "
        "import_members avec %(option)s %(key)s."
    ) % {"option": option, "key": key}


def _repeated(line: int) -> RowReason:
    return RowReason("numero_adherent", _("La ligne %(line)d porte déjà ce numéro.") % {"line": line})
