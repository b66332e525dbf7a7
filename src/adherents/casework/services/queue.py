"""The queue. A document enters once its checks are done; the oldest due comes first; one agent at a time holds it.

A row lock, or one conditional UPDATE, settles which agent gets an item. The member's document changes in the same
transaction. Locks are taken in one order: the item, then its document.
"""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.casework.models import ALL, Filters, Item, ItemQuerySet, Status
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.journal.subjects import SubjectKind, subject_of
from adherents.telemetry import metrics
from adherents.vault.models import Document, State
from adherents.vault.services.transitions import CannotMove, set_state

PREFETCH = timedelta(minutes=3)  # how long the next item is set apart before it is asked for


class NotAvailable(Exception):
    """Why an agent cannot have this item, in words for the agent."""

    message: str | Promise = gettext_lazy(
        "Ce document n’attend plus : il est traité, ou son expéditeur l’a repris."
    )


class HeldByAnother(NotAvailable):
    def __init__(self, agent: Account | None) -> None:
        name = agent.called if agent else ""
        self.message = (
            _("%(name)s traite ce document.") % {"name": name}
            if name
            else _("Un autre agent traite ce document.")
        )
        super().__init__(self.message)


class KeptForAnother(NotAvailable):
    def __init__(self, agent: Account | None) -> None:
        name = agent.called if agent else ""
        self.message = _("Ce document est réservé à %(name)s.") % {"name": name}
        super().__init__(self.message)


class NotYours(NotAvailable):
    message = gettext_lazy("Vous n’avez plus ce document en main : votre réservation a pris fin.")


class CannotTreat(Exception):
    """The agent that was chosen does not treat documents, or has left."""

    message = gettext_lazy("Cet agent ne traite pas de documents.")


def lease_ends() -> datetime:
    """When a lease that begins or is renewed now ends."""
    return timezone.now() + timedelta(minutes=profile().casework.lease_minutes)


def take_next(*, agent: Account, filters: Filters = ALL, skipped: Collection[uuid.UUID] = ()) -> Item | None:
    """« Suivant »: lease the next item to this agent, with its document « En cours ». None: nothing waits for them.

    An item that the agent has in hand comes first, then one that was prefetched or kept for them, then the oldest due.
    `skipped`: the items that the agent put off a moment ago; they come again only when nothing else is left.
    """
    with transaction.atomic():
        in_hand = (
            Item.objects.in_hand_of(agent).exclude(pk__in=skipped).select_for_update(skip_locked=True).first()
        )
        if in_hand is not None:
            return _touch(in_hand)
        while (item := _next(agent, filters, skipped)) is not None:
            if _start(item, agent):
                return item
    return take_next(agent=agent, filters=filters) if skipped else None


def reserve_next(
    *, agent: Account, after: Item, filters: Filters = ALL, skipped: Collection[uuid.UUID] = ()
) -> Item | None:
    """Hold, for a few minutes, the item that « suivant » will give after this one, so that its pages can be prefetched.

    The member does not see this, and can still take the document back. None: nothing more waits.
    """
    skipped = [*skipped, after.pk]
    with transaction.atomic():
        in_hand = Item.objects.in_hand_of(agent).exclude(pk__in=skipped).first()
        item = None if in_hand else _next_in_no_hand(agent, filters, skipped)
        no_longer = Item.objects.held().filter(agent=agent, taken_at=None)
        if item is not None:
            no_longer = no_longer.exclude(pk=item.pk)
            item.agent, item.leased_until, item.taken_at = agent, timezone.now() + PREFETCH, None
            item.save(update_fields=["agent", "leased_until", "taken_at"])
        others = list(no_longer.select_for_update(skip_locked=True).values_list("pk", flat=True))
        Item.objects.filter(pk__in=others).update(agent=None, leased_until=None)
    return in_hand or item


def take(*, agent: Account, item: Item) -> Item:
    """Lease this very item to the agent, if it is free. Raises `NotAvailable`, `HeldByAnother` or `KeptForAnother`."""
    with transaction.atomic():
        row = _locked(item)
        if row.held_by(agent) and row.taken_at is not None:
            return _touch(row)
        if row.is_held and row.agent_id != agent.pk:
            raise HeldByAnother(row.agent)
        if row.is_kept and row.reserved_for_id != agent.pk:
            raise KeptForAnother(row.reserved_for)
        if not _start(row, agent):
            raise NotAvailable
    return row


def renew(*, agent: Account, item: Item) -> bool:
    """Begin the lease again: the agent still works on the item. False: the lease ended, and the item is no longer theirs."""
    mine = Item.objects.waiting().filter(pk=item.pk, agent=agent, taken_at__isnull=False)
    return mine.update(leased_until=lease_ends()) == 1


def give_back(*, agent: Account, item: Item) -> None:
    """Put the item back in its place in the queue. It is no longer kept for this agent either. Raises `NotYours`."""
    with transaction.atomic():
        row = _in_hand(agent, item)
        if row.reserved_for_id == agent.pk:
            row.reserved_for = row.reserved_until = None
        _release(row)
        record(Event.DOCUMENT_GIVEN_BACK, subject=row.subject, owner=row.owner, actor=agent.actor)


def hand_over(*, agent: Account, item: Item, to: Account) -> None:
    """Give the item back and keep it for a colleague, who gets it first. Raises `NotYours` or `CannotTreat`."""
    _check_treats(to)
    with transaction.atomic():
        row = _in_hand(agent, item)
        row.reserved_for, row.reserved_until = to, None
        _release(row)
        record(
            Event.DOCUMENT_HANDED_OVER, subject=row.subject, owner=row.owner, actor=agent.actor, to=to.actor
        )


def assign(*, agent: Account, item: Item, to: Account | None) -> None:
    """Keep an item for the agent `to`, or for no agent (None), as a supervisor asks. An item in hand is not assigned.

    Raises `NotAvailable`, `HeldByAnother` (an agent is treating it) or `CannotTreat`.
    """
    if to is not None:
        _check_treats(to)
    with transaction.atomic():
        row = _locked(item)
        if row.is_held and row.taken_at is not None:
            raise HeldByAnother(row.agent)
        if row.taken_at is not None and not _end_lease(row):
            raise NotAvailable
        row.reserved_for, row.reserved_until, row.agent, row.leased_until = to, None, None, None
        row.save(update_fields=["reserved_for", "reserved_until", "agent", "leased_until"])
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


def _next(agent: Account, filters: Filters, skipped: Collection[uuid.UUID]) -> Item | None:
    """The next item, locked, so that no other transaction gets it."""
    items = Item.objects.matching(filters).exclude(pk__in=skipped).oldest_due_first()
    prefetched = items.held().filter(agent=agent, taken_at=None)
    kept = items.free().kept_for(agent)
    return _first(prefetched) or _first(kept) or _first(items.free().open_to(agent))


def _next_in_no_hand(agent: Account, filters: Filters, skipped: Collection[uuid.UUID]) -> Item | None:
    """As `_next`. An item whose lease is past is released first, so that no agent holds it."""
    while (item := _next(agent, filters, skipped)) is not None:
        if item.taken_at is None or _end_lease(item):
            return item
    return None


def _first(items: ItemQuerySet) -> Item | None:
    return items.select_for_update(skip_locked=True).first()


def _start(item: Item, agent: Account) -> bool:
    """Lease the item to the agent. False: its member took the document back meanwhile, and the item leaves the queue."""
    try:
        move(item, State.IN_PROGRESS)
    except CannotMove:
        leave(item)
        return False
    item.agent, item.leased_until, item.taken_at = agent, lease_ends(), timezone.now()
    item.save(update_fields=["agent", "leased_until", "taken_at"])
    record(Event.DOCUMENT_TAKEN, subject=item.subject, owner=item.owner, actor=agent.actor)
    return True


def move(item: Item, state: State) -> Document:
    """Give what the item is about another state, which its member sees. Raises `CannotMove`: it waits no more."""
    assert item.document_id is not None
    return set_state(document_id=item.document_id, state=state)


def leave(item: Item) -> None:
    """Take the item out of the queue: its document waits no more. Call it under the item's lock."""
    item.status, item.agent, item.leased_until, item.taken_at = Status.GONE, None, None, None
    item.save(update_fields=["status", "agent", "leased_until", "taken_at"])


def _end_lease(item: Item) -> bool:
    """Release an item whose lease is past, and journal it if an agent treated it. Call it under the item's lock.

    False: its document went meanwhile, and the item leaves the queue.
    """
    taken, by = item.taken_at is not None, item.agent_id
    _release(item)
    if taken:
        record(
            Event.LEASE_ENDED, subject=item.subject, owner=item.owner, agent=subject_of(SubjectKind.AGENT, by)
        )
    return item.is_waiting


def _release(item: Item) -> None:
    """No agent holds the item any more; its member still reads « En cours ». Call it under the item's lock."""
    if item.taken_at is not None:
        try:
            move(item, State.IN_PROGRESS)
        except CannotMove:
            leave(item)
            return
    item.agent, item.leased_until, item.taken_at = None, None, None
    item.save(update_fields=["agent", "leased_until", "taken_at", "reserved_for", "reserved_until"])


def _touch(item: Item) -> Item:
    item.leased_until = lease_ends()
    item.save(update_fields=["leased_until"])
    return item


def _locked(item: Item) -> Item:
    """The row, if it waits. Raises `NotAvailable`."""
    rows = Item.objects.select_for_update(of=("self",)).select_related("document")
    row = rows.filter(pk=item.pk).first()
    if row is None or row.status != Status.WAITING:
        raise NotAvailable
    return row


def _in_hand(agent: Account, item: Item) -> Item:
    """The row, locked, if this agent has it in hand. A past lease still counts until another agent takes the item."""
    try:
        row = _locked(item)
    except NotAvailable as error:
        raise NotYours from error
    if row.agent_id != agent.pk or row.taken_at is None:
        raise NotYours
    return row


def _check_treats(agent: Account) -> None:
    if agent.role not in TABLE[Act.TREAT] or agent.closed_at is not None:
        raise CannotTreat
