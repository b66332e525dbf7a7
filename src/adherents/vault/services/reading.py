"""A member takes a document away, as it was sent."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.acting import Acting
from adherents.storage.reading import SENT_BYTES, Altered, authenticate, authenticated
from adherents.vault.models import Document, NamedFile, State


class Dangerous(Exception):
    """The antivirus recognised something in the document: it is kept as it was sent, and given to no one."""


class Gone(Exception):
    """The document was erased: nothing can open it, and its proof is what is left."""


class NotGathered(Exception):
    """The PDF of the photos is not made yet. Each photo can be read as it was sent."""


class NotOneFile(Exception):
    """An agent made it of several documents: each of these is read as it was sent, and there is no file of all."""


class NotChecked(Exception):
    """Its checks are not done: no system of the insurer is given it yet."""


class NotToBeGiven(Exception):
    """Its checks set it aside: no system of the insurer is given it."""


@dataclass(frozen=True)
class VerifiedFile:
    """A file that was read whole and found intact, and its clear bytes, read again."""

    file: NamedFile
    chunks: Iterator[bytes]


def find(*, acting: Acting, document_id: uuid.UUID, photo: int | None = None) -> tuple[Document, NamedFile]:
    """The document, and which of its files would be given: nothing is read, and nothing journalled. Raises as `download`,
    but for what only reading shows.
    """
    document = Document.objects.of(acting.file).select_related("part_of").get(pk=document_id)
    file: NamedFile = document.original if photo is None else document.photos.get(number=photo)
    if document.erased_at is not None or document.original.erased_at is not None:
        raise Gone
    if document.joined_count:
        raise NotOneFile
    if document.original.threat:
        raise Dangerous
    if not file.sha256:
        raise NotGathered
    return document, file


def note_altered(document: Document, *, code: str, actor: str = "system", **which: int) -> None:
    """Journal that the document is no longer as it arrived. `which`: the page, or the photo, where it is one."""
    with transaction.atomic():
        record(
            Event.DOCUMENT_ALTERED,
            subject=document.subject,
            owner=document.owner,
            actor=actor,
            code=code,
            **which,
        )


def download(*, acting: Acting, document_id: uuid.UUID, photo: int | None = None) -> VerifiedFile:
    """A member's own document, or photo `photo` (from 1) of those gathered in it, as it was sent.

    Verified whole before its first byte leaves, and journalled. Raises `ObjectDoesNotExist` for what is unknown and for
    another's alike, `Gone`, `NotOneFile`, `Dangerous`, `NotGathered`, `Altered`, or `StorageFailed`.
    """
    document, file = find(acting=acting, document_id=document_id, photo=photo)
    which = {} if photo is None else {"photo": photo}
    return _verified(document, file, event=Event.DOCUMENT_DOWNLOADED, actor=acting.actor, **which)


def check_open_to_insurer(document: Document) -> None:
    """Whether a system of the insurer may open it now. Raises `Gone`, `NotToBeGiven` or `NotChecked`."""
    original = document.original
    if document.erased_at is not None or original.erased_at is not None or document.state == State.WITHDRAWN:
        raise Gone
    if document.set_aside or original.set_aside or original.threat:
        raise NotToBeGiven
    if document.joined_count and document.joined_from.exclude(set_aside="", threat="").exists():
        raise NotToBeGiven
    if document.checked_at is None or not (original.has_its_file or document.joined_count):
        raise NotChecked


def give_original(*, document: Document, actor: str) -> VerifiedFile:
    """The original, to a system of the insurer: its member reads that it was opened. Of a part, the whole of what was sent.

    Verified whole before its first byte leaves. Raises as `check_open_to_insurer`, and `NotOneFile`, `Altered` or
    `StorageFailed`.
    """
    check_open_to_insurer(document)
    if document.joined_count:
        raise NotOneFile
    return _verified(document, document.original, event=Event.DOCUMENT_OPENED, actor=actor)


def _verified(document: Document, file: NamedFile, *, event: Event, actor: str, **which: int) -> VerifiedFile:
    try:
        authenticate(file)
    except Altered as error:
        note_altered(document.original, code=error.code, actor=actor, **which)
        raise
    with transaction.atomic():
        record(event, subject=document.subject, owner=document.owner, actor=actor, **which)
    return VerifiedFile(file, authenticated(file, SENT_BYTES))
