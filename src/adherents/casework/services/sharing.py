"""« Répartition »: a responsable gives many items to an agent, or back to all. Each item is an act of its own, in the journal."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.casework.models import Item
from adherents.casework.services import queue
from adherents.casework.services.queue import NotAvailable, TreatsNoMore
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.journal.subjects import SubjectKind, subject_of

MOST_AT_ONCE = 100


@dataclass(frozen=True)
class Moved:
    """How many items moved, and how many did not: decided meanwhile, in hand, or free already."""

    done: int
    left: int


def assign_many(*, agent: Account, items: Collection[uuid.UUID], to: Account) -> Moved:
    """Keep these items for `to`; what an agent has in hand stays there.

    Raises `queue.TreatsNoMore` or `queue.CannotTreat`.
    """
    done = 0
    for item in _in_order(items):
        try:
            queue.assign(agent=agent, item=item, to=to)
        except TreatsNoMore:
            raise
        except NotAvailable:
            continue
        done += 1
    return Moved(done, len(items) - done)


def release_many(*, agent: Account, items: Collection[uuid.UUID]) -> Moved:
    """Give these items back to all, whether they are kept for an agent or in their hands. Raises `queue.TreatsNoMore`."""
    done = sum(_release(agent, item) for item in _in_order(items))
    return Moved(done, len(items) - done)


def _in_order(items: Collection[uuid.UUID]) -> list[Item]:
    return list(Item.objects.waiting().filter(pk__in=list(items)[:MOST_AT_ONCE]).oldest_due_first())


def _release(agent: Account, item: Item) -> bool:
    with transaction.atomic():
        queue.check_treats(agent, act=Act.ASSIGN)
        row = Item.objects.waiting().select_for_update().filter(pk=item.pk).first()
        if row is None or (row.reserved_for_id is None and row.agent_id is None):
            return False
        held = row.agent_id or row.reserved_for_id
        queue.release(row)
        if row.is_waiting:
            queue.keep(row, None)
            record(
                Event.DOCUMENT_RELEASED,
                subject=row.subject,
                owner=row.owner,
                actor=agent.actor,
                agent=subject_of(SubjectKind.AGENT, held),
            )
        return row.is_waiting
