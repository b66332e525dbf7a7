from datetime import date

import pytest

from adherents.reading.ages import is_over_three_months, is_school_year_over

pytestmark = pytest.mark.any_database


@pytest.mark.parametrize(
    ("issued", "today", "over"),
    [
        (date(2026, 8, 30), date(2026, 11, 30), False),
        (date(2026, 8, 29), date(2026, 11, 30), True),
        (date(2025, 11, 30), date(2026, 2, 28), False),
        (date(2025, 11, 30), date(2026, 3, 1), True),
        (date(2025, 12, 31), date(2026, 3, 31), False),
        (date(2025, 12, 31), date(2026, 4, 1), True),
        (date(2026, 12, 1), date(2026, 11, 30), False),
    ],
)
def test_three_months_are_counted_by_the_calendar(issued: date, today: date, over: bool) -> None:
    assert is_over_three_months(issued, today) is over


def test_a_school_year_ends_with_august() -> None:
    assert not is_school_year_over("2025-2026", date(2026, 8, 31))
    assert is_school_year_over("2025-2026", date(2026, 9, 1))
