"""A member, or a person whom a member covers, as the insurer's system names them by the API: the rules are the file's."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import time_machine

from adherents.accounts.models import Account
from adherents.feed.models import Announcement
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.models import Beneficiary, Member
from adherents.members.services.accounts import attach_account
from adherents.members.services.one_person import (
    ChangedSince,
    Ended,
    NobodyThere,
    PersonChanged,
    WrongFacts,
    change_beneficiary,
    change_member,
    end_beneficiary,
    end_member,
    put_beneficiary,
    put_member,
)
from adherents.members.versions import version_of
from tests.cast import CAMILLE, EVE, JEAN_FRANCOIS, KARIM, TWIN_ZOE
from tests.database_contents import as_stored
from tests.members.doors import ACTOR, DOORS, Door, child, said
from tests.members.importing import CAST, counts, run
from tests.members.member_file import child_of, line_of, write

pytestmark = pytest.mark.django_db


def put(number: str = CAMILLE.number, **changes: Any) -> str:
    return put_member(number=number, said=said(CAMILLE) | changes, actor=ACTOR)


def camille() -> Member:
    return Member.objects.get(number=CAMILLE.number)


def register() -> list[dict[str, object]]:
    return as_stored(Member.objects.order_by("number")) + as_stored(Beneficiary.objects.order_by("pk"))


def lines_of(*people: dict[str, str]) -> list[bytes]:
    return [json.dumps(person).encode() for person in people]


def wrong(**changes: Any) -> list[str]:
    with pytest.raises(WrongFacts) as refused:
        put(**changes)
    assert "secret" not in str([str(reason.message) for reason in refused.value.fields])
    return [reason.column for reason in refused.value.fields]


def test_a_program_and_the_file_say_the_same_of_a_member(tmp_path: Path) -> None:
    """The same columns, the NIR apart, which is sealed anew each time; and so the file changes nothing after the program."""
    assert put() == "new"
    by_program = as_stored(Member.objects.all())[0]
    assert (camille().nir, camille().source) == (CAMILLE.nir, "api")
    Member.objects.all().delete()
    run(tmp_path, [line_of(CAMILLE)])
    by_file = as_stored(Member.objects.all())[0]
    assert {name for name in by_file if by_file[name] != by_program[name]} == {"id", "nir", "source"}
    assert put() == "unchanged"
    assert camille().source == "api"
    assert counts(run(tmp_path, [line_of(CAMILLE)])) == (0, 0, 1, 0, 0)
    assert camille().source == "file"


def test_a_member_is_put_changed_ended_and_named_again() -> None:
    assert put() == "new"
    attach_account(member=camille())
    assert put() == "unchanged"
    assert change_member(number=" 701 00001", said={"phone": "04 76 60 56 36"}, actor=ACTOR) == "changed"
    after = camille()
    assert (after.phone, after.nir, after.email, after.birth_department) == (
        "0476605636",
        CAMILLE.nir,
        CAMILLE.email,
        CAMILLE.department,
    )
    with time_machine.travel("2026-07-14 12:00:00+02:00"):
        put_beneficiary(number=CAMILLE.number, rank="1", said=child(CAMILLE), actor=ACTOR)
        assert end_member(number=CAMILLE.number, actor=ACTOR)
        assert not end_member(number=CAMILLE.number, actor=ACTOR)
    assert camille().end_date == Beneficiary.objects.get().end_date == date(2026, 7, 14)
    assert camille().nir == CAMILLE.nir
    with pytest.raises(Ended):
        change_member(number=CAMILLE.number, said={"phone": ""}, actor=ACTOR)
    with pytest.raises(Ended):
        put_beneficiary(number=CAMILLE.number, rank="1", said=child(CAMILLE), actor=ACTOR)
    assert put() == "changed"
    assert (camille().end_date, camille().phone) == (None, "")
    told = Entry.objects.filter(subject=camille().subject, actor=ACTOR).order_by("sequence")
    assert [entry.event for entry in told] == [
        "register.facts_changed",
        "register.facts_changed",
        "register.beneficiary_changed",
        "register.member_ended",
        "register.facts_changed",
    ]
    assert [entry.details.get("outcome") for entry in told] == ["new", "changed", "new", None, "changed"]
    events = Announcement.objects.filter(type="member.changed").order_by("pk")
    assert {event.subject for event in events} == {f"member/{camille().pk}"}
    api = {"source": "api"}
    assert [event.data for event in events] == [api, api, api, api | {"ended": True}, api]


def test_a_change_reaches_the_account_and_both_addresses() -> None:
    put()
    attach_account(member=camille())
    change_member(number=CAMILLE.number, said={"email": "c2@example.org"}, actor=ACTOR)
    assert Account.objects.get().email == "c2@example.org"
    assert {mail.recipient for mail in OutboxMail.objects.all()} == {CAMILLE.email, "c2@example.org"}


def test_null_and_nothing_are_empty() -> None:
    assert put(phone=None, end_date=None, usual_name="") == "new"
    assert put() == "unchanged"
    nothing = dict.fromkeys(("nir", "first_names", "birth_date", "language", "start_date"))
    assert put_member(number="8", said={"birth_name": "Petit", "email": "", **nothing}, actor=ACTOR) == "new"
    assert put_member(number="9", said={"birth_name": "Petit"}, actor=ACTOR) == "new"
    assert Member.objects.get(number="9").birth_date == ""


def test_a_person_is_never_put_in_the_place_of_another() -> None:
    put()
    before = register()
    for act in (put_member, change_member):
        with pytest.raises(PersonChanged):
            act(number=CAMILLE.number, said=said(JEAN_FRANCOIS, number=""), actor=ACTOR)
    end_member(number=CAMILLE.number, actor=ACTOR)
    with pytest.raises(PersonChanged):
        put_member(number=CAMILLE.number, said=said(JEAN_FRANCOIS, number=""), actor=ACTOR)
    assert [row["nir"] for row in register()] == [row["nir"] for row in before]


def test_what_was_read_must_still_be_so() -> None:
    with pytest.raises(ChangedSince):
        put_member(number=CAMILLE.number, said=said(CAMILLE), versions=["*"], actor=ACTOR)
    put()
    read = version_of(camille())
    assert put_member(number=CAMILLE.number, said=said(CAMILLE), versions=["*"], actor=ACTOR) == "unchanged"
    change_member(number=CAMILLE.number, said={"phone": "0102030405"}, versions=[read], actor=ACTOR)
    before = register()
    for act in (put_member, change_member):
        with pytest.raises(ChangedSince):
            act(number=CAMILLE.number, said=said(CAMILLE), versions=[read], actor=ACTOR)
    with pytest.raises(ChangedSince):
        end_member(number=CAMILLE.number, versions=[read], actor=ACTOR)
    assert register() == before
    assert end_member(number=CAMILLE.number, versions=[version_of(camille())], actor=ACTOR)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"nir": "254033818504299"}, ["nir"]),
        ({"birth_name": ""}, ["birth_name"]),
        ({"birth_name": "secret" * 30, "email": "secret"}, ["birth_name", "email"]),
        ({"birth_date": "05/03/1954"}, ["birth_date"]),
        ({"birth_date": "1954-02-30", "language": "de"}, ["birth_date", "language"]),
        ({"start_date": "2020-00-01"}, ["start_date"]),
        ({"end_date": "2019-12-31"}, ["end_date"]),
        ({"phone": 476605636}, ["phone"]),
        ({"first_names": ["secret"]}, ["first_names"]),
        ({"first_names": "Rose\ud83d"}, ["first_names"]),
        ({"first_names": "Rose\x00"}, [""]),
        ({"first_names": "CÃ©line"}, [""]),
        ({"number": EVE.number}, ["number"]),
        ({"usage_name": "secret"}, ["usage_name"]),
        ({"Secret 1": "secret"}, [""]),
    ],
)
def test_what_is_wrong_is_named_by_its_field_and_never_repeated(
    changes: dict[str, Any], fields: list[str]
) -> None:
    assert wrong(**changes) == fields
    assert not Member.objects.exists()


@pytest.mark.parametrize("number", ["", "70 / é", "x" * 33])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(WrongFacts) as refused:
        put_member(number=number, said=said(CAMILLE, number=""), actor=ACTOR)
    assert [reason.column for reason in refused.value.fields] == ["number"]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("nir", CAMILLE.nir[:13]),
        ("nom_naissance", "x" * 121),
        ("departement_naissance", "Isère"),
        ("email", "a b@example.org"),
        ("telephone", "à midi"),
        ("langue", "de"),
        ("date_fin", "31/12/2019"),
        ("date_naissance", "31/02/1954"),
    ],
)
def test_a_fact_is_refused_by_every_door(door: Door, tmp_path: Path, column: str, value: str) -> None:
    assert door(tmp_path, line_of(CAMILLE, **{column: value})) == ("refused", [column])
    assert not Member.objects.exists()


def test_nobody_is_there_to_change_or_to_end() -> None:
    for act in (change_member, put_beneficiary, change_beneficiary):
        extra = {} if act is change_member else {"rank": "1"}
        with pytest.raises(NobodyThere):
            act(number=CAMILLE.number, said={}, actor=ACTOR, **extra)
    with pytest.raises(NobodyThere):
        end_member(number="é", actor=ACTOR)
    put()
    with pytest.raises(NobodyThere):
        change_beneficiary(number=CAMILLE.number, rank="1", said={}, actor=ACTOR)
    with pytest.raises(NobodyThere):
        end_beneficiary(number=CAMILLE.number, rank="x", actor=ACTOR)


def test_a_beneficiary_is_put_changed_and_ended_by_the_same_rules(tmp_path: Path) -> None:
    put()
    place = {"number": CAMILLE.number, "rank": "1"}
    assert put_beneficiary(said=child(CAMILLE, nir=TWIN_ZOE.nir), actor=ACTOR, **place) == "new"
    assert put_beneficiary(said=child(CAMILLE, nir=TWIN_ZOE.nir), actor=ACTOR, **place) == "unchanged"
    assert change_beneficiary(said={"relation": "autre", "rank": 1}, actor=ACTOR, **place) == "changed"
    person = Beneficiary.objects.get()
    assert (person.relation, person.nir, person.birth_date) == ("autre", TWIN_ZOE.nir, "2015-07-14")
    stranger = child(CAMILLE, first_names="Paul", birth_date="2020-02-01")
    with pytest.raises(PersonChanged):
        put_beneficiary(said=stranger, actor=ACTOR, **place)
    with pytest.raises(WrongFacts):
        put_beneficiary(number=CAMILLE.number, rank="100", said={"birth_name": "A"}, actor=ACTOR)
    with pytest.raises(ChangedSince):
        put_beneficiary(said=stranger, versions=["0"], actor=ACTOR, **place)
    assert end_beneficiary(versions=[version_of(person)], actor=ACTOR, **place)
    assert not end_beneficiary(actor=ACTOR, **place)
    assert not Beneficiary.objects.present().exists()
    with pytest.raises(Ended):
        change_beneficiary(said={}, actor=ACTOR, **place)
    # Their file ends only those that it named, and takes them over where it names them.
    assert put_beneficiary(said=child(CAMILLE), actor=ACTOR, **place) == "changed"
    report = run(tmp_path, [line_of(CAMILLE)], beneficiaries=[child_of(CAMILLE, 2, prenoms="Inès")])
    assert report.beneficiaries
    assert (report.beneficiaries.gone, report.beneficiaries.kept) == (0, 1)
    both = [child_of(CAMILLE), child_of(CAMILLE, 2, prenoms="Inès")]
    report = run(tmp_path, [line_of(CAMILLE)], beneficiaries=both)
    assert report.beneficiaries
    assert report.beneficiaries.named_again == 1
    report = run(tmp_path, [line_of(CAMILLE)], beneficiaries=both[1:], allow_gone=50)
    assert report.beneficiaries
    assert report.beneficiaries.gone == 1


def test_a_file_ends_only_whom_the_file_named_last(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    put()  # unchanged, and the program's from now on
    put_member(number="9", said=said(KARIM, number="9"), actor=ACTOR)
    report = run(tmp_path, CAST[1:], apply=False)
    assert counts(report) == (0, 0, 8, 0, 0)
    assert (report.members.kept, report.members.present, report.members.own) == (2, 10, 8)
    run(tmp_path, CAST[1:])
    assert Member.objects.present().count() == 10
    # The program's own do not make a file that ends a fifth of its own look smaller.
    assert run(tmp_path, CAST[1:8], apply=False).members.gone_percent == pytest.approx(100 / 8)


def test_all_sources_says_otherwise_and_is_in_the_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from django.core.management import call_command

    run(tmp_path, CAST)
    put_member(number="9", said=said(KARIM, number="9"), actor=ACTOR)
    path = str(write(tmp_path / "m.csv", CAST))
    call_command("import_members", path)
    assert "1 absents du fichier mais gardés" in capsys.readouterr().out
    call_command("import_members", path, "--all-sources", "--apply")
    assert "Toutes les sources (--all-sources)" in capsys.readouterr().out
    assert Member.objects.get(number="9").gone_at is not None


def test_what_a_program_says_while_a_file_is_read_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file was compared with the register of before: a person who came meanwhile is never mixed with the file's."""
    from adherents.members.services import import_files as importing

    run(tmp_path, CAST)
    compared = importing.doubts_about

    def meanwhile(*arguments: Any, **options: Any) -> Any:
        put(phone="0102030405")
        put_member(number="9", said=said(JEAN_FRANCOIS, number="9"), actor=ACTOR)
        return compared(*arguments, **options)

    monkeypatch.setattr(importing, "doubts_about", meanwhile)
    lines = [line_of(CAMILLE, telephone="0476605636"), *CAST[1:], line_of(KARIM, numero_adherent="9")]
    report = run(tmp_path, lines)
    assert (report.members.newer, report.members.gone) == (2, 0)
    assert camille().phone == "0102030405"
    assert Member.objects.get(number="9").birth_name == JEAN_FRANCOIS.birth_name
