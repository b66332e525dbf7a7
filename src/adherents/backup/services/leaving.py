"""`adherents export_all DIR`: everything in open formats, for an insurer who leaves. In clear: it is for their next system.

`tables/` has each table as one JSON object a line, and the register as the files that `import_members` reads; `adherents/` a
folder for each member: their facts, their original files under names that make sense, their signed receipts. It goes on
where it was stopped: a member's folder gets its name once it is whole. `SHA256SUMS` lists every file, `manifest.json` is last.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

from django.db import models, transaction
from django.utils import timezone, translation

from adherents.backup.archive import open_new
from adherents.backup.cells import as_text
from adherents.backup.open_tables import LEFT_OUT, exported_columns, exported_models, facts_of, rows_of
from adherents.backup.places import BadPlace, make_place
from adherents.database.reader import from_reader, listed
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.services import record
from adherents.members.intake.facts import BENEFICIARY_COLUMNS, MEMBER_COLUMNS
from adherents.members.models import Beneficiary, Member
from adherents.messaging.models import Message, Thread
from adherents.storage.reading import Altered, clear_bytes
from adherents.ui.moments import day
from adherents.vault.models import Document, GatheredPhoto
from adherents.vault.models.files import NamedFile
from adherents.vault.receipts import signing
from adherents.vault.receipts.keys import pem
from adherents.vault.receipts.services import envelope_of, name_of
from adherents.vault.services.exporting import name_in_zip
from adherents.vault.services.reading import note_altered
from adherents.vault.services.verification import every_row

MANIFEST, SUMS, BEGUN = "manifest.json", "SHA256SUMS", "export.json"
PART = ".part"
Tell = Callable[[str], object]


class CannotExport(Exception):
    """Nothing was written. The words say why."""


@dataclass
class Exported:
    """Counts, and the files that are not in it: which, and why."""

    members: int = 0
    files: int = 0
    octets: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    left_out: list[dict[str, str]] = field(default_factory=list)


def export_all(folder: Path, *, tell: Tell) -> Exported:
    """Raises `CannotExport` or `StorageFailed`; what was written stays, and the next call goes on from it."""
    _make_place(folder)
    done = Exported()
    with translation.override("fr"):
        _write_tables(folder, done, tell)
        for member in every_row(Member.objects.select_related("account"), read=listed):
            _write_member(folder, member)
            done.members += 1
            if done.members % 1000 == 0:
                tell(f"{done.members} member(s)")
    _write_sums(folder, done)
    return done


def _make_place(folder: Path) -> None:
    """Empty, or an export that was begun."""
    try:
        make_place(folder)
    except BadPlace as error:
        raise CannotExport(str(error)) from error
    if (folder / MANIFEST).exists():
        raise CannotExport(f"{folder} holds a whole export already")
    if not (folder / BEGUN).exists():
        if any(folder.iterdir()):
            raise CannotExport(f"{folder} is not empty, and holds no export that was begun")
        with transaction.atomic():
            record(Event.EVERYTHING_EXPORTED, subject="installation", members=Member.objects.count())
        (folder / BEGUN).write_text(json.dumps({"begun_at": timezone.now().isoformat()}))


def _write_tables(folder: Path, done: Exported, tell: Tell) -> None:
    """Written anew by each call: what changed since the last one is in them."""
    tables = folder / "tables"
    shutil.rmtree(tables, ignore_errors=True)
    tables.mkdir(mode=0o700)
    for model in exported_models():
        label = model._meta.label_lower
        done.tables[label] = _write_lines(
            tables / f"{label}.jsonl", map(_json, map(facts_of, rows_of(model)))
        )
        tell(f"{done.tables[label]} row(s) of {label}")
    _write_lines(tables / "adherents.csv", _register_lines(MEMBER_COLUMNS, Member, _member_cells))
    _write_lines(
        tables / "beneficiaires.csv", _register_lines(BENEFICIARY_COLUMNS, Beneficiary, _beneficiary_cells)
    )
    keys = signing.public_keys().values()
    _write_lines(tables / "accuses.pem", (pem(public).rstrip() for public in keys))


def _write_lines(path: Path, lines: Iterable[str]) -> int:
    count = 0
    with open_new(path) as file:
        for line in lines:
            file.write(line.encode() + b"\n")
            count += 1
    return count


def _json(facts: object) -> str:
    return json.dumps(facts, ensure_ascii=False, default=as_text)


def _register_lines(
    columns: Iterable[str], model: type[models.Model], cells: Callable[[Any], dict[str, Any]]
) -> Iterator[str]:
    """As `import_members` reads it: only those who are in the register now."""
    columns = list(columns)
    yield ";".join(columns)
    for row in rows_of(model):
        if getattr(row, "gone_at", None) is None:
            known = cells(row)
            yield ";".join(_cell(known[column]) for column in columns)


def _cell(value: object) -> str:
    """A cell of the file, in quotes where it needs them."""
    text = day(value) if isinstance(value, date) else str(value if value is not None else "")
    return '"' + text.replace('"', '""') + '"' if re.search(r'[;"\r\n]', text) else text


def _person_cells(row: Member | Beneficiary) -> dict[str, Any]:
    return {
        "nir": facts_of(row)["nir"],
        "nom_naissance": row.birth_name,
        "nom_usage": row.usage_name,
        "prenoms": row.first_names,
        "date_naissance": row.birth_date_shown,
        "date_debut": row.start_date,
        "date_fin": row.end_date,
    }


def _member_cells(row: Member) -> dict[str, Any]:
    return _person_cells(row) | {
        "numero_adherent": row.number,
        "departement_naissance": row.birth_department,
        "email": row.email,
        "telephone": row.phone,
        "langue": row.language,
    }


def _beneficiary_cells(row: Beneficiary) -> dict[str, Any]:
    return _person_cells(row) | {"numero_adherent": row.member.number, "rang": row.rank, "lien": row.relation}


def _folder_of(folder: Path, member: Member) -> Path:
    """A thousand members in a folder; the key tells apart two people who had one number, one after the other."""
    number = re.sub(r"[^A-Za-z0-9-]", "_", member.shown_number)
    return folder / "adherents" / f"{member.pk // 1000:04d}" / f"{number}-{member.pk}"


def _write_member(folder: Path, member: Member) -> None:
    """One member's folder, whole or not there."""
    place = _folder_of(folder, member)
    if place.exists():
        return
    part = place.with_name(place.name + PART)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700, parents=True)
    sums, given = list[str](), dict[str, str]()
    documents = Document.objects.every_one_of(member).select_related("deposit").order_by("at", "rank", "pk")
    for document in every_row(documents, read=listed):
        for file in _files_of(document):
            given[str(file.pk)] = _write_file(part, document, file, sums)
    for deposit in member.deposits.order_by("pk"):
        _write_whole(
            part / "accuses" / name_of(deposit.number, "json"), [envelope_of(deposit).written()], sums, part
        )
    facts = _member_facts(member, given)
    _write_whole(
        part / "adherent.json",
        [(json.dumps(facts, ensure_ascii=False, indent=1, default=as_text)).encode()],
        sums,
        part,
    )
    if given:
        with transaction.atomic():
            record(Event.DOCUMENTS_EXPORTED, subject=member.subject, count=len(given))
    (part / SUMS).write_text("".join(sums), encoding="utf-8")
    part.rename(place)


def _files_of(document: Document) -> list[NamedFile]:
    return [document, *(document.photos.all() if document.photo_count else [])]


def _write_file(part: Path, document: Document, file: NamedFile, sums: list[str]) -> str:
    """The original, as it was sent; the name that it has here, or why it is not here (`!` and a code)."""
    if document.erased_at is not None:
        return "!erased"
    if document.part_of_id is not None:
        return "!part"  # its pages are in the file of its original
    if document.joined_count:
        return "!joined"  # its pages are in the files that it was made of
    if document.threat or not file.sha256:
        return "!dangerous" if document.threat else "!not_gathered"
    photo = file if isinstance(file, GatheredPhoto) else None
    which: dict[str, Any] = {"photo": photo.number} if photo else {}
    name = name_in_zip(document, photo)
    try:
        _write_whole(part / name, clear_bytes(file), sums, part)
    except Altered as error:
        (part / name).unlink(missing_ok=True)
        note_altered(document, code=error.code, **which)
        return f"!{error.code}"
    return name


def _write_whole(path: Path, chunks: Iterable[bytes], sums: list[str], part: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with open_new(path) as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
    sums.append(f"{digest.hexdigest()}  {path.relative_to(part)}\n")


@from_reader
def _member_facts(member: Member, given: dict[str, str]) -> dict[str, Any]:
    """All that the portal knows of a member, on one page: what was sent and written, and what happened."""
    threads = Thread.objects.filter(member=member).order_by("pk")
    documents = Document.objects.filter(member=member).order_by("at", "rank", "pk")
    return {
        "adherent": facts_of(member),
        "compte": facts_of(member.account) if member.account else None,
        "beneficiaires": list(
            map(facts_of, Beneficiary.objects.filter(member=member).select_related("member").order_by("pk"))
        ),
        "depots": list(map(facts_of, member.deposits.order_by("pk"))),
        "documents": [
            facts_of(document)
            | _given(given, document)
            | {"photos": [facts_of(photo) | _given(given, photo) for photo in document.photos.all()]}
            for document in documents
        ],
        "conversations": [
            facts_of(thread) | {"messages": list(map(facts_of, Message.objects.of(thread).in_order()))}
            for thread in threads
        ],
        "journal": list(map(facts_of, Entry.objects.filter(owner=member.subject).order_by("pk"))),
    }


def _given(given: dict[str, str], file: NamedFile) -> dict[str, str | None]:
    place = given.get(str(file.pk), "")
    return {"fichier": None, "absent": place[1:]} if place[:1] == "!" else {"fichier": place, "absent": None}


def _write_sums(folder: Path, done: Exported) -> None:
    """Every file with its SHA-256, as `sha256sum --check SHA256SUMS` reads it; then the manifest."""
    part = folder / f"{SUMS}{PART}"
    part.unlink(missing_ok=True)
    with open_new(part) as sums:
        for path in sorted((folder / "tables").iterdir()):
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            sums.write(f"{digest}  {path.relative_to(folder)}\n".encode())
            done.files += 1
            done.octets += path.stat().st_size
        for place in _member_folders(folder):
            for line in (place / SUMS).read_text(encoding="utf-8").splitlines():
                digest, name = line.split("  ", 1)
                sums.write(f"{digest}  {(place / name).relative_to(folder)}\n".encode())
                done.files += 1
                done.octets += (place / name).stat().st_size
            _note_left_out(place, done)
    part.rename(folder / SUMS)
    manifest = {
        "format": 1,
        "made_at": timezone.now().isoformat(),
        "members": done.members,
        "files": done.files,
        "bytes": done.octets,
        "tables": {model._meta.label_lower: exported_columns(model) for model in exported_models()},
        "rows": done.tables,
        "tables_left_out": LEFT_OUT,
        "files_left_out": done.left_out,
        "sha256sums": hashlib.sha256((folder / SUMS).read_bytes()).hexdigest(),
    }
    part = folder / f"{MANIFEST}{PART}"
    part.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    part.rename(folder / MANIFEST)
    (folder / BEGUN).unlink(missing_ok=True)


def _member_folders(folder: Path) -> Iterator[Path]:
    shards = sorted((folder / "adherents").iterdir()) if (folder / "adherents").exists() else []
    return chain.from_iterable(
        (place for place in sorted(shard.iterdir()) if not place.name.endswith(PART)) for shard in shards
    )


def _note_left_out(place: Path, done: Exported) -> None:
    """What should be there and is not; what was erased should not."""
    for document in json.loads((place / "adherent.json").read_text(encoding="utf-8"))["documents"]:
        for file in (document, *document["photos"]):
            if file["absent"] not in (None, "", "erased", "not_gathered"):
                done.left_out.append({"folder": place.name, "file": file["id"], "why": file["absent"]})
