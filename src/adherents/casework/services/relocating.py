"""« Classer dans un autre dossier »: a document that concerns another member. By who leads agents, with a reason; undone in time.

Until its time is over nobody outside reads anything of it. Then a worker seals a copy for the other member, which keeps the place
in the queue and the promise; the original stays with who sent it. Locks: the deposit, the item, its document, the other member.
"""

import uuid
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import ActRefused, check_act
from adherents.casework import mails
from adherents.casework.models import Item, Relocation, Status
from adherents.casework.services import deposits, queue
from adherents.drafts import services as drafts
from adherents.drafts.kinds import DECISIONS
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member
from adherents.storage.reading import Altered
from adherents.storage.services import delete_objects
from adherents.vault.models import State
from adherents.vault.services import relocating
from adherents.vault.services.reading import note_altered
from adherents.vault.services.transitions import CannotMove
from adherents.work.services import do_each


class CannotRelocate(Exception):
    """Why this document cannot go to this member's file, in words for the agent."""

    message: str | Promise = _(
        "Ce document ne peut pas changer de dossier : il n’attend plus, ou il fait partie d’un fichier réparti, "
        "ou en réunit plusieurs."
    )


class FileRefused(CannotRelocate):
    message = _("Choisissez un autre adhérent, dont le contrat est en cours.")


class NotYoursToRelocate(CannotRelocate):
    message = _("Seul un responsable classe un document dans le dossier d’un autre adhérent.")


class TooLateToUndoIt(CannotRelocate):
    message = _("Il est trop tard pour annuler : le document est dans l’autre dossier.")


_REFUSALS: dict[type[Exception], type[CannotRelocate]] = {
    relocating.NotToRelocate: CannotRelocate,
    relocating.NoSuchFile: FileRefused,
}


def relocate(*, agent: Account, item: Item, to: Member, reason: str) -> Relocation:
    """File the item's document with another member. `reason` is for the journal alone.

    Raises `CannotRelocate` or `queue.NotAvailable`.
    """
    with transaction.atomic():
        agent = _still_leads(agent)
        row = queue.take(agent=agent, item=item)
        try:
            relocating.lock_to_relocate(document_id=row.about.pk, to=to)
        except tuple(_REFUSALS) as error:
            raise _REFUSALS[type(error)] from error
        # As what was split: an item that is done is decided by nobody, and left alone by every sweep.
        queue.keep(row, None)
        row.status, row.leased_until, row.taken_at = Status.DONE, None, None
        row.save(update_fields=["status", "leased_until", "taken_at"])
        drafts.forget(about=row.subject, kinds=DECISIONS)
        at = timezone.now()
        made = Relocation.objects.create(
            item=row,
            to=to,
            agent=agent,
            at=at,
            next_attempt_at=at + timedelta(seconds=profile().casework.undo_seconds),
        )
        record(
            Event.RELOCATION_MADE, subject=row.subject, owner=row.owner, actor=agent.actor,
            member=to.subject, reason=reason,
        )  # fmt: skip
    return made


def undo(*, agent: Account, relocation: Relocation) -> Item:
    """Take one's own back, in time: the agent has the document in hand again. Raises `CannotRelocate`."""
    with transaction.atomic():
        agent = _still_leads(agent)
        deposits.lock_deposit(relocation.item, wait=True)
        item = Item.objects.select_for_update().get(pk=relocation.item_id)
        mine = Relocation.objects.in_time().filter(pk=relocation.pk, agent=agent)
        if not mine.update(undone_at=timezone.now(), next_attempt_at=None):
            raise TooLateToUndoIt
        try:
            queue.move(item, State.IN_PROGRESS)
        except CannotMove as error:
            raise CannotRelocate from error
        item.status, item.agent = Status.WAITING, agent
        item.leased_until, item.taken_at = queue.lease_ends(), timezone.now()
        item.save(update_fields=["status", "agent", "leased_until", "taken_at"])
        record(Event.RELOCATION_UNDONE, subject=item.subject, owner=item.owner, actor=agent.actor)
    return item


def settle_due(limit: int = 20) -> int:
    """Hand the copies in of those that can no longer be undone. Returns how many were tried."""
    return do_each(Relocation.objects.claim_due(limit), settle)


def settle(relocation: Relocation) -> None:
    """Settle one, once. Where the document or the other file has gone meanwhile, it is given up. Raises `StorageFailed`."""
    about = Relocation.objects.select_related("item__document", "to").get(pk=relocation.pk)
    document, key = about.item.about, uuid.uuid4()
    try:
        relocating.check_relocates(document, to=about.to)
        copy = relocating.seal_copy(document, key=key)
    except (relocating.NotToRelocate, relocating.NoSuchFile):
        _give_up(relocation)
        return
    except Altered as error:
        note_altered(document, code=error.code)
        _give_up(relocation)
        return
    try:
        with transaction.atomic():
            item = Item.objects.select_for_update().get(pk=about.item_id)
            document = relocating.lock_to_relocate(document_id=item.about.pk, to=about.to)
            if not _close(relocation, settled_at=timezone.now()):
                raise relocating.NotToRelocate
            made = relocating.hand_in(
                document=document, to=about.to, key=key, copy=copy, agent=relocation.agent
            )
            Relocation.objects.filter(pk=relocation.pk).update(copy=made)
            mails.relocated(document)
            mails.filed_here(made)
    except (relocating.NotToRelocate, relocating.NoSuchFile):
        delete_objects([copy.storage_name])
        _give_up(relocation)
    else:
        relocation.work_done()


def _close(relocation: Relocation, **ends: object) -> bool:
    """One conditional UPDATE: of an undo, another worker and this one, one wins. Call it under the item's lock."""
    standing = Relocation.objects.standing().filter(pk=relocation.pk, settled_at=None)
    return standing.update(next_attempt_at=None, lease="", leased_until=None, **ends) == 1


def _give_up(relocation: Relocation) -> None:
    """The document waits again, for the agent who had filed it elsewhere; or for nobody, if it is gone itself."""
    with transaction.atomic():
        # Before the item: who suspends the agent waits.
        agent = Account.objects.select_for_update(no_key=True).get(pk=relocation.agent_id)
        item = Item.objects.select_for_update().get(pk=relocation.item_id)
        if not _close(relocation, undone_at=timezone.now()):
            return
        record(Event.RELOCATION_LAPSED, subject=item.subject, owner=item.owner)
        try:
            queue.move(item, State.IN_PROGRESS)
        except CannotMove:
            queue.leave(item)
            return
        item.status, item.agent = Status.WAITING, None
        item.save(update_fields=["status", "agent"])
        queue.keep(item, agent if queue.treats(agent) else None)


def _still_leads(agent: Account) -> Account:
    try:
        return check_act(agent=agent, act=Act.RELOCATE)
    except ActRefused as error:
        raise NotYoursToRelocate from error
