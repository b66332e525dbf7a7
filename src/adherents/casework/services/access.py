"""What an agent does so that a member gets in: another address, the end of a lock, a link (G10, G11)."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account, Purpose
from adherents.accounts.services import access_link, lock
from adherents.casework.permissions import actor
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member
from adherents.members.services.accounts import attach_account
from adherents.members.services.accounts import change_email as change_in_register


class Refusal(Exception):
    """Why this cannot be done now, in words for the agent."""

    message = _("Cela ne peut pas se faire maintenant.")


class SameAddress(Refusal):
    message = _("C’est déjà l’adresse du dossier.")


class NoAddress(Refusal):
    message = _("Le dossier n’a pas d’adresse e-mail : ajoutez-la d’abord.")


class AccountClosed(Refusal):
    message = _("Ce compte est fermé : aucun lien ne peut l’ouvrir.")


class StillLocked(Refusal):
    message = _("Le compte est bloqué : mettez d’abord fin au blocage.")


class NothingLocked(Refusal):
    message = _("Rien n’est bloqué : le délai est passé, ou le blocage a déjà été levé.")


def change_email(*, agent: Account, member: Member, email: str, reason: str) -> None:
    """Give the member another address, in the register and for the account; both addresses are told (G10).

    A member who never connected gets an account first, so that both addresses are told in any case.
    Raises `SameAddress`, or the register's `NotAnAddress`.
    """
    if email.strip() == member.email:
        raise SameAddress
    with transaction.atomic():
        attach_account(member=member)
        change_in_register(member=member, email=email, actor=actor(agent), reason=reason)


def end_lock(*, agent: Account, member: Member, reason: str) -> None:
    """End the wait before its time (G11); the member then asks for a new password. Raises `NothingLocked`."""
    if member.account is None or not lock.end_lock(account=member.account, actor=actor(agent), reason=reason):
        raise NothingLocked


def send_link(*, agent: Account, member: Member, reason: str) -> str:
    """Mail the link that sets a password to the address on file, and nowhere else. Returns its purpose.

    Opens the account of a member who never connected. Raises `NoAddress`, `AccountClosed` or `StillLocked`.
    """
    if not member.email:
        raise NoAddress
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=attach_account(member=member).pk)
        if account.closed_at is not None:
            raise AccountClosed
        try:
            lock.check_not_waiting(account.identifier, None)
        except lock.Locked as error:
            raise StillLocked from error
        purpose = Purpose.RESET if account.has_usable_password() else Purpose.FIRST_CONNECTION
        record(Event.LINK_ASKED_FOR, subject=account.subject, actor=actor(agent), reason=reason)
        access_link.send_link(account=account, purpose=purpose, actor=actor(agent))
    return purpose.value
