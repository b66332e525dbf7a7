"""« Première connexion »: the person that the register recognises, or none (G8)."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adherents.members.claims import Claim
from adherents.members.models import Member
from tests.cast import ANGE, CAMILLE, EVE, EVERYBODY, JEAN_FRANCOIS, KARIM, TWIN_LEA, TWIN_ZOE, Person
from tests.conftest import SLOW_IS_NO_FAULT
from tests.factories import add_to_register

pytestmark = [pytest.mark.django_db, pytest.mark.rule("G8")]


def claim_of(person: Person, **changes: str) -> Claim:
    claim = Claim(
        nir=person.nir,
        birth_date=person.birth_date,
        department=person.department,
        name=person.birth_name,
        first_name=person.first_names.split(",")[0],
    )
    return replace(claim, **changes)


def found(claim: Claim) -> str | None:
    member = Member.objects.present().matching(claim)
    return member.number if member else None


@pytest.mark.parametrize("person", EVERYBODY, ids=lambda person: person.first_names)
@pytest.mark.usefixtures("register")
def test_everybody_is_found_by_what_is_on_their_papers(person: Person) -> None:
    assert found(claim_of(person)) == person.number


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize(
    "changes",
    [
        {"nir": JEAN_FRANCOIS.nir},
        {"nir": "254033818504299"},
        {"nir": ""},
        {"birth_date": "1954-03-06"},
        {"birth_date": "1954-00-00"},
        {"birth_date": ""},
        {"department": "69"},
        {"department": ""},
        {"department": "Isère"},
        {"name": "Durand"},
        {"name": ""},
        {"first_name": "Rose"},
        {"first_name": ""},
    ],
)
def test_one_wrong_answer_finds_nobody(changes: dict[str, str]) -> None:
    assert found(claim_of(CAMILLE, **changes)) is None


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize(
    ("person", "changes"),
    [
        (CAMILLE, {"first_name": "camille rose"}),
        (CAMILLE, {"name": "DUPONT", "first_name": "CAMILLE"}),
        (JEAN_FRANCOIS, {"name": "l heritier muller", "first_name": "Jean Francois"}),
        (JEAN_FRANCOIS, {"name": "L'HERITIER  MULLER", "first_name": "jean-françois"}),
        (JEAN_FRANCOIS, {"name": "L\u02bcHe\u0301ritier-Mu\u0308ller"}),
        (EVE, {"name": "Hoarau", "first_name": "Marie-Eve"}),
        (EVE, {"name": "payet", "first_name": "marie ève"}),
        (EVE, {"nir": " ".join(EVE.nir)}),
        (KARIM, {"name": "Benaissa"}),
    ],
)
def test_accents_case_hyphens_apostrophes_and_spaces_do_not_matter(
    person: Person, changes: dict[str, str]
) -> None:
    assert found(claim_of(person, **changes)) == person.number


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize(
    ("person", "departments"),
    [
        (JEAN_FRANCOIS, ["94", "75", "92", "93"]),  # Seine before 1968
        (ANGE, ["2A", "2a", "2B", "20"]),  # Corsica before 1976
        (EVE, ["974", "97"]),  # overseas
        (KARIM, ["99", "91", "94"]),  # Algeria before 1962
        (CAMILLE, ["38", "038"]),
    ],
)
def test_the_departement_on_file_or_the_one_in_the_nir_will_do(
    person: Person, departments: list[str]
) -> None:
    for department in departments:
        assert found(claim_of(person, department=department)) == person.number, department


def test_the_nir_s_departement_will_do_where_the_file_has_none() -> None:
    add_to_register(replace(CAMILLE, department=""))
    assert found(claim_of(CAMILLE, department="38")) == CAMILLE.number
    assert found(claim_of(CAMILLE, department="")) is None


@pytest.mark.usefixtures("register")
def test_twins_are_told_apart_by_their_first_name() -> None:
    assert found(claim_of(TWIN_LEA)) == TWIN_LEA.number
    assert found(claim_of(TWIN_ZOE)) == TWIN_ZOE.number


def test_twins_under_one_nir_are_told_apart_by_their_first_name_only() -> None:
    one_nir = replace(TWIN_ZOE, nir13=TWIN_LEA.nir13)
    add_to_register(TWIN_LEA)
    add_to_register(one_nir)
    assert found(claim_of(TWIN_LEA)) == TWIN_LEA.number
    assert found(claim_of(one_nir)) == TWIN_ZOE.number


def test_two_hits_are_no_hit() -> None:
    add_to_register(TWIN_LEA)
    add_to_register(replace(TWIN_LEA, number="70100099"))
    assert found(claim_of(TWIN_LEA)) is None


def test_somebody_who_came_back_under_a_new_number_is_found_under_it() -> None:
    former = add_to_register(TWIN_LEA)
    add_to_register(replace(TWIN_LEA, number="70100099"))
    Member.objects.filter(pk=former.pk).update(end_date=date(2020, 1, 1))
    assert found(claim_of(TWIN_LEA)) == "70100099"


@given(st.builds(Claim, st.text(), st.text(), st.text(), st.text(), st.text()))
@settings(suppress_health_check=[*SLOW_IS_NO_FAULT, HealthCheck.function_scoped_fixture], max_examples=30)
def test_no_claim_breaks_the_matching(db: None, claim: Claim) -> None:
    assert Member.objects.matching(claim) is None


def test_a_claim_shows_nothing_in_a_log() -> None:
    assert repr(claim_of(CAMILLE)) == "<Claim>"
