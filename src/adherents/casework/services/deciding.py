"""What an agent decides about a document. It can be undone for a few seconds; then it settles, and the member is told.

Undoing and settling are each one conditional UPDATE of the decision, under the item's lock: one of them wins.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.casework.models import MOST_REASONS, Correction, Decision, HandOver, Item, Outcome, Status
from adherents.casework.services import deposits, queue, tallying, telling
from adherents.crypto.rows import readable
from adherents.drafts import services as drafts
from adherents.drafts.kinds import DECISIONS, DraftKind
from adherents.feed.event_types import EventType
from adherents.feed.services import announce
from adherents.insurer.profile import profile
from adherents.insurer.treatment import UNKNOWN_KIND, Reason, Use
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.ui.typed_days import A_YEAR
from adherents.vault.models import Document, State
from adherents.vault.origins import ATTACHMENT
from adherents.vault.services.transitions import CannotMove
from adherents.work.services import do_each

_STATES = {
    Outcome.ACCEPTED: State.ACCEPTED,
    Outcome.REFUSED: State.REFUSED,
    Outcome.INCOMPLETE: State.INCOMPLETE,
}
_FORMS = {Outcome.REFUSED: DraftKind.REFUSAL, Outcome.INCOMPLETE: DraftKind.CORRECTION}
_EVENTS = {
    Outcome.ACCEPTED: Event.DOCUMENT_ACCEPTED,
    Outcome.REFUSED: Event.DOCUMENT_REFUSED,
    Outcome.INCOMPLETE: Event.CORRECTION_ASKED,
}

_ANNOUNCED = {Outcome.ACCEPTED: "accept", Outcome.REFUSED: "refuse", Outcome.INCOMPLETE: "correct"}


class CannotDecide(Exception):
    """Why this decision cannot be made, in words for the agent. `field`: the field of the form to correct."""

    message: str | Promise = _("Cette décision ne peut pas être prise.")
    field = ""


class NoSuchReason(CannotDecide):
    message = _("Choisissez un motif de la liste.")
    field = "reason"


class TooManyReasons(CannotDecide):
    message = _("Choisissez cinq motifs au plus.")
    field = "reason"


class NoWords(CannotDecide):
    message = _("Dites à l’adhérent pourquoi, et quoi faire.")
    field = "words_fr"


class DayIsPast(CannotDecide):
    message = _("Choisissez un jour à venir.")
    field = "until"


class DayTooLate(CannotDecide):
    message = _("Choisissez un jour d’ici un an.")
    field = "until"


class TooLate(Exception):
    """It cannot be undone any more: its time is over, or it is another agent's (a system's is any agent's)."""

    message = _("Il est trop tard pour annuler : l’adhérent est prévenu.")


def accept(*, agent: Account, item: Item) -> Decision:
    """Accept the document. Raises `queue.NotAvailable` when another agent has it, or no agent can."""
    return _decide(agent, item, Outcome.ACCEPTED)


def accept_deposit(*, agent: Account, item: Item, shown: Collection[uuid.UUID]) -> list[Decision]:
    """Accept the document, and what else of its sending the agent has in hand: one act, which one undo takes back.

    `shown`: the documents that the agent was told of; what came since waits to be looked at. So does what has no kind yet: who
    looks at it can say. Raises `queue.NotAvailable`.
    """
    with transaction.atomic():
        queue.check_treats(agent)
        rows = queue.in_hand_together(agent=agent, item=item)
        rows = [row for row in rows if row.document_id in shown and row.kind != UNKNOWN_KIND]
        Item.objects.filter(pk__in=[row.pk for row in rows]).update(status=Status.DECIDED, leased_until=None)
        at, act = timezone.now(), uuid.uuid4()
        return [_write_down(agent, row, Outcome.ACCEPTED, at=at, together=act) for row in rows]


def refuse(
    *,
    agent: Account,
    item: Item,
    reason: str,
    other_reasons: Sequence[str] = (),
    words_fr: str,
    words_en: str = "",
) -> Decision:
    """Refuse the document, and say why. `reason`, `other_reasons`: codes of the profile for this kind, the words say all of them.
    Raises `CannotDecide` too.
    """
    why = _why(item, "refuse", [reason, *other_reasons], words_fr)
    return _decide(agent, item, Outcome.REFUSED, words_fr=words_fr, words_en=words_en, **why)


def ask_correction(
    *,
    agent: Account,
    item: Item,
    reason: str,
    other_reasons: Sequence[str] = (),
    words_fr: str,
    words_en: str = "",
    until: date,
) -> Decision:
    """Ask for another document, until the day `until`. Reasons as in `refuse`. Raises `CannotDecide` too."""
    why = _why(item, "correct", [reason, *other_reasons], words_fr)
    if until <= timezone.localdate():
        raise DayIsPast
    if until > last_day_to_ask():
        raise DayTooLate
    return _decide(agent, item, Outcome.INCOMPLETE, words_fr=words_fr, words_en=words_en, until=until, **why)


def last_day_to_ask() -> date:
    """The last day by which a correction can be asked for."""
    return timezone.localdate() + A_YEAR


def undo(*, agent: Account, decision: Decision) -> Item:
    """Take the decision back: the member was told nothing, and the agent has the item in hand. Raises `TooLate`.

    An agent undoes their own, and a system's. What one act decided is undone whole or not at all; its first item is given.
    """
    now = timezone.now()
    with transaction.atomic():
        if not queue.treats(agent):
            raise TooLate
        made = _made_together(decision)
        keys = [one.pk for one in made]
        rows = Item.objects.filter(decisions__in=keys).order_by("pk").select_for_update(of=("self",))
        items = {item.pk: item for item in rows}
        standing = Decision.objects.in_time().undone_by(agent).filter(pk__in=keys)
        if decision.pk not in keys or standing.update(undone_at=now, next_attempt_at=None) != len(keys):
            raise TooLate
        for one in made:
            item = items[one.item_id]
            item.status, item.agent = Status.WAITING, agent
            item.leased_until, item.taken_at = queue.lease_ends(), now
            item.save(update_fields=["status", "agent", "leased_until", "taken_at"])
            _write_again(one, agent)
            record(Event.DECISION_UNDONE, subject=item.subject, owner=item.owner, actor=agent.actor)
    return deposits.first_of(list(items.values()))


def _made_together(decision: Decision) -> list[Decision]:
    """It, and those that the same act made and that stand. The deposit is locked then, before its items."""
    if decision.together is None:
        return [decision]
    deposits.lock_deposit(decision.item, wait=True)
    return list(Decision.objects.standing().filter(together=decision.together).select_related("item"))


def _write_again(decision: Decision, agent: Account) -> None:
    """Put the words of a decision that was undone back in the form of the agent who undid it."""
    if decision.outcome not in _FORMS:
        return
    written = {name: readable(decision, name) for name in ("words_fr", "words_en")}
    words = {"reason": " ".join(decision.reasons), **written}
    if decision.until:
        words["until"] = decision.until.isoformat()
    form = _FORMS[Outcome(decision.outcome)]
    about = decision.item.subject
    drafts.put_back(account_id=agent.pk, kind=form, about=about, words=words)


def settle_due(limit: int = 50) -> int:
    """Settle the decisions that can no longer be undone: state, correction and mail. Returns how many were tried."""
    return do_each(Decision.objects.claim_due(limit), settle)


def settle(decision: Decision) -> None:
    """Settle one decision, once, in one transaction. If its document was destroyed meanwhile, there is nothing to tell."""
    with transaction.atomic():
        item = Item.objects.select_for_update().get(pk=decision.item_id)
        standing = Decision.objects.filter(pk=decision.pk, settled_at=None, undone_at=None)
        now = timezone.now()
        nothing_left = {"next_attempt_at": None, "lease": "", "leased_until": None}
        if not standing.update(settled_at=now, **nothing_left):
            Decision.objects.filter(pk=decision.pk).update(**nothing_left)
            return
        decision.settled_at = now
        decision.work_done()
        try:
            document = queue.move(item, _STATES[Outcome(decision.outcome)])
        except CannotMove:
            Decision.objects.filter(pk=decision.pk).update(settled_at=None, undone_at=now)
            queue.leave(item)
            return
        item.status = Status.DONE
        item.save(update_fields=["status"])
        HandOver.objects.filter(item=item).delete()
        _tell(decision, document)
        tallying.count(decision=decision)


def _tell(decision: Decision, document: Document) -> None:
    """Everything that follows from a decision that stands, in the transaction that settles it."""
    details = {"code": decision.reason} if decision.reason else {}
    if decision.other_reasons:
        details["other_codes"] = decision.other_reasons
    outcome = Outcome(decision.outcome)
    record(
        _EVENTS[outcome],
        subject=document.subject,
        owner=document.owner,
        actor=decision.agent.actor,
        **details,
    )
    why: dict[str, str | list[str]] = (
        {"reason": decision.reason, "reasons": decision.reasons} if decision.reason else {}
    )
    announce(
        EventType.DOCUMENT_DECIDED,
        subject=document.subject,
        owner=document.owner,
        outcome=_ANNOUNCED[outcome],
        **why,
    )
    if outcome == Outcome.INCOMPLETE and decision.until is not None:
        Correction.objects.create(
            decision=decision, document=document, agent_id=decision.agent_id, until=decision.until
        )
    telling.tell(decision, document)


def _why(item: Item, use: Use, codes: Sequence[str], words_fr: str) -> dict[str, str]:
    """The columns that keep these reasons: each once, the one after which nothing more is expected first (`Decision.asks`)."""
    known = {reason.code: reason for reason in reasons_for(item, use)}
    given = list(dict.fromkeys(codes))
    if not known.keys() >= set(given):
        raise NoSuchReason
    if len(given) > MOST_REASONS:
        raise TooManyReasons
    if not words_fr.strip():
        raise NoWords
    first, *others = sorted(given, key=lambda code: known[code].asks)
    return {"reason": first, "other_reasons": " ".join(others)}


def reasons_for(item: Item, use: Use) -> list[Reason]:
    """The profile's templates for this kind; those of every kind where the profile has dropped it since."""
    announced = item.about.kind_as_sent not in {UNKNOWN_KIND, ATTACHMENT}
    return profile().documents.reasons_for(item.kind, use, announced=announced)


def _decide(agent: Account, item: Item, outcome: Outcome, **facts: object) -> Decision:
    """Only the agent who has the item in hand decides. An agent whose lease ended goes on if no other one took the item."""
    with transaction.atomic():
        queue.check_treats(agent)
        mine = Item.objects.waiting().filter(pk=item.pk, agent=agent, taken_at__isnull=False)
        decided = {"status": Status.DECIDED, "leased_until": None}
        before = transaction.savepoint()
        if mine.update(**decided):
            transaction.savepoint_commit(before)
        else:
            # An update that waited and then matched nothing keeps its row locked; the deposit is locked before its items.
            transaction.savepoint_rollback(before)
            queue.take(agent=agent, item=item)
            mine.update(**decided)
        return _write_down(agent, item, outcome, at=timezone.now(), **facts)


def _write_down(agent: Account, item: Item, outcome: Outcome, *, at: datetime, **facts: object) -> Decision:
    """The decision of an item that was marked as decided in the same transaction."""
    decision = Decision.objects.create(
        item_id=item.pk,
        agent=agent,
        outcome=outcome,
        at=at,
        next_attempt_at=at + timedelta(seconds=profile().casework.undo_seconds),
        **facts,
    )
    if outcome in _FORMS:
        drafts.done(item.subject, account_id=agent.pk, kind=_FORMS[outcome])
    drafts.forget(about=item.subject, kinds=DECISIONS)
    record(
        Event.DECISION_MADE,
        subject=item.subject,
        owner=item.owner,
        actor=agent.actor,
        outcome=outcome.value,
    )
    return decision
