"""What was kept for an agent, or in their hands, comes back to all: at once when the agent is suspended, and never later than
the profile's delay.
"""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.accounts.services.closing import at_closing
from adherents.casework.models import Item, Status
from adherents.casework.services import queue
from adherents.database.transactions import needs_transaction
from adherents.journal.events import Event
from adherents.journal.services import record


@at_closing
@needs_transaction
def release_all_of(agent: Account) -> None:
    """Give back what a suspended agent has in hand, and what is kept for them. Must be called in a transaction, under the lock of
    their account.

    An item that somebody else moves at this moment is passed over: it leaves this agent so, or `put_kept_right` frees it.
    """
    if not agent.is_agent:
        return
    theirs = Item.objects.waiting().filter(Q(agent=agent) | Q(reserved_for=agent)).order_by("pk")
    for item in theirs.select_for_update(skip_locked=True):
        _free(item, agent.pk)
        if item.status == Status.WAITING:
            record(Event.DOCUMENT_RELEASED, subject=item.subject, owner=item.owner, agent=agent.actor)


def put_kept_right(limit: int) -> int:
    """Free what is kept for an agent who was suspended or treats no documents any more. Returns how many items moved.

    What is kept without an end gets one: an older version of the program kept it so.
    """
    treating = Q(reserved_for__closed_at=None, reserved_for__role__in=TABLE[Act.TREAT])
    with transaction.atomic():
        rows = Item.objects.waiting().filter(reserved_for__isnull=False).order_by("pk")
        astray = rows.exclude(treating).select_for_update(skip_locked=True, of=("self",))[:limit]
        done = 0
        for item in astray:
            agent = item.reserved_for
            item.reserved_for = item.reserved_until = item.reserved_since = None
            item.save(update_fields=["reserved_for", "reserved_until", "reserved_since"])
            if agent is not None:
                record(Event.DOCUMENT_RELEASED, subject=item.subject, owner=item.owner, agent=agent.actor)
            done += 1
        endless = list(
            rows.filter(reserved_until=None)
            .select_for_update(skip_locked=True)
            .values_list("pk", flat=True)[:limit]
        )
        now = timezone.now()
        Item.objects.filter(pk__in=endless).update(reserved_until=queue.handed_until(), reserved_since=now)
    return done + len(endless)


def _free(item: Item, agent: int) -> None:
    if item.reserved_for_id == agent:
        item.reserved_for = item.reserved_until = item.reserved_since = None
    if item.agent_id == agent:
        queue.release(item)
    else:
        item.save(update_fields=["reserved_for", "reserved_until", "reserved_since"])
