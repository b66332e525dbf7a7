"""Moments, days and durations in words: on a page, in a mail, on paper."""

import datetime as dt

from django.template.defaultfilters import date as format_date
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from adherents.ui.numbers import WIDE, is_french


def clock(value: dt.datetime | dt.time) -> str:
    """« 16 h 52 », « 9 h » ; "4:52 pm", "9 am" in English."""
    moment = _local(value) if isinstance(value, dt.datetime) else value
    if is_french():
        return f"{moment.hour}{WIDE}h" + (f"{WIDE}{moment.minute:02d}" if moment.minute else "")
    hour, half = moment.hour % 12 or 12, "am" if moment.hour < 12 else "pm"
    return f"{hour}:{moment.minute:02d}{WIDE}{half}" if moment.minute else f"{hour}{WIDE}{half}"


def day(value: dt.date | dt.datetime | None) -> str:
    """« 23/11/2026 », in both languages."""
    if value is None:
        return ""
    return str(format_date(_local(value) if isinstance(value, dt.datetime) else value, "d/m/Y"))


def moment(value: dt.datetime | None) -> str:
    """« 23/11/2026 à 16 h 52 »; "23/11/2026 at 4:52 pm" in English."""
    if value is None:
        return ""
    return _("%(day)s à %(clock)s") % {"day": day(value), "clock": clock(value)}


def frdate(value: str | None) -> str:
    """A date kept as text, `AAAA-MM-JJ` with zeros where unknown: « 03/05/1954 », « 05/1954 », « 1954 »."""
    year, __, rest = str(value or "").partition("-")
    month, __, in_month = rest.partition("-")
    known = [part for part in (in_month, month, year) if part.strip("0")]
    return "/".join(known)


def ago(value: dt.datetime) -> str:
    """« il y a 3 h », « il y a 2 j 4 h »: for the desk, with the date itself in a title."""
    minutes = max(int((timezone.now() - value).total_seconds() // 60), 0)
    days, hours = minutes // 1440, minutes // 60 % 24
    if minutes < 1:
        return _("à l’instant")
    if minutes < 60:
        return _("il y a %(minutes)s min") % {"minutes": minutes}
    if not days:
        return _("il y a %(hours)s h") % {"hours": hours}
    if hours:
        return _("il y a %(days)s j %(hours)s h") % {"days": days, "hours": hours}
    return _("il y a %(days)s j") % {"days": days}


def date_and_hour(at: dt.datetime, language: str) -> dict[str, str]:
    """`date` (18/11/2026) and `hour` (« 9 h 12 », "9:12 am") in the insurer's time zone, as the reader writes them."""
    with translation.override(language):
        return {"date": day(at), "hour": clock(at)}


def duration(hours: float) -> str:
    """« 40 min », « 18 h », « 2 j 4 h », « 12 j »: as many words as it takes to compare two of them."""
    if hours < 1:
        return _("%(minutes)s min") % {"minutes": round(hours * 60)}
    whole = round(hours)
    if whole < 48:
        return _("%(hours)s h") % {"hours": whole}
    days, rest = divmod(whole, 24)
    if rest and days < 10:
        return _("%(days)s j %(hours)s h") % {"days": days, "hours": rest}
    return _("%(days)s j") % {"days": days}


def _local(value: dt.datetime) -> dt.datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value
