"""Names: what does not matter when two are compared (G8)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherents.members import names
from tests.members import strategies


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Anne-Cécile  D’Œuvre", "anne cecile d oeuvre"),
        ("LEFÈVRE", "lefevre"),
        ("  N'Diaye ", "n diaye"),
        ("Læticia", "laeticia"),
        ("Groß", "gross"),
        ("Łukasik", "lukasik"),
        ("Nguyễn", "nguyen"),
        ("Peña_Ruiz", "pena ruiz"),
        ("O\u02bcBrien", "o brien"),
        ("-’ ", ""),
        ("Димитров", "димитров"),
    ],
)
def test_a_name_is_brought_to_what_matters(written: str, key: str) -> None:
    assert names.normalise(written) == key


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = names.normalise(text)
    assert names.normalise(once) == once


@given(st.text(max_size=40))
def test_composed_and_decomposed_letters_are_one(text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert names.normalise(composed) == names.normalise(decomposed)


@pytest.mark.rule("G8")
@given(
    strategies.names(),
    st.sampled_from(["-", " ", "’", "'", "\u02bc", "  ", "\u00a0", ""]),
    st.booleans(),
    st.booleans(),
)
def test_accents_case_hyphens_apostrophes_and_spaces_do_not_matter(
    name: str, join: str, loud: bool, apart: bool
) -> None:
    other = join.join(name.replace("-", " ").replace("’", " ").replace("'", " ").split())
    other = other.upper() if loud else other.lower()
    other = unicodedata.normalize("NFD" if apart else "NFC", other)
    bare = "".join(
        letter for letter in unicodedata.normalize("NFD", other) if not unicodedata.combining(letter)
    )
    assert names.same_person_name(other, name, "")
    assert names.same_person_name(bare, "", name)
    assert names.same_first_name(bare, f"{name}, Zoé")


@pytest.mark.rule("G8")
def test_the_birth_name_or_the_usual_name_will_do() -> None:
    assert names.same_person_name("lefevre", "Lefèvre", "Durand")
    assert names.same_person_name("Durand", "Lefèvre", "Durand")
    assert names.same_person_name("Lefèvre-Durand", "Lefèvre", "Durand")
    assert names.same_person_name("Durand Lefèvre", "Lefèvre", "Durand")
    assert not names.same_person_name("Dupont", "Lefèvre", "Durand")
    assert not names.same_person_name("", "", "")
    assert not names.same_person_name("’", "", "Durand")


@pytest.mark.rule("G8")
@pytest.mark.parametrize(
    ("claimed", "on_file"),
    [
        ("Jean Francois", "Jean-François"),
        ("JEAN-FRANÇOIS", "Jean Francois, Paul"),
        ("Jean Francois", "Jean Francois Paul"),
        ("Jeanfrançois", "Jean-François Paul"),
        ("Marie Eve", "Marie Ève, Louise"),
        ("marie-ève, louise", "Marie Ève, Louise"),
        ("Marie", "Marie Louise"),
        ("Marie", "Marie, Louise"),
        ("Marie Louise", "Marie, Louise"),
        ("Marie-Louise", "Marie Louise Anne"),
    ],
)
def test_the_first_given_name_or_all_of_them_will_do(claimed: str, on_file: str) -> None:
    assert names.same_first_name(claimed, on_file)


@pytest.mark.parametrize(
    ("claimed", "on_file"),
    [
        ("Louise", "Marie, Louise"),
        ("Jean", "Jean-François"),
        ("Louise Marie", "Marie, Louise"),
        ("", ""),
        ("", "Marie"),
        ("-", "Marie"),
        ("Mari", "Marie"),
    ],
)
def test_another_first_name_is_another_person(claimed: str, on_file: str) -> None:
    assert not names.same_first_name(claimed, on_file)
