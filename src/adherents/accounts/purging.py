from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from adherents.accounts.models import AccessLink, EndedSession, RateCounter, Session, SignInCounter, UsedToken
from adherents.work.purging import Due, purge, rows

LINKS_KEPT_FOR = timedelta(days=30)
COUNTERS_KEPT_FOR = timedelta(days=90)


@purge
def accounts() -> Iterable[Due]:
    """Links and sessions that no longer work, and counts that lock no account. A lock stays until a new password (G11)."""
    now = timezone.now()
    links = AccessLink.objects.filter(expires_at__lt=now - LINKS_KEPT_FOR)
    yield rows("links", f"ended more than {LINKS_KEPT_FOR.days} days ago", links)
    yield rows("sessions", "over", Session.objects.over())
    yield rows("ended sessions", "over", EndedSession.objects.filter(expire_date__lt=now))
    yield rows("used tokens", "over", UsedToken.objects.filter(expires_at__lt=now))
    yield rows("hits", "counted in a window that is over", RateCounter.objects.over())
    counters = SignInCounter.objects.filter(locked_at__isnull=True, touched_at__lt=now - COUNTERS_KEPT_FOR)
    yield rows("sign-in counters", f"untouched for {COUNTERS_KEPT_FOR.days} days, without a lock", counters)
