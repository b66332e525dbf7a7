"""An address that a member gives counts once its owner has followed a link sent to it (G10)."""

from django.db import transaction
from django.utils import timezone

from adherents.accounts.rules import link_validity
from adherents.accounts.services import lock
from adherents.accounts.services.access_link import DeadLink
from adherents.accounts.tokens import hash_token
from adherents.enrolment import mails
from adherents.enrolment.models import AddressToConfirm
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member
from adherents.members.services.accounts import change_email
from adherents.members.services.addresses import trust_again


def propose(*, member: Member, address: str) -> None:
    """Mail a link to the address that was given. Nothing changes yet. Must be called in a transaction."""
    assert member.account is not None
    token = AddressToConfirm.new_token()
    AddressToConfirm.objects.create(
        member=member,
        address=address,
        instead_of=member.email,
        token_hash=hash_token(token),
        expires_at=timezone.now() + link_validity(),
    )
    record(Event.EMAIL_PROPOSED, subject=member.account.subject, actor=member.account.subject)
    mails.confirm_address(to=address, language=member.account.language, token=token)


def open_address(*, token: str) -> AddressToConfirm:
    """What a token stands for. Changes nothing: mail scanners open links too. Raises `DeadLink`."""
    row = AddressToConfirm.objects.opened_by(token)
    if row is None or row.member.account is None or row.member.account.closed_at is not None:
        raise DeadLink
    return row


def confirm(*, token: str) -> Member:
    """From now on mails go there. Raises `DeadLink`, or `Locked` while the account is."""
    row = open_address(token=token)
    with transaction.atomic():
        member = Member.objects.select_for_update().get(pk=row.member_id)
        used = AddressToConfirm.objects.filter(pk=row.pk, used_at__isnull=True).update(used_at=timezone.now())
        account = member.account
        if not used or account is None or account.closed_at is not None or member.email != row.instead_of:
            raise DeadLink
        lock.check_not_waiting(account.identifier, None)
        if member.email == row.address:
            trust_again(member=member, actor=account.subject)
        else:
            change_email(member=member, email=row.address, actor=account.subject)
    return member
