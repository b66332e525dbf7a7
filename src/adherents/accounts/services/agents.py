"""Inviting an agent: an account without a password, and a link that lets set one."""

from django.contrib.auth.hashers import make_password
from django.db import transaction

from adherents.accounts.models import Account, Purpose, Role, normalise_identifier
from adherents.accounts.services.access_link import send_link
from adherents.journal.events import Event
from adherents.journal.services import record


class AlreadyThere(Exception):
    """An account has this address as its identifier already."""


def invite(*, email: str, role: str, actor: str = "system", name: str = "", language: str = "fr") -> Account:
    """Make the agent's account and mail the invitation. Raises `AlreadyThere`; ValueError for an unknown role."""
    role = Role(role)
    if role is Role.MEMBER:
        raise ValueError("an agent is not a member")
    identifier = normalise_identifier(email)
    with transaction.atomic():
        account, created = Account.objects.get_or_create(
            identifier=identifier,
            defaults={
                "email": identifier,
                "role": role,
                "display_name": name,
                "language": language,
                "password": make_password(None),
            },
        )
        if not created:
            raise AlreadyThere(identifier)
        record(Event.AGENT_INVITED, subject=account.subject, actor=actor, role=role.value)
        send_link(account=account, purpose=Purpose.INVITATION, actor=actor)
    return account
