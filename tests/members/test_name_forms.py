"""Names with a title, « née » or « épouse » (G8)."""

import pytest

from adherents.members.name_forms import same_family_name, same_given_name

pytestmark = pytest.mark.rule("G8")


@pytest.mark.parametrize(
    ("claimed", "birth", "usage"),
    [
        ("Durand née Dupont", "DUPONT", "DURAND"),
        ("DURAND NEE DUPONT", "Dupont", "Durand"),
        ("Mme Durand née Dupont", "DUPONT", "DURAND"),
        ("Dupont ép. Durand", "DUPONT", "DURAND"),
        ("Dupont, épouse Durand", "DUPONT", "DURAND"),
        ("Dupont Vve Durand", "DUPONT", "DURAND"),
        ("Mme Durand", "DUPONT", "DURAND"),
        ("Madame Dupont-Durand", "DUPONT", "DURAND"),
        ("M. Dupont", "DUPONT", ""),
        ("née Dupont", "DUPONT", "DURAND"),
        ("ép. Durand", "DUPONT", "DURAND"),
        ("Durand née Dupont", "DUPONT", ""),
        ("Dupont ép. Durand", "DUPONT", ""),
        ("Durand née Dupont", "DURAND", "DURAND"),
        ("Durand", "DUPONT EP DURAND", ""),
        ("Dupont", "DUPONT EP DURAND", ""),
        ("Durand née Dupont", "DUPONT EP DURAND", ""),
        ("Durand", "DUPONT", "MME DURAND NEE DUPONT"),
        ("Née", "NEE", ""),
        ("Mme Nee", "NEE", ""),
        ("M’Bala", "MBALA", ""),
    ],
)
def test_what_is_written_around_a_name_is_understood(claimed: str, birth: str, usage: str) -> None:
    assert same_family_name(claimed, birth, usage)


@pytest.mark.parametrize(
    ("claimed", "birth", "usage"),
    [
        ("Durand née Martin", "DUPONT", "DURAND"),
        ("Martin née Dupont", "DUPONT", "DURAND"),
        ("Durand ép. Dupont", "DUPONT", "DURAND"),
        ("Durand ép. Dupont", "DUPONT", ""),
        ("Martin", "DUPONT", "DURAND"),
        ("Martin", "DUPONT EP DURAND", ""),
        ("Mme", "DUPONT", ""),
        ("née", "DUPONT", ""),
        ("", "DUPONT", ""),
        ("née Durand", "DUPONT", "DURAND"),
        ("Martin née Durand", "DURAND", "DUPONT"),
    ],
)
def test_somebody_else_stays_somebody_else(claimed: str, birth: str, usage: str) -> None:
    assert not same_family_name(claimed, birth, usage)


def test_a_title_before_a_given_name_does_not_matter() -> None:
    assert same_given_name("Mme Camille", "Camille, Rose")
    assert not same_given_name("Mme Rose", "Camille, Rose")
