"""Closing an account and opening it again."""

from django.db import transaction
from django.utils import timezone

from adherents.accounts import mails
from adherents.accounts.models import AccessLink, Account
from adherents.journal.events import Event
from adherents.journal.services import record


def close(*, account: Account, actor: str, reason: str) -> None:
    """Nobody signs in any more; every session and link ends at once."""
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=account.pk)
        if current.closed_at is not None:
            return
        Account.objects.filter(pk=current.pk).update(closed_at=timezone.now())
        AccessLink.objects.kill_all_of(current)
        current.sessions.all().delete()
        record(Event.ACCOUNT_CLOSED, subject=current.subject, actor=actor, reason=reason)
        mails.closed(current)


def reopen(*, account: Account, actor: str, reason: str) -> None:
    """The account can be signed in to again, with the password that it had."""
    with transaction.atomic():
        reopened = Account.objects.filter(pk=account.pk, closed_at__isnull=False).update(closed_at=None)
        if reopened:
            record(Event.ACCOUNT_REOPENED, subject=account.subject, actor=actor, reason=reason)
