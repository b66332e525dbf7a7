"""Names that are near each other, and those that are not."""

import pytest

from adherents.members.near_names import beginning_of_key, distance, nearness, sound_key

pytestmark = pytest.mark.any_database
NEAR = [
    ("dupond", "dupont"), ("durant", "durand"), ("lefevre", "lefebvre"), ("gautier", "gauthier"), ("reno", "renault"),
    ("reynaud", "renaud"), ("matieu", "matthieu"), ("bouche", "boucher"), ("filip", "philippe"), ("katrine", "catherine"),
    ("leclerc", "leclercq"), ("ebert", "hebert"), ("leritier", "lheritier"), ("roussau", "rousseau"), ("duopnt", "dupont"),
    ("kamille", "camille"), ("schmit", "schmitt"), ("chevallier", "chevalier"), ("perez", "peres"), ("oarau", "hoarau"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "name"), NEAR)
def test_near_spellings_share_a_key_and_are_near(typed: str, name: str) -> None:
    assert sound_key(name, "").startswith(beginning_of_key(typed))
    assert nearness(typed, name) in {1, 2}


@pytest.mark.parametrize(
    ("typed", "name"),
    [("dupont", "dupin"), ("martin", "marchand"), ("roy", "lou"), ("petit", "pont"), ("dupont", "durand")],
)
def test_other_names_are_not_near(typed: str, name: str) -> None:
    assert nearness(typed, name) is None


def test_the_same_name_is_at_no_distance() -> None:
    assert nearness("dupont", "dupont") == 0


def test_a_distance_counts_letters_and_neighbours_that_changed_places() -> None:
    assert [
        distance("dupont", other, most=2) for other in ("dupond", "dpuont", "dupot", "ddupontt", "pointu")
    ] == [
        1,
        1,
        1,
        2,
        3,
    ]


def test_a_key_holds_the_first_given_name_and_is_empty_without_a_name() -> None:
    assert sound_key("Dupont", "Camille, Rose") == "dpn kml"
    assert sound_key("Ébert", "") == "abr "
    assert sound_key("", "Camille") == ""
    assert len(sound_key("Brndtschk" * 20, "x")) <= 48
