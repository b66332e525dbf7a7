"""What goes out: the decisions that stand, and the members' originals where the profile says so, each once.

Their row is made when the feed was read on, in one transaction. The files are written where nobody else reads, and are whole on
the disk before the row says so; each gets its place by one rename. So a file that is no longer there has its place: nothing is
given a second time, whenever the process was killed and however soon the files were fetched.
"""

from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext as _

from adherents.database.transactions import needs_transaction
from adherents.feed import services as feed
from adherents.feed.event_types import EventType
from adherents.feed.models import Announcement
from adherents.folder import disk, fin
from adherents.folder.disk import ExchangeFolder, LeftAlone
from adherents.folder.endings import Ending
from adherents.folder.models import DeliveryKind, DeliveryState, FolderDelivery, FolderOriginal, FolderWatch
from adherents.folder.services.giving import decision_files, original_files
from adherents.folder.services.watching import Turn, keep_watch, watched_row
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.vault.models import Document
from adherents.vault.origins import Origin
from adherents.work.models import HeldWork
from adherents.work.services import is_held

_EVENTS_OF = {
    DeliveryKind.DECISIONS: (EventType.DOCUMENT_DECIDED, EventType.DOCUMENT_REOPENED),
    DeliveryKind.ORIGINALS: (EventType.DOCUMENT_CHECKED,),
}
_READ_AT_ONCE = {DeliveryKind.DECISIONS: 5000, DeliveryKind.ORIGINALS: 100}
_SUBFOLDER = {DeliveryKind.DECISIONS: disk.DECISIONS, DeliveryKind.ORIGINALS: disk.ORIGINALS}


def deliver_new(*, folder: ExchangeFolder, turn: Turn, say: Callable[[str], None]) -> Ending:
    """Deliver what the feed announced since the last time. Raises `LeftAlone` and `WatchGone`.

    After a restore nothing is given while mails are held: it was perhaps given already, and a person should know.
    """
    if is_held(HeldWork.MAILS):
        return Ending.WELL
    wanted = [DeliveryKind.DECISIONS]
    if profile().folder.originals:
        wanted.append(DeliveryKind.ORIGINALS)
    left: LeftAlone | None = None
    for kind in wanted:
        try:
            while _read_on(kind, turn, say):
                complete_deliveries(folder=folder, turn=turn)
                if turn.is_stopping():
                    return Ending.WELL
        except LeftAlone as error:  # it holds up no other kind
            left = left or error
    if left is not None:
        raise left
    return Ending.WELL


def _read_on(kind: DeliveryKind, turn: Turn, say: Callable[[str], None]) -> bool:
    """Read the feed on, and make the row of what follows. False: there is nothing."""
    column = f"{kind.value}_after"
    with transaction.atomic():
        watch = watched_row(turn.token)
        after: str = getattr(watch, column)
        try:
            page = feed.read(after=after, limit=_READ_AT_ONCE[kind])
        except feed.PositionGone as gone:
            say(
                _("Le fil des événements a été repris plus loin (%(why)s) : voir docs/integrating.md.")
                % {"why": gone.why.value}
            )
            setattr(watch, column, str(gone.start))
            watch.save(update_fields=[column])
            return True
        if not page.items:
            return False
        positions = [event.position or 0 for event in page.items]
        if any(event.type in _EVENTS_OF[kind] for event in page.items):
            _make(kind, watch, after=positions[0] - 1, until=positions[-1])
        setattr(watch, column, str(page.next))
        watch.save(update_fields=[column])
    return True


@needs_transaction
def _make(kind: DeliveryKind, watch: FolderWatch, *, after: int, until: int) -> None:
    """To be called in the transaction that moves the position on. Nothing, where there is nothing to give."""
    made = FolderDelivery(kind=kind, after=after, until=until)
    count = len(events_of(made))
    if kind == DeliveryKind.ORIGINALS:
        documents = _documents_of(made)
        if not documents:
            return
        count = len(documents)
    made.save(force_insert=True)
    if kind == DeliveryKind.ORIGINALS:
        FolderOriginal.objects.bulk_create(
            [FolderOriginal(delivery=made, document=document, file_name="") for document in documents]
        )
    record(Event.FOLDER_DELIVERY_MADE, subject=watch.subject, kind=kind.value, delivery=made.pk, count=count)


def events_of(delivery: FolderDelivery) -> list[Announcement]:
    """In the order of the feed."""
    between = Announcement.objects.after(delivery.after).filter(position__lte=delivery.until)
    return list(between.filter(type__in=_EVENTS_OF[DeliveryKind(delivery.kind)]))


def _documents_of(delivery: FolderDelivery) -> list[Document]:
    """What members sent: neither what came with a message nor the insurer's own papers."""
    ids = [event.subject.partition("/")[2] for event in events_of(delivery)]
    found = Document.objects.kept().filter(pk__in=ids, origin=Origin.MEMBER)
    return list(found.order_by("at", "pk"))


def complete_deliveries(*, folder: ExchangeFolder, turn: Turn) -> Ending:
    """Write what is not written, or is lost, and give it its place. Originals that the profile wants no more are not given.

    Raises `LeftAlone`, once all others have their place, and `WatchGone`.
    """
    left: LeftAlone | None = None
    for delivery in FolderDelivery.objects.undelivered():
        try:
            if delivery.kind == DeliveryKind.ORIGINALS and not profile().folder.originals:
                delivery.files = []
                _note(turn, delivery, DeliveryState.DELIVERED)
                disk.remove(delivery.name, folder[disk.OUTBOX])
                continue
            if delivery.state == DeliveryState.MADE or not disk.is_there(delivery.name, folder[disk.OUTBOX]):
                _write(folder, turn, delivery)
            _place(folder, turn, delivery)
        except LeftAlone as error:
            left = left or error
    if left is not None:
        raise left
    return Ending.WELL


def _write(folder: ExchangeFolder, turn: Turn, delivery: FolderDelivery) -> None:
    outbox = folder[disk.OUTBOX]
    disk.remove(delivery.name, outbox)  # what a process that was killed had begun
    disk.make_folder(delivery.name, outbox, mode=0o700)
    files = decision_files if delivery.kind == DeliveryKind.DECISIONS else original_files
    digests: dict[str, str] = {}
    mode = 0o640
    with disk.subfolder(delivery.name, outbox) as own:
        for file in files(delivery, events_of(delivery), turn):
            seen = fin.Hashing(file.chunks)
            disk.write(file.name, own, iter(seen), mode=file.mode)
            digests[file.name], mode = seen.digest, file.mode
        if digests:
            disk.write(f"{delivery.name}{fin.SUFFIX}", own, iter([fin.written(digests)]), mode=mode)
    delivery.files = [*digests, f"{delivery.name}{fin.SUFFIX}"] if digests else []
    _note(turn, delivery, DeliveryState.WRITTEN)


def _place(folder: ExchangeFolder, turn: Turn, delivery: FolderDelivery) -> None:
    with disk.subfolder(delivery.name, folder[disk.OUTBOX]) as own:
        for name in delivery.files:
            disk.move(name, own, folder[_SUBFOLDER[DeliveryKind(delivery.kind)]], over=True)
    _note(turn, delivery, DeliveryState.DELIVERED)
    disk.remove(delivery.name, folder[disk.OUTBOX])


def _note(turn: Turn, delivery: FolderDelivery, state: DeliveryState) -> None:
    with transaction.atomic():
        keep_watch(turn.token)
        delivery.state = state
        delivery.save(update_fields=["state", "files"])
