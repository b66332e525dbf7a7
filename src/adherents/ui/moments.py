"""A moment in words, for what is written once and read later (a mail)."""

import datetime as dt

from django.utils import timezone, translation

from adherents.ui.templatetags.ui import clock


def date_and_hour(at: dt.datetime, language: str) -> dict[str, str]:
    """`date` (18/11/2026) and `hour` (« 9 h 12 », "9:12 am") in the insurer's time zone, as the reader writes them."""
    with translation.override(language):
        return {"date": f"{timezone.localtime(at):%d/%m/%Y}", "hour": clock(at)}
