"""After a restore nothing is destroyed until an administrateur, who saw how many objects have no row, allows it."""

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.backup.models import Restoration
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.storage.models import UnclaimedObject
from adherents.vault.services.verification import unowned_objects
from adherents.work.models import HeldWork
from adherents.work.services import let_go

AT_ONCE = 500


class LiftRefused(Exception):
    """Nothing was lifted; `message` says why."""

    message: str | Promise = ""


class NothingHeld(LiftRefused):
    message = _("Rien n’est retenu : un autre administrateur a déjà permis les effacements.")


class CountChanged(LiftRefused):
    message = _("Le compte des objets a changé entre-temps : lisez le nouveau, puis recommencez.")


def ask_for_count() -> None:
    """The worker counts again the objects that have no row."""
    Restoration.objects.open().update(count_asked_at=timezone.now())


def count_due() -> int:
    """Count them where somebody asked; how many restorations were told. Reads the names of all the objects."""
    asked = list(Restoration.objects.to_count())
    if not asked:
        return 0
    unowned = sum(1 for _name in unowned_objects())
    for restoration in asked:
        since = restoration.count_asked_at
        Restoration.objects.filter(pk=restoration.pk).update(unowned=unowned, counted_at=timezone.now())
        # Asked again meanwhile: counted again.
        Restoration.objects.filter(pk=restoration.pk, count_asked_at=since).update(count_asked_at=None)
    return len(asked)


def lift(*, by: Account, reason: str, unowned: int) -> None:
    """Sweeps and `purge` go on. `unowned`: how many objects without a row this person was shown. Raises a `LiftRefused`."""
    with transaction.atomic():
        held = Restoration.objects.open().select_for_update().first()
        if held is None:
            raise NothingHeld
        if held.unowned != unowned:
            raise CountChanged
        Restoration.objects.open().update(lifted_at=timezone.now(), count_asked_at=None)
        let_go([HeldWork.SWEEPS, HeldWork.PURGE])
        record(Event.HOLDS_LIFTED, subject="installation", actor=by.actor, objects=unowned, reason=reason)


def give_to_sweep() -> int:
    """Once it is lifted: note the objects that no row owns, so that the sweep deletes them a day later; how many."""
    lifted = Restoration.objects.filter(lifted_at__isnull=False, swept_at=None)
    if not lifted.exists():
        return 0
    noted, some = 0, list[UnclaimedObject]()
    for name in unowned_objects():
        some.append(UnclaimedObject(storage_name=name))
        if len(some) == AT_ONCE:
            noted += len(UnclaimedObject.objects.bulk_create(some, ignore_conflicts=True))
            some = []
    noted += len(UnclaimedObject.objects.bulk_create(some, ignore_conflicts=True))
    lifted.update(swept_at=timezone.now())
    return noted
