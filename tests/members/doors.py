"""The ways by which the insurer names a member: its file, and a program of its own by the API, alone or in a batch."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adherents.members.intake.compare import LineOutcome, RefusedRow
from adherents.members.intake.objects import BENEFICIARY_OBJECT, MEMBER_OBJECT
from adherents.members.services.batch import put_members
from adherents.members.services.import_files import import_files
from adherents.members.services.one_person import PersonChanged, WrongFacts, put_member
from tests.cast import Person
from tests.members.member_file import Line, child_of, line_of, write

ACTOR = "client:core"
# The outcome, and the columns of the file that are refused.
Door = Callable[[Path, Line], tuple[str, list[str]]]


def said_of(line: Line) -> dict[str, str]:
    """What a program says where the file has this line."""
    form = BENEFICIARY_OBJECT if "rang" in line else MEMBER_OBJECT
    said = {key: line[column] for key, column in zip(form.keys, form.sheet.columns, strict=True)}
    for key in ("birth_date", "start_date", "end_date"):
        said[key] = "-".join(reversed(said[key].split("/")))
    return said


def said(person: Person, **changes: str) -> dict[str, str]:
    """This person as a program says them. `changes` are the API's own words."""
    return said_of(line_of(person)) | changes


def child(person: Person, rank: int = 1, **changes: str) -> dict[str, Any]:
    return said_of(child_of(person, rank)) | {"rank": rank} | changes


def in_file(folder: Path, line: Line) -> tuple[str, list[str]]:
    refused: list[RefusedRow] = []
    report = import_files(
        members=write(folder / "one.csv", [line]),
        apply=True,
        allow_gone=100,
        on_refused=lambda _, row: refused.append(row),
    )
    if refused:
        other = LineOutcome.OTHER_PERSON if refused[0].is_other_person else LineOutcome.REFUSED
        return other, [reason.column for reason in refused[0].reasons]
    plan = report.members
    outcomes = {
        LineOutcome.NEW: plan.new,
        LineOutcome.CHANGED: plan.changed,
        LineOutcome.UNCHANGED: plan.unchanged,
    }
    [outcome] = [outcome for outcome, number in outcomes.items() if number]
    return outcome, []


def alone(folder: Path, line: Line) -> tuple[str, list[str]]:
    try:
        return put_member(number=line["numero_adherent"], said=said_of(line), actor=ACTOR), []
    except PersonChanged:
        return LineOutcome.OTHER_PERSON, [""]
    except WrongFacts as wrong:
        return LineOutcome.REFUSED, _columns([reason.column for reason in wrong.fields])


def in_batch(folder: Path, line: Line) -> tuple[str, list[str]]:
    [answer] = put_members(lines=[json.dumps(said_of(line)).encode()], actor=ACTOR)
    return answer.outcome, _columns([reason.column for reason in answer.reasons])


def _columns(keys: list[str]) -> list[str]:
    called = dict(zip(MEMBER_OBJECT.keys, MEMBER_OBJECT.sheet.columns, strict=True))
    return [called.get(key, key) for key in keys]


DOORS = [in_file, alone, in_batch]
