"""Whether a paper is still good by the days that were read on it: over, or more than three months old. Pure code."""

from datetime import date

MONTHS = 3
YEAR_ENDS = (8, 31)  # of a school year, the last month and day


def is_over_three_months(issued: date, today: date) -> bool:
    """Whether today is later than the same day three months on; where that month has no such day, than its end."""
    months = issued.year * 12 + issued.month - 1 + MONTHS
    return (today.year, today.month, today.day) > (months // 12, months % 12 + 1, issued.day)


def is_school_year_over(years: str, today: date) -> bool:
    """`years`: « 2026-2027 »."""
    return today > date(int(years[-4:]), *YEAR_ENDS)
