"""The desk's search, and the other words in which the register is read."""

from dataclasses import replace
from datetime import date

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from adherents.members.models import Beneficiary, Member
from tests.cast import CAMILLE, ENGLISH, EVE, JEAN_FRANCOIS, NO_MAIL, TWIN_LEA, TWIN_ZOE
from tests.factories import add_to_register

pytestmark = pytest.mark.django_db


def found(text: str) -> list[str]:
    return sorted(Member.objects.search(text).values_list("number", flat=True))


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


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize("text", ["Dupont", "jean muller", "camille@example", "70100", "09/05/2001"])
def test_a_search_goes_through_an_index(text: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("nine rows: PostgreSQL rightly reads the table")
    ids = Member.objects.search(text)
    with connection.execute_wrapper(_explain):
        list(ids._chain())
        Member.objects.all()._search_ids(text)


def _explain(execute: object, sql: str, params: object, many: bool, context: object) -> object:
    with connection.cursor() as cursor:
        plan = cursor.cursor.execute(
            "EXPLAIN QUERY PLAN " + sql % tuple(["?"] * sql.count("%s")), params
        ).fetchall()
    assert not any(step[3].startswith("SCAN") for step in plan), plan
    return execute(sql, params, many, context)  # type: ignore[operator]


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
        {"number": ""},
        {"number": "70 1"},
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
