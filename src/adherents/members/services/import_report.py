"""What an import at night leaves for those who read of it in the morning: a file for programs, a mail for people."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from django.db import transaction
from django.utils import timezone

from adherents.members import mails
from adherents.members.intake.compare import Plan, RefusedRow
from adherents.members.intake.sheets import MEMBERS
from adherents.members.services.import_files import Report

VERSION = 1  # of the file's form: it may gain a key, and loses or changes none without another number
LINES_IN_A_MAIL = 20


class ImportOutcome(StrEnum):
    """How an import ended."""

    PLANNED = "planned"
    APPLIED = "applied"
    FAILED = "failed"
    UNUSABLE = "unusable"
    TOO_MANY = "too_many"
    DOUBTFUL = "doubtful"
    CHANGED_MEANWHILE = "changed_meanwhile"


EXIT_CODES = {
    ImportOutcome.PLANNED: 0,
    ImportOutcome.APPLIED: 0,
    ImportOutcome.FAILED: 1,
    ImportOutcome.UNUSABLE: 2,
    ImportOutcome.TOO_MANY: 3,
    ImportOutcome.DOUBTFUL: 4,
    ImportOutcome.CHANGED_MEANWHILE: 5,
}


class CannotWriteReport(Exception):
    """The report cannot be written where it was asked for. The words are the system's."""


def outcome_of(report: Report) -> ImportOutcome:
    """How an import ended that returned this report."""
    if not report.applied:
        return ImportOutcome.PLANNED
    return ImportOutcome.DOUBTFUL if report.is_doubtful else ImportOutcome.APPLIED


class ImportReport:
    """The report of one import, while it runs. Use as a context manager: a report that was begun and not ended leaves no file.

    The refused lines go to the file as they come, so that a million of them take no memory. The mail names lines and columns,
    and no member: it travels further than the file, which only the account that ran the import reads.
    """

    def __init__(
        self, *, file: Path | None, mail_to: Sequence[str], inputs: Sequence[Path], allow_gone: float
    ) -> None:
        """`inputs`: the member file, then the beneficiaries' file if there is one. `allow_gone`: in percent.

        Raises `CannotWriteReport`, before anything else is done. The report of an earlier import is removed: what is there
        afterwards is this one's, or nothing.
        """
        self._mail_to, self._inputs, self._allow_gone = list(mail_to), list(inputs), allow_gone
        self._began_at = timezone.now()
        self._refused = 0
        self._first_lines: list[str] = []
        self._file = _ReportFile(file, inputs) if file else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file:
            self._file.drop()

    def refuse(self, sheet: str, refused: RefusedRow) -> None:
        """Note one refused line, as `import_files` tells it. Raises `CannotWriteReport`."""
        if self._file:
            self._file.add(
                {
                    "file": "members" if sheet == MEMBERS.name else "beneficiaries",
                    "line": refused.line,
                    "key": refused.key,
                    "reasons": [{"column": column, "reason": str(why)} for column, why in refused.reasons],
                }
            )
        if len(self._first_lines) < LINES_IN_A_MAIL:
            self._first_lines.append(mails.refused_line(sheet == MEMBERS.name, refused))
        self._refused += 1

    def mail(self, outcome: ImportOutcome, report: Report | None = None, message: str = "") -> None:
        """Post the mail to each address that asked for it: in the transaction that is open, or in one of its own."""
        with transaction.atomic():
            for address in self._mail_to:
                mails.import_report(
                    to=address,
                    outcome=outcome.value,
                    message=message,
                    members=report.members if report else None,
                    beneficiaries=report.beneficiaries if report else None,
                    refused=self._first_lines,
                    refused_more=self._refused - len(self._first_lines),
                )

    def write(self, outcome: ImportOutcome, report: Report | None = None, message: str = "") -> None:
        """End the file and give it its name, whole. Raises `CannotWriteReport`."""
        if self._file is None:
            return
        covered = self._inputs[1] if len(self._inputs) > 1 else None
        self._file.end(
            {
                "outcome": outcome.value,
                "exit_code": EXIT_CODES[outcome],
                "message": message,
                "began_at": self._began_at.isoformat(timespec="seconds"),
                "ended_at": timezone.now().isoformat(timespec="seconds"),
                "allow_gone_percent": self._allow_gone,
                "members": _counts(self._inputs[0], report.members if report else None),
                "beneficiaries": _counts(covered, report.beneficiaries if report else None),
                "needless": report.needless if report else [],
            }
        )


def _counts(file: Path | None, plan: Plan | None) -> dict[str, Any] | None:
    """What one file says against the register; its name alone where it was not read to its end; None where there is none."""
    if file is None:
        return None
    if plan is None:
        return {"file": file.name}
    return {
        "file": file.name,
        "lines": plan.lines,
        "new": plan.new,
        "changed": plan.changed,
        "unchanged": plan.unchanged,
        "gone": plan.gone,
        "gone_percent": round(plan.gone_percent, 3),
        "refused": plan.refused,
        "other_person": plan.other_person,
        "other_person_percent": round(plan.other_person_percent, 3),
        "given": len(plan.given),
        "unnumbered": plan.unnumbered,
        "all_sources": plan.all_sources,
        "kept": plan.kept,
        "named_again": plan.named_again,
        "newer": plan.newer,
        "doubts": [str(doubt) for doubt in plan.doubts],
    }


class _ReportFile:
    """One JSON object, written beside its name while the import runs, and given its name once it is whole."""

    def __init__(self, path: Path, inputs: Sequence[Path]) -> None:
        self._path, self._empty = path, True
        if any(path.exists() and given.exists() and path.samefile(given) for given in inputs):
            raise CannotWriteReport(f"{path}: a file to import")
        if path.exists() and not path.is_file():
            raise CannotWriteReport(f"{path}: not a plain file")
        with _told(path):
            # Readable by its owner only: it names members by their numbers.
            descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            self._part = Path(name)
            self._stream = os.fdopen(descriptor, "w", encoding="utf-8")
            path.unlink(missing_ok=True)
            self._stream.write(f'{{"version": {VERSION},\n"refused": [')

    def add(self, line: dict[str, Any]) -> None:
        with _told(self._path):
            self._stream.write(("\n" if self._empty else ",\n") + json.dumps(line, ensure_ascii=False))
        self._empty = False

    def end(self, rest: dict[str, Any]) -> None:
        with _told(self._path):
            self._stream.write("\n],\n" + json.dumps(rest, ensure_ascii=False, indent=1)[2:] + "\n")
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            self._part.replace(self._path)

    def drop(self) -> None:
        """Leave nothing of what was not ended."""
        with _told(self._path):
            self._part.unlink(missing_ok=True)
            self._stream.close()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWriteReport(f"{path}: {error.strerror}") from error
