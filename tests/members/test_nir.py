"""The NIR: what is one, what is not, and which départements it stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherents.demo.invented import with_key
from adherents.members import nir
from tests.members.strategies import MONTHS, nirs

A_WOMAN = with_key("2900275112001")


def refusal(text: str) -> str:
    with pytest.raises(nir.WrongNir) as refused:
        nir.parse(text)
    return refused.value.code


@given(nirs())
def test_every_nir_that_could_be_somebody_s_is_read(number: str) -> None:
    assert nir.parse(number).text == number


@given(nirs(), st.sampled_from([" ", ".", " . ", "\u00a0", "\u202f", "-"]))
def test_spaces_dots_and_small_letters_do_not_matter(number: str, gap: str) -> None:
    assert nir.parse(gap.join(nir.spaced(number).split()).lower()).text == number


@given(nirs())
def test_spacing_is_undone_by_normalising(number: str) -> None:
    assert nir.normalise(nir.spaced(number)) == number


@given(nirs(), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_seen_by_the_key(number: str, place: int, more: int) -> None:
    if not number[place].isdigit() or (place == 5 and number[6] in "AB"):
        return
    wrong = number[:place] + str((int(number[place]) + more) % 10) + number[place + 1 :]
    assert not nir.is_valid(wrong)


@given(st.text(max_size=20))
def test_no_text_breaks_the_reading(text: str) -> None:
    nir.is_valid(text)
    nir.mask(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "length"),
        ("29002", "length"),
        (A_WOMAN[:13], "no_key"),
        (A_WOMAN + "1", "length"),
        (A_WOMAN[:-2] + f"{(int(A_WOMAN[-2:]) % 97) + 1:02d}", "key"),
        ("2900275112O0112", "characters"),
        ("253072C07300443", "characters"),
        ("２９００２７５１１２００１ab", "characters"),
        (with_key("5900275112001"), "sex"),
        (with_key("0900275112001"), "sex"),
        (with_key("2901375112001"), "month"),
        (with_key("2900075112001"), "month"),
        (with_key("2901975112001"), "month"),
        (with_key("2900200112001"), "place"),
        (with_key("2900275000001"), "place"),
        (with_key("2900275991001"), "place"),
        (with_key("2900297100001"), "place"),
        (with_key("2900297191001"), "place"),
        (with_key("2800220112001"), "place"),
        (with_key("2800296112001"), "place"),
        (with_key("2900275112000"), "order"),
    ],
)
def test_what_no_person_can_have_is_refused(text: str, code: str) -> None:
    assert refusal(text) == code


def test_a_refusal_says_why_in_words_and_never_echoes_the_number() -> None:
    with pytest.raises(nir.WrongNir) as refused:
        nir.parse("290027511200199")
    assert "clé" in str(refused.value.message)
    assert "2900275112001" not in str(refused.value) + str(refused.value.message) + repr(refused.value)


@pytest.mark.parametrize("month", MONTHS)
def test_an_unknown_month_of_birth_is_real(month: int) -> None:
    assert nir.parse(with_key(f"190{month:02d}75112001")).month == month


def test_corsica_has_letters_and_its_own_key() -> None:
    assert nir.parse("253072B07300470").department == "2B"
    assert nir.parse("253072a07300443").department == "2A"
    n = 2530720073004
    assert nir.key_of("253072A073004") == 97 - (n - 1_000_000) % 97
    assert nir.key_of("253072B073004") == 97 - (n - 2_000_000) % 97


def test_only_sex_year_and_month_are_shown() -> None:
    assert nir.mask(A_WOMAN) == "2 90 02 •• ••• ••• ••"
    assert A_WOMAN[5:] not in f"{nir.parse(A_WOMAN)} {nir.parse(A_WOMAN)!r}"
    assert nir.mask("not one") == "• •• •• •• ••• ••• ••"


def test_spaced_is_the_vitale_card_s_way() -> None:
    assert nir.spaced("295109912611193") == "2 95 10 99 126 111 93"


@pytest.mark.rule("G8")
@pytest.mark.parametrize(
    ("first_13", "also_said", "never"),
    [
        ("2500275112001", {"75", "92", "93", "94"}, {"78", "91", "95"}),  # Seine, before the reform
        ("2500278112001", {"78", "91", "92", "93", "94", "95"}, {"75"}),  # Seine-et-Oise, before the reform
        ("2700275112001", {"75"}, {"92", "93", "94", "78"}),
        ("2700278112001", {"78"}, {"91", "95"}),
        ("2700292112001", {"92"}, {"75", "99"}),
        ("2500220112001", {"20", "2A", "2B"}, {"21"}),  # Corsica before 1976
        ("250022A112001", {"2A", "20"}, {"2B"}),
        ("280022A112001", {"2A"}, {"20", "2B"}),
        ("250022B112001", {"2B", "20"}, {"2A"}),
        ("2900297112001", {"971", "97", "977", "978"}, {"972"}),
        ("2900297212001", {"972", "97"}, {"971"}),
        ("2900297612001", {"976", "985"}, {"974"}),
        ("2900298812001", {"988", "98"}, {"987"}),
        ("2900299112001", {"99"}, {"91", "97"}),
        ("2500291112001", {"91", "99"}, {"92", "78"}),  # Alger
        ("2500292112001", {"92", "99"}, {"75"}),  # Oran
        ("2500293112001", {"93", "99"}, {"75"}),  # Constantine
        ("2500294112001", {"94", "99"}, {"75"}),  # Territoires du Sud
        ("2500295112001", {"95", "99"}, {"78"}),  # Maroc
        ("2500296112001", {"96", "99"}, {"95"}),  # Tunisie
        ("2500299352001", {"99", "91", "92", "93", "94"}, {"95", "96"}),  # Algérie
        ("2500299350001", {"99", "95"}, {"91", "96"}),  # Maroc
        ("2500299351001", {"99", "96"}, {"91", "95"}),  # Tunisie
        ("2800299352001", {"99"}, {"91"}),
        ("2500269112001", {"69"}, {"99"}),
    ],
)
def test_the_departement_in_the_nir_is_right_under_its_names_of_then_and_now(
    first_13: str, also_said: set[str], never: set[str]
) -> None:
    accepted = nir.departments_of(with_key(first_13))
    assert also_said <= accepted
    assert not never & accepted


@pytest.mark.rule("G8")
def test_the_birth_year_settles_the_century_of_a_nir() -> None:
    number = with_key("2100275112001")
    assert "92" in nir.departments_of(number)
    assert "92" in nir.departments_of(number, birth_year=1910)
    assert "92" not in nir.departments_of(number, birth_year=2010)


@given(nirs())
def test_a_nir_always_stands_for_its_own_departement(number: str) -> None:
    accepted = nir.departments_of(number)
    assert nir.parse(number).department in accepted
    assert all(nir.normalise_department(code) == code for code in accepted)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("1", "01"),
        ("01", "01"),
        ("075", "75"),
        ("2a", "2A"),
        ("2 B", "2B"),
        ("971", "971"),
        ("99", "99"),
        ("20", "20"),
    ],
)
def test_a_departement_is_read_as_people_type_it(typed: str, code: str) -> None:
    assert nir.normalise_department(typed) == code


@pytest.mark.parametrize("typed", ["", "0", "00", "000", "100", "960", "2C", "999", "Paris", "7500", "²"])
def test_what_is_no_departement_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="department"):
        nir.normalise_department(typed)


def test_two_digits_are_enough_overseas() -> None:
    assert nir.same_department("97", "971")
    assert nir.same_department("974", "97")
    assert not nir.same_department("971", "974")
    assert not nir.same_department("9", "97")
    assert not nir.same_department("", "")
