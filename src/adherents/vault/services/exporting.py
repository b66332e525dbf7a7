"""Everything that a member has in the vault, streamed as one zip, in constant memory.

Each document is read to its last byte before its first byte goes into the zip. One that is not whole is left out and said so
in the list at the end. One that breaks while it goes ends the stream in the middle: a zip without its end opens nowhere.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from zipstream import ZipStream  # type: ignore[import-untyped]

from adherents.database.reader import listed
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member
from adherents.storage.reading import Altered, clear_bytes, verify
from adherents.ui import spreadsheet
from adherents.vault.models import Document, GatheredPhoto
from adherents.vault.models.files import NamedFile
from adherents.vault.names import clean_name, cut
from adherents.vault.origins import Origin
from adherents.vault.services.reading import note_altered
from adherents.vault.services.verification import every_row

# With its folder, date and number it stays far from what Windows takes, unpacked deep in somebody's folders.
LONGEST_NAME = 80
MOST_BYTES = 255  # of a name in UTF-8: what Linux and macOS take, whose count is in bytes where Windows' is in characters
_SEPARATORS = re.compile(r"[/\\]")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")
COLUMNS = [
    "file", "receipt", "place", "photo", "pages", "origin", "kind", "name", "sent_at", "state", "size", "sha256",
    "erased_at", "given",
]  # fmt: skip


@dataclass
class Export:
    """A zip that is being sent: its name, its bytes, the actor who takes it, the documents that were left out (ids and why)."""

    name: str
    chunks: Iterator[bytes]
    actor: str
    left_out: dict[str, str] = field(default_factory=dict)


def export_everything(*, member: Member, actor: str, reason: str = "") -> Export:
    """Begin the zip. The journal notes it at once, and each document when its turn comes.

    `actor` takes the zip. `reason`: why, where an agent hands it over.
    """
    export = Export(f"documents-{timezone.localdate():%Y-%m-%d}.zip", iter(()), actor)
    why = {"reason": reason} if reason else {}
    with transaction.atomic():
        count = Document.objects.of(member).kept().filter(part_of=None, joined_count=0).count()
        record(Event.DOCUMENTS_EXPORTED, subject=member.subject, actor=export.actor, count=count, **why)
    export.chunks = _chunks(member, export)
    return export


def name_in_zip(document: Document, photo: GatheredPhoto | None = None) -> str:
    """« Mes documents/2026-11-23 D-2026-000123-01 RIB - releve.pdf »: the number and the place in the deposit make it unique.
    A photo gathered in it follows it: « …D-2026-000123-01-photo-01 RIB - IMG_2041.jpg ».

    It begins with a date, so that it is not a device name of Windows, and has none of the characters that Windows refuses.
    """
    folders = {
        Origin.INSURER.value: _("Documents de votre mutuelle"),
        Origin.MESSAGE.value: _("Mes messages"),
        Origin.ANSWER.value: _("Mes messages"),
    }
    folder = folders.get(document.origin, _("Mes documents"))
    name = photo.name if photo else document.name
    ending = _EXTENSION.search(name)
    extension = ending[0].lower() if ending else ""
    stem = name[: ending.start()] if ending else name
    at = timezone.localtime(document.at)
    number = f"{document.deposit.number}-{document.rank:02d}"
    if photo:
        number += f"-photo-{photo.number:02d}"
    before = f"{at:%Y-%m-%d} {number} "
    words = clean_name(_SEPARATORS.sub("_", f"{document.kind_label} - {stem}"))[:LONGEST_NAME]
    words = cut(words, most_bytes=MOST_BYTES - len((before + extension).encode())).rstrip(". ")
    return f"{clean_name(folder)}/{before}{words}{extension}"


def _chunks(member: Member, export: Export) -> Iterator[bytes]:
    archive = ZipStream(sized=False)
    rows = Document.objects.filter(member=member).not_held_back().select_related("deposit", "part_of")
    for document in every_row(rows.kept().filter(part_of=None, joined_count=0), read=listed):
        for file in _files_of(document):
            if _may_go(document, file, export):
                archive.add(clear_bytes(file), _name_of(document, file), size=file.size)
                yield from archive.all_files()
    archive.add(_json_list(rows, export), "manifest.json")
    archive.add(_csv_list(rows, export), "manifest.csv")
    yield from archive.finalize()


def _files_of(document: Document) -> list[NamedFile]:
    """The document, then the photos that it was sent as."""
    return [document, *(document.photos.all() if document.photo_count else [])]


def _name_of(document: Document, file: NamedFile) -> str:
    return name_in_zip(document, file if isinstance(file, GatheredPhoto) else None)


def _may_go(document: Document, file: NamedFile, export: Export) -> bool:
    """The file's bytes, read to the last one and journalled. A file that may not be given is left out; the list says why."""
    which = {"photo": file.number} if isinstance(file, GatheredPhoto) else {}
    if document.threat or not file.sha256:
        export.left_out[str(file.pk)] = "dangerous" if document.threat else "not_gathered"
        return False
    try:
        verify(file)
    except Altered as error:
        export.left_out[str(file.pk)] = error.code
        note_altered(document, code=error.code, actor=export.actor, **which)
        return False
    _journal(Event.DOCUMENT_DOWNLOADED, document, export.actor, way="zip", **which)
    return True


def _journal(event: Event, document: Document, actor: str, **details: Any) -> None:
    with transaction.atomic():
        record(event, subject=document.subject, owner=document.owner, actor=actor, **details)


def _lines(rows: Any, export: Export) -> Iterator[dict[str, Any]]:
    """The lines of the list: one for each document and photo, also for those that were erased or left out."""
    for document in every_row(rows, read=listed):
        for file in _files_of(document):
            yield _line(document, file, export)


def _line(document: Document, file: NamedFile, export: Export) -> dict[str, Any]:
    original = document.original  # whose file it is: a part has none
    left_out = export.left_out.get(str(original.pk if document.part_of_id else file.pk), "")
    given = "erased" if document.erased_at or original.erased_at else left_out or "whole"
    if given == "whole" and document.joined_count:
        given = "joined"  # its pages are in the files that it was made of
    named = name_in_zip(original) if document.part_of_id else _name_of(document, file)
    return {
        "file": named if given == "whole" else "",
        "receipt": document.deposit.number,
        "place": document.rank,
        "photo": file.number if isinstance(file, GatheredPhoto) else "",
        "pages": f"{document.first_page}-{document.last_page}" if document.part_of_id else "",
        "origin": document.origin,
        "kind": document.kind_label,
        "name": file.name,
        "sent_at": timezone.localtime(document.at).isoformat(timespec="seconds"),
        "state": document.state,
        "size": file.size,
        "sha256": file.sha256,
        "erased_at": document.erased_at.isoformat(timespec="seconds") if document.erased_at else "",
        "given": given,
    }


def _json_list(rows: Any, export: Export) -> Iterator[bytes]:
    between = "[\n"
    for line in _lines(rows, export):
        yield (between + json.dumps(line, ensure_ascii=False)).encode()
        between = ",\n"
    yield b"\n]\n" if between == ",\n" else b"[]\n"


def _csv_list(rows: Any, export: Export) -> Iterator[bytes]:
    written = ([line[column] for column in COLUMNS] for line in _lines(rows, export))
    yield from map(str.encode, spreadsheet.lines(chain([COLUMNS], written)))
