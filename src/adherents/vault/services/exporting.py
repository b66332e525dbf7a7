"""Everything that a member has in the vault, as one zip, streamed: memory grows neither with it nor with its files.

Each document is read to its last byte before its first byte goes into the zip. One that is not whole is left out and said so
in the list at the end. One that breaks while it goes ends the stream in the middle: a zip without its end opens nowhere.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from zipstream import ZipStream  # type: ignore[import-untyped]

from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member
from adherents.vault.models import Document
from adherents.vault.names import clean_name
from adherents.vault.origins import Origin
from adherents.vault.services.reading import Altered, clear_bytes, verify
from adherents.vault.services.verification import every_row

LONGEST_NAME = 80  # with its folder, date and number it stays far from what Windows takes, unpacked deep in somebody's folders
_SEPARATORS = re.compile(r"[/\\]")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")
COLUMNS = [
    "file", "receipt", "place", "origin", "kind", "name", "sent_at", "state", "size", "sha256", "erased_at", "given"
]  # fmt: skip


@dataclass
class Export:
    """A zip on its way: its name, its bytes, and which documents were left out (their ids and why)."""

    name: str
    chunks: Iterator[bytes]
    left_out: dict[str, str] = field(default_factory=dict)


def export_everything(*, member: Member) -> Export:
    """Journalled at once; each document again when its turn comes."""
    with transaction.atomic():
        count = Document.objects.of(member).kept().count()
        record(Event.DOCUMENTS_EXPORTED, subject=member.subject, actor=member.subject, count=count)
    export = Export(f"documents-{timezone.localdate():%Y-%m-%d}.zip", iter(()))
    export.chunks = _chunks(member, export)
    return export


def name_in_zip(document: Document) -> str:
    """« Mes documents/2026-11-23 D-2026-000123-01 RIB - releve.pdf »: number and place are nobody else's, whatever the rest.

    It begins with a date, so that it is no device of Windows, and holds none of the characters that Windows refuses.
    """
    folders = {
        Origin.INSURER.value: _("Documents de votre mutuelle"),
        Origin.MESSAGE.value: _("Mes messages"),
    }
    folder = folders.get(document.origin, _("Mes documents"))
    ending = _EXTENSION.search(document.name)
    extension = ending[0].lower() if ending else ""
    stem = document.name[: ending.start()] if ending else document.name
    words = _SEPARATORS.sub("_", f"{document.kind_label} - {stem}")
    words = clean_name(words)[:LONGEST_NAME].rstrip(". ")
    at = timezone.localtime(document.at)
    number = f"{document.deposit.number}-{document.place:02d}"
    return f"{clean_name(folder)}/{at:%Y-%m-%d} {number} {words}{extension}"


def _chunks(member: Member, export: Export) -> Iterator[bytes]:
    archive = ZipStream(sized=False)
    rows = Document.objects.filter(member=member).select_related("deposit")
    for document in every_row(rows.kept()):
        if document.threat:
            export.left_out[str(document.pk)] = "dangerous"
            continue
        try:
            verify(document)
        except Altered as error:
            export.left_out[str(document.pk)] = error.code
            _journal(Event.DOCUMENT_ALTERED, document, code=error.code)
            continue
        _journal(Event.DOCUMENT_DOWNLOADED, document, way="zip")
        archive.add(clear_bytes(document), name_in_zip(document), size=document.size)
        yield from archive.all_files()
    archive.add(_json_list(rows, export), "manifest.json")
    archive.add(_csv_list(rows, export), "manifest.csv")
    yield from archive.finalize()


def _journal(event: Event, document: Document, **details: Any) -> None:
    with transaction.atomic():
        record(event, subject=document.subject, actor=f"member:{document.member_id}", **details)


def _line(document: Document, export: Export) -> dict[str, Any]:
    """What the list says of a document: also of one that was erased or left out."""
    left_out = export.left_out.get(str(document.pk), "")
    given = "erased" if document.erased_at else left_out or "whole"
    return {
        "file": name_in_zip(document) if given == "whole" else "",
        "receipt": document.deposit.number,
        "place": document.place,
        "origin": document.origin,
        "kind": document.kind_label,
        "name": document.name,
        "sent_at": timezone.localtime(document.at).isoformat(timespec="seconds"),
        "state": document.state,
        "size": document.size,
        "sha256": document.sha256,
        "erased_at": document.erased_at.isoformat(timespec="seconds") if document.erased_at else "",
        "given": given,
    }


def _json_list(rows: Any, export: Export) -> Iterator[bytes]:
    between = "[\n"
    for document in every_row(rows):
        yield (between + json.dumps(_line(document, export), ensure_ascii=False)).encode()
        between = ",\n"
    yield b"\n]\n" if between == ",\n" else b"[]\n"


def _csv_list(rows: Any, export: Export) -> Iterator[bytes]:
    """For a spreadsheet in France: semicolons, and a mark that says UTF-8. No cell begins as a formula does."""
    yield _csv_row(COLUMNS, start="\ufeff")
    for document in every_row(rows):
        line = _line(document, export)
        yield _csv_row([_harmless(str(line[column])) for column in COLUMNS])


def _csv_row(cells: list[str], start: str = "") -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerow(cells)
    return (start + written.getvalue()).encode()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
