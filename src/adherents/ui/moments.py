"""A moment in words, for what is written once and read later (a mail); and how long something took."""

import datetime as dt

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from adherents.ui.templatetags.ui import clock


def date_and_hour(at: dt.datetime, language: str) -> dict[str, str]:
    """`date` (18/11/2026) and `hour` (« 9 h 12 », "9:12 am") in the insurer's time zone, as the reader writes them."""
    with translation.override(language):
        return {"date": f"{timezone.localtime(at):%d/%m/%Y}", "hour": clock(at)}


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
