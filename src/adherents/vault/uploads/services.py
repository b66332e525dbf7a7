"""A file that arrives in several requests: the bytes that came before the connection broke are kept, and the rest follows.

Each request's bytes are sealed as they pass, as a part of their own; the last one makes the whole. A file that comes in
one go is sealed once, as the document that it becomes; parts are sealed anew into one object while the whole is judged,
by the same rules as the plain form's (`vault.services.receiving.FileReceiver`). No clear byte touches the disk on the way.
"""

import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from django.db import transaction
from django.utils import timezone

from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.storage.objects import StorageFailed, fresh_name
from adherents.storage.reading import Altered, clear_bytes
from adherents.storage.sealing import SealedObject, Sealer
from adherents.storage.services import claim, delete_objects, release
from adherents.vault.models import PendingFile, Sending, Upload, UploadPart, UploadQuerySet
from adherents.vault.names import clean_name
from adherents.vault.refusals import FileRefusal
from adherents.vault.services.allowance import room_of
from adherents.vault.services.leases import is_left, new_lease
from adherents.vault.services.preparing import KEPT_FOR, keep_longer, opened
from adherents.vault.services.receiving import (
    MEGABYTE,
    Arrived,
    FileReceiver,
    RefusedFile,
    discard,
    drop_waiting,
)
from adherents.vault.services.standing import Closed, check_open
from adherents.work.models import HeldWork
from adherents.work.services import is_held

STALE = timedelta(minutes=1)  # a page that announces a file brings its first bytes at once
LEASE = timedelta(seconds=30)
_RENEW_SECONDS = 5


class NotAccepted(Exception):
    """The file is refused, and nothing of it is left. `reason.label` says why, to the member."""

    def __init__(self, reason: FileRefusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Busy(Exception):
    """Another request is sending bytes of this file, or was a moment ago."""


class WrongOffset(Exception):
    """These bytes do not follow those that came. `offset`: where the next bytes begin."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class MoreThanAnnounced(Exception):
    """These bytes would make the file longer than its announced length."""


class NotKept(Exception):
    """The storage did not take these bytes: what came before is still there."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many bytes of how many are there, and until when they wait for the rest (None: the file is whole)."""

    offset: int
    length: int
    expires_at: datetime | None = None


def begin_upload(
    *, member: Member, name: str, length: int, sha256: str = "", sending_id: uuid.UUID | None = None
) -> Upload:
    """Announce a file of `length` bytes for a sending, a new one without `sending_id`. `sha256` (hexadecimal) is checked at
    the end where it is given.

    Raises `NotAccepted`: empty, too large, more than there is room for, or one more than the profile allows with those of this
    sending that wait and those on their way; `SentAlready`, `TooManyOpen` or `Closed`. An announcement whose answer was lost
    is answered again, and announced files whose bytes never came keep no other file out.
    """
    documents = profile().documents
    if not length:
        raise NotAccepted(FileRefusal.EMPTY)
    if length > documents.max_file_mb * MEGABYTE:
        raise NotAccepted(FileRefusal.TOO_LARGE)
    now = timezone.now()
    with transaction.atomic():
        check_open(member)
        sending = opened(member=member, sending_id=sending_id or uuid.uuid4())
        promised = Upload.objects.filter(sending=sending).without_a_byte().select_for_update(of=("self",))
        if sha256 and (again := promised.filter(sha256=sha256, name=clean_name(name), length=length).first()):
            return again
        if files_of(sending) >= documents.max_files:
            stale = promised.filter(at__lte=now - STALE).first()
            if stale is None:
                raise NotAccepted(FileRefusal.TOO_MANY)
            stale.delete()
        if no_room := room_of(member).refusal_of(length):
            raise NotAccepted(no_room)
        return Upload.objects.create(
            member=member,
            sending=sending,
            name=clean_name(name),
            length=length,
            sha256=sha256,
            at=now,
            expires_at=now + KEPT_FOR,
        )


def files_of(sending: Sending) -> int:
    """How many files of a sending are there already, whole or on their way."""
    return sending.uploads.filter(expires_at__gt=timezone.now()).count() + sending.pending_files.count()


def progress(*, member: Member, upload_id: uuid.UUID) -> Progress:
    """Where a file is. Raises `Upload.DoesNotExist` (another's too) or `Busy`.

    A whole that a crash left in parts is made one first, and may then be `NotAccepted` or `NotKept`.
    """
    arrival = PendingFile.objects.waiting_for(member).filter(pk=upload_id).first()
    if arrival is not None:
        return Progress(arrival.size, arrival.size)
    upload = Upload.objects.of(member).get(pk=upload_id)
    if _is_held(upload):
        raise Busy
    if upload.offset == upload.length:
        return _made_whole(_taken(member, upload_id))
    return Progress(upload.offset, upload.length, upload.expires_at)


def receive(
    *, member: Member, upload_id: uuid.UUID, offset: int, length: int, chunks: Iterable[bytes]
) -> Progress:
    """Take `length` bytes that follow the first `offset`; fewer when `chunks` break off, and these stay.

    Raises `Upload.DoesNotExist` (another's too), `Busy`, `WrongOffset`, `MoreThanAnnounced`, `NotAccepted`, `NotKept` or
    `Closed`.
    """
    upload = _taken(member, upload_id, offset=offset, length=length)
    try:
        if offset:
            return _add(upload, _while_held(upload, chunks))
        return _start(upload, _while_held(upload, chunks))
    except StorageFailed as error:
        raise NotKept from error
    finally:
        _release(upload)


def drop(*, member: Member, upload_id: uuid.UUID) -> None:
    """The member takes a file back, whole or not: its keys go with its rows, then its bytes. A second call changes nothing."""
    if not _ended(Upload.objects.filter(member=member, pk=upload_id).first()):
        drop_waiting(member=member, arrival_id=upload_id)


def exists(*, member: Member, upload_id: uuid.UUID) -> bool:
    """Whether there is such a file, whole or on its way, of this member."""
    mine = {"member": member, "pk": upload_id}
    return Upload.objects.filter(**mine).exists() or PendingFile.objects.filter(**mine).exists()


def sweep_expired(limit: int = 200) -> int:
    """Delete the uploads that were abandoned. Returns how many. While sweeps are held, none goes."""
    if is_held(HeldWork.SWEEPS):
        return 0
    expired = Upload.objects.filter(expires_at__lte=timezone.now()).order_by("expires_at")[:limit]
    return sum(_ended(upload) for upload in expired)


def _taken(member: Member, upload_id: uuid.UUID, *, offset: int | None = None, length: int = 0) -> Upload:
    """The upload, which no other request may take until we release it or stop renewing the lease."""
    with transaction.atomic():
        upload = Upload.objects.of(member).select_for_update().get(pk=upload_id)
        if _is_held(upload):
            raise Busy
        if offset is not None and offset != upload.offset:
            raise WrongOffset(upload.offset)
        if upload.offset + length > upload.length:
            raise MoreThanAnnounced
        upload.lease, upload.leased_until = new_lease(), timezone.now() + LEASE
        upload.save(update_fields=["lease", "leased_until"])
    return upload


def _is_held(upload: Upload) -> bool:
    return (
        upload.leased_until is not None and upload.leased_until > timezone.now() and not is_left(upload.lease)
    )


def _while_held(upload: Upload, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks. The lease is renewed meanwhile, so that other requests know that bytes are coming."""
    renewed = time.monotonic()
    for chunk in chunks:
        yield chunk
        if time.monotonic() - renewed > _RENEW_SECONDS:
            _ours(upload).update(leased_until=timezone.now() + LEASE)
            renewed = time.monotonic()


def _ours(upload: Upload) -> UploadQuerySet:
    return Upload.objects.filter(pk=upload.pk, lease=upload.lease, offset=upload.offset)


def _release(upload: Upload) -> None:
    Upload.objects.filter(pk=upload.pk, lease=upload.lease).update(lease="", leased_until=None)


def _start(upload: Upload, chunks: Iterator[bytes]) -> Progress:
    """The file's first bytes, and perhaps all of it: then they are its document's as they are."""
    incoming = FileReceiver(name=upload.name, document_id=upload.pk)
    try:
        for chunk in chunks:
            incoming.write(chunk)
            if incoming.refusal:
                break
        if not incoming.refusal and incoming.size == upload.length:
            return _judged(upload, incoming.finish())
        sealed = incoming.pause()
    except BaseException:
        incoming.abort()
        raise
    if sealed is not None:
        return _keep(upload, sealed)
    if incoming.refusal:
        _refuse(upload, incoming.refusal)
    incoming.abort()
    return Progress(0, upload.length, upload.expires_at)


def _add(upload: Upload, chunks: Iterator[bytes]) -> Progress:
    """Take bytes that follow others: they make a part, and the whole file if they are the last ones."""
    part, storage_name = UploadPart(upload=upload, offset=upload.offset), fresh_name()
    UnclaimedObject.objects.create(storage_name=storage_name)
    sealer = Sealer(sealed_as=part.sealed_as, storage_name=storage_name)
    try:
        for chunk in chunks:
            sealer.write(chunk)
    except BaseException:
        sealer.abort()
        raise
    if not sealer.size:
        sealer.abort()
        delete_objects([storage_name])
        return Progress(upload.offset, upload.length, upload.expires_at)
    return _keep(upload, sealer.commit())


def _keep(upload: Upload, sealed: SealedObject) -> Progress:
    """Write the part's row and the new offset in one transaction, if our lease still holds."""
    offset, expires_at = upload.offset + sealed.size, timezone.now() + KEPT_FOR
    with _accepting(upload, sealed.storage_name):
        kept = _ours(upload).update(offset=offset, expires_at=expires_at, leased_until=timezone.now() + LEASE)
        if kept:
            claim([sealed.storage_name])
            UploadPart.objects.create(
                upload=upload,
                offset=upload.offset,
                size=sealed.size,
                sha256=sealed.sha256,
                wrapped_key=sealed.wrapped_key,
                storage_name=sealed.storage_name,
            )
    if not kept:  # taken back meanwhile, or taken over by who thought us dead
        delete_objects([sealed.storage_name])
        raise Busy
    upload.offset, upload.expires_at = offset, expires_at
    if offset == upload.length:
        return _made_whole(upload)
    return Progress(offset, upload.length, expires_at)


def _made_whole(upload: Upload) -> Progress:
    """All the parts are there: sealed anew as one file, which is judged as any other."""
    incoming = FileReceiver(name=upload.name, document_id=upload.pk)
    try:
        for part in upload.parts.all():
            for chunk in _while_held(upload, clear_bytes(part)):
                incoming.write(chunk)
        return _judged(upload, incoming.finish())
    except Altered as error:
        incoming.abort()
        _ended(upload)
        raise NotAccepted(FileRefusal.NOT_KEPT) from error
    except StorageFailed as error:
        incoming.abort()
        raise NotKept from error
    except BaseException:
        incoming.abort()
        raise
    finally:
        _release(upload)


def _judged(upload: Upload, ended: Arrived | RefusedFile) -> Progress:
    """End the file: it waits for its deposit from now on, or it is refused and nothing of it is left."""
    if isinstance(ended, RefusedFile):
        _refuse(upload, ended.reason)
    if upload.sha256 not in {"", ended.sealed.sha256}:
        discard([ended])
        _refuse(upload, FileRefusal.CUT)
    with _accepting(upload, ended.sealed.storage_name):
        ours = _ours(upload).select_for_update().first()
        if ours is not None:
            parts = list(ours.parts.all())
            release(parts)
            ours.delete()
            claim([ended.sealed.storage_name])
            PendingFile.objects.create(
                member_id=upload.member_id, sending_id=ours.sending_id, **ended.facts()
            )
    if ours is None:
        discard([ended])
        raise Busy
    delete_objects([part.storage_name for part in parts])
    return Progress(upload.length, upload.length)


@contextmanager
def _accepting(upload: Upload, storage_name: str) -> Iterator[None]:
    """A transaction that accepts bytes, sealed in this object. If the account was closed meanwhile, nothing is left of them.

    Locks are taken in the same order as when the files are sent: the account, the sending, then its files.
    """
    try:
        with transaction.atomic():
            check_open(upload.member)
            keep_longer(upload.sending_id)
            yield
    except Closed:
        delete_objects([storage_name])
        raise


def _refuse(upload: Upload, reason: FileRefusal) -> NoReturn:
    """Raises `NotAccepted`, and nothing is left; `NotKept` where the fault is the storage's, and the parts stay."""
    if reason == FileRefusal.NOT_KEPT:
        raise NotKept
    _ended(upload)
    raise NotAccepted(reason)


def _ended(upload: Upload | None) -> bool:
    """Delete this upload. False: it was gone already."""
    if upload is None:
        return False
    with transaction.atomic():
        stale = Upload.objects.select_for_update().filter(pk=upload.pk).first()
        if stale is None:
            return False
        parts = list(stale.parts.all())
        release(parts)
        stale.delete()
    delete_objects([part.storage_name for part in parts])
    return True
