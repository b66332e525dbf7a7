"""How long something took, in tranches of hours that add up: what a week's rows count, and what is read from them."""

from bisect import bisect_left
from collections.abc import Mapping
from datetime import date, timedelta
from math import inf
from typing import Any

# Upper bounds in hours, nights and week-ends counted. The last tranche has none. Estimates from them are right to within a
# tranche (docs/decisions/0019).
WAITS = (1, 2, 4, 8, 12, 24, 36, 48, 72, 96, 120, 168, 240, 336, 504, 672)
WAIT_COLUMNS = (*(f"within_{hours}h" for hours in WAITS), "longer")


def wait_column(took: timedelta) -> str:
    """The column in which it counts one."""
    return WAIT_COLUMNS[bisect_left(WAITS, took / timedelta(hours=1))]


def waited(sums: Mapping[str, Any], share: float) -> float | None:
    """Hours within which this share of them was done, estimated within its tranche.

    None where there is none; infinite beyond the last tranche's beginning.
    """
    left = share * sum(sums[column] for column in WAIT_COLUMNS)
    if not left:
        return None
    for lower, upper, column in zip((0, *WAITS), (*WAITS, inf), WAIT_COLUMNS, strict=True):
        if sums[column] and left <= sums[column]:
            return inf if upper == inf else lower + (upper - lower) * left / sums[column]
        left -= sums[column]
    return inf


def monday_of(day: date) -> date:
    """The week that a day is in, as its Monday."""
    return day - timedelta(days=day.weekday())
