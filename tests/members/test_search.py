"""The desk's search, and the other words in which the register is read."""

from dataclasses import replace
from datetime import date
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from adherents.members.models import Beneficiary, Member
from adherents.members.search import either_way
from adherents.members.search_query import parse
from adherents.members.selectors import find, find_near
from tests.cast import CAMILLE, ENGLISH, EVE, JEAN_FRANCOIS, KARIM, NO_MAIL, TWIN_LEA, TWIN_ZOE
from tests.factories import add_to_register

pytestmark = pytest.mark.django_db


def found(text: str) -> list[str]:
    return sorted(hit.member.number for hit in find(text) if not hit.is_near)


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("70100001", [CAMILLE.number]),
        (" 7010 0001 ", [CAMILLE.number]),
        ("dupont", [CAMILLE.number]),
        ("Dup", [CAMILLE.number]),
        ("camille DUPONT", [CAMILLE.number]),
        ("Dupont Camille", [CAMILLE.number]),
        ("Dupont Cam", [CAMILLE.number]),
        ("l'heritier", [JEAN_FRANCOIS.number]),
        ("Lheritier muller jean", [JEAN_FRANCOIS.number]),
        ("Jean-François L’Héritier-Müller", [JEAN_FRANCOIS.number]),
        ("hoarau", [EVE.number]),
        ("payet", [EVE.number]),
        ("THOMAS@example", [ENGLISH.number]),
        ("marty", [TWIN_LEA.number, TWIN_ZOE.number]),
        ("09/05/2001", [TWIN_LEA.number, TWIN_ZOE.number]),
        ("9-5-2001", [TWIN_LEA.number, TWIN_ZOE.number]),
        (EVE.nir, [EVE.number]),
        (" ".join(EVE.nir), [EVE.number]),
        ("d", []),
        ("", []),
        ("%", []),
        ("_", []),
        ("%%%@", []),
        ("zzz", []),
        ("amille", []),
        ("dup cam", [CAMILLE.number]),
        ("cam dup", [CAMILLE.number]),
        ("d cam", [CAMILLE.number]),
        ("cam d", [CAMILLE.number]),
        ("LHÉR jean-f", [JEAN_FRANCOIS.number]),
        ("jean fr lher", [JEAN_FRANCOIS.number]),
        ("hoar mar", [EVE.number]),
        ("dup zoe", []),
        ("9 mai 2001", [TWIN_LEA.number, TWIN_ZOE.number]),
        ("9 MAI 01", [TWIN_LEA.number, TWIN_ZOE.number]),
        ("14 nov. 1975", [ENGLISH.number]),
        ("1er mai 2001", []),
        ("9/5/01", [TWIN_LEA.number, TWIN_ZOE.number]),
        ("2001-05-09", [TWIN_LEA.number, TWIN_ZOE.number]),
        ("09052001", [TWIN_LEA.number, TWIN_ZOE.number]),
        ("00/00/1962", [KARIM.number]),
        ("marty zoé 09/05/2001", [TWIN_ZOE.number]),
        ("09052001 léa", [TWIN_LEA.number]),
        ("09052001 mar lé", [TWIN_LEA.number]),
        ("31/02/1954", []),
        (EVE.nir13, [EVE.number]),
        ("7010-0001", [CAMILLE.number]),
        ("n° 70100001", [CAMILLE.number]),
        ("N°7010 0001", [CAMILLE.number]),
        ("adhérent n° 7010.0001", [CAMILLE.number]),
        ("Mme Dupont", [CAMILLE.number]),
        ("M. Dupont", [CAMILLE.number]),
        ("m dupont", [CAMILLE.number]),
        ("Madame Camille Dupont", [CAMILLE.number]),
        ("née Payet", [EVE.number]),
        ("Dupont 1954", [CAMILLE.number]),
        ("dup cam 1954", [CAMILLE.number]),
        ("Dupont née en 1954", [CAMILLE.number]),
        ("Dupont 1955", []),
        ("Benaïssa 1962", [KARIM.number]),
        ("camille", [CAMILLE.number]),
        ("Jean-François", [JEAN_FRANCOIS.number]),
        ("marie", [EVE.number]),
        ("camille 1954", [CAMILLE.number]),
        ("a\x00b", []),
        ("\x00", []),
        ("?!", []),
    ],
)
def test_an_agent_finds_members_by_number_name_birth_date_address_or_nir(
    text: str, numbers: list[str]
) -> None:
    assert found(text) == numbers


@pytest.mark.usefixtures("register")
def test_the_beginning_of_a_number_finds_them_all() -> None:
    assert len(found("7010000")) == 7
    assert len(found("7010")) == 9


def test_a_search_that_finds_too_many_gives_fifty() -> None:
    for rank in range(55):
        add_to_register(replace(CAMILLE, number=f"A{rank}"))
    assert len(found("dupont")) == 50


PHONES = [
    "06 12 34 56 78",
    "+33 (0)6 12 34 56 78",
    "0033612345678",
    "06.12.34.56.78",
    "Tél. : 06-12-34-56-78",
]


@pytest.mark.parametrize("stored", ["0612345678", "+33612345678", "0033612345678", "612345678"])
@pytest.mark.one_on_postgresql
def test_a_telephone_is_found_as_it_is_typed_and_as_the_file_has_it(stored: str) -> None:
    add_to_register(CAMILLE)
    Member.objects.update(phone=stored)
    assert [reasons(typed) for typed in PHONES] == [{CAMILLE.number: "Par son téléphone"}] * len(PHONES)
    assert reasons("06 12 34 56 79") == {}


def covered(
    number: str, birth_name: str, first_names: str, *, usage_name: str = "", born: str = ""
) -> Beneficiary:
    person = Beneficiary(
        member=Member.objects.get(number=number), birth_name=birth_name, first_names=first_names
    )
    person.usage_name, person.birth_date = usage_name, born
    person.set_name_keys()
    person.save()
    return person


def test_a_beneficiarys_name_finds_their_member_and_the_row_says_so() -> None:
    add_to_register(CAMILLE)
    covered(CAMILLE.number, "Le Goff", "Noé, Paul", usage_name="Dumas", born="2010-05-09")
    said = {CAMILLE.number: "Par Noé DUMAS, bénéficiaire"}
    for typed in ("le goff", "Noé Le Goff", "legoff noe", "dum no", "noé", "dumas 2010", "09/05/2010 dumas"):
        assert reasons(typed) == said, typed
    assert reasons("dumas 2011") == {}
    assert reasons("dupont") == {CAMILLE.number: ""}


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Dupond", [CAMILLE.number]),
        ("Dupond Camille", [CAMILLE.number]),
        ("kamille dupont", [CAMILLE.number]),
        ("Mme Dupond", [CAMILLE.number]),
        ("m dupond", [CAMILLE.number]),
        ("Dupond 1954", [CAMILLE.number]),
        ("Dupond 1955", []),
        ("Duponr", [CAMILLE.number]),
        ("oaro", [EVE.number]),
        ("le moine odete", [NO_MAIL.number]),
        ("leritier muler", [JEAN_FRANCOIS.number]),
        ("Dupond Zoé", []),
    ],
)
def test_a_near_spelling_is_found_where_nobody_is_called_so(text: str, numbers: list[str]) -> None:
    hits = find(text)
    assert [hit.member.number for hit in hits if hit.is_near] == numbers
    assert all(hit.why.startswith("Orthographe proche\xa0: ") for hit in hits if hit.is_near)


def test_the_nearest_come_first_and_those_who_are_called_so_are_not_near() -> None:
    for number, name in (("A1", "Dupond"), ("A2", "Duponts"), ("A3", "Dupont"), ("A4", "Duppondd")):
        add_to_register(replace(CAMILLE, number=number, birth_name=name))
    covered("A1", "Dupompt", "Noé")
    assert [hit.member.number for hit in find("Dupond")] == ["A1"]
    near = find_near("Dupond")
    assert [hit.member.number for hit in near[:2]] == ["A3", "A2"]
    assert reasons("duponneau") == {}  # too far from them all
    assert "A1" in {hit.member.number for hit in near}, "by whom they cover"


def test_keys_are_filled_for_rows_from_before_them_and_only_for_these() -> None:
    """The version before leaves the new columns empty, and may change a name without them."""
    add_to_register(CAMILLE)
    add_to_register(EVE)
    covered(CAMILLE.number, "Le Goff", "Noé")
    Beneficiary.objects.update(birth_key=None, usage_key=None, first_key=None, birth_sound=None)
    Member.objects.filter(number=CAMILLE.number).update(first_key=None, birth_sound=None, usage_sound=None)
    assert reasons("le goff") == reasons("camille") == reasons("dupand") == {}
    assert reasons("dupont") == {CAMILLE.number: ""}, "what was there before is found as before"
    output = StringIO()
    call_command("rebuild_search_keys", stdout=output)
    assert output.getvalue() == "3 person(s) looked at, 2 changed\n"
    assert reasons("le goff") == {CAMILLE.number: "Par Noé LE GOFF, bénéficiaire"}
    assert reasons("camille") == {CAMILLE.number: ""}
    assert find("dupand")[0].is_near
    call_command("rebuild_search_keys", stdout=output)
    assert output.getvalue().endswith("3 person(s) looked at, 0 changed\n")


INDEXED = [
    "Dupont", "dup cam", "m ca", "camille@example", "70100", "09/05/2001", EVE.nir, "0612345678", "Dupont 1954", "camille",
    "dupond", "dupond cam 1954", "zzzz",
]  # fmt: skip


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize("text", INDEXED)
def test_a_search_goes_through_an_index(text: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("nine rows: PostgreSQL rightly reads the table")
    with connection.execute_wrapper(_explain):
        find(text)


@pytest.mark.rule("G10")
@pytest.mark.usefixtures("register")
def test_the_lists_of_who_cannot_be_reached_go_through_an_index() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("nine rows: PostgreSQL rightly reads the table")
    with connection.execute_wrapper(_explain):
        for people in (Member.objects.unreachable(), Member.objects.failing()):
            list(people.order_by("number")[:50])


def _explain(execute: object, sql: str, params: object, many: bool, context: object) -> object:
    with connection.cursor() as cursor:
        plan = cursor.cursor.execute(
            "EXPLAIN QUERY PLAN " + sql % tuple(["?"] * sql.count("%s")), params
        ).fetchall()
    assert not any(step[3].startswith("SCAN") and "INDEX" not in step[3] for step in plan), plan
    return execute(sql, params, many, context)  # type: ignore[operator]


@pytest.mark.postgresql
@pytest.mark.parametrize("dropped", ["member_birth_key", "member_birth_pair"])
def test_name_and_first_name_are_one_entry_of_whichever_index_is_read(dropped: str) -> None:
    """PostgreSQL takes a prefix of a name for one row in a million and chooses the index by it: neither may cost thousands."""
    either = Member.objects.filter(either_way(parse("martine lucas"), "birth")).order_by()
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"DROP INDEX {dropped}")
        plan = either.values_list("pk").explain()
        transaction.set_rollback(True)
    conditions = [line for line in plan.splitlines() if "Index Cond" in line]
    assert len(conditions) == 2, plan
    assert all("birth_key" in line and "birth_pair" in line for line in conditions), plan


def reasons(text: str) -> dict[str, str]:
    return {match.member.number: match.why for match in find(text)}


def test_eight_digits_may_be_a_number_and_a_birth_date_and_each_row_says_which() -> None:
    add_to_register(replace(CAMILLE, number="09052001"))
    add_to_register(TWIN_LEA)
    assert reasons("09052001") == {
        "09052001": "Par son n° adhérent",
        TWIN_LEA.number: "Par sa date de naissance",
    }
    assert reasons("09/05/2001") == {TWIN_LEA.number: ""}


def test_a_beneficiarys_nir_finds_their_member_and_the_row_says_so() -> None:
    member = add_to_register(CAMILLE)
    child = Beneficiary(member=member, rank=1, birth_name="Dupont", first_names="Noé")
    child.set_nir(EVE.nir)
    child.save()
    assert reasons(" ".join(EVE.nir)) == {CAMILLE.number: "Par le NIR de Noé DUPONT, bénéficiaire"}
    add_to_register(EVE)
    assert reasons(EVE.nir) == {
        CAMILLE.number: "Par le NIR de Noé DUPONT, bénéficiaire",
        EVE.number: "Par son NIR",
    }


def test_a_birth_name_that_the_row_does_not_show_is_said() -> None:
    add_to_register(EVE)
    for text in ("payet", "pay mar"):
        assert reasons(text) == {EVE.number: "Par son nom de naissance, Payet"}
    assert reasons("hoarau") == reasons("eve@example") == {EVE.number: ""}


@pytest.mark.rule("G10")
@pytest.mark.usefixtures("register")
def test_the_members_whom_nothing_can_reach_are_a_list() -> None:
    assert [member.number for member in Member.objects.unreachable()] == [NO_MAIL.number]


def test_a_member_is_present_between_the_first_and_the_last_day() -> None:
    member = add_to_register(CAMILLE)
    Member.objects.update(start_date=date(2026, 1, 1), end_date=date(2026, 6, 30))
    present = {day: Member.objects.present(day).exists() for day in map(date.fromisoformat, DAYS)}
    assert list(present.values()) == [False, True, True, False]
    with time_machine.travel("2026-06-30 20:00:00+00:00"):
        assert Member.objects.present().get() == member


DAYS = ("2025-12-31", "2026-01-01", "2026-06-30", "2026-07-01")


def test_a_nir_may_serve_several_people() -> None:
    add_to_register(TWIN_LEA)
    add_to_register(replace(TWIN_ZOE, nir13=TWIN_LEA.nir13))
    assert Member.objects.with_nir(TWIN_LEA.nir).count() == 2


def test_the_nir_is_in_no_column_that_can_be_read() -> None:
    add_to_register(CAMILLE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM members_member")
        row = b" ".join(
            value if isinstance(value, bytes) else repr(value).encode() for value in cursor.fetchone()
        )
    assert CAMILLE.nir.encode() not in row
    assert Member.objects.get().nir == CAMILLE.nir
    assert Member.objects.get().masked_nir == "2 54 03 •• ••• ••• ••"


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "", "nir": b""},
        {"number": "70 1", "nir": b""},
        {"birth_date": "1954"},
        {"language": "de"},
        {"start_date": date(2026, 2, 1), "end_date": date(2026, 1, 1)},
    ],
)
def test_the_database_itself_refuses_what_cannot_be(wrong: dict[str, object]) -> None:
    add_to_register(CAMILLE)
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.update(**wrong)


def test_two_beneficiaries_of_one_member_have_two_ranks() -> None:
    member = add_to_register(CAMILLE)
    Beneficiary.objects.create(member=member, rank=1, birth_name="Dupont", first_names="Noé")
    with pytest.raises(IntegrityError), transaction.atomic():
        Beneficiary.objects.create(member=member, rank=1, birth_name="Dupont", first_names="Zoé")
    assert Beneficiary.objects.present().of(member).get().name == "Noé DUPONT"
