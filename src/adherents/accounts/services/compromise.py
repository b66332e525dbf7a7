"""« Ce n’était pas moi »: what the mail of a new device lets its reader do."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from adherents.accounts import mails
from adherents.accounts.models import AccessLink, Account, KnownDevice, Purpose, SessionEndReason
from adherents.accounts.services import lock, new_factor
from adherents.accounts.services.access_link import DeadLink, open_link, use_up
from adherents.database.transactions import needs_transaction
from adherents.journal.events import Event
from adherents.journal.services import record


def open_report(*, token: str) -> AccessLink:
    """The live link behind a token; changes nothing. Raises `DeadLink`."""
    return open_link(token=token, purposes=[Purpose.STRANGER])


def shut_out(*, token: str) -> Account:
    """End every session, link and known browser of the account, which then opens by a new password only.

    What a stranger may have added to a member's account since that sign-in (an app, a passkey) goes too. An agent's factors
    stay: without them the mailbox alone would open the desk. Raises `DeadLink`.
    """
    link = open_report(token=token)
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=link.account_id)
        if account.closed_at is not None or not use_up(link):
            raise DeadLink
        AccessLink.objects.kill_all_but_address_reports_of(account)
        lock.lock_until_reset(account=account)
        account.sessions.all().end(SessionEndReason.STRANGER)
        KnownDevice.objects.filter(account=account).delete()
        if account.is_agent:
            new_factor.withdraw(account=account)
        else:
            remove_factors_added_since(account, link.created_at)
        record(Event.STRANGER_REPORTED, subject=account.subject, actor=account.subject)
        mails.stranger_reported(account)
    return account


@needs_transaction
def remove_factors_added_since(account: Account, moment: datetime) -> None:
    """What a stranger may have added. Must be called in a transaction."""
    factors = Authenticator.objects.filter(user=account, created_at__gte=moment)
    for kind in list(factors.values_list("type", flat=True)):
        record(Event.SECOND_FACTOR_REMOVED, subject=account.subject, kind=kind)
    factors.delete()
