"""An agent's life: invited, given a role and a group, suspended, back again. Who does it is never the agent concerned."""

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts import mails
from adherents.accounts.models import (
    AGENT_ROLES,
    AccessLink,
    Account,
    Purpose,
    Role,
    SessionEndReason,
    normalise_identifier,
)
from adherents.accounts.services import lock
from adherents.accounts.services.access_link import send_link
from adherents.accounts.services.closing import forget_what_was_kept_for
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
    """Make the agent's account and mail the invitation. Raises `AlreadyThere`; ValueError for an unknown role."""
    role = _role_of_agent(role)
    identifier = normalise_identifier(email)
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
        current = _locked(agent, by)
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
        current = _locked(agent, by)
        if current.role == role:
            raise AlreadySo
        _spare_the_last_administrator(current)
        former, current.role = current.role, role
        current.save(update_fields=["role"])
        current.sessions.all().end(SessionEndReason.SERVICE)
        record(
            Event.AGENT_ROLE_CHANGED,
            subject=current.subject,
            actor=by.actor,
            former=former,
            role=role.value,
            reason=reason,
        )
        mails.agent_role_changed(current)


def change_team(*, agent: Account, by: Account, team: str) -> None:
    """Put the agent in a group, for figures and assignments; "" takes out of it."""
    with transaction.atomic():
        if Account.objects.agents().filter(pk=agent.pk).exclude(team=team).update(team=team):
            record(Event.AGENT_TEAM_CHANGED, subject=agent.subject, actor=by.actor)


def suspend(*, agent: Account, by: Account, reason: str) -> None:
    """Nothing opens for this agent any more: sessions and links end at once. Raises an `AgentActRefused`."""
    with transaction.atomic():
        current = _locked(agent, by)
        if current.closed_at is not None:
            raise AlreadySo
        _spare_the_last_administrator(current)
        current.closed_at = timezone.now()
        current.save(update_fields=["closed_at"])
        AccessLink.objects.kill_every_one_of(current)
        current.sessions.all().end(SessionEndReason.SERVICE)
        forget_what_was_kept_for(current)
        record(Event.AGENT_SUSPENDED, subject=current.subject, actor=by.actor, reason=reason)
        mails.agent_suspended(current)


def reinstate(*, agent: Account, by: Account, reason: str) -> None:
    """The agent may sign in again, with the same password and second factor as before. Raises an `AgentActRefused`."""
    with transaction.atomic():
        current = _locked(agent, by)
        if current.closed_at is None:
            raise AlreadySo
        current.closed_at = None
        current.save(update_fields=["closed_at"])
        record(Event.AGENT_REINSTATED, subject=current.subject, actor=by.actor, reason=reason)
        mails.agent_reinstated(current)


def end_lock(*, agent: Account, by: Account, reason: str) -> None:
    """End the wait after wrong passwords or codes; only a new password opens then (G11). Raises an `AgentActRefused`."""
    with transaction.atomic():
        current = _locked(agent, by)
        if not lock.end_lock(account=current, actor=by.actor, reason=reason):
            raise AlreadySo


def _role_of_agent(role: str) -> Role:
    if Role(role) not in AGENT_ROLES:
        raise ValueError(f"an agent is no {role}")
    return Role(role)


def _locked(agent: Account, by: Account) -> Account:
    """The agent's row under lock, and the administrators' with it, always in one order: two who act on one another wait."""
    if agent.pk == by.pk:
        raise NotOneself
    concerned = Q(role=Role.ADMINISTRATOR) | Q(pk__in=[agent.pk, by.pk])
    agents = Account.objects.agents().filter(concerned).select_for_update().order_by("pk")
    rows = {row.pk: row for row in agents}
    if rows[by.pk].closed_at is not None or rows[by.pk].role != Role.ADMINISTRATOR:
        raise NotAnyMore
    return rows[agent.pk]


def _spare_the_last_administrator(agent: Account) -> None:
    """The rows are locked: what is counted here stays so until the end of the transaction."""
    others = Account.objects.active_administrators().exclude(pk=agent.pk)
    if agent.role == Role.ADMINISTRATOR and agent.closed_at is None and not others.exists():
        raise LastAdministrator
