"""Rectangles on a page that is turned: where they stand then."""

import pytest

from adherents.reading.places import CutOut, around, turning, upright

PAGE = (200, 300)


@pytest.mark.parametrize(
    ("degrees", "view"),
    [(0, "10 20 50 5"), (90, "275 10 5 50"), (180, "140 275 50 5"), (270, "20 140 5 50")],
)
def test_a_crop_stands_where_the_turned_page_has_it(degrees: int, view: str) -> None:
    crop = upright(CutOut(10, 20, 50, 5), *PAGE, degrees)
    assert str(crop.view) == view
    assert crop.transform == turning(*PAGE, degrees).transform


def test_the_sides_of_a_page_change_places_when_it_lies() -> None:
    assert [(one.width, one.height) for one in (turning(*PAGE, degrees) for degrees in (0, 90, 180, 270))] == [
        (200, 300), (300, 200), (200, 300), (300, 200),
    ]  # fmt: skip


def test_around_a_code_there_is_a_little_room_and_never_more_than_the_page() -> None:
    assert around([[1000, 1000], [2000, 1100], [1900, 2000], [900, 1900]]) == (790, 890, 2110, 2110)
    assert around([[0, 0], [10_000, 0], [10_000, 10_000], [0, 10_000]]) == (0, 0, 10_000, 10_000)
