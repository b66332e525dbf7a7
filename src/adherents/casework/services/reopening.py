"""« Rouvrir »: a decision that its member was told stands no more, and its document waits for another one.

Never silent: the member is told by mail and on the document, the insurer's systems by the feed, the figures count one less.
Seconds after a decision there is `deciding.undo` for that, of which nobody outside hears.
"""

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import ActRefused, check_act
from adherents.casework import mails
from adherents.casework.models import Correction, Decision, Item, Reopening, Status
from adherents.casework.services import queue, tallying, telling
from adherents.feed.event_types import EventType
from adherents.feed.services import announce
from adherents.insurer.calendar import add_working_days
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.vault.models import Document
from adherents.vault.services.transitions import AnsweredAlready, CannotMove, check_set_back, set_back

NEW_ANSWER_DAYS = 1  # working days, from the reopening


class CannotReopen(Exception):
    """Why this decision cannot be reopened, in words for the agent."""

    message: str | Promise = _(
        "Cette décision ne peut pas être rouverte : le document a été effacé, ou mis de côté."
    )


class NotSettled(CannotReopen):
    message = _("L’adhérent n’en sait encore rien : annulez cette décision, ou attendez quelques secondes.")


class ReopenedAlready(CannotReopen):
    message = _(
        "Cette décision ne vaut plus : elle a été annulée ou rouverte, et une autre est attendue ou déjà prise."
    )


class NotYoursToReopen(CannotReopen):
    message = _("Seul un responsable peut maintenant rouvrir cette décision.")


class AnotherWasSent(CannotReopen):
    message = _("L’adhérent a envoyé un autre document à la place : c’est lui qu’il faut traiter.")


def reopen(*, agent: Account, decision: Decision, reason: str) -> Item:
    """Reopen the decision. The agent has the document in hand then, as after an undo. Raises one of `CannotReopen`.

    It is due again on its own day, or on the next working day where that day is over. `reason` is for the journal alone.
    """
    now = timezone.now()
    with transaction.atomic():
        try:
            agent = check_act(agent=agent, act=Act.REOPEN)
        except ActRefused as error:
            raise NotYoursToReopen from error
        item = Item.objects.select_for_update().get(pk=decision.item_id)
        standing = Decision.objects.select_related("agent").get(pk=decision.pk)
        standing.item = item
        _check_stands(agent=agent, decision=standing)
        assert standing.settled_at is not None
        assert item.document_id is not None
        try:
            document = set_back(document_id=item.document_id)
        except CannotMove as error:
            raise _refusal(error) from error
        counted = tallying.facts_of(standing)
        Reopening.objects.create(decision=standing, agent=agent, at=now, told_at=standing.settled_at)
        Decision.objects.filter(pk=standing.pk).update(settled_at=None, undone_at=now)
        telling.forget(standing)
        # It is asked for no more. One that was answered, by a document that could not be used, stays as it was.
        Correction.objects.filter(decision=standing, answered_at=None).delete()
        item.status, item.agent = Status.WAITING, agent
        item.reserved_for, item.reserved_since, item.reserved_until = None, None, None
        item.leased_until, item.taken_at, item.due_on = queue.lease_ends(), now, _due(item)
        item.was_late = not counted.on_time
        item.save()
        record(
            Event.DECISION_REOPENED,
            subject=item.subject,
            owner=document.owner,
            actor=agent.actor,
            decision=standing.pk,
            outcome=standing.outcome,
            reason=reason,
        )
        announce(EventType.DOCUMENT_REOPENED, subject=document.subject, owner=document.owner)
        mails.reopened(standing, document, expected_on=item.due_on)
        tallying.take_away(counted)
    return item


def check(*, agent: Account, decision: Decision, document: Document) -> None:
    """Raise the `CannotReopen` that keeps this agent from reopening it, as far as it can be seen before."""
    _check_stands(agent=agent, decision=decision)
    try:
        check_set_back(document)
    except CannotMove as error:
        raise _refusal(error) from error


def _refusal(error: CannotMove) -> CannotReopen:
    return AnotherWasSent() if isinstance(error, AnsweredAlready) else CannotReopen()


def _check_stands(*, agent: Account, decision: Decision) -> None:
    if decision.undone_at is not None:
        raise ReopenedAlready
    if decision.settled_at is None or decision.item.status != Status.DONE:
        raise NotSettled
    if not decision.may_be_reopened_by(agent):
        raise NotYoursToReopen


def _due(item: Item) -> date:
    return max(item.due_on, add_working_days(timezone.localdate(), NEW_ANSWER_DAYS))
