"""One line of the file: what it states, and why it is refused."""

from collections.abc import Sequence

import pytest

from adherents.members.intake.facts import (
    BENEFICIARY_COLUMNS,
    MEMBER_COLUMNS,
    MEMBER_FIELDS,
    beneficiary_facts,
    birth_date_in,
    member_facts,
    rank_in,
)
from tests.cast import CAMILLE, EVE, Person
from tests.members.member_file import child_of, line_of


def values_of(person: Person, **changes: str) -> Sequence[str]:
    line = line_of(person, **changes)
    return [line[column] for column in MEMBER_COLUMNS]


def refusals(**changes: str) -> list[str]:
    return [reason.column for reason in member_facts(values_of(CAMILLE, **changes))[1]]


def stated(**changes: str) -> dict[str, object]:
    values, reasons = member_facts(values_of(CAMILLE, **changes))
    assert reasons == []
    return dict(zip(MEMBER_FIELDS, values, strict=True))


def test_a_line_states_a_member() -> None:
    facts = stated(
        email="Camille@Example.org", telephone="04 76 60.56-36", date_fin="31/12/2030", langue="EN"
    )
    assert facts["number"] == CAMILLE.number
    assert facts["birth_date"] == CAMILLE.birth_date
    assert (facts["email"], facts["email_key"]) == ("Camille@Example.org", "camille@example.org")
    assert facts["phone"] == "0476605636"
    assert (facts["start_date"], facts["end_date"]) == ("2020-01-01", "2030-12-31")
    assert facts["language"] == "en"
    assert facts["birth_key"] == "dupontcamillerose"


def test_the_nir_is_sealed_before_it_goes_anywhere() -> None:
    facts = stated()
    assert CAMILLE.nir.encode() not in bytes(facts["nir"])  # type: ignore[call-overload]
    assert CAMILLE.nir not in repr(facts)


def test_what_is_unknown_may_be_empty() -> None:
    empty = dict.fromkeys(set(MEMBER_COLUMNS) - {"numero_adherent", "nom_naissance"}, "")
    facts = stated(**empty)
    assert facts["nir_index"] is None
    assert facts["birth_date"] == ""
    assert facts["language"] == "fr"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("05/03/1954", "1954-03-05"),
        ("00/03/1954", "1954-03-00"),
        ("00/00/1954", "1954-00-00"),
        ("31/00/1954", "1954-00-31"),
        ("29/02/2000", "2000-02-29"),
    ],
)
def test_an_unknown_day_or_month_of_birth_lives(written: str, kept: str) -> None:
    assert birth_date_in(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        "29/02/1900",
        "31/04/1954",
        "32/01/1954",
        "01/13/1954",
        "5/3/1954",
        "1954-03-05",
        "01/01/0000",
        "٠١/٠١/١٩٥٤",
    ],
)
def test_a_birth_date_that_does_not_exist_is_refused(written: str) -> None:
    assert refusals(date_naissance=written) == ["date_naissance"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("numero_adherent", ""),
        ("numero_adherent", "70 / é"),
        ("nir", "254033818504299"),
        ("nir", CAMILLE.nir[:13]),
        ("nom_naissance", ""),
        ("nom_naissance", "x" * 121),
        ("date_naissance", "01/01/2190"),
        ("departement_naissance", "00"),
        ("departement_naissance", "Isère"),
        ("email", "camille"),
        ("email", "camille@example"),
        ("email", "a b@example.org"),
        ("email", "é@example..org"),
        ("email", f"camille@{'.'.join(['b' * 61] * 4)}.fr"),  # 258 characters: no mailbox has more than 254
        ("email", f"camille@{'.'.join(['é' + 'b' * 40] * 6)}.fr"),
        ("email", f"{'a' * 200}@{'İ' * 40}.fr"),
        ("telephone", "à midi"),
        ("langue", "de"),
        ("date_debut", "00/01/2020"),
        ("date_fin", "31/12/2019"),
        ("", ""),
    ],
)
def test_a_line_is_refused_for_the_column_that_is_wrong(column: str, value: str) -> None:
    if column:
        assert refusals(**{column: value}) == [column]
    else:
        assert refusals(prenoms="CÃ©line") == [""]
        assert refusals(prenoms="C\x00line") == [""]


def test_every_reason_of_a_line_is_told() -> None:
    assert refusals(nir="1", email="x", langue="de") == ["nir", "email", "langue"]


def test_no_reason_repeats_what_the_line_says() -> None:
    _, reasons = member_facts(
        values_of(CAMILLE, nir="254033818504299", email="secret-address", telephone="secret")
    )
    messages = " ".join(str(reason.message) for reason in reasons)
    assert "25403" not in messages
    assert "secret" not in messages


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"rang": "0"}, "rang"),
        ({"rang": "100"}, "rang"),
        ({"rang": "00991"}, "rang"),  # what begins like a rank is none
        ({"rang": "0001" + "9" * 5000}, "rang"),
        ({"rang": ""}, "rang"),
        ({"lien": "voisin"}, "lien"),
    ],
)
def test_a_beneficiary_has_a_rank_and_a_relation(changes: dict[str, str], column: str) -> None:
    line = child_of(EVE, **changes)
    _, reasons = beneficiary_facts([line[name] for name in BENEFICIARY_COLUMNS])
    assert [reason.column for reason in reasons] == [column]


def test_a_rank_may_be_padded_with_zeros() -> None:
    assert [rank_in(written) for written in ("1", "01", " 099 ", "000007", "0000")] == [1, 1, 99, 7, None]
