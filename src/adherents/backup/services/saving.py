"""`adherents backup DIR`: the whole portal as it was at one moment, while it serves.

Rows first, from one snapshot; then the objects that these rows own. An object is written once, so that a copy made later is
the same; one that was erased meanwhile is noted, and the erasure list of the time between goes into the backup.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from shutil import copyfile
from urllib.parse import quote

from django.apps import apps
from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection, connections, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from adherents.backup import archive
from adherents.backup.archive import Manifest
from adherents.backup.cells import written
from adherents.backup.places import BadPlace, make_place
from adherents.backup.snapshot import snapshot
from adherents.backup.tables import columns_of, saved_models, stored_rows
from adherents.crypto.archives import ArchiveKey
from adherents.crypto.envelopes import sealed_size
from adherents.crypto.keys import keyring
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.storage.erasures import entries_since
from adherents.storage.models import SealedFile
from adherents.storage.objects import NoSuchObject, open_object, place_of
from adherents.storage.services import write_erasures
from adherents.vault.services.verification import sealed_models

COPY, REFERENCE = "copy", "reference"
AT_ONCE, THREADS = 64, 4  # objects: a storage on a network answers several as fast as one
Tell = Callable[[str], object]


class CannotSave(Exception):
    """Nothing was written. The words say why."""


@dataclass(frozen=True)
class Saved:
    """`missing`: objects that rows own, now as then, and that the storage does not have: `verify_vault` names them."""

    manifest: Manifest
    missing: int


def save(folder: Path, *, objects: str, tell: Tell) -> Saved:
    """Make the backup. `objects`: `COPY`, or `REFERENCE` to leave them where they are. Raises `CannotSave` or `StorageFailed`.

    What stops it half-way leaves a folder without a manifest, which is never restored.
    """
    _make_place(folder)
    created_at = timezone.now()
    archive_id = secrets.token_hex(16)
    key = ArchiveKey.new(archive_id)
    kept = timedelta(days=profile().backups.kept_days)
    manifest = Manifest(
        id=archive_id,
        created_at=created_at,
        keep_until=timezone.localdate(created_at + kept),
        software=version("espace-adherents"),
        database=connection.vendor,
        storage=_storage_address(),
        objects=objects,
        master_key=keyring().primary.id.hex(),
        wrapped_key=key.wrapped.hex(),
        migrations={},
    )
    with snapshot() as database:
        manifest.migrations = _migrations(database)
        for place, model in enumerate(saved_models(apps), start=1):
            _save_table(folder, model, place, database, key, manifest)
            if count := manifest.tables[-1]["rows"]:
                tell(f"{count} row(s) of {model._meta.label_lower}")
    _save_profile(folder, manifest)
    missing = _save_objects(folder, manifest, tell)
    write_erasures()
    with archive.sealed_lines(folder, archive.ERASURES, key, manifest) as lines:
        for entry in entries_since(place_of(storages["documents"]), created_at - kept):
            lines.write(json.dumps(asdict(entry)).encode() + b"\n")
    archive.write_manifest(folder, manifest)
    with transaction.atomic():
        record(
            Event.BACKUP_MADE,
            subject="installation",
            backup=archive_id,
            rows=manifest.row_count,
            objects=manifest.object_count,
            by=objects,
        )
    return Saved(manifest, missing)


def _make_place(folder: Path) -> None:
    try:
        make_place(folder)
    except BadPlace as error:
        raise CannotSave(str(error)) from error
    if any(folder.iterdir()):
        raise CannotSave(f"{folder} is not empty: each backup has a folder of its own")


def _storage_address() -> str:
    """Where the objects are, without what opens it."""
    storage = storages["documents"]
    if isinstance(storage, FileSystemStorage):
        return f"file://{quote(str(storage.base_location))}"
    return f"s3: bucket {getattr(storage, 'bucket_name', '')}"


def _migrations(database: str) -> dict[str, str]:
    """The last migration of each application, in the order in which they were applied."""
    applied = MigrationRecorder(connections[database]).migration_qs.order_by("pk")
    return dict(applied.values_list("app", "name"))


def _save_table(
    folder: Path, model: type[models.Model], place: int, database: str, key: ArchiveKey, manifest: Manifest
) -> None:
    label = model._meta.label_lower
    name = f"rows/{place:03d}-{label}.jsonl.sealed"
    columns = [field.attname for field in columns_of(model)]
    owned = _Owned(folder, columns) if model in sealed_models() else None
    count = 0
    with archive.sealed_lines(folder, name, key, manifest) as lines:
        lines.write(written(tuple(columns)).encode() + b"\n")
        for row in stored_rows(model, database):
            lines.write(written(row).encode() + b"\n")
            count += 1
            if owned:
                owned.note(row)
    if owned:
        owned.close()
    manifest.tables.append({"label": label, "file": name, "rows": count})


class _Owned:
    """The objects that a table's rows own, noted in a file while its rows pass: their name, and how many bytes they have."""

    def __init__(self, folder: Path, columns: list[str]) -> None:
        self._at = [columns.index(name) for name in ("storage_name", "wrapped_key", "size")]
        self._file = _names_file(folder).open("a", encoding="utf-8")

    def note(self, row: tuple[object, ...]) -> None:
        name, key, size = (row[at] for at in self._at)
        if key:  # an erased one owns none
            self._file.write(json.dumps([name, sealed_size(int(str(size)))]) + "\n")

    def close(self) -> None:
        self._file.close()


def _names_file(folder: Path) -> Path:
    return folder / "names.part"


def _save_profile(folder: Path, manifest: Manifest) -> None:
    """The profile, and the pictures that lie beside it."""
    (folder / archive.PROFILE).mkdir(mode=0o700)
    files = {settings.ADHERENTS_PROFILE_FILE: f"{archive.PROFILE}/profile.toml"}
    for picture in profile().pictures.values():
        beside = picture.relative_to(Path(settings.ADHERENTS_PROFILE_FILE).parent)
        files[picture] = f"{archive.PROFILE}/{beside}"
    for source, name in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copyfile(source, folder / name)
        archive.note_file(folder, name, manifest)


def _save_objects(folder: Path, manifest: Manifest, tell: Tell) -> int:
    """Copy the objects, or only list them; how many are missing. An object that its row owns no more was erased meanwhile."""
    missing = 0
    names = _names_file(folder)
    names.touch()
    with (
        names.open(encoding="utf-8") as noted,
        archive.open_new(folder / archive.LISTING) as listing,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        while some := [json.loads(line) for line in islice(noted, AT_ONCE)]:
            copied = pool.map(lambda one: _copied(folder, one[0]), some) if manifest.objects == COPY else None
            gone = []
            for name, size in some:
                fact = {"name": name, "size": size}
                if copied is not None:
                    copy = next(copied)
                    if copy is None:
                        gone.append(name)
                        continue
                    fact |= {"size": copy[0], "sha256": copy[1]}
                    manifest.object_bytes += copy[0]
                listing.write(json.dumps(fact).encode() + b"\n")
                manifest.object_count += 1
            still_owned = _still_owned(gone)
            missing += still_owned
            manifest.erased_meanwhile += len(gone) - still_owned
    names.unlink()
    archive.note_file(folder, archive.LISTING, manifest)
    tell(f"{manifest.object_count} object(s), {manifest.object_bytes} bytes copied")
    return missing


def _copied(folder: Path, name: str) -> tuple[int, str] | None:
    """Copy an object as it is, sealed: its bytes and their SHA-256; None where there is none any more."""
    try:
        source = open_object(name)
    except NoSuchObject:
        return None
    path = folder / archive.OBJECTS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with source, archive.open_new(path) as copy:
        while chunk := source.read(archive.CHUNK_BYTES):
            digest.update(chunk)
            copy.write(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def _still_owned(names: list[str]) -> int:
    tables: list[type[SealedFile]] = sealed_models() if names else []
    return sum(
        table._base_manager.filter(storage_name__in=names).exclude(wrapped_key=b"").count()
        for table in tables
    )
