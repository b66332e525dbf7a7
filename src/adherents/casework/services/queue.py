"""The queue. A document enters once its checks are done; the oldest due comes first; one agent at a time holds it.

A row lock, or one conditional UPDATE, settles which agent gets an item. The member's document changes in the same
transaction. Locks are taken in one order: the item, then its document.
"""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from adherents.accounts.models import Account, Role
from adherents.accounts.permissions import TABLE, Act
from adherents.casework import mails
from adherents.casework.models import ALL, Filters, HandOver, Item, Status
from adherents.casework.services import deposits
from adherents.casework.services.unavailable import HeldByAnother as HeldByAnother
from adherents.casework.services.unavailable import KeptForAnother as KeptForAnother
from adherents.casework.services.unavailable import NotAvailable as NotAvailable
from adherents.casework.services.unavailable import NotYours as NotYours
from adherents.database.transactions import needs_transaction
from adherents.desk.models import Absence
from adherents.insurer.calendar import add_working_days, beginning_of
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.journal.subjects import SubjectKind, subject_of
from adherents.telemetry import metrics
from adherents.vault.models import Document, State
from adherents.vault.services.transitions import CannotMove, set_state

PREFETCH = timedelta(minutes=3)  # how long the next item is set apart before it is asked for


class TreatsNoMore(NotAvailable):
    """The agent was suspended meanwhile, or has another role."""

    message = gettext_lazy("Vous ne traitez plus de documents.")


class CannotTreat(Exception):
    """The agent that was chosen does not treat documents, or has left."""

    message = gettext_lazy("Cet agent ne traite pas de documents.")


def handed_until() -> datetime:
    """Until when what is handed to an agent now is kept for them: the end of the last of the profile's working days."""
    day = add_working_days(timezone.localdate(), profile().casework.handed_days)
    return beginning_of(day + timedelta(days=1))


def keep(item: Item, agent: Account | None) -> None:
    """Keep the item for this agent from now on, or for nobody. Call it under the locks of the agent and the item.

    What was said with an earlier hand-over goes.
    """
    HandOver.objects.filter(item=item).delete()
    item.reserved_for, item.reserved_since, item.reserved_until = None, None, None
    if agent is not None:
        item.reserved_for, item.reserved_since, item.reserved_until = agent, timezone.now(), handed_until()
    item.save(update_fields=["reserved_for", "reserved_until", "reserved_since", "agent", "leased_until"])


@needs_transaction
def treats(agent: Account) -> bool:
    """Whether this agent still treats documents: neither suspended nor of another role since, or a system that may decide.

    Who suspends them waits for its end. Must be called in a transaction, before an item is locked.
    """
    return not _gone(agent)


@needs_transaction
def check_treats(agent: Account, *others: Account, act: Act = Act.TREAT) -> None:
    """The same for an agent who does this act, and for those to whom something goes. All rows are locked, in one order.

    Must be called in a transaction. Raises `TreatsNoMore` for the agent, `CannotTreat` for another.
    """
    gone = _gone(agent, *others, act=act)
    if agent.pk in gone:
        raise TreatsNoMore
    if gone:
        raise CannotTreat


def _gone(agent: Account, *others: Account, act: Act = Act.TREAT) -> set[int]:
    """Who of them may not, any more."""
    wanted = {account.pk: Act.TREAT for account in others} | {agent.pk: act}
    # Without the key: rows that name the agent are written at the same time, and need not wait.
    rows = Account.objects.select_for_update(no_key=True).filter(pk__in=wanted, closed_at=None).order_by("pk")
    may = {row.pk for row in rows if row.role == Role.CLIENT or row.role in TABLE[wanted[row.pk]]}
    return wanted.keys() - may


def lease_ends() -> datetime:
    """When a lease that begins or is renewed now ends."""
    return timezone.now() + timedelta(minutes=profile().casework.lease_minutes)


def take_next(
    *,
    agent: Account,
    filters: Filters = ALL,
    skipped: Collection[uuid.UUID] = (),
    after: Item | None = None,
) -> Item | None:
    """« Suivant »: lease the next item to this agent, with its document « En cours ». None: nothing waits for them.

    An item that the agent has in hand comes first (what was sent with `after`, from there on, before anything else), then one
    that was prefetched or kept for them, then the oldest due, and with it whatever else of its deposit the agent may have: the
    first that was sent is given.
    `skipped`: the items that the agent put off a moment ago; they come again only when nothing else is left. The filters hold
    for all of them. None too for an agent who was suspended meanwhile.
    """
    with transaction.atomic():
        if not treats(agent):
            return None
        in_hand = Item.objects.in_hand_of(agent, after=after).matching(filters).exclude(pk__in=skipped)
        item = in_hand.select_for_update(skip_locked=True, of=("self",)).first()
        if item is not None:
            deposit = deposits.lock_deposit(item, wait=False)
            if deposit is not None:
                _start_rest(item, agent, deposit, filters)
            return _touch(item, deposit)
        while (found := deposits.lock_next(agent=agent, filters=filters, skipped=skipped)) is not None:
            item, deposit = found
            if _start(item, agent):
                rest = _start_rest(item, agent, deposit, filters)
                return deposits.first_of([item, *rest], skipped=skipped)
    return take_next(agent=agent, filters=filters, after=after) if skipped else None


def reserve_next(
    *, agent: Account, after: Item, filters: Filters = ALL, skipped: Collection[uuid.UUID] = ()
) -> Item | None:
    """Hold, for a few minutes, the item that « suivant » will give after this one, so that its pages can be prefetched.

    The rest of its deposit is held with it. The member does not see this, and can still take the document back. None: nothing
    more waits.
    """
    skipped = [*skipped, after.pk]
    with transaction.atomic():
        if not treats(agent):
            return None
        in_hand = Item.objects.in_hand_of(agent, after=after).matching(filters).exclude(pk__in=skipped)
        item = in_hand.first()
        apart = [] if item else _next_in_no_hand(agent, filters, skipped)
        until = timezone.now() + PREFETCH
        for held in apart:
            held.agent, held.leased_until, held.taken_at = agent, until, None
            held.save(update_fields=["agent", "leased_until", "taken_at"])
        no_longer = Item.objects.held().filter(agent=agent, taken_at=None)
        no_longer = no_longer.exclude(pk__in=[held.pk for held in apart])
        others = list(no_longer.select_for_update(skip_locked=True).values_list("pk", flat=True))
        Item.objects.filter(pk__in=others).update(agent=None, leased_until=None)
        return deposits.first_of(apart, skipped=skipped) if apart else item


def take(*, agent: Account, item: Item) -> Item:
    """Lease this very item to the agent, if it is free, whatever kinds they treat; and what else of its deposit they treat.

    Raises `NotAvailable`, `HeldByAnother` or `KeptForAnother`.
    """
    with transaction.atomic():
        check_treats(agent)
        deposit = deposits.lock_deposit(item, wait=True)
        row = _locked(item)
        if row.held_by(agent) and row.taken_at is not None:
            return _touch(row, deposit)
        if row.is_held and row.agent_id != agent.pk:
            raise HeldByAnother(row.agent)
        if not Item.objects.open_to(agent).filter(pk=row.pk).exists():
            raise KeptForAnother(row.reserved_for)
        if not _start(row, agent):
            raise NotAvailable
        if deposit is not None:
            _start_rest(row, agent, deposit, ALL)
    return row


def renew(*, agent: Account, item: Item) -> bool:
    """Begin the lease again: the agent still works on the item. False: the lease ended, and the item is no longer theirs.

    What the agent has in hand of the same deposit is renewed with it.
    """
    until = lease_ends()
    mine = Item.objects.waiting().filter(pk=item.pk, agent=agent, taken_at__isnull=False)
    if mine.update(leased_until=until) != 1:
        return False
    rest = deposits.in_hand(agent=agent, deposit=item.about.deposit_id).exclude(pk=item.pk)
    if keys := list(rest.values_list("pk", flat=True)):
        with transaction.atomic():
            deposits.renew_leases(keys, agent=agent, until=until)
    return True


def give_back(*, agent: Account, item: Item) -> list[Item]:
    """Put the item back in its place in the queue, and what else of its deposit the agent has in hand: all of these.

    They are no longer kept for this agent either. Raises `NotYours`.
    """
    with transaction.atomic():
        check_treats(agent)
        rows = in_hand_together(agent=agent, item=item)
        for row in rows:
            if row.reserved_for_id in Item.objects.kept_with(agent):
                row.reserved_for = row.reserved_until = row.reserved_since = None
                HandOver.objects.filter(item=row).delete()
            release(row)
            record(Event.DOCUMENT_GIVEN_BACK, subject=row.subject, owner=row.owner, actor=agent.actor)
    return rows


def hand_over(*, agent: Account, item: Item, to: Account, words: str = "") -> list[Item]:
    """Give the item back and keep it for a colleague, who gets it first, with what else of its deposit the agent has in hand.

    All of these. One mail tells the colleague; `words`: why. Raises `NotYours`, `TreatsNoMore` or `CannotTreat`.
    """
    with transaction.atomic():
        check_treats(agent, to)
        rows = in_hand_together(agent=agent, item=item)
        for row in rows:
            keep(row, to)
            release(row)
            handed = HandOver.objects.create(item=row, giver=agent, words=words)
            if row == item:
                mails.handed_over(handed, _who_gets_it(to))
            record(
                Event.DOCUMENT_HANDED_OVER,
                subject=row.subject,
                owner=row.owner,
                actor=agent.actor,
                to=to.actor,
            )
    return rows


def _who_gets_it(to: Account) -> Account:
    """This agent, or who stands in for them today."""
    instead = Absence.objects.stand_ins().get(to.pk)
    return to if instead is None else Account.objects.get(pk=instead)


def assign(*, agent: Account, item: Item, to: Account | None) -> None:
    """Keep an item for the agent `to`, or for no agent (None), as a supervisor asks. An item in hand is not assigned.

    Raises `NotAvailable`, `HeldByAnother` (an agent is treating it) or `CannotTreat`.
    """
    with transaction.atomic():
        check_treats(agent, *([to] if to else []), act=Act.ASSIGN)
        row = _locked(item)
        if row.is_held and row.taken_at is not None:
            raise HeldByAnother(row.agent)
        if row.taken_at is not None and not _end_lease(row):
            raise NotAvailable
        row.agent = row.leased_until = None
        keep(row, to)
        details = {"to": to.actor} if to else {}
        record(Event.DOCUMENT_ASSIGNED, subject=row.subject, owner=row.owner, actor=agent.actor, **details)


def end_leases(limit: int = 200) -> int:
    """Write down the leases that are past, at most `limit`: the items are free already. Returns how many."""
    done = 0
    with transaction.atomic():
        past = Item.objects.waiting().filter(leased_until__lte=timezone.now()).order_by("leased_until", "pk")
        for item in past.select_for_update(skip_locked=True, of=("self",)).select_related("document")[:limit]:
            _end_lease(item)
            done += 1
    metrics.LEASES_ENDED.labels("queue").inc(done)
    return done


def _next_in_no_hand(agent: Account, filters: Filters, skipped: Collection[uuid.UUID]) -> list[Item]:
    """As `deposits.lock_next`, with the rest of its deposit. Leases that are past are ended first, so that no agent holds any."""
    while (found := deposits.lock_next(agent=agent, filters=filters, skipped=skipped)) is not None:
        item, deposit = found
        rows = [item, *deposits.lock_others(item=item, agent=agent, deposit=deposit, filters=filters)]
        if apart := [row for row in rows if row.taken_at is None or _end_lease(row)]:
            return apart
    return []


def _start_rest(item: Item, agent: Account, deposit: int, filters: Filters) -> list[Item]:
    """Lease what else of the deposit the agent may have, beside an item in hand: all of it, in the same moment.

    What was set apart for this agent is taken too. Call it under the deposit's lock.
    """
    apart = Item.objects.held().filter(agent=agent, taken_at=None, document__deposit=deposit)
    held = list(apart.exclude(pk=item.pk).order_by("pk").select_for_update(of=("self",)))
    rest = deposits.lock_others(item=item, agent=agent, deposit=deposit, filters=filters)
    return [row for row in [*held, *rest] if _start(row, agent, at=item.taken_at)]


def _start(item: Item, agent: Account, *, at: datetime | None = None) -> bool:
    """Lease the item to the agent. False: its member took the document back meanwhile, and the item leaves the queue.

    `at`: since when it is in hand, of what joins another item of its deposit.
    """
    try:
        move(item, State.IN_PROGRESS)
    except CannotMove:
        leave(item)
        return False
    item.agent, item.leased_until, item.taken_at = agent, lease_ends(), at or timezone.now()
    item.save(update_fields=["agent", "leased_until", "taken_at"])
    record(Event.DOCUMENT_TAKEN, subject=item.subject, owner=item.owner, actor=agent.actor)
    return True


def move(item: Item, state: State) -> Document:
    """Give what the item is about another state, which its member sees. Raises `CannotMove`: it waits no more."""
    assert item.document_id is not None
    return set_state(document_id=item.document_id, state=state)


def leave(item: Item) -> None:
    """Take the item out of the queue: its document waits no more. Call it under the item's lock."""
    HandOver.objects.filter(item=item).delete()
    item.status, item.agent, item.leased_until, item.taken_at = Status.GONE, None, None, None
    item.save(update_fields=["status", "agent", "leased_until", "taken_at"])


def _end_lease(item: Item) -> bool:
    """Release an item whose lease is past, and journal it if an agent treated it. Call it under the item's lock.

    False: its document went meanwhile, and the item leaves the queue.
    """
    taken, by = item.taken_at is not None, item.agent_id
    release(item)
    if taken:
        record(
            Event.LEASE_ENDED, subject=item.subject, owner=item.owner, agent=subject_of(SubjectKind.AGENT, by)
        )
    return item.is_waiting


def release(item: Item) -> None:
    """No agent holds the item any more; its member still reads « En cours ». Call it under the item's lock."""
    if item.taken_at is not None:
        try:
            move(item, State.IN_PROGRESS)
        except CannotMove:
            leave(item)
            return
    item.agent, item.leased_until, item.taken_at = None, None, None
    item.save(
        update_fields=[
            "agent",
            "leased_until",
            "taken_at",
            "reserved_for",
            "reserved_until",
            "reserved_since",
        ]
    )


def _touch(item: Item, deposit: int | None) -> Item:
    """Begin the lease again, and those of the rest of its deposit where its lock was had."""
    item.leased_until = lease_ends()
    item.save(update_fields=["leased_until"])
    if deposit is not None and item.agent is not None:
        rest = deposits.in_hand(agent=item.agent, deposit=deposit).exclude(pk=item.pk)
        if keys := list(rest.values_list("pk", flat=True)):
            deposits.renew_leases(keys, agent=item.agent, until=item.leased_until)
    return item


def _locked(item: Item) -> Item:
    """The row, if it waits. Raises `NotAvailable`."""
    rows = Item.objects.select_for_update(of=("self",)).select_related("document")
    row = rows.filter(pk=item.pk).first()
    if row is None or row.status != Status.WAITING:
        raise NotAvailable
    return row


@needs_transaction
def in_hand_together(*, agent: Account, item: Item) -> list[Item]:
    """What this agent has in hand of the item's deposit, the item among them: all locked, in the caller's transaction.

    A past lease still counts until another agent takes the item. Raises `NotYours`.
    """
    deposit = deposits.lock_deposit(item, wait=True)
    if deposit is None:
        raise NotYours
    mine = deposits.in_hand(agent=agent, deposit=deposit).select_related("document")
    rows = list(mine.select_for_update(of=("self",)))
    if item not in rows:
        raise NotYours
    return rows
