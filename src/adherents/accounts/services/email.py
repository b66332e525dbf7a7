"""Changing the address that links go to (G10)."""

from django.db import transaction

from adherents.accounts import mails
from adherents.accounts.models import AccessLink, Account
from adherents.journal.events import Event
from adherents.journal.services import record


def why(reason: str) -> dict[str, str]:
    """What the journal says beside a change of address: an agent's reason, or that the member made it."""
    return {"reason": reason} if reason else {"by": "member"}


def follow_register(*, account: Account, email: str) -> None:
    """The register has another address: links mailed to the old one die, and both addresses are told, as of any change.

    `account`: with the address that it had, its row under lock. Letter case alone makes no other address.
    """
    old = account.email
    if old == email:
        return
    Account.objects.filter(pk=account.pk).update(email=email)
    account.email = email
    if old.lower() == email.lower():
        return
    AccessLink.objects.mailed().kill_all_of(account)
    record(Event.EMAIL_CHANGED, subject=account.subject, by="register")
    mails.email_in_file_changed(account, old=old, new=email)


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
