"""Départements as people say them (G8)."""

import pytest

from adherents.members.departments import department_in

pytestmark = pytest.mark.rule("G8")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("94", "94"), ("094", "94"), ("9", "09"), ("2a", "2A"), ("2 A", "2A"), ("02B", "2B"), ("974", "974"), ("９４", "94"),
        ("\u200b94", "94"), ("Val-de-Marne", "94"), ("VAL DE MARNE", "94"), ("Val‑de‑Marne", "94"), ("Val-de-Marne (94)", "94"),
        ("94 – Val-de-Marne", "94"), ("Côte d'Or", "21"), ("corse du sud", "2A"), ("La Réunion", "974"), ("Réunion", "974"),
        ("Seine-et-Oise", "78"), ("Basses-Pyrénées", "64"), ("Étranger", "99"), ("à l’étranger", "99"), ("Alger", "99"),
        ("Haute-Corse 2B", "2B"), ("97", "97"),
    ],
)  # fmt: skip
def test_a_number_a_name_or_both_are_understood(typed: str, code: str) -> None:
    assert department_in(typed) == code


@pytest.mark.parametrize(
    "typed", ["", "²", "XX", "2C", "00", "1234", "38 Ain", "Paris 12 75", "Atlantide", "94 95"]
)
def test_what_is_no_departement_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="department"):
        department_in(typed)
