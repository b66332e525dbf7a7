"""What an agent does so that a member can sign in, or no longer can: address, end of a lock, link, letter, closing (G10, G11)."""

from enum import Enum, auto

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account, Purpose
from adherents.accounts.services import access_link, closing, lock
from adherents.accounts.services.end_sessions import NothingOpen as NoSession
from adherents.accounts.services.end_sessions import end_all_of
from adherents.enrolment.models import LetterBatch
from adherents.enrolment.services import letters
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member, MemberQuerySet
from adherents.members.services.accounts import NumberGiven, attach_account
from adherents.members.services.accounts import change_email as change_in_register
from adherents.members.services.addresses import clear_bounce


class AccountActRefused(Exception):
    """Why this cannot be done now, in words for the agent."""

    message = _("Cela ne peut pas se faire maintenant.")


class SameAddress(AccountActRefused):
    message = _("C’est déjà l’adresse du dossier.")


class NoAddress(AccountActRefused):
    message = _("Le dossier n’a pas d’adresse e-mail : ajoutez-la d’abord.")


class AccountClosed(AccountActRefused):
    message = _("Ce compte est fermé : aucun lien ne peut l’ouvrir.")


class StillLocked(AccountActRefused):
    message = _("Le compte est bloqué : mettez d’abord fin au blocage.")


class NothingLocked(AccountActRefused):
    message = _("Rien n’est bloqué : le délai est passé, ou le blocage a déjà été levé.")


class AlreadyClosed(AccountActRefused):
    message = _("Ce compte est déjà fermé.")


class NotClosed(AccountActRefused):
    message = _("Ce compte n’est pas fermé.")


class NoLetter(AccountActRefused):
    message = _(
        "Un courrier se fait pour qui n’a pas d’adresse e-mail, ou une adresse en échec, et dont le compte n’est pas fermé."
    )


class NoOpenSession(AccountActRefused):
    message = _("Aucune connexion n’est ouverte.")


class FormerHolder(AccountActRefused):
    message = NumberGiven.message


def _check_number_is_theirs(member: Member) -> None:
    """A former holder, whose number is another person's now, gets no way in. Raises `FormerHolder`."""
    if member.is_former_holder:
        raise FormerHolder


def is_same_address(member: Member, email: str) -> bool:
    """The address is the one on file, and mails reach it: there is nothing to change."""
    return email.strip() == member.email and member.email_bounced_at is None


class EmailChange(Enum):
    """What became of the address on file."""

    FIRST = auto()
    REPLACED = auto()
    TRUSTED_AGAIN = auto()


def change_email(*, agent: Account, member: Member, email: str, reason: str) -> EmailChange:
    """Give the member another address, in the register and for the account; both addresses are told (G10).

    A member who never connected gets an account first, so that both addresses are told in any case. The address on file
    given again, when it is in failure, was checked: it is trusted again. Raises `SameAddress`, `FormerHolder`, or the
    register's `NotAnAddress`.
    """
    _check_number_is_theirs(member)
    if email.strip() == member.email:
        if clear_bounce(member=member, actor=agent.actor, reason=reason):
            return EmailChange.TRUSTED_AGAIN
        raise SameAddress
    change = EmailChange.REPLACED if member.email else EmailChange.FIRST
    with transaction.atomic():
        attach_account(member=member)
        change_in_register(member=member, email=email, actor=agent.actor, reason=reason)
    return change


def end_lock(*, agent: Account, member: Member, reason: str) -> None:
    """End the wait before its time (G11); the member then asks for a new password. Raises `NothingLocked`."""
    if member.account is None or not lock.end_lock(account=member.account, actor=agent.actor, reason=reason):
        raise NothingLocked


def end_sessions(*, agent: Account, member: Member, reason: str) -> None:
    """End every session that is open on the member's account, who is told. Raises `NoOpenSession`."""
    if member.account is None:
        raise NoOpenSession
    try:
        end_all_of(account=member.account, by=agent, reason=reason)
    except NoSession as error:
        raise NoOpenSession from error


def send_link(*, agent: Account, member: Member, reason: str) -> str:
    """Mail the link that sets a password to the address on file, and nowhere else. Returns its purpose.

    Opens the account of a member who never connected. Raises `NoAddress`, `AccountClosed`, `StillLocked` or
    `FormerHolder`.
    """
    _check_number_is_theirs(member)
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
        record(Event.LINK_ASKED_FOR, subject=account.subject, actor=agent.actor, reason=reason)
        access_link.send_link(account=account, purpose=purpose, actor=agent.actor)
    return purpose.value


def close_account(*, agent: Account, member: Member, reason: str) -> None:
    """Close the member's account: sessions, links and letters end at once, and the member is told. A member who never connected
    can be closed too: no first connection opens the account then.

    Raises `AlreadyClosed` or `FormerHolder`.
    """
    _check_number_is_theirs(member)
    with transaction.atomic():
        account = attach_account(member=member)
        if not closing.close(account=account, actor=agent.actor, reason=reason):
            raise AlreadyClosed


def reopen_account(*, agent: Account, member: Member, reason: str) -> None:
    """Open a closed account again; it needs a new password, and the member is told. Raises `NotClosed` or `FormerHolder`."""
    _check_number_is_theirs(member)
    if member.account is None or not closing.reopen(account=member.account, actor=agent.actor, reason=reason):
        raise NotClosed


def write_letter(*, agent: Account, member: Member, reason: str) -> LetterBatch:
    """Write a letter with a code to a member that no mail can reach. Raises `NoLetter`."""
    try:
        return letters.write_one(member=member, actor=agent.actor, reason=reason)
    except letters.NobodyToWriteTo as error:
        raise NoLetter from error


def prepare_letters(*, agent: Account, people: MemberQuerySet, reason: str) -> LetterBatch:
    """Prepare a batch for the print shop: the people of a list who have no letter on its way.

    Raises `letters.NobodyToWriteTo`.
    """
    return letters.ask_for_batch(people=people, actor=agent.actor, reason=reason)
