"""Which days the service works: the French public holidays and the insurer's own closing days."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from django.utils import timezone

from adherents.insurer.profile import profile

SUBDIVISIONS = {"67": "6AE", "68": "6AE"}
SATURDAY = 5


def holiday_name(day: date) -> str | None:
    """The French name of the public holiday that falls on `day` where the insurer is, if one does."""
    return _holidays(day.year, profile().contact.holidays.departments).get(day)


def is_closed_day(day: date) -> bool:
    """Whether the service is closed on `day`, whatever the weekly hours say."""
    return holiday_name(day) is not None or day in profile().contact.holidays.extra_closed


def is_working_day(day: date) -> bool:
    """Whether `day` counts in a delay announced in working days: Monday to Friday, and not closed."""
    return day.weekday() < SATURDAY and not is_closed_day(day)


def add_working_days(day: date, days: int) -> date:
    """The working day that is `days` working days after `day`; with 0, `day` or the next working day."""
    while not is_working_day(day):
        day += timedelta(days=1)
    for _ in range(days):
        day += timedelta(days=1)
        while not is_working_day(day):
            day += timedelta(days=1)
    return day


def beginning_of(day: date) -> datetime:
    """The moment at which `day` begins, in the insurer's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


@lru_cache(maxsize=64)
def _holidays(year: int, departments: tuple[str, ...]) -> dict[date, str]:
    holidays = _french(year)
    for department in departments:
        holidays |= _french(year, SUBDIVISIONS.get(department, department))
    return holidays


def _french(year: int, subdivision: str | None = None) -> dict[date, str]:
    # Every country's are loaded with it, in half a second: for the commands that ask for no day, not with this module.
    from holidays.countries.france import France

    return dict(France(subdiv=subdivision, years=year, language="fr"))  # type: ignore[no-untyped-call]
