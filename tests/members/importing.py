"""An import as a test asks for it, and what came of it."""

from collections.abc import Collection
from pathlib import Path

from adherents.members.intake.compare import RefusedRow
from adherents.members.services.import_files import Report, import_files
from tests.cast import EVERYBODY
from tests.members.member_file import Line, line_of, write, write_beneficiaries


def run(
    folder: Path,
    lines: list[Line],
    *,
    beneficiaries: list[Line] | None = None,
    apply: bool = True,
    allow_gone: float = 20,
    new_persons: Collection[str] = (),
    new_beneficiaries: Collection[str] = (),
    expect_rows: int | None = None,
    encoding: str = "utf-8",
    refused: list[RefusedRow] | None = None,
) -> Report:
    covered = write_beneficiaries(folder / "b.csv", beneficiaries) if beneficiaries is not None else None
    return import_files(
        members=write(folder / "m.csv", lines, encoding=encoding),
        beneficiaries=covered,
        apply=apply,
        allow_gone=allow_gone,
        new_persons=new_persons,
        new_beneficiaries=new_beneficiaries,
        expect_rows=expect_rows,
        on_refused=lambda _, line: refused.append(line) if refused is not None else None,
    )


def counts(report: Report) -> tuple[int, int, int, int, int]:
    plan = report.members
    return plan.new, plan.changed, plan.unchanged, plan.gone, plan.refused


CAST = [line_of(person) for person in EVERYBODY]
