"""Changing the address that links go to (G10): by the service, by the member, and back again."""

from datetime import timedelta

from django.db import transaction

from adherents.accounts import mails
from adherents.accounts.models import AccessLink, Account, Purpose
from adherents.accounts.services import lock
from adherents.accounts.services.access_link import make_link
from adherents.database.transactions import needs_transaction
from adherents.journal.events import Event
from adherents.journal.services import record

REPORT_FOR = timedelta(days=7)


def why(reason: str) -> dict[str, str]:
    """What the journal says beside a change of address: an agent's reason, or that the member made it."""
    return {"reason": reason} if reason else {"by": "member"}


def follow_register(*, account: Account, email: str) -> None:
    """The register has another address: links mailed to the old one die, and both addresses get a mail, as for any change.

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
    """The service gives the account another address; the old and the new one get a mail.

    Nothing mailed to the old one opens any more, « ce n’était pas moi » included: an agent's word ends what came before,
    also what let the mailbox not be trusted.
    """
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=account.pk)
        old = current.email
        if old == email:
            return
        _write(current, email, actor=actor, reason=reason)
        AccessLink.objects.mailed().kill_every_one_of(current)
        lock.trust_the_mailbox(current)
        mails.email_changed(current, old=old, new=email)


@needs_transaction
def change_own_email(*, account: Account, email: str) -> str:
    """The member gives the account another address, which gets a mail. Returns the token of a link for the old one, or "".

    That link says « ce n’était pas moi » for seven days; a new address does not silence the one before it. Every other link
    that went to the old address is dead. Must be called in a transaction that holds the account's row under lock.
    """
    old = account.email
    _write(account, email, actor=account.subject)
    AccessLink.objects.mailed().kill_all_but_address_reports_of(account)
    mails.own_email_changed(account, new=email)
    return make_link(account=account, purpose=Purpose.ADDRESS_CHANGED, validity=REPORT_FOR) if old else ""


@needs_transaction
def put_back_email(*, account: Account, email: str) -> None:
    """The former address again, for which its owner spoke. Must be called in a transaction, as `change_own_email`."""
    _write(account, email, actor=account.subject)


def _write(account: Account, email: str, *, actor: str, reason: str = "") -> None:
    account.email = email
    account.save(update_fields=["email"])
    record(Event.EMAIL_CHANGED, subject=account.subject, actor=actor, **why(reason))
