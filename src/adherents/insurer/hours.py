"""When the service answers (G14): open now or not, until when, next opening, and when few people wait."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone, translation
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from adherents.insurer.calendar import add_working_days, holiday_name, is_closed_day, is_working_day
from adherents.insurer.facts import Week
from adherents.insurer.profile import profile
from adherents.insurer.values import Span

__all__ = [
    "Opening",
    "WeekLine",
    "add_working_days",
    "clock",
    "english_opening",
    "holiday_name",
    "is_closed_day",
    "is_working_day",
    "opening",
    "opening_hours",
    "quiet_hours",
]
HORIZON_DAYS = 60
NOON, MIDNIGHT = time(12), time(0)


@dataclass(frozen=True)
class Opening:
    """What the service's hours say at one moment. Times are aware, in the portal's time zone.

    As text: « Ouvert aujourd’hui jusqu’à 18 h 30. Peu d’attente de 11 h 45 à 13 h 45. »
    """

    now: datetime
    language: str
    open_now: bool
    until: datetime | None
    next_opening: datetime | None
    closed_day: str
    later_today: tuple[Span, ...]
    quiet_now: Span | None
    quiet_next: Span | None

    @property
    def state(self) -> str:
        """« Ouvert aujourd’hui jusqu’à 18 h 30. », or when it opens next."""
        with translation.override(self.language):
            return self._open() if self.open_now else self._closed()

    @property
    def advice(self) -> str:
        """« Peu d’attente de 11 h 45 à 13 h 45. », about today; empty when there is nothing to say."""
        with translation.override(self.language):
            if self.quiet_now:
                return _("Peu d’attente jusqu’à %(end)s.") % {"end": clock(self.quiet_now.end)}
            if self.quiet_next:
                return _("Peu d’attente de %(start)s à %(end)s.") % _ends(self.quiet_next)
            return ""

    @property
    def sentence(self) -> str:
        return f"{self.state} {self.advice}".strip()

    def __str__(self) -> str:
        return self.sentence

    def _open(self) -> str:
        assert self.until is not None
        end = clock(self.until.time())
        if not self.later_today:
            return _("Ouvert aujourd’hui jusqu’à %(end)s.") % {"end": end}
        later = _joined(self.later_today)
        return _("Ouvert aujourd’hui jusqu’à %(end)s, puis %(later)s.") % {"end": end, "later": later}

    def _closed(self) -> str:
        closed = _("Fermé aujourd’hui, jour férié.") if self.closed_day else _("Fermé pour l’instant.")
        if self.next_opening is None:
            return closed
        hour = clock(self.next_opening.time())
        days = (self.next_opening.date() - self.now.date()).days
        values = {"hour": hour, "day": day_name(self.next_opening.weekday())}
        if days == 0:
            opens = _("Ouvre aujourd’hui à %(hour)s.")
        elif days == 1:
            opens = _("Ouvre demain, %(day)s, à %(hour)s.")
        elif days < 7:
            opens = _("Ouvre %(day)s à %(hour)s.")
        else:
            opens = _("Ouvre le %(date)s à %(hour)s.")
            values["date"] = self.next_opening.strftime("%d/%m/%Y")
        return f"{closed} {opens % values}"


@dataclass(frozen=True)
class WeekLine:
    """One line of the weekly hours: « Du lundi au vendredi », « de 8 h 30 à 18 h 30 »."""

    days: str
    hours: str


def opening(now: datetime | None = None, language: str | None = None) -> Opening:
    """What the service's hours say at `now`, in `language` ("fr", "en"; the reader's by default)."""
    contact = profile().contact
    return _opening(contact.hours, contact.quiet_hours, now, language)


def english_opening(now: datetime | None = None, language: str | None = None) -> Opening | None:
    """The same for the line where English is spoken; None when the insurer has none."""
    english = profile().contact.english
    return _opening(english.hours, (), now, language) if english else None


def opening_hours(week: Week | None = None) -> list[WeekLine]:
    """The weekly hours in the reader's language, days with the same hours gathered; closed days left out."""
    week = week or profile().contact.hours
    lines = []
    for first, last in _runs(week):
        lines.append(WeekLine(_days(first, last), _joined(week.on(first))))
    return lines


def quiet_hours() -> str:
    """« de 9 h à 9 h 30, de 11 h 45 à 13 h 45 et de 16 h à 18 h 30 », or nothing."""
    return _joined(profile().contact.quiet_hours)


def clock(at: time) -> str:
    """An hour of the day as the reader writes it: « 18 h 30 », "6:30 pm"."""
    if (get_language() or "fr").startswith("en"):
        if at in (NOON, MIDNIGHT):
            return "noon" if at == NOON else "midnight"
        half = "am" if at.hour < 12 else "pm"
        return f"{at.hour % 12 or 12}{f':{at.minute:02}' if at.minute else ''}\u00a0{half}"
    return f"{at.hour}\u00a0h" + (f"\u00a0{at.minute:02}" if at.minute else "")


def day_name(weekday: int) -> str:
    """A day of the week in the reader's language, 0 for Monday."""
    names = [_("lundi"), _("mardi"), _("mercredi"), _("jeudi"), _("vendredi"), _("samedi"), _("dimanche")]
    return names[weekday]


def _opening(week: Week, quiet: tuple[Span, ...], now: datetime | None, language: str | None) -> Opening:
    now = timezone.localtime(now)
    today = _spans_on(week, now.date())
    at = now.time().replace(tzinfo=None)
    present = next((span for span in today if span.start <= at < span.end), None)
    calm = [span for hours in today for part in quiet if (span := _overlap(part, hours))]
    return Opening(
        now=now,
        language=language or get_language() or "fr",
        open_now=present is not None,
        until=_moment(now, now.date(), present.end) if present else None,
        next_opening=next(_openings(week, now), None),
        closed_day=holiday_name(now.date()) or "",
        later_today=tuple(span for span in today if span.start > at),
        quiet_now=next((span for span in calm if span.start <= at < span.end), None),
        quiet_next=next((span for span in calm if span.start > at), None),
    )


def _openings(week: Week, now: datetime) -> Iterator[datetime]:
    for days in range(HORIZON_DAYS):
        day = now.date() + timedelta(days=days)
        for span in _spans_on(week, day):
            moment = _moment(now, day, span.start)
            if moment > now:
                yield moment


def _spans_on(week: Week, day: date) -> tuple[Span, ...]:
    return () if is_closed_day(day) else week.on(day.weekday())


def _moment(now: datetime, day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=now.tzinfo)


def _overlap(one: Span, other: Span) -> Span | None:
    start, end = max(one.start, other.start), min(one.end, other.end)
    return Span(start, end) if start < end else None


def _ends(span: Span) -> dict[str, str]:
    return {"start": clock(span.start), "end": clock(span.end)}


def _joined(spans: tuple[Span, ...]) -> str:
    parts = [pgettext("hours", "de %(start)s à %(end)s") % _ends(span) for span in spans]
    if len(parts) < 2:
        return "".join(parts)
    return _("%(first)s et %(last)s") % {"first": ", ".join(parts[:-1]), "last": parts[-1]}


def _runs(week: Week) -> Iterator[tuple[int, int]]:
    weekday = 0
    while weekday < 7:
        last = weekday
        while last < 6 and week.on(last + 1) == week.on(weekday):
            last += 1
        if week.on(weekday):
            yield weekday, last
        weekday = last + 1


def _days(first: int, last: int) -> str:
    if first == last:
        return _("Le %(day)s") % {"day": day_name(first)}
    return _("Du %(first)s au %(last)s") % {"first": day_name(first), "last": day_name(last)}
