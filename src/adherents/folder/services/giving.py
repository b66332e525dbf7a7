"""What the files of a delivery hold: the decisions as a list, the originals with their index."""

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.casework.models import Decision
from adherents.crypto.rows import readable
from adherents.feed.event_types import EventType
from adherents.feed.models import Announcement, moment_told
from adherents.folder.disk import LeftAlone
from adherents.folder.models import FolderDelivery, FolderOriginal
from adherents.folder.sealing import recipient, sealed
from adherents.folder.services.watching import Turn, folder_actor, keep_watch
from adherents.insurer.profile import profile
from adherents.storage.objects import StorageFailed
from adherents.storage.reading import Altered, clear_bytes
from adherents.ui import spreadsheet
from adherents.vault.models import Document
from adherents.vault.services import reading

DECISION_COLUMNS = (
    "evenement", "document", "numero_adherent", "rang", "nature", "accuse", "recu_le", "decision", "motif", "texte_fr",
    "texte_en", "avant_le", "decide_le", "motifs", "originaux",
)  # fmt: skip
ORIGINAL_COLUMNS = (
    "document", "numero_adherent", "rang", "nature", "accuse", "recu_le", "type", "taille", "sha256", "fichier",
)  # fmt: skip
_ENDINGS = {
    "application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/heic": "heic", "image/webp": "webp",
    "image/tiff": "tif", "image/avif": "avif",
}  # fmt: skip


SEALED = ".age"


@dataclass(frozen=True)
class GivenFile:
    """`mode`: who may read it. What is sealed, and what holds no document, is for the folder's group too."""

    name: str
    chunks: Iterator[bytes]
    mode: int


def decision_files(
    delivery: FolderDelivery, events: Sequence[Announcement], turn: Turn
) -> Iterator[GivenFile]:
    """One list of the decisions that stand, in the order of the feed."""
    documents = _documents(events)
    told = _told_decisions(documents)
    rows: list[list[object]] = [list(DECISION_COLUMNS)]
    rows += [
        [str(event.uid), *_about(document), *_decided(event, told.get(document.pk, [])), _sent_as(document)]
        for event in events
        if (document := documents.get(_id_in(event))) is not None
    ]
    yield GivenFile(f"{delivery.name}.csv", _encoded(rows), 0o640)


def _told_decisions(documents: Collection[uuid.UUID]) -> dict[uuid.UUID, list[tuple[datetime, Decision]]]:
    """Of each document, what its member was told, and when: the first first, what was reopened since among it."""
    was_told = Q(settled_at__isnull=False) | Q(reopening__isnull=False)
    rows = Decision.objects.filter(was_told, item__document__in=documents).select_related("item", "reopening")
    told: dict[uuid.UUID, list[tuple[datetime, Decision]]] = {}
    for row in rows.order_by("pk"):
        told.setdefault(row.item.document_id, []).append((row.settled_at or row.reopening.told_at, row))
    return told


def _decided(event: Announcement, told: Sequence[tuple[datetime, Decision]]) -> list[object]:
    """The codes are the event's; the words, those of the decision that it tells of: the last one that had settled by then."""
    at = event.shown()["at"]
    if event.type == EventType.DOCUMENT_REOPENED:
        return ["reopen", "", "", "", "", at, ""]
    before = [decision for settled_at, decision in told if settled_at <= event.at]
    decision = before[-1] if before else None
    words = [readable(decision, "words_fr"), readable(decision, "words_en")] if decision else ["", ""]
    until = decision.until.isoformat() if decision and decision.until else ""
    reason = event.data.get("reason", "")
    reasons = " ".join(event.data.get("reasons") or [reason])
    return [event.data.get("outcome", ""), reason, *words, until, at, reasons]


def original_files(
    delivery: FolderDelivery, events: Sequence[Announcement], turn: Turn
) -> Iterator[GivenFile]:
    """Each original that may be opened now, then their index. Sealed to the recipient of the profile, where it names one."""
    to = profile().folder.recipient
    ending, mode = (SEALED, 0o640) if to else ("", 0o600)
    rows: list[list[object]] = [list(ORIGINAL_COLUMNS)]
    with_document = delivery.originals.select_related(
        "document__member", "document__deposit", "document__beneficiary"
    )
    for original in with_document.order_by("pk"):
        turn.go_on()
        document = original.document
        name = f"{document.pk}.{_ENDINGS.get(document.content_type, 'bin')}{ending}"
        if original.file_name.endswith(SEALED) and not to:  # what was to be sealed is never given in clear
            continue
        try:
            chunks = _opened(turn, original, name)
            content = b"".join(
                list(chunks)
            )  # whole and verified, or not at all; its size is bounded by the profile
        except (reading.Gone, reading.NotToBeGiven, reading.NotChecked, Altered):
            continue
        except StorageFailed as error:
            raise LeftAlone(_("Un document n’a pas pu être lu : le stockage ne répond pas.")) from error
        size, sha256 = document.original.size, document.original.sha256
        rows.append([*_about(document), document.content_type, size, sha256, name])
        yield GivenFile(name, iter([sealed(content, recipient(to)) if to else content]), mode)
    if len(rows) > 1:
        index = b"".join(_encoded(rows))
        yield GivenFile(
            f"{delivery.name}.csv{ending}", iter([sealed(index, recipient(to)) if to else index]), mode
        )


def _opened(turn: Turn, original: FolderOriginal, name: str) -> Iterator[bytes]:
    """The first time its member's history says so; again after a kill, the same look goes on.

    Raises as `reading.give_original`.
    """
    if original.given_at is not None:
        reading.check_open_to_insurer(original.document)
        if original.file_name != name:  # the profile names a recipient since
            with transaction.atomic():
                keep_watch(turn.token)
                original.file_name = name
                original.save(update_fields=["file_name"])
        return clear_bytes(original.document)
    reading.check_open_to_insurer(original.document)
    with transaction.atomic():
        keep_watch(turn.token)
        given = reading.give_original(document=original.document, actor=folder_actor())
        original.given_at, original.file_name = timezone.now(), name
        original.save(update_fields=["given_at", "file_name"])
    return given.chunks


def _documents(events: Sequence[Announcement]) -> dict[uuid.UUID, Document]:
    rows = Document.objects.select_related("member", "deposit", "beneficiary").prefetch_related("joined_from")
    return {document.pk: document for document in rows.filter(pk__in=[_id_in(event) for event in events])}


def _id_in(event: Announcement) -> uuid.UUID:
    return uuid.UUID(event.subject.partition("/")[2])


def _sent_as(document: Document) -> str:
    """Which documents the member sent, where an agent made this one of them: their ids, in the order of its pages."""
    originals = (
        [document.part_of_id] if document.part_of_id else [one.pk for one in document.joined_documents]
    )
    return " ".join(map(str, originals))


def _about(document: Document) -> list[object]:
    return [
        document.pk,
        document.member.number,
        document.beneficiary.rank if document.beneficiary else "",
        document.kind,
        document.deposit.number,
        moment_told(document.at),
    ]


def _encoded(rows: list[list[object]]) -> Iterator[bytes]:
    return (line.encode() for line in spreadsheet.lines(rows))
