"""Imports against each other, and against a member who signs in at the same moment, on a real PostgreSQL."""

import json
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client as Browser

from adherents.accounts.models import Account
from adherents.journal.models import Entry
from adherents.members.intake import last_files
from adherents.members.models import Member
from adherents.members.services import batch, one_person
from adherents.members.services.import_files import RegisterChangedMeanwhile, Report, import_files
from adherents.members.services.one_person import ChangedSince, PersonChanged, change_member, put_member
from adherents.members.versions import version_of
from tests.accounts.steps import sign_in
from tests.api.systems import System
from tests.at_once import at_once
from tests.cast import CAMILLE, EVE, Person
from tests.factories import open_account
from tests.members.doors import ACTOR, said
from tests.members.importing import CAST, run
from tests.members.member_file import line_of, write

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
HOME = "/adherent/documents/"
NEWCOMER = replace(EVE, number=CAMILLE.number, nir13="1680175056001", birth_name="Besson", usage_name="",
                   first_names="Luc", birth_date="1968-01-30", email="luc@example.org")  # fmt: skip


def test_two_imports_at_once_give_a_number_once(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    path = write(tmp_path / "new.csv", [line_of(NEWCOMER), *CAST[1:]])

    def give() -> Report:
        return import_files(members=path, apply=True, new_persons=[CAMILLE.number])

    results = at_once([give] * 4, threads=4)
    assert any(isinstance(result, Report) for result in results)
    assert all(isinstance(result, Report | RegisterChangedMeanwhile) for result in results)
    assert Member.objects.filter(former_number=CAMILLE.number).count() == 1
    assert Member.objects.get(number=CAMILLE.number).birth_name == "Besson"


def test_a_line_never_lands_on_the_person_who_got_the_number_meanwhile(tmp_path: Path) -> None:
    """One import changes Camille, another gives her number away: whichever is second is done again, never mixed."""
    run(tmp_path, CAST)
    changed = write(tmp_path / "c.csv", [line_of(CAMILLE, telephone="0476605636"), *CAST[1:]])
    given = write(tmp_path / "g.csv", [line_of(NEWCOMER), *CAST[1:]])
    at_once(
        [
            lambda: import_files(members=changed, apply=True),
            lambda: import_files(members=given, apply=True, new_persons=[CAMILLE.number]),
        ]
    )
    holder = Member.objects.get(number=CAMILLE.number)
    assert (holder.birth_name, holder.email) in {("Dupont", CAMILLE.email), ("Besson", NEWCOMER.email)}
    assert not (holder.birth_name == "Besson" and holder.phone)


def test_a_member_who_signs_in_while_the_number_is_given_away_is_out_afterwards(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    open_account(CAMILLE)
    path = write(tmp_path / "new.csv", [line_of(NEWCOMER), *CAST[1:]])
    browsers = [Browser() for _ in range(6)]

    def sign_in_with(browser: Browser) -> object:
        return sign_in(browser, CAMILLE.number)

    def give() -> Report:
        return import_files(members=path, apply=True, new_persons=[CAMILLE.number])

    acts = [*(lambda browser=browser: sign_in_with(browser) for browser in browsers), give]
    results = at_once(acts, threads=len(acts))  # type: ignore[arg-type]
    assert isinstance(results[-1], Report)
    assert Account.objects.get(member__former_number=CAMILLE.number).closed_at is not None
    for browser in browsers:
        assert browser.get(HOME).status_code == 302


def test_two_programs_that_name_a_new_number_at_once_never_mix_two_people(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    people = [replace(CAMILLE, number="9"), replace(NEWCOMER, number="9")]

    def put(person: Person) -> str:
        return put_member(number="9", said=said(person), actor=ACTOR)

    results = at_once([partial(put, person) for person in people * 4], threads=8)
    outcomes = [result for result in results if isinstance(result, str)]
    assert sorted(outcomes) == ["new", "unchanged", "unchanged", "unchanged"]
    assert [type(result) for result in results if not isinstance(result, str)] == [PersonChanged] * 4
    first = Member.objects.get(number="9")
    assert (first.birth_name, first.nir) in {(person.birth_name, person.nir) for person in people}
    assert Entry.objects.filter(subject=first.subject).count() == 1


def test_of_two_programs_that_read_one_version_only_one_writes(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    read = version_of(Member.objects.get(number=CAMILLE.number))

    def change(phone: str) -> str:
        return change_member(number=CAMILLE.number, said={"phone": phone}, versions=[read], actor=ACTOR)

    results = at_once([partial(change, f"010203040{n}") for n in range(8)], threads=8)
    assert [type(result) for result in results].count(ChangedSince) == 7


def test_a_program_and_a_file_at_once_leave_one_of_the_two_whole(tmp_path: Path) -> None:
    """The file gives a new number to one person, the program to another: the first one keeps it."""
    run(tmp_path, CAST)
    path = write(tmp_path / "new.csv", [*CAST, line_of(replace(NEWCOMER, number="9"))])
    other = replace(CAMILLE, number="9")
    at_once(
        [
            lambda: import_files(members=path, apply=True),
            *[partial(put_member, number="9", said=said(other), actor=ACTOR)] * 3,
        ]
    )
    first = Member.objects.get(number="9")
    assert (first.birth_name, first.nir, first.email) in {
        (person.birth_name, person.nir, person.email) for person in (other, NEWCOMER)
    }


def test_while_a_file_is_applied_a_program_is_told_to_come_back_and_no_thread_waits_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, CAST)
    system = System()
    monkeypatch.setattr(one_person, "TURN_WITHIN", 0.2)
    monkeypatch.setattr(batch, "TURN_WITHIN", 0.2)
    applied, told = threading.Event(), threading.Event()

    def apply() -> None:
        with transaction.atomic():
            last_files.take_turn()
            applied.set()
            assert told.wait(20)

    def call() -> list[tuple[int, bool]]:
        assert applied.wait(20)
        answers = []
        for method, path, media_type in (
            ("PUT", "members/9", "application/json"),
            ("DELETE", f"members/{CAMILLE.number}", ""),
            ("POST", "members/batch", "application/x-ndjson"),
        ):
            body = json.dumps(said(CAMILLE, number="9"))
            answer = system.call(method, path, data=body, content_type=media_type or "application/json")
            answers.append((answer.status_code, "Retry-After" in answer.headers))
        told.set()
        return answers

    answers = at_once([apply, call], threads=2)[1]
    assert answers == [(503, True)] * 3
    assert put_member(number="9", said=said(CAMILLE, number="9"), actor=ACTOR) == "new"
    assert not Member.objects.get(number=CAMILLE.number).gone_at
