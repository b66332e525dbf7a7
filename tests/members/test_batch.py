"""Ten thousand lines at once, by the rules of the file and of one member."""

from pathlib import Path
from typing import Any

import pytest

from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.members.services import batch
from adherents.members.services.batch import TooManyLines, TooManyOthersInBatch, put_members
from adherents.members.services.import_files import import_files
from tests.cast import CAMILLE, EVE, JEAN_FRANCOIS, KARIM, TWIN_ZOE
from tests.members.doors import ACTOR, said, said_of
from tests.members.importing import CAST, run
from tests.members.member_file import write
from tests.members.test_one_person import lines_of, register

pytestmark = pytest.mark.django_db


def test_a_batch_is_answered_line_by_line(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    lines = lines_of(
        said(CAMILLE),
        said(EVE, usual_name="Grondin"),
        said(KARIM, number="9"),
        said(JEAN_FRANCOIS, number=KARIM.number),
        said(CAMILLE, email="secret"),
        said(TWIN_ZOE, email="secret", birth_date="2001-13-01"),
    )
    lines += [
        b"",
        b"  ",
        b'{"number": "7',
        b"[]",
        b'{"birth_name": "Petit"}',
        b'{"a": "' + b"x" * 70_000 + b'"}',
    ]
    answers = put_members(lines=lines, actor=ACTOR)
    assert [(answer.line, answer.number, answer.outcome.value) for answer in answers] == [
        (1, CAMILLE.number, "unchanged"),
        (2, EVE.number, "changed"),
        (3, "9", "new"),
        (4, KARIM.number, "other_person"),
        (5, CAMILLE.number, "refused"),
        (6, TWIN_ZOE.number, "refused"),
        (9, "", "refused"),
        (10, "", "refused"),
        (11, "", "refused"),
        (12, "", "refused"),
    ]
    assert {reason.column for reason in answers[5].reasons} == {"email", "birth_date"}
    assert [reason.column for reason in answers[6].reasons] == [""]
    assert "secret" not in str([[str(reason.message) for reason in a.reasons] for a in answers])
    assert Member.objects.get(number=EVE.number).usage_name == "Grondin"
    entry = Entry.objects.get(event="register.batch")
    assert entry.details == {"new": 1, "changed": 1, "unchanged": 1, "refused": 6, "other_person": 1}


def test_the_same_batch_twice_changes_nothing_and_a_dry_one_neither() -> None:
    lines = lines_of(*(said_of(line) for line in CAST))
    assert {answer.outcome for answer in put_members(lines=lines, dry=True, actor=ACTOR)} == {"new"}
    assert not Member.objects.exists()
    put_members(lines=lines, actor=ACTOR)
    before, told = register(), Entry.objects.count()
    assert {answer.outcome for answer in put_members(lines=lines, actor=ACTOR)} == {"unchanged"}
    assert register() == before
    assert Entry.objects.count() == told


def test_a_shifted_batch_changes_nothing(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    before = register()
    numbers = [line["numero_adherent"] for line in CAST]
    shifted = [
        said_of(line | {"numero_adherent": number})
        for line, number in zip(CAST, numbers[1:] + numbers[:1], strict=True)
    ]
    for dry in (True, False):
        with pytest.raises(TooManyOthersInBatch):
            put_members(lines=lines_of(*shifted, said(KARIM, number="9")), dry=dry, actor=ACTOR)
    assert register() == before
    answers = put_members(lines=lines_of(*shifted[:3], said(KARIM, number="9")), actor=ACTOR)
    assert [answer.outcome.value for answer in answers] == ["other_person"] * 3 + ["new"]


def test_a_batch_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "LINES_AT_MOST", 2)
    with pytest.raises(TooManyLines):
        put_members(lines=lines_of(*(said_of(line) for line in CAST[:3])), actor=ACTOR)
    assert not Member.objects.exists()


def test_a_batch_of_thousands_makes_no_index_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers would wait for it. A file that brings far more than the register has does it."""
    from adherents.members.intake import apply as applying

    monkeypatch.setattr(applying, "_FIRST_LOAD", 2)
    path = write(tmp_path / "m.csv", CAST[:4])
    dropped: list[str] = []

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        dropped.extend([sql] * sql.startswith("DROP INDEX"))
        return execute(sql, *rest)

    from django.db import connection

    with connection.execute_wrapper(watch):
        put_members(lines=lines_of(*(said_of(line) for line in CAST)), actor=ACTOR)
        assert dropped == []
        Member.objects.all().delete()
        import_files(members=path, apply=True)
    assert dropped
