"""The items of one deposit, which one agent has in hand together. They are leased, given back and handed over together.

What locks several items of a deposit locks the deposit first, then the items in the order of their keys. « Suivant »
alone has an item's lock already: it never waits for the deposit.
"""

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.casework.models import ALL, Filters, Item, ItemQuerySet
from adherents.database.transactions import needs_transaction
from adherents.desk.models import Specialty
from adherents.vault.models import Deposit, Document


def treats_document(agent: Account, document: Document) -> bool:
    """Whether the agent treats such a document, which has no item yet: as `ItemQuerySet.treated_by` says of items."""
    chosen = Specialty.objects.of(agent)
    language = document.member.mail_to[1]
    of_kind = not chosen.kinds or document.kind in chosen.kinds
    return (
        agent.role in TABLE[Act.TREAT] and of_kind and (not chosen.languages or language in chosen.languages)
    )


@needs_transaction
def lock_deposit(item: Item, *, wait: bool) -> int | None:
    """Lock the deposit of the item, in the caller's transaction, and give its key. None: another has it, and `wait` is false."""
    of_item = Document.objects.filter(item=item).values("deposit")
    # Not its key: a row that refers to it may be written meanwhile.
    rows = Deposit.objects.filter(pk__in=of_item).select_for_update(no_key=True, skip_locked=not wait)
    key: int | None = rows.order_by("pk").values_list("pk", flat=True).first()
    return key


@needs_transaction
def lock_next(*, agent: Account, filters: Filters, skipped: Collection[uuid.UUID]) -> tuple[Item, int] | None:
    """The next item for this agent and its deposit, both locked in the caller's transaction: nobody else gets any of it."""
    busy = [*skipped]
    while True:
        before = transaction.savepoint()
        items = Item.objects.matching(filters).exclude(pk__in=busy).oldest_due_first()
        prefetched = items.held().filter(agent=agent, taken_at=None)
        kept = items.free().kept_for(agent)
        item = _first(prefetched) or _first(kept) or _first(items.free().may_be_given_to(agent))
        deposit = lock_deposit(item, wait=False) if item else None
        if item is None or deposit is not None:
            transaction.savepoint_commit(before)
            return None if item is None or deposit is None else (item, deposit)
        # Another agent takes its deposit at this moment, and waits for the item that this one has just locked.
        transaction.savepoint_rollback(before)
        busy += waiting_with(item)


def _first(items: ItemQuerySet) -> Item | None:
    return items.select_for_update(skip_locked=True).first()


def waiting_with(item: Item) -> list[uuid.UUID]:
    """The keys of the items that wait of its deposit, its own among them."""
    deposit = Document.objects.filter(item=item).values("deposit")
    return list(Item.objects.waiting().filter(document__deposit__in=deposit).values_list("pk", flat=True))


def holders(deposits: Collection[int]) -> dict[int, Item]:
    """What of each of these deposits an agent has in hand; nothing of those that nobody treats. One query."""
    held = Item.objects.held().filter(taken_at__isnull=False, document__deposit__in=deposits)
    return {
        row.about.deposit_id: row for row in held.select_related("agent", "document").order_by("leased_until")
    }


def in_hand(*, agent: Account, deposit: int) -> ItemQuerySet:
    """What the agent has in hand of the deposit, in the order of the keys.

    A lease that is past counts until another agent takes the item.
    """
    mine = Item.objects.waiting().filter(agent=agent, taken_at__isnull=False)
    return mine.filter(document__deposit=deposit).order_by("pk")


@needs_transaction
def lock_others(*, item: Item, agent: Account, deposit: int, filters: Filters = ALL) -> list[Item]:
    """The free items of the deposit that the agent may have together with this one, locked in the caller's transaction."""
    if (
        agent.role not in TABLE[Act.TREAT]
    ):  # a system decides one document at a time, and holds nothing beside it
        return []
    others = Item.objects.free().may_be_given_to(agent).matching(filters)
    rows = others.filter(document__deposit=deposit).exclude(pk=item.pk).order_by("pk")
    return list(rows.select_for_update(of=("self",)))


@needs_transaction
def renew_leases(items: Collection[uuid.UUID], *, agent: Account, until: datetime) -> None:
    """Begin the agent's leases of these items again, in the caller's transaction.

    One that is being decided or swept at this moment is left alone.
    """
    mine = Item.objects.waiting().filter(pk__in=items, agent=agent, taken_at__isnull=False)
    rows = mine.order_by("pk").select_for_update(skip_locked=True, of=("self",))
    Item.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(leased_until=until)


def first_of(items: Collection[Item], *, skipped: Collection[uuid.UUID] = ()) -> Item:
    """The first in the order in which they were sent, of those that were not put off where there are any."""
    wanted = [item for item in items if item.pk not in skipped] or list(items)
    if len(wanted) == 1:
        return wanted[0]
    ranks = dict(
        Document.objects.filter(pk__in=[item.document_id for item in wanted]).values_list("pk", "rank")
    )
    return min(wanted, key=lambda item: (ranks.get(item.document_id, 0), item.pk))
