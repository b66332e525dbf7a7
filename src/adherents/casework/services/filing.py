"""An agent says which kind of document it is and whom it is about. Before deciding: it keeps its place and its promise.

It takes effect at once, and can be undone for a few seconds. Nobody is written to: its member reads it in the document's story.
"""

from collections.abc import Callable
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import ActRefused, check_act
from adherents.casework.models import Item, Refiling
from adherents.casework.services import deposits, queue
from adherents.vault.models import Document
from adherents.vault.services import filing
from adherents.vault.services.filing import Place


class CannotFile(Exception):
    """Why this kind cannot be chosen, in words for the agent."""

    message: str | Promise = _("Ce type ne peut pas être choisi.")


class KindRefused(CannotFile):
    message = _("Choisissez un type de la liste.")


class PersonRefused(CannotFile):
    message = _("Choisissez une personne de la liste.")


class KnownAlready(CannotFile):
    message = _("Le type de ce document est déjà choisi.")


class FiledAlready(CannotFile):
    message = _("Ce document est déjà classé ainsi.")


class NotYoursToFile(CannotFile):
    message = _("Vous ne traitez plus de documents.")


class NothingToFile(CannotFile):
    message = _("Ce document n’attend plus : il a été décidé, repris, effacé ou mis de côté.")


class TooLateToFileBack(CannotFile):
    message = _("Il est trop tard pour annuler ce reclassement : classez-le de nouveau.")


_REFUSALS: dict[type[Exception], type[CannotFile]] = {
    filing.NoSuchKind: KindRefused,
    filing.NoSuchPerson: PersonRefused,
    filing.KindIsKnown: KnownAlready,
    filing.FiledSo: FiledAlready,
    filing.KindDecided: NothingToFile,
}


def choose_kind(*, agent: Account, item: Item, kind: str) -> Refiling:
    """Say the kind that its member did not know. Raises `CannotFile`, or `queue.NotAvailable`."""
    return _filed(agent, item, partial(filing.set_kind, kind=kind))


def refile(*, agent: Account, item: Item, to: Place) -> Refiling:
    """Another kind, or another person of the same contract. Raises `CannotFile`, or `queue.NotAvailable`."""
    return _filed(agent, item, partial(filing.refile, to=to))


def undo(*, agent: Account, refiling: Refiling) -> Item:
    """Take one's own filing back, in time, while the document still waits. Raises `CannotFile` or `queue.NotAvailable`."""
    with transaction.atomic():
        agent = _still_treats(agent)
        deposits.lock_deposit(refiling.item, wait=True)
        item = Item.objects.select_for_update().get(pk=refiling.item_id)
        standing = Refiling.objects.in_time().filter(pk=refiling.pk, agent=agent)
        if not standing.update(undone_at=timezone.now()) or not item.is_waiting:
            raise TooLateToFileBack
        queue.take(agent=agent, item=item)
        now, before = (
            Place(refiling.kind, refiling.person_id),
            Place(refiling.was_kind, refiling.was_person_id),
        )
        try:
            filing.put_back(document_id=item.about.pk, now=now, before=before, actor=agent.actor)
        except filing.KindDecided as error:
            raise TooLateToFileBack from error
        Item.objects.filter(pk=item.pk).update(kind=before.kind)
    return item


def _filed(agent: Account, item: Item, file: Callable[..., Place]) -> Refiling:
    with transaction.atomic():
        agent = _still_treats(agent)
        untouched = transaction.savepoint()
        if queue.renew(agent=agent, item=item):
            transaction.savepoint_commit(untouched)
        else:
            # As in `deciding`: no item stays locked before its deposit.
            transaction.savepoint_rollback(untouched)
            queue.take(agent=agent, item=item)
        try:
            before = file(document_id=item.about.pk, actor=agent.actor)
        except tuple(_REFUSALS) as error:
            raise _REFUSALS[type(error)] from error
        document = Document.objects.only("kind", "beneficiary").get(pk=item.about.pk)
        Item.objects.filter(pk=item.pk).update(kind=document.kind)
        return Refiling.objects.create(
            item=item,
            agent=agent,
            kind=document.kind,
            was_kind=before.kind,
            person_id=document.beneficiary_id,
            was_person_id=before.person,
        )


def _still_treats(agent: Account) -> Account:
    try:
        return check_act(agent=agent, act=Act.TREAT)
    except ActRefused as error:
        raise NotYoursToFile from error
