"""An agent's life: invited, given a role and a group, suspended, back again. Who does it is never the agent concerned."""

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts import mails
from adherents.accounts.by_directory import comes_by_directory_only, directory
from adherents.accounts.models import (
    AGENT_ROLES,
    AccessLink,
    Account,
    DirectoryIdentity,
    Purpose,
    Role,
    SessionEndReason,
    normalise_identifier,
)
from adherents.accounts.services import lock
from adherents.accounts.services.access_link import send_link
from adherents.accounts.services.closing import forget_what_was_kept_for
from adherents.database.transactions import needs_transaction
from adherents.journal.events import Event
from adherents.journal.services import record


class AlreadyThere(Exception):
    """An account has this address as its identifier already."""

    message = _("Un agent a déjà cette adresse.")


class AgentActRefused(Exception):
    """Why this cannot be done, in words for the administrator."""

    message: str | Promise = ""


class NotOneself(AgentActRefused):
    message = _("Personne ne change son propre accès : demandez à un autre administrateur.")


class LastAdministrator(AgentActRefused):
    message = _("C’est le dernier administrateur en activité : nommez-en un autre d’abord.")


class AlreadySo(AgentActRefused):
    message = _("C’est déjà le cas.")


class AlreadyConnected(AgentActRefused):
    message = _("Cet agent a déjà choisi son mot de passe : l’invitation ne sert plus.")


class Suspended(AgentActRefused):
    message = _("Cet agent est suspendu : rétablissez-le d’abord.")


class ByDirectory(AgentActRefused):
    message = _("C’est l’annuaire qui le dit : la prochaine connexion de cet agent le changerait à nouveau.")


class ArrivesByDirectory(AgentActRefused):
    message = _("Les agents entrent par l’annuaire, sans invitation : donnez-lui un rôle là-bas.")


class NotAnyMore(AgentActRefused):
    message = _("Vous n’êtes plus administrateur.")


def is_there(email: str) -> bool:
    """Whether an account has this address as its identifier."""
    return Account.objects.filter(identifier=normalise_identifier(email)).exists()


def invite(
    *,
    email: str,
    role: str,
    actor: str = "system",
    name: str = "",
    team: str = "",
    language: str = "fr",
    reason: str = "",
) -> Account:
    """Make the agent's account and mail the invitation.

    Raises `AlreadyThere` or `ArrivesByDirectory`; ValueError for an unknown role.
    """
    role = _role_of_agent(role)
    identifier = normalise_identifier(email)
    if comes_by_directory_only(identifier):
        raise ArrivesByDirectory
    with transaction.atomic():
        account, created = Account.objects.get_or_create(
            identifier=identifier,
            defaults={
                "email": identifier,
                "role": role,
                "display_name": name,
                "team": team,
                "language": language,
                "password": make_password(None),
            },
        )
        if not created:
            raise AlreadyThere(identifier)
        why = {"reason": reason} if reason else {}
        record(Event.AGENT_INVITED, subject=account.subject, actor=actor, role=role.value, **why)
        send_link(account=account, purpose=Purpose.INVITATION, actor=actor)
    return account


def invite_again(*, agent: Account, by: Account, reason: str) -> None:
    """Send the invitation again; the former link dies. Raises an `AgentActRefused`."""
    with transaction.atomic():
        current = lock_with_administrators(agent=agent, by=by)
        if current.closed_at is not None:
            raise Suspended
        if current.has_usable_password():
            raise AlreadyConnected
        AccessLink.objects.kill_all_of(current)
        record(Event.AGENT_INVITED, subject=current.subject, actor=by.actor, role=current.role, reason=reason)
        send_link(account=current, purpose=Purpose.INVITATION, actor=by.actor)


def change_role(*, agent: Account, by: Account, role: str, reason: str) -> None:
    """Give another role; the sessions that had the former end. Raises an `AgentActRefused`; ValueError for an unknown role."""
    role = _role_of_agent(role)
    with transaction.atomic():
        current = lock_with_administrators(agent=agent, by=by)
        if current.role == role:
            raise AlreadySo
        _leave_to_directory(current)
        _spare_the_last_administrator(current)
        give_role(account=current, role=role, actor=by.actor, reason=reason)


@needs_transaction
def give_role(*, account: Account, role: Role, actor: str, **why: str) -> None:
    """End the sessions that had the former role, and tell the agent.

    Must be called in a transaction, with the row under lock.
    """
    former, account.role = account.role, role
    account.save(update_fields=["role"])
    account.sessions.all().end(SessionEndReason.SERVICE)
    record(
        Event.AGENT_ROLE_CHANGED, subject=account.subject, actor=actor, former=former, role=role.value, **why
    )
    mails.agent_role_changed(account)


def change_team(*, agent: Account, by: Account, team: str) -> None:
    """Put the agent in a group, for figures and assignments; "" takes out of it."""
    with transaction.atomic():
        _leave_to_directory(agent, team_too=True)
        give_team(account=agent, team=team, actor=by.actor)


@needs_transaction
def give_team(*, account: Account, team: str, actor: str) -> None:
    """Nothing where the agent is in it already. Must be called in a transaction."""
    if Account.objects.agents().filter(pk=account.pk).exclude(team=team).update(team=team):
        record(Event.AGENT_TEAM_CHANGED, subject=account.subject, actor=actor)


def suspend(*, agent: Account, by: Account, reason: str) -> None:
    """Nothing opens for this agent any more: sessions and links end at once. Raises an `AgentActRefused`."""
    with transaction.atomic():
        current = lock_with_administrators(agent=agent, by=by)
        if current.closed_at is not None:
            raise AlreadySo
        _spare_the_last_administrator(current)
        DirectoryIdentity.objects.filter(account=current).update(role_gone_at=None)
        shut_agent(account=current, actor=by.actor, reason=reason)


@needs_transaction
def shut_agent(*, account: Account, actor: str, **why: str) -> None:
    """What `suspend` does, for another who decides it. Must be called in a transaction, with the row under lock."""
    account.closed_at = timezone.now()
    account.save(update_fields=["closed_at"])
    AccessLink.objects.kill_every_one_of(account)
    account.sessions.all().end(SessionEndReason.SERVICE)
    forget_what_was_kept_for(account)
    record(Event.AGENT_SUSPENDED, subject=account.subject, actor=actor, **why)
    mails.agent_suspended(account)


def reinstate(*, agent: Account, by: Account, reason: str) -> None:
    """The agent may sign in again, with the same password and second factor as before. Raises an `AgentActRefused`."""
    with transaction.atomic():
        current = lock_with_administrators(agent=agent, by=by)
        if current.closed_at is None:
            raise AlreadySo
        DirectoryIdentity.objects.filter(account=current).update(role_gone_at=None)
        reopen_agent(account=current, actor=by.actor, reason=reason)


@needs_transaction
def reopen_agent(*, account: Account, actor: str, **why: str) -> None:
    """What `reinstate` does, for another who decides it. Must be called in a transaction, with the row under lock."""
    account.closed_at = None
    account.save(update_fields=["closed_at"])
    record(Event.AGENT_REINSTATED, subject=account.subject, actor=actor, **why)
    mails.agent_reinstated(account)


def end_lock(*, agent: Account, by: Account, reason: str) -> None:
    """End the wait after wrong passwords or codes; only a new password opens then (G11), where the agent signs in with one.

    Raises an `AgentActRefused`.
    """
    with transaction.atomic():
        current = lock_with_administrators(agent=agent, by=by)
        if not lock.end_lock(account=current, actor=by.actor, reason=reason):
            raise AlreadySo
        if comes_by_directory_only(current.identifier) or not current.has_usable_password():
            lock.clear(current.identifier)  # no new password will come that opens it


def _role_of_agent(role: str) -> Role:
    if Role(role) not in AGENT_ROLES:
        raise ValueError(f"an agent is no {role}")
    return Role(role)


@needs_transaction
def lock_with_administrators(*, agent: Account, by: Account) -> Account:
    """The agent's row under lock, and the administrators' with it, always in one order: two who act on one another wait.

    Must be called in a transaction. Raises `NotOneself` or `NotAnyMore`.
    """
    if agent.pk == by.pk:
        raise NotOneself
    concerned = Q(role=Role.ADMINISTRATOR) | Q(pk__in=[agent.pk, by.pk])
    agents = Account.objects.agents().filter(concerned).select_for_update().order_by("pk")
    rows = {row.pk: row for row in agents}
    if rows[by.pk].closed_at is not None or rows[by.pk].role != Role.ADMINISTRATOR:
        raise NotAnyMore
    return rows[agent.pk]


def _leave_to_directory(agent: Account, *, team_too: bool = False) -> None:
    """What the directory says at each sign-in is not said otherwise here. Raises `ByDirectory`."""
    known = directory()
    if known is None or (team_too and not known.team_claim):
        return
    if DirectoryIdentity.objects.filter(account=agent, issuer=known.issuer, linked_at__isnull=False).exists():
        raise ByDirectory


def _spare_the_last_administrator(agent: Account) -> None:
    """The rows are locked: what is counted here stays so until the end of the transaction."""
    others = Account.objects.active_administrators().exclude(pk=agent.pk)
    if agent.role == Role.ADMINISTRATOR and agent.closed_at is None and not others.exists():
        raise LastAdministrator
