"""An agent comes by the directory, is linked to a person there, or signed out by it.

A person is known by issuer and `sub`, and by nothing else: an address can be given to another person, over there too.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts import mails
from adherents.accounts.by_directory import is_break_glass, session_mark
from adherents.accounts.directory.person import DirectoryPerson
from adherents.accounts.models import Account, DirectoryIdentity, Session, SessionEndReason
from adherents.accounts.openid.refusals import OpenIdRefused
from adherents.accounts.openid.tokens import LEEWAY, OLDEST_LOGOUT
from adherents.accounts.services import agents, single_use
from adherents.accounts.services.agents import AgentActRefused
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record

SUBJECT = "directory"  # of the journal, where no account is known


class DirectoryRefused(Exception):
    """The directory says who it is, and the desk does not open. `why`: a code for the journal."""

    why = ""
    message: str | Promise = ""


class NoRole(DirectoryRefused):
    why = "no_role"
    message = _(
        "L’annuaire ne vous donne aucun rôle dans ce portail, ou ne vous en donne plus. "
        "Demandez-le à qui s’occupe des droits de votre service."
    )


class StillSuspended(DirectoryRefused):
    why = "suspended"
    message = _("Votre accès est suspendu. Adressez-vous à un administrateur du portail.")


class LinkAsked(DirectoryRefused):
    why = "link_wanted"
    message = _(
        "Un agent est déjà connu ici sous votre adresse. Par prudence, une adresse ne suffit pas à l’ouvrir : un "
        "administrateur du portail doit d’abord vous relier à lui. Votre demande l’attend sur la page de cet agent."
    )


class AddressTaken(DirectoryRefused):
    why = "address_taken"
    message = _(
        "L’agent qui est connu ici sous votre adresse ne peut pas être relié à votre compte de l’annuaire : il l’est déjà à un "
        "autre, une autre demande attend, ou c’est le compte de secours. Adressez-vous à un administrateur du portail."
    )


class NoMailbox(DirectoryRefused):
    why = "no_address"
    message = _(
        "L’annuaire ne donne pas votre adresse e-mail, ou ne la tient pas pour vérifiée. Le portail en a besoin pour vous "
        "écrire : signalez-le à qui s’occupe de l’annuaire."
    )


class NothingAsked(AgentActRefused):
    message = _("Personne ne demande (plus) à être relié à cet agent.")


class NotLinked(AgentActRefused):
    message = _("Cet agent n’est relié à personne, et personne ne le demande.")


class TokenUsed(Exception):
    """This logout token did its work before."""


def arrive(*, person: DirectoryPerson) -> Account:
    """The agent whom this person signs in as; made at their first sign-in. Raises a `DirectoryRefused`, which is journalled.

    Role and group follow the directory at each sign-in. Whom it gives no role any more is suspended, and back when it does.
    """
    with transaction.atomic():
        outcome = _settled(person)
    if isinstance(outcome, DirectoryRefused):  # raised here: what led to it stays written
        raise outcome
    return outcome


def note_refused(*, refusal: OpenIdRefused) -> None:
    """Nothing is known of who it was."""
    record(Event.DIRECTORY_REFUSED, subject=SUBJECT, why=refusal.why.value)


def _settled(person: DirectoryPerson) -> Account | DirectoryRefused:
    known = DirectoryIdentity.objects.filter(issuer=person.issuer, sub=person.sub)
    identity = known.first()
    if identity is None:
        return _first_time(person)
    account = Account.objects.select_for_update().get(pk=identity.account_id)
    identity = known.filter(account=account).first()
    if identity is None:  # unlinked meanwhile
        return _refused(LinkAsked(), SUBJECT)
    if identity.linked_at is None:
        return _refused(LinkAsked(), account.subject)
    if person.role is None:
        if account.closed_at is None:
            known.update(role_gone_at=timezone.now())
            agents.shut_agent(account=account, actor=SUBJECT)
        return _refused(NoRole(), account.subject)
    if account.closed_at is not None:
        if identity.role_gone_at is None:  # an administrateur suspended them
            return _refused(StillSuspended(), account.subject)
        known.update(role_gone_at=None)
        agents.reopen_agent(account=account, actor=SUBJECT)
    if account.role != person.role:
        agents.give_role(account=account, role=person.role, actor=SUBJECT)
    if person.team is not None:
        agents.give_team(account=account, team=person.team, actor=SUBJECT)
    return account


def _first_time(person: DirectoryPerson) -> Account | DirectoryRefused:
    if person.role is None:
        return _refused(NoRole(), SUBJECT)
    if not person.email:
        return _refused(NoMailbox(), SUBJECT)
    try:
        with transaction.atomic():
            account = Account.objects.create(
                identifier=person.email,
                email=person.email,
                role=person.role,
                team=person.team or "",
                display_name=person.name,
                password=make_password(None),
            )
            DirectoryIdentity.objects.create(
                account=account, issuer=person.issuer, sub=person.sub, linked_at=timezone.now()
            )
    except IntegrityError:
        # The same person at the same moment, in another tab; or an agent who was here before has this address.
        if DirectoryIdentity.objects.filter(issuer=person.issuer, sub=person.sub).exists():
            return _settled(person)
        return _asks_to_be_linked(person)
    record(Event.AGENT_ARRIVED, subject=account.subject, actor=SUBJECT, role=person.role.value)
    return account


def _asks_to_be_linked(person: DirectoryPerson) -> DirectoryRefused:
    agent = Account.objects.agents().select_for_update().filter(identifier=person.email).first()
    if agent is None:
        return _refused(AddressTaken(), SUBJECT)
    if is_break_glass(agent.identifier) or DirectoryIdentity.objects.filter(account=agent).exists():
        return _refused(AddressTaken(), agent.subject)
    DirectoryIdentity.objects.create(
        account=agent,
        issuer=person.issuer,
        sub=person.sub,
        presented_name=" · ".join(filter(None, [person.name, person.username])),
    )
    record(Event.DIRECTORY_LINK_ASKED, subject=agent.subject, actor=SUBJECT)
    return _refused(LinkAsked(), agent.subject)


def _refused(refusal: DirectoryRefused, subject: str) -> DirectoryRefused:
    record(Event.DIRECTORY_REFUSED, subject=subject, actor=SUBJECT, why=refusal.why)
    return refusal


def link(*, agent: Account, by: Account, reason: str) -> None:
    """An administrateur says that who waits is this agent. Raises an `AgentActRefused`."""
    with transaction.atomic():
        current = agents.lock_with_administrators(agent=agent, by=by)
        waiting = DirectoryIdentity.objects.filter(account=current, linked_at=None)
        if not waiting.update(linked_at=timezone.now(), presented_name=b""):
            raise NothingAsked
        record(Event.DIRECTORY_LINKED, subject=current.subject, actor=by.actor, reason=reason)
        mails.directory_linked(current)


def unlink(*, agent: Account, by: Account, reason: str) -> None:
    """Undo a link, or refuse who asks for one. The sessions that came by it end. Raises an `AgentActRefused`."""
    with transaction.atomic():
        current = agents.lock_with_administrators(agent=agent, by=by)
        if not DirectoryIdentity.objects.filter(account=current).delete()[0]:
            raise NotLinked
        Session.objects.filter(account=current).by_directory().end(SessionEndReason.SERVICE)
        record(Event.DIRECTORY_UNLINKED, subject=current.subject, actor=by.actor, reason=reason)


def end_sessions_from_there(*, claims: dict[str, Any], issuer: str) -> int:
    """What a logout token, verified already, asks for: end the sessions of its `sid`, or all that its `sub` began from there.

    A sign-in from that `sid` which is under way goes no further. Returns how many ended. Raises `TokenUsed`.
    """
    until = datetime.fromtimestamp(float(claims["iat"]), UTC) + timedelta(seconds=OLDEST_LOGOUT + LEEWAY)
    sub, sid = claims.get("sub"), claims.get("sid")
    with transaction.atomic():
        if not single_use.use(token=f"logout {issuer} {claims['jti']}", expires_at=until):
            raise TokenUsed
        theirs = Session.objects.by_directory()
        if sub:
            theirs = theirs.filter(
                account__directory_identity__issuer=issuer, account__directory_identity__sub=sub
            )
        if sid:
            mark = session_mark(issuer, str(sid))
            theirs = theirs.filter(account__in=Account.objects.agents(), directory_mark=mark)
            longest = timezone.now() + timedelta(hours=profile().session.absolute_hours)
            single_use.use(token=mark, expires_at=longest)
        accounts = list(Account.objects.filter(sessions__in=theirs).distinct())
        ended = 0
        for account in accounts:
            count = theirs.filter(account=account).end(SessionEndReason.DIRECTORY)
            record(Event.SESSIONS_ENDED, subject=account.subject, actor=SUBJECT, count=count)
            ended += count
    return ended
