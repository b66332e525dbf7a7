"""A member and their account: opening the one for the other, and changing the address that both know."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.services import email as account_email
from adherents.accounts.services.email import why
from adherents.accounts.services.register import ensure_account
from adherents.database.transactions import needs_transaction
from adherents.feed.event_types import EventType
from adherents.feed.services import announce
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import FormerAddress, Member


class NotAnAddress(Exception):
    """What was typed is no e-mail address."""

    message = _("Ce n’est pas une adresse e-mail.")


class NumberGiven(Exception):
    """The member's number is another person's: no account opens for the former holder."""

    message = _("Ce n° adhérent est maintenant celui d’une autre personne : ce compte est fermé pour de bon.")


def attach_account(*, member: Member) -> Account:
    """The member's account, opened if there is none (without a password: a link sets it), with the register's facts.

    Two requests at once open one account: the member's row is locked. Raises `NumberGiven` for a former holder.
    """
    with transaction.atomic():
        current = Member.objects.select_for_update().get(pk=member.pk)
        if current.is_former_holder:
            raise NumberGiven
        account = ensure_account(
            identifier=current.number,
            email=current.email,
            birth_date=current.birth_date,
            # The language chosen in the portal stands.
            language=current.account.language if current.account else current.language,
            display_name=current.name,
        )
        if current.account_id != account.pk:
            Member.objects.filter(pk=current.pk).update(account=account)
            announce(EventType.ACCOUNT_OPENED, subject=current.subject)
    member.account = account
    return account


def change_email(*, member: Member, email: str, actor: str, reason: str = "") -> None:
    """Give a member another address (G10), in the register and for the account; the old and the new one get a mail.

    `reason`: an agent's.

    The insurer's file does not undo it until it brings an address that the register never had for this member.
    Raises `NotAnAddress`.
    """
    address = checked_address(email)
    with transaction.atomic():
        current = Member.objects.select_for_update().get(pk=member.pk)
        write_address(member=current, address=address, actor=actor, reason=reason)
        if current.account is not None:
            account_email.change_email(account=current.account, email=address, actor=actor, reason=reason)
    member.email, member.email_key, member.email_bounced_at = address, address.lower(), None


def checked_address(email: str) -> str:
    """The address as it is kept. Raises `NotAnAddress`."""
    address = email.strip()
    try:
        validate_email(address)
    except ValidationError:
        raise NotAnAddress from None
    return address


@needs_transaction
def write_address(*, member: Member, address: str, actor: str, reason: str = "") -> None:
    """Set the address that a person gave, on a row that the caller holds under lock. The former address is remembered.

    The register only: the account and the mails are the caller's.
    """
    if member.email == address:
        return
    former, now = member.email, timezone.now()
    member.email, member.email_key = address, address.lower()
    member.email_chosen_at, member.email_bounced_at = now, None
    member.save(update_fields=["email", "email_key", "email_chosen_at", "email_bounced_at"])
    if former:
        FormerAddress.objects.create(member=member, address=former, since=now)
    record(Event.EMAIL_CHANGED, subject=member.subject, actor=actor, **why(reason))
    announce(EventType.MEMBER_CHANGED, subject=member.subject, source="portal", fields=["email"])
