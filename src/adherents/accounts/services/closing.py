"""Closing an account and opening it again."""

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from adherents.accounts import mails
from adherents.accounts.models import AccessLink, Account, FormerPassword
from adherents.journal.events import Event
from adherents.journal.services import record

Ending = Callable[[Account], None]
ENDINGS: list[Ending] = []


def at_closing(function: Ending) -> Ending:
    """Register what a room above this one forgets of an account as it closes, in the same transaction."""
    ENDINGS.append(function)
    return function


def forget_what_was_kept_for(account: Account) -> None:
    """Delete what the rooms above keep until the account's person comes back, which will not happen."""
    for function in ENDINGS:
        function(account)


def close(*, account: Account, actor: str, reason: str) -> bool:
    """Signing in stops; every session, link and letter ends at once. False: it was closed already."""
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=account.pk)
        if current.closed_at is not None:
            return False
        Account.objects.filter(pk=current.pk).update(closed_at=timezone.now())
        AccessLink.objects.kill_every_one_of(current)
        current.sessions.all().delete()
        forget_what_was_kept_for(current)
        record(Event.ACCOUNT_CLOSED, subject=current.subject, actor=actor, reason=reason)
        mails.closed(current)
    return True


def reopen(*, account: Account, actor: str, reason: str) -> bool:
    """Open the account again, and tell the member: a link must set a new password first. False: it was not closed.

    The former password stays among those that may not come back (G3). A second factor stays too. An account whose n° adhérent
    was given to another person stays closed: False.
    """
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=account.pk)
        if current.closed_at is None or current.is_retired:
            return False
        if current.has_usable_password():
            FormerPassword.objects.create(account=current, encoded=current.password)
            current.set_unusable_password()
        current.closed_at, current.password_changed_at = None, None
        current.identity_wanted_since = None
        current.save(update_fields=["closed_at", "password", "password_changed_at", "identity_wanted_since"])
        record(Event.ACCOUNT_REOPENED, subject=current.subject, actor=actor, reason=reason)
        mails.reopened(current)
    return True
