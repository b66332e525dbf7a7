"""Erasing: first the key, so that nothing can open the document any more, then the bytes. The proof stays.

The row keeps number, kind, dates, size and SHA-256; the journal says when, who and why; the receipt stays as it was signed.
"""

import uuid

from django.db import transaction
from django.utils import timezone

from adherents.drafts import services as drafts
from adherents.drafts.kinds import DECISIONS
from adherents.feed.event_types import EventType
from adherents.feed.services import announce
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.acting import Acting
from adherents.storage.models import UnclaimedObject
from adherents.storage.objects import StorageFailed, delete_object
from adherents.storage.services import note_erasure, release, write_erasures
from adherents.vault.erasure import forget_belongings
from adherents.vault.models import Document, State, Thumbnail
from adherents.vault.origins import Erased, Origin
from adherents.vault.receipts.services import envelope_of

ERASED_FIELDS = [
    *Document.WORK_FIELDS,
    "wrapped_key",
    "erased_at",
    "erased_because",
    "name",
    "name_key",
    "note",
    "page_count",
    "blank_pages",
]


class TooLateToTakeBack(Exception):
    """The document is being treated, or was: it cannot be taken back any more."""


def take_back(*, acting: Acting, document_id: uuid.UUID) -> Document:
    """« Reprendre ce document »: take back the member's own document, as long as no agent has begun to treat it.

    A second call changes nothing. Raises `Document.DoesNotExist` (unknown, or another member's) or `TooLateToTakeBack`.
    """
    with transaction.atomic():
        document = _locked(document_id, member=acting.file)
        if document.erased_because == Erased.WITHDRAWN:
            return document
        if not document.can_be_taken_back:
            raise TooLateToTakeBack
        document.state, document.state_at = State.WITHDRAWN, timezone.now()
        document.save(update_fields=["state", "state_at"])
        record(Event.DOCUMENT_TAKEN_BACK, subject=document.subject, owner=document.owner, actor=acting.actor)
        announce(EventType.DOCUMENT_TAKEN_BACK, subject=document.subject, owner=document.owner)
        left = _destroy_keys(document, because=Erased.WITHDRAWN, actor=acting.actor)
    write_erasures()
    _delete_objects(left)
    return document


def erase(
    *, document_id: uuid.UUID, because: Erased, actor: str = "system", spare: Origin | None = None
) -> bool:
    """Destroy a document for good. False: it was destroyed already, or has the origin to `spare`. Raises
    `Document.DoesNotExist`.

    The erasure list is told of it by `storage.services.write_erasures`, which the caller or a sweep calls.
    """
    with transaction.atomic():
        document = _locked(document_id)
        if document.erased_at is not None or document.origin == spare:
            return False
        left = _destroy_keys(document, because=because, actor=actor)
    _delete_objects(left)
    return True


def erase_again(*, document_id: uuid.UUID, because: Erased) -> bool:
    """What the erasure list says of a document that came back with a backup; False: it did not, or is erased already."""
    documents = Document.objects.filter(pk=document_id, erased_at=None)
    if because == Erased.WITHDRAWN:
        documents.update(state=State.WITHDRAWN, state_at=timezone.now())
    return documents.exists() and erase(document_id=document_id, because=because)


def _locked(document_id: uuid.UUID, **conditions: object) -> Document:
    document: Document = Document.objects.select_for_update().get(pk=document_id, **conditions)
    return document


def _destroy_keys(document: Document, *, because: Erased, actor: str) -> list[str]:
    """Delete the keys of the document, its photos and its pages with this transaction, and end the lease of a worker.

    Returns the names of the objects to delete. They are noted as unclaimed, so that a sweep deletes what this process does not.
    """
    envelope_of(document.deposit)  # the receipt is signed before the row loses what it says
    sent, pages = document.sent_files, list(document.pages.all())
    thumbnails = Thumbnail.objects.filter(document=document)
    own = [] if document.has_no_bytes else [document]  # the bytes are those of what was sent
    files = [*own, *document.photos.all(), *pages, *thumbnails]
    release(files)
    document.pages.all().delete()
    thumbnails.delete()
    document.photos.update(wrapped_key=b"", name="", name_key="")
    record(
        Event.DOCUMENT_ERASED,
        subject=document.subject,
        owner=document.owner,
        actor=actor,
        code=because.value,
        deposit=document.deposit.number,
        kind=document.kind,
        size=sum(file.size for file in sent),
        sha256=" ".join(file.sha256 for file in sent),
        pages=len(pages),
    )
    announce(EventType.DOCUMENT_ERASED, subject=document.subject, owner=document.owner, code=because.value)
    note_erasure(document.subject, because.value)
    drafts.forget(about=document.subject, kinds=DECISIONS)
    forget_belongings(document)
    document.wrapped_key = b""
    document.erased_at, document.erased_because = timezone.now(), because
    document.name = document.note = ""
    document.page_count, document.blank_pages = None, []
    document.work_done()
    document.save(update_fields=ERASED_FIELDS)
    return [file.storage_name for file in files]


def _delete_objects(names: list[str]) -> None:
    for name in names:
        try:
            delete_object(name)
        except StorageFailed:
            continue  # without its key it is noise; the sweep deletes it later
        UnclaimedObject.objects.filter(pk=name).delete()
