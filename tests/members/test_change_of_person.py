"""A number that comes back with another person in it: never an update, whatever the reason (a number given again, rows
shifted by a sort, twins one row apart, a child or a spouse under the holder's NIR, somebody without a NIR).
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from adherents.journal.models import Entry
from adherents.members.identity import Identity, is_same_person
from adherents.members.intake import apply as applying
from adherents.members.intake import last_files
from adherents.members.intake.compare import LineOutcome, RefusedRow
from adherents.members.models import Beneficiary, Member
from adherents.members.selectors import find
from adherents.members.services.accounts import NumberGiven, attach_account
from adherents.members.services.import_files import RegisterChangedMeanwhile, TooManyOthers
from tests.cast import CAMILLE, ENGLISH, EVE, JEAN_FRANCOIS, KARIM, TWIN_LEA, TWIN_ZOE, Person
from tests.database_contents import as_stored
from tests.members.doors import alone, in_batch
from tests.members.importing import CAST, counts, run
from tests.members.member_file import Line, child_of, line_of, write, write_beneficiaries

pytestmark = pytest.mark.django_db

NEWCOMER = replace(ENGLISH, number=CAMILLE.number, nir13="1680175056001", birth_name="Besson", first_names="Luc",
                   birth_date="1968-01-30", email="luc@example.org", language="fr")  # fmt: skip


def changed_to(number: str, **changes: str) -> list[Line]:
    """The cast, one of them written otherwise."""
    return [line | changes if line["numero_adherent"] == number else line for line in CAST]


def as_another(person: Person, number: str) -> Line:
    return line_of(replace(person, number=number))


def everything(member: Member) -> dict[str, object]:
    return as_stored(Member.objects.filter(pk=member.pk))[0]


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        # Birth date, birth name and first given name.
        ({"nir": ""}, True),
        ({"nir": TWIN_LEA.nir}, True),
        ({"nom_naissance": "DUPONT", "prenoms": "camille"}, True),
        ({"nom_usage": "Martin", "email": "other@example.org"}, True),
        ({"prenoms": "Camille Anne"}, True),
        # The NIR, and one of the two.
        ({"nom_naissance": "Durand"}, True),
        ({"date_naissance": "06/03/1954", "nom_naissance": "Durand"}, True),
        ({"prenoms": "Rose", "nom_naissance": "Durand"}, True),
        ({"prenoms": "", "nom_naissance": "Durand"}, True),
        # Neither: a child, a spouse, a twin; what is empty proves nothing.
        ({"prenoms": "Noé", "date_naissance": "14/07/2015"}, False),
        ({"prenoms": "", "date_naissance": "14/07/2015"}, False),
        ({"prenoms": "", "date_naissance": ""}, False),
        ({"nir": "", "prenoms": "Rose"}, False),
        ({"nir": "", "prenoms": ""}, False),
        ({"nir": "", "date_naissance": ""}, False),
        ({"nir": "", "nom_naissance": "Durand"}, False),
        ({"nir": TWIN_LEA.nir, "prenoms": "Rose"}, False),
        ({"nir": TWIN_LEA.nir, "date_naissance": "06/03/1954"}, False),
    ],
)
def test_a_line_is_of_the_same_person_or_of_another(
    tmp_path: Path, changes: dict[str, str], same: bool
) -> None:
    run(tmp_path, CAST)
    camille = Member.objects.get(number=CAMILLE.number)
    before = everything(camille)
    refused: list[RefusedRow] = []
    report = run(tmp_path, changed_to(CAMILLE.number, **changes), refused=refused)
    assert counts(report) == (0, int(same), 8, 0, 0)
    assert report.members.other_person == int(not same)
    assert [line.key for line in refused] == ([] if same else [CAMILLE.number])
    if not same:
        assert "Changement de personne" in str(refused[0].reasons[0].message)
        assert everything(camille) == before
    for door in (alone, in_batch):
        Member.objects.all().delete()
        run(tmp_path, CAST)
        before = everything(Member.objects.get(number=CAMILLE.number))
        outcome, _ = door(tmp_path, line_of(CAMILLE, **changes))
        assert outcome == (LineOutcome.CHANGED if same else LineOutcome.OTHER_PERSON)
        assert same or everything(Member.objects.get(number=CAMILLE.number)) == before


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Jean-François", "jean francois", True),
        ("JEAN FRANCOIS", "Jean-François, Paul", True),
        ("Jean-François", "Jean", False),
        ("Jean Paul", "Jean Pierre", False),
        ("Jean, Paul", "Jean, Pierre", True),
        ("Jean-Paul", "Jean-Pierre", False),
        ("Jean Paul Marie", "Jean Paul", True),
        ("Marie Ève", "Marie", True),
        ("Léa", "LEA", True),
        ("Léa", "Zoé", False),
        ("", "", False),
        ("Léa", "", False),
    ],
)
def test_the_first_given_name_tells_twins_apart(one: str, other: str, same: bool) -> None:
    day = "2001-05-09"
    for first, second in ((one, other), (other, one)):
        twins = Identity(day, "Marty", first), Identity(day, "Marty", second)
        assert is_same_person(*twins, same_nir=lambda: False) is same


def test_without_a_nir_an_address_may_change_and_a_person_may_not(tmp_path: Path) -> None:
    lines = [line_of(CAMILLE, nir="", nom_naissance="", nom_usage="Dupont"), *CAST[1:]]
    run(tmp_path, lines)
    assert counts(run(tmp_path, [lines[0] | {"email": "c2@example.org"}, *lines[1:]])) == (0, 1, 8, 0, 0)
    report = run(tmp_path, [as_another(JEAN_FRANCOIS, CAMILLE.number) | {"nir": ""}, *lines[1:]])
    assert report.members.other_person == 1


def test_twins_one_row_apart_and_a_swap_of_two_numbers_are_refused(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    swapped = [
        *CAST[:7],
        as_another(TWIN_ZOE, TWIN_LEA.number),
        as_another(TWIN_LEA, TWIN_ZOE.number),
    ]
    refused: list[RefusedRow] = []
    report = run(tmp_path, swapped, refused=refused, allow_gone=30)
    assert counts(report) == (0, 0, 7, 0, 0)
    assert [line.key for line in refused] == [TWIN_LEA.number, TWIN_ZOE.number]
    assert Member.objects.get(number=TWIN_LEA.number).first_names == "Léa"


def test_rows_shifted_by_a_sort_change_nothing_and_end_with_3(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    numbers = [line["numero_adherent"] for line in CAST]
    shifted = [
        line | {"numero_adherent": number}
        for line, number in zip(CAST, numbers[1:] + numbers[:1], strict=True)
    ]
    before = as_stored(Member.objects.order_by("pk"))
    with pytest.raises(TooManyOthers) as refused:
        run(tmp_path, shifted)
    assert "décalées" in str(refused.value.message)
    with pytest.raises(CommandError) as ended:
        call_command("import_members", str(tmp_path / "m.csv"), "--apply", stdout=io.StringIO())
    assert ended.value.returncode == 3
    # Even when it is asked for, no account is handed over.
    report = run(tmp_path, shifted, allow_gone=100)
    assert report.members.other_person == 9
    assert as_stored(Member.objects.order_by("pk")) == before


def test_numbers_of_ended_members_count_in_the_same_bound(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    run(tmp_path, CAST[:8], allow_gone=30)
    run(tmp_path, CAST[:7], allow_gone=30)
    again = [
        *CAST[:7],
        as_another(JEAN_FRANCOIS, TWIN_LEA.number) | {"email": ""},
        as_another(EVE, TWIN_ZOE.number),
    ]
    with pytest.raises(TooManyOthers):
        run(tmp_path, again)
    with pytest.raises(TooManyOthers):
        run(tmp_path, again, new_persons=[TWIN_LEA.number, TWIN_ZOE.number])
    report = run(tmp_path, again, allow_gone=30, new_persons=[TWIN_ZOE.number])
    assert (report.members.other_person, report.members.given) == (1, {TWIN_ZOE.number})


def test_a_number_that_is_let_through_begins_anew_and_the_former_record_keeps_the_rest(
    tmp_path: Path,
) -> None:
    run(tmp_path, CAST, beneficiaries=[child_of(CAMILLE)])
    former = Member.objects.get(number=CAMILLE.number)
    account = attach_account(member=former)
    child = Beneficiary.objects.get(member=former)
    lines = [line_of(NEWCOMER), *CAST[1:]]
    born = {"prenoms": "Ana", "date_naissance": "02/02/2012", "nom_naissance": "Besson"}
    report = run(tmp_path, lines, beneficiaries=[child_of(NEWCOMER, **born)], new_persons=["701 00001"])
    assert (report.members.given, report.members.new, report.needless) == ({CAMILLE.number}, 0, [])

    former.refresh_from_db()
    assert (former.former_number, former.shown_number) == (CAMILLE.number, CAMILLE.number)
    assert former.number == former.number.lower() != CAMILLE.number
    assert (former.birth_name, former.email, former.account_id) == ("Dupont", CAMILLE.email, account.pk)
    assert former.gone_at is not None
    assert former not in Member.objects.present()
    child.refresh_from_db()
    assert (child.member_id, child.gone_at is None) == (former.pk, False)
    holder = Member.objects.get(number=CAMILLE.number)
    assert (holder.birth_name, holder.account_id, holder.gone_at) == ("Besson", None, None)
    assert [beneficiary.first_names for beneficiary in Beneficiary.objects.of(holder)] == ["Ana"]
    assert attach_account(member=holder).pk != account.pk
    assert Entry.objects.filter(event="register.number_given", subject=former.subject).count() == 1
    with pytest.raises(NumberGiven):
        attach_account(member=former)

    # The same file again, with the same permission: nothing changes any more, and it says so.
    again = run(tmp_path, lines, beneficiaries=[child_of(NEWCOMER, **born)], new_persons=[CAMILLE.number])
    assert again.members.empty
    assert again.needless == [CAMILLE.number]
    assert Member.objects.get(number=CAMILLE.number).pk == holder.pk
    # And the person of before is another person now.
    assert run(tmp_path, CAST).members.other_person == 1


def test_a_number_can_be_given_twice_in_its_life(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    for person in (NEWCOMER, CAMILLE):
        report = run(tmp_path, [as_another(person, CAMILLE.number), *CAST[1:]], new_persons=[CAMILLE.number])
        assert report.members.given == {CAMILLE.number}
    assert Member.objects.filter(former_number=CAMILLE.number).count() == 2
    members = [hit.member for hit in find(CAMILLE.number)]
    assert {member.shown_number for member in members} == {CAMILLE.number}
    assert len(members) == 3


def test_a_permission_that_lets_nobody_through_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", CAST)
    out = io.StringIO()
    call_command("import_members", str(path), "--apply", "--new-person", CAMILLE.number, stdout=out)
    call_command("import_members", str(path), "--new-person", "99999", "--new-beneficiary", "9/1", stdout=out)
    output = out.getvalue()
    for key in (CAMILLE.number, "99999", "9/1"):
        assert f"{key}\u00a0: la personne n’y change pas dans ce fichier" in output


def test_only_the_number_that_was_named_is_let_through(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    lines = [line_of(NEWCOMER), as_another(TWIN_LEA, JEAN_FRANCOIS.number) | {"email": ""}, *CAST[2:]]
    report = run(tmp_path, lines, new_persons=[CAMILLE.number], allow_gone=30)
    assert (report.members.other_person, report.members.given) == (1, {CAMILLE.number})
    assert Member.objects.get(number=JEAN_FRANCOIS.number).birth_name == JEAN_FRANCOIS.birth_name


def test_the_children_of_a_refused_newcomer_do_not_go_to_the_holder_of_the_number(tmp_path: Path) -> None:
    run(tmp_path, CAST, beneficiaries=[child_of(EVE)])
    refused: list[RefusedRow] = []
    lines = [line_of(NEWCOMER), *CAST[1:]]
    children = [child_of(NEWCOMER, prenoms="Ana"), child_of(EVE)]
    report = run(tmp_path, lines, beneficiaries=children, refused=refused)
    assert report.beneficiaries
    assert (report.beneficiaries.new, report.beneficiaries.refused) == (0, 1)
    assert "autre personne" in str(refused[-1].reasons[0].message)
    assert not Beneficiary.objects.filter(member__number=CAMILLE.number).exists()


def test_a_rank_that_comes_with_another_child_is_refused_and_may_be_given(tmp_path: Path) -> None:
    run(tmp_path, CAST, beneficiaries=[child_of(EVE), child_of(EVE, 2, prenoms="Inès")])
    eve = Member.objects.get(number=EVE.number)
    noe = Beneficiary.objects.get(member=eve, rank=1)
    shifted = [child_of(EVE, prenoms="Inès"), child_of(EVE, 2, prenoms="Noé")]
    refused: list[RefusedRow] = []
    report = run(tmp_path, CAST, beneficiaries=shifted, refused=refused, allow_gone=100)
    assert report.beneficiaries
    assert report.beneficiaries.other_person == 2
    assert "--new-beneficiary 70100005/1" in str(refused[0].reasons[0].message)
    noe.refresh_from_db()
    assert (noe.first_names, noe.rank) == ("Noé", 1)

    other = [child_of(EVE, prenoms="Paul", date_naissance="01/02/2020"), child_of(EVE, 2, prenoms="Inès")]
    report = run(tmp_path, CAST, beneficiaries=other, allow_gone=50, new_beneficiaries=[f"{EVE.number}/01"])
    assert report.beneficiaries
    assert report.beneficiaries.given == {f"{EVE.number}/1"}
    noe.refresh_from_db()
    assert (noe.rank, noe.first_names, noe.gone_at is None) == (None, "Noé", False)
    assert [beneficiary.first_names for beneficiary in Beneficiary.objects.present().of(eve)] == [
        "Paul",
        "Inès",
    ]
    assert Entry.objects.filter(event="register.rank_given", subject=eve.subject).count() == 1
    again = run(tmp_path, CAST, beneficiaries=other)
    assert again.beneficiaries
    assert again.beneficiaries.empty


def test_a_person_who_comes_back_is_the_one_that_left(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    run(tmp_path, CAST[1:])
    assert run(tmp_path, [line_of(NEWCOMER), *CAST[1:]]).members.other_person == 1
    assert counts(run(tmp_path, CAST)) == (0, 1, 8, 0, 0)


def test_a_file_is_applied_to_the_register_that_it_was_compared_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another import between the comparison and the writing: nothing of this one is written, and it says so (exit 5)."""
    run(tmp_path, CAST)

    @contextmanager
    def meanwhile() -> Iterator[None]:
        with transaction.atomic():
            assert last_files.hold(last_files.imports_so_far())  # what each import that is applied does
        yield

    monkeypatch.setattr(applying, "roomy_cache", meanwhile)
    with pytest.raises(RegisterChangedMeanwhile):
        run(tmp_path, changed_to(CAMILLE.number, telephone="0476605636"))
    assert Member.objects.get(number=CAMILLE.number).phone == ""
    with pytest.raises(CommandError) as ended:
        call_command("import_members", str(tmp_path / "m.csv"), "--apply", stdout=io.StringIO())
    assert ended.value.returncode == 5


def test_the_command_tells_a_change_of_person_apart_and_nobodys_name(tmp_path: Path) -> None:
    write(tmp_path / "m.csv", CAST)
    call_command("import_members", str(tmp_path / "m.csv"), "--apply", stdout=io.StringIO())
    out = io.StringIO()
    path = write(tmp_path / "n.csv", [line_of(NEWCOMER), *CAST[1:]])
    covered = write_beneficiaries(tmp_path / "b.csv", [child_of(NEWCOMER)])
    call_command("import_members", str(path), "--beneficiaries", str(covered), "--apply", stdout=out)
    assert "adhérents, ligne 2 (70100001)\xa0: Changement de personne" in out.getvalue()
    assert "--new-person 70100001" in out.getvalue()
    assert "        1 changements de personne refusés" in out.getvalue()
    assert "Besson" not in out.getvalue()
    assert "Dupont" not in out.getvalue()


def test_an_unknown_day_of_birth_is_the_same_unknown_day(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    assert counts(run(tmp_path, changed_to(KARIM.number, nir="", email="k2@example.org"))) == (0, 1, 8, 0, 0)
    assert Member.objects.get(number=KARIM.number).nir == ""
    # Learnt later without a NIR, it is not proven to be theirs.
    report = run(tmp_path, changed_to(KARIM.number, nir="", date_naissance="12/05/1962"))
    assert report.members.other_person == 1
