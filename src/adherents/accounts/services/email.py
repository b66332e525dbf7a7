"""Changing the address that links go to (G10)."""

from django.db import transaction

from adherents.accounts import mails
from adherents.accounts.models import AccessLink, Account
from adherents.journal.events import Event
from adherents.journal.services import record


def why(reason: str) -> dict[str, str]:
    """What the journal says beside a change of address: an agent's reason, or that the member made it."""
    return {"reason": reason} if reason else {"by": "member"}


def change_email(*, account: Account, email: str, actor: str, reason: str = "") -> None:
    """Give the account another address; the old and the new one are told, and links mailed to the old one die."""
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=account.pk)
        old = current.email
        if old == email:
            return
        current.email = email
        current.save(update_fields=["email"])
        AccessLink.objects.mailed().kill_all_of(current)
        record(Event.EMAIL_CHANGED, subject=current.subject, actor=actor, **why(reason))
        mails.email_changed(current, old=old, new=email)
