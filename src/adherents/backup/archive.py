"""The folder of a backup: its sealed files, what each weighs, and the manifest that is written last.

A folder without a manifest is half a backup, and is never restored. The manifest holds no personal data: sizes, digests,
counts, versions, moments. It is in clear, and what it says is proved by a seal under the master key.
"""

import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from adherents.crypto.archives import ArchiveKey, check_manifest, seal_manifest
from adherents.crypto.keys import CannotOpen

MANIFEST, SEAL = "manifest.json", "manifest.seal"
FORMAT = 1
LISTING, OBJECTS, ERASURES, PROFILE = "objects.jsonl", "objects", "erasures.jsonl", "profile"
CHUNK_BYTES = 1 << 20


class NotABackup(Exception):
    """The folder is no whole backup, or not one that this portal can open. The words say why."""


@dataclass
class Manifest:
    """What a backup says of itself. `tables`: label, file and count of rows, in their order. `files`: bytes and SHA-256."""

    id: str
    created_at: datetime
    keep_until: date
    software: str
    database: str
    storage: str
    objects: str  # "copy" or "reference"
    master_key: str
    wrapped_key: str
    migrations: dict[str, str]
    tables: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    object_count: int = 0
    object_bytes: int = 0
    erased_meanwhile: int = 0

    def facts(self) -> dict[str, Any]:
        """As it is written."""
        moments = {"created_at": self.created_at.isoformat(), "keep_until": self.keep_until.isoformat()}
        return {"format": FORMAT} | self.__dict__ | moments

    @property
    def row_count(self) -> int:
        return sum(table["rows"] for table in self.tables)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """The last step: all the rest is on the disk when it is."""
    facts = manifest.facts()
    os.sync()
    for name, content in (
        (SEAL, seal_manifest(facts)),
        (MANIFEST, json.dumps(facts, indent=1, ensure_ascii=False).encode()),
    ):
        part = folder / f"{name}.part"
        with open_new(part) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(folder / name)
    _flush(folder)


def read_manifest(folder: Path) -> Manifest:
    """Raises `NotABackup`."""
    try:
        facts, seal = json.loads((folder / MANIFEST).read_bytes()), (folder / SEAL).read_bytes()
    except (OSError, ValueError):
        raise NotABackup(
            f"{folder} holds no whole backup: {MANIFEST} is not there. A backup that was stopped half-way is worth nothing."
        ) from None
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise NotABackup(f"{folder} was made by another version, whose format is not known here")
    try:
        check_manifest(facts, seal)
    except CannotOpen:
        raise NotABackup(
            f"ADHERENTS_MASTER_KEY is not the key of this backup (it was sealed under {facts.get('master_key')}), "
            f"or {MANIFEST} was altered"
        ) from None
    del facts["format"]
    facts["created_at"] = datetime.fromisoformat(facts["created_at"])
    facts["keep_until"] = date.fromisoformat(facts["keep_until"])
    return Manifest(**facts)


def check_files(folder: Path, manifest: Manifest) -> None:
    """Every file is as it was written, or `NotABackup` is raised. Objects are looked at when they are copied."""
    for name, known in manifest.files.items():
        try:
            digest, size = digest_of(folder / name)
        except OSError:
            raise NotABackup(f"{name} is missing from the backup") from None
        if (digest, size) != (known["sha256"], known["size"]):
            raise NotABackup(f"{name} is not what was saved: it was cut or altered")


def digest_of(path: Path) -> tuple[str, int]:
    """The SHA-256 of a file, in hexadecimal, and its size in bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size


def open_new(path: Path) -> BinaryIO:
    """A new file that only its owner reads."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


@contextmanager
def sealed_lines(folder: Path, name: str, key: ArchiveKey, manifest: Manifest) -> Iterator[BinaryIO]:
    """A stream for the clear bytes of a file of the backup: compressed, sealed, and known to the manifest at the end."""
    path = folder / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with (
        open_new(path) as file,
        key.sealing(file, name) as sealing,
        gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=sealing, mtime=0) as lines,
    ):
        yield lines  # type: ignore[misc]
    note_file(folder, name, manifest)


@contextmanager
def opened_lines(folder: Path, name: str, key: ArchiveKey) -> Iterator[Iterator[bytes]]:
    """The lines of such a file. Raises `NotABackup` where it does not open."""
    try:
        with (
            (folder / name).open("rb") as file,
            key.opening(file, name) as opening,
            gzip.GzipFile(mode="rb", fileobj=opening) as lines,
        ):
            yield iter(lines)
    except (CannotOpen, EOFError, OSError) as error:
        raise NotABackup(f"{name} does not open: {error}") from error


def note_file(folder: Path, name: str, manifest: Manifest) -> None:
    """Tell the manifest of a file."""
    sha256, size = digest_of(folder / name)
    manifest.files[name] = {"size": size, "sha256": sha256}


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
