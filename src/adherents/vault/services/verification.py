"""Control of integrity: every file is read back, and the storage is compared with the rows (NF Z42-020)."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.apps import apps
from django.db import models

from adherents.crypto.envelopes import opening_stream, sealed_size
from adherents.crypto.keys import CannotOpen
from adherents.journal.subjects import SubjectKind, subject_of
from adherents.storage.erasures import is_on_the_list
from adherents.storage.models import SealedFile, UnclaimedObject
from adherents.storage.objects import (
    NoSuchObject,
    StorageFailed,
    is_begun,
    is_our_name,
    object_names,
    object_size,
    open_object,
)
from adherents.storage.reading import Altered, clear_bytes
from adherents.vault.models import Document, GatheredPhoto, Page, Thumbnail
from adherents.vault.services.reading import note_altered

BATCH = 200
MOST_COMPARED = 50  # of those that do not open: whose bytes each of them holds is looked for among the others
WORDS = {
    "missing": "missing: the storage has no such object",
    "cut": "cut: the object is shorter than what was sealed",
    "altered": "altered: its bytes are not those that were sealed",
    "swapped": "swapped: its object holds another's bytes",
    "key": "its key does not open: altered, another's, not of this SHA-256, or under a master key that is not here",
    "digest": "altered: its size or SHA-256 is not that of its row",
    "unread": "not read: the storage refuses to give it",
    "unowned": "an object that no row or note owns",
    "begun": "an object that was begun, and that no note knows",
}


class Pace:
    """Limits reading to a number of bytes a second, so that the portal keeps the disk. None: no limit."""

    def __init__(
        self,
        bytes_per_second: float | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.passed = 0
        self._rate, self._clock, self._sleep = bytes_per_second, clock, sleep
        self._ready_at = clock()

    def take(self, octets: int) -> None:
        """Wait until more bytes may be read, after `octets` were. Time that was not used is not saved up."""
        self.passed += octets
        if self._rate:
            now = self._clock()
            self._ready_at = max(self._ready_at, now) + octets / self._rate
            self._sleep(self._ready_at - now)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: `fault` is a key of `WORDS`; `what` and `whose` are identifiers."""

    fault: str
    what: str
    whose: str = ""
    holds: str = ""

    def __str__(self) -> str:
        holds = f" ({self.holds})" if self.holds else ""
        return f"{self.what}{f' ({self.whose})' if self.whose else ''}: {WORDS[self.fault]}{holds}"


@dataclass
class Verified:
    """How much was looked at so far."""

    files: int = 0
    octets: int = 0
    objects: int = 0


def verify_everything(
    *, pace: Pace, seen: Verified, on_finding: Callable[[Finding], None]
) -> Iterator[Verified]:
    """Read every document, photo, page image and waiting file to its last byte, then look for objects that no row owns.

    Yields `seen` again after each file and after every few hundred objects, in constant memory. A fault is checked twice before
    it is reported, since the portal works meanwhile; a document's fault is journalled. Raises `StorageFailed` when the storage
    does not answer.
    """
    doubtful: list[SealedFile] = []
    for model in sealed_models():
        for file in every_row(_kept(model)):
            fault = _fault_of(file, pace)
            if fault in {"altered", "cut"} and len(doubtful) < MOST_COMPARED:
                doubtful.append(file)
            elif fault:
                _tell(_Fault(file, fault), on_finding)
            seen.files += 1
            seen.octets += file.size
            yield seen
    for file in doubtful:
        fault = _fault_of(file, pace)
        if fault:
            other = _whose_bytes(file, doubtful)
            _tell(_Fault(file, "swapped" if other else fault, other), on_finding)
    for names in _batches(_vaults_objects()):
        for finding in _unowned(names):
            on_finding(finding)
        seen.objects += len(names)
        yield seen


def unowned_objects() -> Iterator[str]:
    """The whole objects that bear a name of ours and that no row or note owns. Streams. Raises `StorageFailed`."""
    for names in _batches(_vaults_objects()):
        for finding in _unowned(names):
            if finding.fault == "unowned" and is_our_name(finding.what):
                yield finding.what


def sealed_models() -> list[type[SealedFile]]:
    """Every table whose rows own an object, in the order in which an object passes from one to the next."""
    return [model for model in apps.get_app_config("vault").get_models() if issubclass(model, SealedFile)]


def _kept(model: type[SealedFile]) -> models.QuerySet[Any]:
    """Its rows that own an object: an erased one owns none."""
    return model._base_manager.exclude(wrapped_key=b"")


def to_verify() -> tuple[int, int]:
    """How many files there are to read, and how many bytes they make."""
    files = octets = 0
    for model in sealed_models():
        counted = _kept(model).aggregate(files=models.Count("pk"), octets=models.Sum("size"))
        files, octets = files + counted["files"], octets + (counted["octets"] or 0)
    return files, octets


def every_row(rows: models.QuerySet[Any], *, read: Callable[[Any], list[Any]] = list) -> Iterator[Any]:
    """The rows in the order of their keys, some at a time: no cursor stays open while each is read.

    `read` asks for some of them: `database.reader.listed` may ask the reader.
    """
    last = None
    while True:
        ordered = rows.order_by("pk")
        some = read((ordered if last is None else ordered.filter(pk__gt=last))[:BATCH])
        yield from some
        if len(some) < BATCH:
            return
        last = some[-1].pk


@dataclass(frozen=True, slots=True)
class _Fault:
    file: SealedFile
    code: str
    other: SealedFile | None = None


def _fault_of(file: SealedFile, pace: Pace) -> str:
    """What is wrong with a file; "" for nothing. A row that changed meanwhile is judged as it is now."""
    for _ in range(2):
        fault = _read(file, pace)
        if not fault:
            return ""
        current = type(file)._base_manager.filter(pk=file.pk).first()
        if current is None or not current.wrapped_key:
            return ""
        file.wrapped_key, file.storage_name = current.wrapped_key, current.storage_name
    return fault


def _read(file: SealedFile, pace: Pace) -> str:
    try:
        for chunk in clear_bytes(file):
            pace.take(len(chunk))
    except Altered as error:
        if error.code != "bytes":
            return error.code
        size_there = object_size(file.storage_name)
        return "cut" if size_there is not None and size_there < sealed_size(file.size) else "altered"
    except StorageFailed:
        object_size(file.storage_name)  # raises, too, when it is the whole storage that is away
        return "unread"
    return ""


def _whose_bytes(file: SealedFile, others: list[SealedFile]) -> SealedFile | None:
    """Which other file's key opens the bytes that lie under this one's name."""
    for other in others:
        if other is file:
            continue
        try:
            with open_object(file.storage_name) as source:
                stream = opening_stream(
                    bytes(other.wrapped_key), source, document_id=other.sealed_as, sha256=other.sha256
                )
                stream.read(1)
        except (CannotOpen, NoSuchObject):
            continue
        return other
    return None


def _tell(fault: _Fault, on_finding: Callable[[Finding], None]) -> None:
    what, whose = _names(fault.file)
    holds = f"it holds {_names(fault.other)[0]}" if fault.other else ""
    on_finding(Finding(fault.code, what, whose, holds))
    file = fault.file
    document = file.document if isinstance(file, Page | GatheredPhoto | Thumbnail) else file
    if isinstance(document, Document):
        page = file.number if isinstance(file, Page) else 0
        photo: dict[str, Any] = {"photo": file.number} if isinstance(file, GatheredPhoto) else {}
        note_altered(document, code=fault.code, page=page, **photo)


def _names(file: SealedFile) -> tuple[str, str]:
    """What it is and whose it is, in identifiers: no name of a file or of a person."""
    if isinstance(file, Page):
        what, whose = _names(file.document)
        return f"{what} page {file.number}", whose
    if isinstance(file, Thumbnail):
        what, whose = _names(file.document)
        return f"{what} thumbnail", whose
    if isinstance(file, GatheredPhoto):
        what, whose = _names(file.document)
        return f"{what} photo {file.number}", whose
    if isinstance(file, Document):
        return f"document {file.id} of {file.deposit.number}", subject_of(SubjectKind.MEMBER, file.member_id)
    return f"{file._meta.verbose_name} {file.pk}", ""


def _vaults_objects() -> Iterator[tuple[str, bool]]:
    """Without the erasure list, which no row owns."""
    return ((name, whole) for name, whole in object_names() if not is_on_the_list(name))


def _batches(names: Iterator[tuple[str, bool]]) -> Iterator[list[tuple[str, bool]]]:
    while some := list(islice(names, BATCH)):
        yield some


def _unowned(names: list[tuple[str, bool]]) -> Iterator[Finding]:
    """The tables are read in the order in which an object passes from one to the next, and the storage last. So an object that
    a row owns is never reported as unclaimed, whatever the portal does meanwhile.
    """
    unclaimed = {name for name, _ in names}
    notes = UnclaimedObject.objects.all()
    owners: list[models.QuerySet[Any]] = [notes, *map(_kept, sealed_models()), notes]
    for owner in owners:
        if unclaimed:
            owned = owner.filter(storage_name__in=unclaimed).values_list("storage_name", flat=True)
            unclaimed -= set(owned)
    for name, whole in names:
        if name in unclaimed and (object_size(name) is not None if whole else is_begun(name)):
            yield Finding("unowned" if whole else "begun", name)
