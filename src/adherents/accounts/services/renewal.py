"""Warning that a password is near its end (G4)."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from adherents.accounts import mails
from adherents.accounts.models import Account, Role
from adherents.accounts.policy_from_profile import renewal
from adherents.insurer.profile import profile


def warn(limit: int = 500) -> int:
    """Mail once each member whose password ends in 15 or 3 days. Returns how many; nothing happens when renewal is off."""
    period = renewal()
    if period is None:
        return 0
    now, warned = timezone.now(), 0
    for days in profile().password.renewal_notice_days:
        ends_by = now + timedelta(days=days)
        due = Account.objects.filter(
            role=Role.MEMBER,
            closed_at__isnull=True,
            renewal_warned_days__gt=days,
            password_changed_at__gt=now - period,
            password_changed_at__lte=ends_by - period,
        ).order_by("password_changed_at")[:limit]
        for account in due:
            _warn(account, days)
            warned += 1
    return warned


def _warn(account: Account, days: int) -> None:
    ends = account.renewal_at
    changed = account.password_changed_at
    if ends is None or changed is None:
        return
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(renewal_warned_days=days)
        left = max((timezone.localdate(ends) - timezone.localdate()).days, 0)
        mails.renewal_near(
            account, days=left, on=ends, dedupe_key=f"renewal:{account.pk}:{changed.isoformat()}:{days}"
        )
