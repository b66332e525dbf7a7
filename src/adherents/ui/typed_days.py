"""How far back and ahead a day or a moment may be that somebody types, or that a program sends.

Beyond, it is a slip: 0026 for 2026. And not every part that it comes to can hold it: five past midnight on the first day of the
year 1 is in Paris, for PostgreSQL, a moment before Christ, and no row that has one is ever read again.
"""

from datetime import date, datetime, timedelta

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
A_YEAR = timedelta(days=365)


def is_kept(typed: date) -> bool:
    """Whether this day, or this moment in its own time zone, is one that the portal keeps and looks for."""
    return FIRST_DAY <= (typed.date() if isinstance(typed, datetime) else typed) <= LAST_DAY
