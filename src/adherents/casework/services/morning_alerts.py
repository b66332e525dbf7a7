"""The mail of the morning: how many documents break their promise tomorrow, of which kinds, for each responsable who wants it.

It leaves at the profile's hour (`morning_hour`) of a working day, or later that day where no worker ran then. However many
workers run, it leaves once. What agents choose for themselves is not in the journal, as their filters are not.
"""

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import ActRefused, check_act
from adherents.casework import mails
from adherents.casework.listing.selectors import due_today_by_kind
from adherents.casework.models import MorningAlert
from adherents.insurer.calendar import is_working_day
from adherents.insurer.profile import profile


def choose(*, agent: Account, wanted: bool) -> None:
    """Have the mail from the next morning on, or no more. Twice is once. Raises `acts.ActRefused`."""
    with transaction.atomic():
        agent = check_act(agent=agent, act=Act.MORNING_ALERT)
        if not wanted:
            MorningAlert.objects.filter(account=agent).delete()
            return
        # Chosen after the hour, it begins tomorrow: who says no and then yes has no second one today.
        told_on = timezone.localdate() if _is_time() else None
        MorningAlert.objects.get_or_create(account=agent, defaults={"told_on": told_on})


def tell_due() -> int:
    """Serve today's mails that are due; how many agents were served. Where nothing breaks tomorrow, the day passes without."""
    today = timezone.localdate()
    if not _is_time() or not is_working_day(today):
        return 0
    alerts = list(MorningAlert.objects.not_told_on(today).select_related("account").order_by("pk"))
    if not alerts:
        return 0
    here = set(MorningAlert.objects.at_work_on(today).values_list("pk", flat=True))
    due = [alert for alert in alerts if alert.pk in here]
    # Who is away at that hour has none today: back at four in the afternoon is none of the morning.
    MorningAlert.objects.filter(pk__in=[alert.pk for alert in alerts if alert.pk not in here]).update(
        told_on=today
    )
    if not due:
        return 0
    breaking = due_today_by_kind()
    return sum(_tell(alert, breaking, today) for alert in due)


def _is_time() -> bool:
    return timezone.localtime().hour >= profile().casework.morning_hour


def _tell(alert: MorningAlert, breaking: Mapping[str, int], today: date) -> bool:
    """The day is marked in the transaction that posts the mail: of two workers, the second finds it marked; of one that dies,
    neither is left.
    """
    with transaction.atomic():
        try:
            agent = check_act(agent=alert.account, act=Act.MORNING_ALERT)
        except ActRefused:
            return False
        if not MorningAlert.objects.not_told_on(today).filter(pk=alert.pk).update(told_on=today):
            return False
        if breaking:
            mails.morning_alert(agent, breaking, today)
    return True
