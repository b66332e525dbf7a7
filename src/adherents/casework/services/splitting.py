"""« Répartir »: one file that holds several documents is treated as these. Each part is an item with its original's due day.

It can be undone as long as nothing of the parts was decided. Locks: the deposit, the original's item,
the parts' items, then documents.
"""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import ActRefused, check_act
from adherents.casework import selectors
from adherents.casework.models import Item, Status
from adherents.casework.services import deposits, queue
from adherents.drafts import services as drafts
from adherents.drafts.kinds import DECISIONS
from adherents.vault.services import splitting
from adherents.vault.services.splitting import Slice


class CannotSplit(Exception):
    """Why this document cannot be split so, or put together again, in words for the agent."""

    message: str | Promise = _("Ce document ne peut pas être réparti.")


class PagesRefused(CannotSplit):
    message = _("Chaque page va dans une partie, et dans une seule ; il faut deux parties au moins.")


class PlaceRefused(CannotSplit):
    message = _("Choisissez un type et une personne de la liste pour chaque partie.")


class NotYoursToSplit(CannotSplit):
    message = _("Vous ne traitez plus de documents.")


class DecidedMeanwhile(CannotSplit):
    message = _("Une partie est décidée, ou dans les mains d’un collègue : la répartition ne s’annule plus.")


class NotedMeanwhile(CannotSplit):
    message = _(
        "Une note, un avis ou un message parle d’une de ces parties, ou un système l’a rangée : la répartition ne s’annule plus."
    )


def split(*, agent: Account, item: Item, slices: Sequence[Slice]) -> list[Item]:
    """Treat the item as these slices of its pages. The agent has them all in hand then, in their order.

    Raises `CannotSplit` or `queue.NotAvailable`.
    """
    with transaction.atomic():
        agent = _still_treats(agent)
        row = queue.take(agent=agent, item=item)
        try:
            parts = splitting.split(document_id=row.about.pk, slices=slices, actor=agent.actor)
        except splitting.NotToSplit as error:
            raise CannotSplit from error
        except splitting.WrongPages as error:
            raise PagesRefused from error
        except splitting.WrongPlace as error:
            raise PlaceRefused from error
        # Nobody decides it any more, and nothing puts it back: an item that is done is left alone by every sweep.
        queue.keep(row, None)
        row.status, row.leased_until, row.taken_at = Status.DONE, None, None
        row.save(update_fields=["status", "leased_until", "taken_at"])
        drafts.forget(about=row.subject, kinds=DECISIONS)
        now, until = timezone.now(), queue.lease_ends()
        items = [
            Item(
                document=part,
                kind=part.kind,
                due_on=row.due_on,
                was_late=row.was_late,
                entered_at=row.entered_at,
                agent=agent,
                leased_until=until,
                taken_at=now,
            )
            for part in parts
        ]
        return Item.objects.bulk_create(items)


def put_together(*, agent: Account, item: Item) -> Item:
    """Undo a split of which nothing was decided: the parts are no more, and the agent has the original in hand.

    Raises `CannotSplit`.
    """
    with transaction.atomic():
        agent = _still_treats(agent)
        deposits.lock_deposit(item, wait=True)
        item = Item.objects.select_for_update().get(pk=item.pk)
        original = item.about.pk
        parts = list(Item.objects.select_for_update().filter(document__part_of=original).order_by("pk"))
        if not selectors.nothing_decided(agent, parts):
            raise DecidedMeanwhile
        for part in parts:
            drafts.forget(about=part.subject, kinds=DECISIONS)
        try:
            splitting.put_together(document_id=original, actor=agent.actor)
        except splitting.NotToSplit as error:
            raise DecidedMeanwhile from error
        except splitting.StillUsed as error:
            raise NotedMeanwhile from error
        item.status, item.agent = Status.WAITING, agent
        item.leased_until, item.taken_at = queue.lease_ends(), timezone.now()
        item.save(update_fields=["status", "agent", "leased_until", "taken_at"])
    return item


def _still_treats(agent: Account) -> Account:
    try:
        return check_act(agent=agent, act=Act.TREAT)
    except ActRefused as error:
        raise NotYoursToSplit from error
