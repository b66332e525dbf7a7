"""Ending open sessions: a member's own from « Mes connexions », another person's from the desk."""

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts import mails
from adherents.accounts.models import Account, Session, SessionEndReason, SessionQuerySet
from adherents.journal.events import Event
from adherents.journal.services import record


class NothingOpen(Exception):
    """There is nothing to end (any more)."""

    message: str | Promise = _("Aucune connexion n’est ouverte.")


def end_one(*, account: Account, reference: str) -> None:
    """End the session that the list calls so. Raises `NothingOpen`: it has ended by itself, or never was theirs."""
    mine = Session.objects.filter(account=account).open()
    chosen = [row.pk for row in mine if row.reference == reference]
    _end(account, Session.objects.filter(pk__in=chosen))


def end_others(*, account: Account, current: str) -> None:
    """End every session but the one whose key is stored as `current`. Raises `NothingOpen`."""
    _end(account, account.sessions.exclude(session_key=current))


def end_all_of(*, account: Account, by: Account, reason: str) -> None:
    """An agent ends every session of a member, an administrator those of an agent; a mail says so. Raises `NothingOpen`."""
    with transaction.atomic():
        ended = account.sessions.all().end(SessionEndReason.SERVICE)
        if not ended:
            raise NothingOpen
        record(Event.SESSIONS_ENDED, subject=account.subject, actor=by.actor, count=ended, reason=reason)
        mails.sessions_ended(account)


def _end(account: Account, sessions: SessionQuerySet) -> None:
    with transaction.atomic():
        ended = sessions.end(SessionEndReason.OWNER)
        if not ended:
            raise NothingOpen
        record(Event.SESSIONS_ENDED, subject=account.subject, actor=account.subject, count=ended)
