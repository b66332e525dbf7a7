"""« Réunir »: several documents of one sending that are one paper are treated as one, due on the earliest of their days.

It can be undone as long as it was not decided. Locks: the deposit, the items in the order of their keys, then documents.
"""

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import ActRefused, check_act
from adherents.casework import selectors
from adherents.casework.models import Decision, Item, Status
from adherents.casework.services import deposits, queue
from adherents.drafts import services as drafts
from adherents.drafts.kinds import DECISIONS
from adherents.vault.services import joining
from adherents.vault.services.filing import NoSuchKind


class CannotJoin(Exception):
    """Why these documents cannot be joined, or taken apart again, in words for the agent."""

    message: str | Promise = _("Ces documents ne peuvent pas être réunis.")


class NotTogether(CannotJoin):
    message = _("Réunissez des documents du même envoi, pour la même personne, que vous avez en main.")


class NumberRefused(CannotJoin):
    message = _("Réunissez de 2 à 20 documents, de 50 pages en tout au plus.")


class JoinedKindRefused(CannotJoin):
    message = _("Choisissez un type de la liste.")


class NotYoursToJoin(CannotJoin):
    message = _("Vous ne traitez plus de documents.")


class DecidedAlready(CannotJoin):
    message = _("L’adhérent a déjà eu une réponse à l’un de ces documents : il ne se réunit plus.")


class TooLateToSeparate(CannotJoin):
    message = _("Ce document est décidé, ou dans les mains d’un collègue : il ne se sépare plus.")


class NotedSince(CannotJoin):
    message = _(
        "Une note, un avis ou un message parle de ce document réuni, ou un système l’a rangé : il ne se sépare plus."
    )


_REFUSALS: dict[type[Exception], type[CannotJoin]] = {
    joining.NotToJoin: NotTogether,
    joining.WrongNumber: NumberRefused,
    NoSuchKind: JoinedKindRefused,
}


def join(*, agent: Account, item: Item, document_ids: Sequence[uuid.UUID], kind: str) -> Item:
    """Treat these documents, in this order, as one of this kind. The agent has it in hand then, as they had all of these.

    `item`: one of the same sending that the agent has in hand. Raises `CannotJoin` or `queue.NotAvailable`.
    """
    with transaction.atomic():
        agent = _still_treats(agent)
        mine = {row.document_id: row for row in queue.in_hand_together(agent=agent, item=item)}
        if not mine.keys() >= set(document_ids):
            raise NotTogether
        rows = [mine[key] for key in document_ids]
        if Decision.objects.that_were_told_or_stand(rows).exists():
            raise DecidedAlready
        try:
            joined = joining.join(document_ids=document_ids, kind=kind, actor=agent.actor)
        except tuple(_REFUSALS) as error:
            raise _REFUSALS[type(error)] from error
        for row in rows:
            # Nobody decides it any more, and nothing puts it back: an item that is done is left alone by every sweep.
            queue.keep(row, None)
            row.status, row.leased_until, row.taken_at = Status.DONE, None, None
            row.save(update_fields=["status", "leased_until", "taken_at"])
            drafts.forget(about=row.subject, kinds=DECISIONS)
        made: Item = Item.objects.create(
            document=joined,
            kind=joined.kind,
            due_on=min(row.due_on for row in rows),
            was_late=any(row.was_late for row in rows),
            entered_at=min(row.entered_at for row in rows),
            agent=agent,
            leased_until=queue.lease_ends(),
            taken_at=timezone.now(),
        )
    return made


def separate(*, agent: Account, item: Item) -> list[Item]:
    """Undo a join that was not decided: its document is no more, and the agent has in hand what was sent, in its order.

    Raises `CannotJoin`.
    """
    with transaction.atomic():
        agent = _still_treats(agent)
        deposits.lock_deposit(item, wait=True)
        of_it = Q(pk=item.pk) | Q(document__joined_into=item.document_id)
        rows = list(Item.objects.select_for_update(of=("self",)).filter(of_it).order_by("pk"))
        made = [row for row in rows if row.pk == item.pk]
        if not selectors.nothing_decided(agent, made):
            raise TooLateToSeparate
        drafts.forget(about=item.subject, kinds=DECISIONS)
        try:
            sent = joining.separate(document_id=item.about.pk, actor=agent.actor)
        except joining.NotJoined as error:
            raise TooLateToSeparate from error
        except joining.StillNoted as error:
            raise NotedSince from error
        back = {row.document_id: row for row in rows if row.pk != item.pk}
        for row in back.values():
            row.status, row.agent = Status.WAITING, agent
            row.leased_until, row.taken_at = queue.lease_ends(), timezone.now()
            row.save(update_fields=["status", "agent", "leased_until", "taken_at"])
    return [back[document.pk] for document in sent if document.pk in back]


def _still_treats(agent: Account) -> Account:
    try:
        return check_act(agent=agent, act=Act.TREAT)
    except ActRefused as error:
        raise NotYoursToJoin from error
