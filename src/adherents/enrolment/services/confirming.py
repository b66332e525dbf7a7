"""An address that a member gives counts once its owner has followed a link sent to it (G10)."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.client import Client
from adherents.accounts.models import AccessLink, Account, Purpose
from adherents.accounts.policy_from_profile import link_validity
from adherents.accounts.services import lock
from adherents.accounts.services.access_link import DeadLink, make_link, open_link, use_up
from adherents.accounts.services.email import change_own_email
from adherents.accounts.tokens import hash_token
from adherents.database.transactions import needs_transaction
from adherents.enrolment import mails
from adherents.enrolment.models import AddressToConfirm
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member
from adherents.members.services.accounts import checked_address, write_address
from adherents.members.services.addresses import clear_bounce

ADDRESSES_A_DAY = 5


class CannotChange(Exception):
    """Why no link was sent, in words for the member."""

    message: str | Promise = _("Cela ne peut pas se faire maintenant.")


class AddressUnchanged(CannotChange):
    message = _("C’est déjà l’adresse de votre compte.")


class TooManyAddresses(CannotChange):
    message = _(
        "Vous avez déjà donné plusieurs adresses depuis hier. Suivez l’un des liens reçus, ou recommencez demain."
    )


class NotNow(CannotChange):
    """Closed or locked since the page was opened."""


def ask_for_change(*, member: Member, address: str, client: Client) -> None:
    """The member's own wish, after signing in again: mail a link to the new address. Nothing else changes.

    Raises `CannotChange` or the register's `NotAnAddress`. Another person may have this address: this is neither checked
    nor shown, because spouses share a mailbox.
    """
    address = checked_address(address)
    with transaction.atomic():
        current = Member.objects.select_for_update().get(pk=member.pk)
        account = Account.objects.select_for_update().get(member=current)
        if account.closed_at is not None or _is_locked(account, client):
            raise NotNow
        if address.lower() == current.email.lower() and current.is_reachable:
            raise AddressUnchanged
        yesterday = timezone.now() - timedelta(days=1)
        sent = AccessLink.objects.filter(account=account, purpose=Purpose.ADDRESS, created_at__gt=yesterday)
        if sent.count() >= ADDRESSES_A_DAY:
            raise TooManyAddresses
        current.account = account
        propose(member=current, address=address)


def _is_locked(account: Account, client: Client) -> bool:
    try:
        lock.check_open(account.identifier, lock.device_of(account, client))
    except lock.Locked:
        return True
    return False


@needs_transaction
def propose(*, member: Member, address: str) -> None:
    """Mail a link to the address that was given. Nothing changes yet. Must be called in a transaction."""
    assert member.account is not None
    token = make_link(account=member.account, purpose=Purpose.ADDRESS, validity=link_validity())
    AddressToConfirm.objects.create(
        member=member,
        address=address,
        instead_of=member.email,
        link=AccessLink.objects.get(token_hash=hash_token(token)),
    )
    record(Event.EMAIL_PROPOSED, subject=member.account.subject, actor=member.account.subject)
    mails.confirm_address(member.account, to=address, token=token)


def open_address(*, token: str) -> AddressToConfirm:
    """What a token stands for. Changes nothing: mail scanners open links too. Raises `DeadLink`."""
    link = open_link(token=token, purposes=[Purpose.ADDRESS])
    row = AddressToConfirm.objects.select_related("member").filter(link=link).first()
    if row is None:
        raise DeadLink
    return row


def confirm(*, token: str, client: Client) -> Member:
    """From now on mails go there, and the former address gets a mail. Raises `DeadLink`, or `Locked` while the account is.

    Everything is looked at again under the row locks: a change by an agent or by another link, a new password, a closing
    and a lock on the way leave the address as it is.
    """
    row = open_address(token=token)
    with transaction.atomic():
        member = Member.objects.select_for_update().get(pk=row.member_id)
        if member.account_id is None:
            raise DeadLink
        account = Account.objects.select_for_update().get(pk=member.account_id)
        lock.check_open(account.identifier, lock.device_of(account, client))
        if account.closed_at is not None or member.email != row.instead_of or not use_up(row.link):
            raise DeadLink
        if member.email == row.address:
            clear_bounce(member=member, actor=account.subject)
        else:
            write_address(member=member, address=row.address, actor=account.subject)
            _tell_the_former(row, account, change_own_email(account=account, email=row.address))
    return member


def _tell_the_former(row: AddressToConfirm, account: Account, token: str) -> None:
    """« Ce n’était pas moi », to the address that was replaced; nowhere, where there was none."""
    if not token:
        return
    row.report = AccessLink.objects.get(token_hash=hash_token(token))
    row.save(update_fields=["report"])
    mails.address_changed(
        account, to=row.instead_of, new=row.address, token=token, until=row.report.expires_at
    )
