"""A file arrives. Its size is bounded, its type recognised and its bytes sealed while they pass; or it is refused, in words."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from django.db import transaction

from adherents.database.transactions import needs_transaction
from adherents.inspection.file_type import HEAD_BYTES, PDF, Glimpse, may_be, sniff
from adherents.inspection.rasteriser import Fault
from adherents.inspection.rasteriser.process import CannotBeDrawn, Drawing, DrawingFailed
from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.storage.objects import StorageFailed, fresh_name
from adherents.storage.reading import Altered, clear_bytes
from adherents.storage.sealing import SealedObject, Sealer
from adherents.storage.services import claim, delete_objects, release
from adherents.vault.models import Document, PendingFile, Sending
from adherents.vault.models.files import NamedFile
from adherents.vault.names import clean_name
from adherents.vault.refusals import FileRefusal
from adherents.vault.services.allowance import RoomLeft, room_of

MEGABYTE = 1 << 20  # what phones and PCs call « Mo » in a file's properties, and more generous than 1,000,000
_ENOUGH_TO_TELL = 4096
_LOCK_WORD = b"/Encrypt"
OPENS_WITHIN = 5  # seconds: a request waits for the answer, and the worker looks again
_LOCKS = {Fault.ENCRYPTED: FileRefusal.ENCRYPTED, Fault.LOCKED: FileRefusal.LOCKED}


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that is whole, sealed and flushed, and that no row owns yet."""

    id: uuid.UUID
    name: str
    content_type: str
    sealed: SealedObject

    def facts(self) -> dict[str, object]:
        """The columns of the row that will own it."""
        return {
            "id": self.id,
            "name": self.name,
            "content_type": self.content_type,
            "size": self.sealed.size,
            "sha256": self.sealed.sha256,
            "wrapped_key": self.sealed.wrapped_key,
            "storage_name": self.sealed.storage_name,
        }


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that is refused, and why."""

    name: str
    reason: FileRefusal

    @property
    def sentence(self) -> str:
        return str(self.reason.label)


@dataclass(frozen=True, slots=True)
class FormFiles:
    """The files of a form: those that arrived with it, those refused on the way, which the receipt tells, and the ids of those
    that waited, in the member's order. Nothing else that waits is touched.
    """

    arrived: Sequence[Arrived] = ()
    refused: Sequence[RefusedFile] = ()
    named: Sequence[uuid.UUID] = ()

    @property
    def brings_any(self) -> bool:
        """Whether a file goes with the form."""
        return bool(self.arrived or self.named)


class FileReceiver:
    """One file while it arrives: `write` its bytes, then `finish` or `abort`. Only its first and last bytes stay in clear."""

    def __init__(
        self, *, name: str, refusal: FileRefusal | None = None, document_id: uuid.UUID | None = None
    ) -> None:
        documents = profile().documents
        self.id = document_id or uuid.uuid4()
        self.name = clean_name(name)
        self.size = 0
        self.refusal = refusal
        self._accepted = frozenset(documents.types)
        self._most = documents.max_file_mb * MEGABYTE
        self._sealer: Sealer | None = None
        self._storage_name = ""
        self._seen = Glimpse()

    def write(self, chunk: bytes) -> None:
        """Take the next bytes, of any length. The bytes of a refused file are dropped."""
        self.size += len(chunk)
        if self.refusal:
            return
        if self.size > self._most:
            self._refuse(FileRefusal.TOO_LARGE)
            return
        self._seen.see(chunk)
        if self._sealer is None:
            if self.size < _ENOUGH_TO_TELL:
                return  # it is all in the head so far
            chunk = bytes(self._seen.head) if self.size <= HEAD_BYTES else self._before(chunk)
        self._seal(chunk)

    def finish(self) -> Arrived | RefusedFile:
        """End the file: it is whole and sealed, or refused, and then nothing is left of it."""
        if not self.refusal and not self.size:
            self.refusal = FileRefusal.EMPTY
        if not self.refusal and self._sealer is None:
            self._seal(bytes(self._seen.head))
        sealed = self._committed()
        if sealed is None:
            return RefusedFile(self.name, self.refusal or FileRefusal.NOT_KEPT)
        arrived, refusal = self._judged(Arrived(self.id, self.name, "", sealed))
        if refusal:
            discard([arrived])
            return RefusedFile(self.name, refusal)
        return arrived

    def _judged(self, arrived: Arrived) -> tuple[Arrived, FileRefusal | None]:
        """The file with its type, and why it is refused, if it is."""
        try:
            seen = sniff(self._seen, accepted=self._accepted, again=lambda: clear_bytes(_file_of(arrived)))
        except (Altered, StorageFailed):
            return arrived, FileRefusal.NOT_KEPT
        if seen.unfit:
            return arrived, FileRefusal(seen.unfit.value)
        arrived = replace(arrived, content_type=seen.content_type)
        # The word stands in a PDF's trailer, at its end (at its beginning too when it is made for the web).
        mentions_lock = _LOCK_WORD in self._seen.tail or _LOCK_WORD in self._seen.head
        return arrived, _lock_of(arrived) if mentions_lock and seen.content_type == PDF else None

    def pause(self) -> SealedObject | None:
        """The bytes stop before the file is over: what came of it, sealed and not judged yet.

        None when it is refused, and when so little came that nothing could tell what it is.
        """
        return self._committed()

    def abort(self) -> None:
        """Drop the file. If the storage does not confirm it, the object's name stays noted for the sweep."""
        if self._sealer is not None:
            gone = self._sealer.abort()
            self._sealer = None
            if gone:
                UnclaimedObject.objects.filter(pk=self._storage_name).delete()

    def _before(self, chunk: bytes) -> bytes:
        """What came so far, when the chunk that decides is longer than the head that is kept."""
        return bytes(self._seen.head[: self.size - len(chunk)]) + chunk

    def _seal(self, chunk: bytes) -> None:
        try:
            if self._sealer is None:
                if not may_be(self._accepted, bytes(self._seen.head[:_ENOUGH_TO_TELL])):
                    self.refusal = FileRefusal.FORMAT
                    return
                self._storage_name = fresh_name()
                UnclaimedObject.objects.create(storage_name=self._storage_name)
                self._sealer = Sealer(sealed_as=str(self.id), storage_name=self._storage_name)
            self._sealer.write(chunk)
        except StorageFailed:
            self._refuse(FileRefusal.NOT_KEPT)

    def _committed(self) -> SealedObject | None:
        if self.refusal or self._sealer is None:
            return None
        try:
            sealed = self._sealer.commit()
        except StorageFailed:
            self._refuse(FileRefusal.NOT_KEPT)
            return None
        self._sealer = None  # it is the caller's from now on
        return sealed

    def _refuse(self, reason: FileRefusal) -> None:
        self.refusal = reason
        self.abort()


@dataclass
class UploadBatch:
    """The files of one sending, as they come: no more than the profile allows, those that already wait counted, and no more than
    there is `room` for (looked at again where their rows are made).
    """

    waiting: int = 0
    room: RoomLeft | None = None
    arrived: list[Arrived] = field(default_factory=list)
    refused: list[RefusedFile] = field(default_factory=list)
    current: FileReceiver | None = None
    cut_short: bool = False

    @property
    def count(self) -> int:
        """How many files came."""
        return len(self.arrived) + len(self.refused)

    def begin(self, name: str) -> FileReceiver:
        full = self.waiting + len(self.arrived) >= profile().documents.max_files
        no_room = self.room.refusal_of(1) if self.room else None
        self.current = FileReceiver(name=name, refusal=FileRefusal.TOO_MANY if full else no_room)
        return self.current

    def end(self) -> Arrived | RefusedFile:
        """End the current file."""
        assert self.current is not None
        ended, self.current = self.current.finish(), None
        if isinstance(ended, Arrived) and self.room and (no_room := self.room.refused(ended.sealed.size)):
            discard([ended])
            ended = RefusedFile(ended.name, no_room)
        if isinstance(ended, Arrived):
            self.arrived.append(ended)
        else:
            self.refused.append(ended)
        return ended

    def take(self) -> list[Arrived]:
        """The files that arrived. The caller answers for them from now on."""
        taken, self.arrived = self.arrived, []
        return taken

    def drop_the_rest(self) -> None:
        """Drop every file that was not taken."""
        if self.current is not None:
            self.current.abort()
            self.current = None
        discard(self.take())


@needs_transaction
def admitted(member: Member, files: FormFiles) -> FormFiles:
    """The same files, in which those that find no room are refused.

    To be called in a transaction that holds the member's lock and makes the rows. The objects of what is refused are left to
    the sweep: the transaction may still be undone.
    """
    return admitted_to(room_of(member) if files.arrived else None, files)


def admitted_to(room: RoomLeft | None, files: FormFiles) -> FormFiles:
    """As `admitted`, to this room; None: nothing arrived that would need one."""
    enter, refused = list[Arrived](), list(files.refused)
    for file in files.arrived:
        if room and (no_room := room.refused(file.sealed.size)):
            refused.append(RefusedFile(file.name, no_room))
        else:
            enter.append(file)
    return FormFiles(enter, refused, files.named)


@needs_transaction
def keep_waiting(*, member: Member, arrived: Sequence[Arrived], sending: Sending | None = None) -> None:
    """Keep the files of a form that was refused: those that find room wait for the member to finish.

    To be called in a transaction that holds the member's lock. They wait with `sending`, or for
    a message where it is None.
    """
    keep_all(member=member, arrived=admitted(member, FormFiles(arrived)).arrived, sending=sending)


@needs_transaction
def keep_all(*, member: Member, arrived: Sequence[Arrived], sending: Sending | None) -> None:
    """As `keep_waiting`, in the caller's transaction, whatever room there is: of what no member sends."""
    claim([file.sealed.storage_name for file in arrived])
    PendingFile.objects.bulk_create(
        [PendingFile(member=member, sending=sending, **file.facts()) for file in arrived]
    )


def discard(arrived: Iterable[Arrived]) -> None:
    """Delete the objects of files that no row will own."""
    delete_objects(file.sealed.storage_name for file in arrived)


def in_order(waiting: Sequence[PendingFile], ids: Sequence[uuid.UUID]) -> list[PendingFile]:
    """The waiting files in the member's order; those that `ids` do not name come last."""
    place_of = {name: place for place, name in enumerate(ids)}
    return sorted(waiting, key=lambda file: place_of.get(file.pk, len(place_of)))


def drop_waiting(*, member: Member, arrival_id: uuid.UUID) -> None:
    """The member takes back a file that waits: its key goes with its row, then its bytes. A second call changes nothing."""
    with transaction.atomic():
        taken_back = list(PendingFile.objects.select_for_update().filter(member=member, pk=arrival_id))
        release(taken_back)
        PendingFile.objects.filter(pk__in=[arrival.pk for arrival in taken_back]).delete()
    delete_objects(arrival.storage_name for arrival in taken_back)


def _file_of(arrived: Arrived) -> NamedFile:
    """What reads it, before a row owns it."""
    return Document(**arrived.facts())


def _lock_of(arrived: Arrived) -> FileRefusal | None:
    """How this PDF is locked, if it is. Asked of the confined process: the word alone also stands in innocent files."""
    file = _file_of(arrived)
    try:
        with Drawing(PDF, file.size, seconds=OPENS_WITHIN, only_open=True) as drawing:
            drawing.feed(clear_bytes(file))
    except CannotBeDrawn as error:
        return _LOCKS.get(error.fault)
    except (DrawingFailed, Altered, StorageFailed):
        return None
    return None
