"""A new second factor for an agent who lost theirs: one person asks, a second one agrees, a mailed link lets add it.

Nothing opens the account in between. The lost factor is gone at once, and adding another one takes both the password and the
mailed link, so that neither a stolen password nor a stolen mailbox is enough. A new password, set in any way, kills the link;
a person who knows the agent then sends another one.
"""

from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts import mails
from adherents.accounts.models import (
    AccessLink,
    Account,
    FactorRequest,
    KnownDevice,
    Purpose,
    SessionEndReason,
)
from adherents.accounts.permissions import TABLE, Act
from adherents.accounts.services.access_link import DeadLink, open_link, send_link, use_up
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record

RequestState = FactorRequest.RequestState


class FactorRefused(Exception):
    """Why this cannot be done, in words for the person who tries."""

    message: str | Promise = ""


class NotForOneself(FactorRefused):
    message = _("Une autre personne que l’agent concerné doit le faire.")


class SamePerson(FactorRefused):
    message = _("Vous avez fait cette demande : une seconde personne doit l’accorder.")


class AlreadyAsked(FactorRefused):
    message = _("Une demande attend déjà une seconde personne.")


class NothingToReplace(FactorRefused):
    message = _("Cet agent n’a pas de second facteur : il en ajoute un à sa prochaine connexion.")


class NothingWaits(FactorRefused):
    message = _("Cette demande n’attend plus : quelqu’un y a répondu, ou le délai est passé.")


class AgentSuspended(FactorRefused):
    message = _("Cet agent est suspendu : rétablissez-le d’abord.")


class NoLinkExpected(FactorRefused):
    message = _("Aucun second facteur n’est attendu de cet agent.")


def ask(*, agent: Account, by: Account, reason: str) -> FactorRequest:
    """Write down that a person asks for it, and tell the agent. Raises a `FactorRefused`."""
    if by.pk == agent.pk:
        raise NotForOneself
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=agent.pk)
        if current.closed_at is not None:
            raise AgentSuspended
        if not current.has_second_factor:
            raise NothingToReplace
        for request in current.factor_requests.overdue():
            _settle(request, RequestState.EXPIRED)
        now = timezone.now()
        try:
            with transaction.atomic():
                request = FactorRequest.objects.create(
                    account=current,
                    asked_by=by,
                    asked_at=now,
                    expires_at=now + timedelta(hours=profile().agents.second_factor_hours),
                    reason=reason,
                )
        except IntegrityError as error:
            raise AlreadyAsked from error
        record(Event.NEW_FACTOR_ASKED, subject=current.subject, actor=by.actor, reason=reason)
        mails.new_factor_asked(current, until=request.expires_at)
        for head in _second_people(request):
            mails.new_factor_to_answer(head, until=request.expires_at)
    return request


def _second_people(request: FactorRequest) -> list[Account]:
    """The second person: one of these."""
    heads = Account.objects.filter(role__in=TABLE[Act.GIVE_SECOND_FACTOR], closed_at=None)
    return list(heads.exclude(pk__in=[request.asked_by_id, request.account_id]).order_by("pk"))


def approve(*, request: FactorRequest, by: Account, reason: str) -> None:
    """The second person agrees: what was lost is taken away, every session ends, and a link leaves by mail.

    Of two who agree at once, one does it. Raises a `FactorRefused`.
    """
    if by.pk == request.asked_by_id:
        raise SamePerson
    if by.pk == request.account_id:
        raise NotForOneself
    with transaction.atomic():
        agent = Account.objects.select_for_update().get(pk=request.account_id)
        if agent.closed_at is not None:
            raise AgentSuspended
        if not _settle(request, RequestState.APPROVED, by=by, reason=reason):
            raise NothingWaits
        Authenticator.objects.filter(user_id=agent.pk).delete()
        KnownDevice.objects.filter(account=agent).delete()
        AccessLink.objects.kill_all_of(agent)
        agent.sessions.all().end(SessionEndReason.SERVICE)
        agent.second_factor_reset_at = timezone.now()
        agent.save(update_fields=["second_factor_reset_at"])
        send_link(account=agent, purpose=Purpose.SECOND_FACTOR, actor=by.actor)


def refuse(*, request: FactorRequest, by: Account, reason: str) -> None:
    """Refuse it; the person who asked can withdraw it so. The agent is told, and keeps what they have. Raises `FactorRefused`."""
    if by.pk == request.account_id:
        raise NotForOneself
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=request.account_id)
        if not _settle(request, RequestState.REFUSED, by=by, reason=reason):
            raise NothingWaits
        mails.new_factor_refused(request.account)


def send_again(*, agent: Account, by: Account, reason: str) -> None:
    """Mail the link that adds the new factor once more; the former dies. Raises a `FactorRefused`."""
    if by.pk == agent.pk:
        raise NotForOneself
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=agent.pk)
        if current.closed_at is not None:
            raise AgentSuspended
        if current.second_factor_reset_at is None:
            raise NoLinkExpected
        links = AccessLink.objects.live().filter(account=current, purpose=Purpose.SECOND_FACTOR)
        links.update(killed_at=timezone.now())
        record(Event.LINK_ASKED_FOR, subject=current.subject, actor=by.actor, reason=reason)
        send_link(account=current, purpose=Purpose.SECOND_FACTOR, actor=by.actor)


def is_open(*, account: Account, token: str) -> bool:
    """Whether this account may add a factor now: nothing is to be replaced, or the browser brings the mailed link."""
    if account.second_factor_reset_at is None:
        return True
    try:
        link = open_link(token=token, purposes=[Purpose.SECOND_FACTOR])
    except DeadLink:
        return False
    return link.account_id == account.pk


def use_link(*, account: Account, token: str) -> None:
    """The factor is added: the link is used up. In the transaction that adds it. Raises `DeadLink`."""
    current = Account.objects.select_for_update().get(pk=account.pk)
    if current.second_factor_reset_at is None:
        return
    link = open_link(token=token, purposes=[Purpose.SECOND_FACTOR])
    if link.account_id != current.pk or not use_up(link):
        raise DeadLink
    Account.objects.filter(pk=current.pk).update(second_factor_reset_at=None)


def withdraw(*, account: Account) -> None:
    """The agent came with the second factor that was said to be lost: nothing is to be given any more."""
    for request in account.factor_requests.waiting():
        _settle(request, RequestState.WITHDRAWN)


def expire(limit: int = 100) -> int:
    """End the requests that got no answer in time. Returns how many."""
    ended = 0
    for request in FactorRequest.objects.overdue().select_related("account")[:limit]:
        with transaction.atomic():
            if _settle(request, RequestState.EXPIRED):
                mails.new_factor_expired(request.account)
                ended += 1
    return ended


_EVENTS = {
    RequestState.APPROVED: Event.NEW_FACTOR_APPROVED,
    RequestState.REFUSED: Event.NEW_FACTOR_REFUSED,
    RequestState.EXPIRED: Event.NEW_FACTOR_EXPIRED,
    RequestState.WITHDRAWN: Event.NEW_FACTOR_WITHDRAWN,
}


def _settle(
    request: FactorRequest, state: RequestState, *, by: Account | None = None, reason: str = ""
) -> bool:
    """One conditional UPDATE settles who answers a request; False: it was not waiting any more."""
    requests = (
        FactorRequest.objects.overdue() if state == RequestState.EXPIRED else FactorRequest.objects.waiting()
    )
    if not requests.filter(pk=request.pk).update(state=state, settled_by=by, settled_at=timezone.now()):
        return False
    details = {"reason": reason} if reason else {}
    actor = by.actor if by else "system"
    record(_EVENTS[state], subject=request.account.subject, actor=actor, **details)
    return True
