"""`adherents restore DIR`: a whole portal from a backup, in place of nothing, on any engine.

Objects first, so that no row ever points to one that is not whole; then every row in one transaction; then what time has
changed since: what was open is ended, what was erased is erased again, numbers that may be elsewhere are never given twice.
Each step may be stopped and run again: the portal does not start before the last one.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from shutil import copyfile
from uuid import UUID

from django.apps import apps as current_apps
from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import connection, transaction
from django.utils import timezone

from adherents.accounts.services import restored as accounts
from adherents.backup import archive, schema, target
from adherents.backup.archive import Manifest, NotABackup
from adherents.backup.loading import empty, load, skip_keys
from adherents.backup.models import Restoration
from adherents.backup.tables import emptied_models, saved_models
from adherents.crypto.archives import ArchiveKey
from adherents.crypto.keys import CannotOpen
from adherents.enrolment.services import restored as enrolment
from adherents.feed.services import begin_epoch
from adherents.insurer.profile import load_profile
from adherents.journal.events import Event
from adherents.journal.services import broken_chains, record
from adherents.journal.subjects import SubjectKind
from adherents.mail.services import withdraw_links
from adherents.messaging.services import retention as messaging
from adherents.storage import erasures
from adherents.storage.erasures import ErasureEntry
from adherents.storage.objects import StorageFailed, begin, delete_object, is_our_name, object_size, place_of
from adherents.storage.services import MOST_ENTRIES, put_object, write_erasures
from adherents.vault.models import Document
from adherents.vault.origins import Erased
from adherents.vault.services import erasing
from adherents.vault.services.deposit import skip_numbers
from adherents.vault.services.restored import let_go_of
from adherents.vault.services.verification import Finding, Pace, Verified, verify_everything
from adherents.work.models import HeldWork
from adherents.work.services import hold

AT_ONCE, THREADS = 64, 4
NOT_A_LOSS = {"unowned", "begun"}  # what the portal kept after the backup was made
Tell = Callable[[str], object]


@dataclass
class Restored:
    """What was put back, what changed on the way, and what is wrong with it (sentences; none where all is whole)."""

    manifest: Manifest
    rows: int = 0
    objects: int = 0
    let_go: int = 0
    erased: int = 0
    links: int = 0
    mails: int = 0
    unowned: int = 0
    wrong: list[str] = field(default_factory=list)


def restore(folder: Path, *, other_list: Storage | None, tell: Tell) -> Restored:
    """`other_list`: the storage that the portal had, where the erasure list goes on, when it is not the one of the settings.

    Raises `NotABackup`, `NotEmpty` or `StorageFailed`. What was begun is begun again by the next call.
    """
    manifest = archive.read_manifest(folder)
    key = _key_of(manifest)
    target.check_empty(manifest.id)
    archive.check_files(folder, manifest)
    target.begin(manifest.id)
    _put_profile(folder)
    done = Restored(manifest)
    gone = list(_put_objects(folder, manifest, done, tell))
    if manifest.objects == "reference" and manifest.object_count and not done.objects:
        raise NotABackup(
            f"none of its documents is in this storage: ADHERENTS_STORAGE_URL should be where they are ({manifest.storage})"
        )
    _load(folder, manifest, key, done, tell)
    _end_what_was_open(manifest, done)
    for at in range(0, len(gone), AT_ONCE):
        done.let_go += let_go_of(gone[at : at + AT_ONCE])
    _erase_again(folder, manifest, key, other_list, done)
    tell(f"{done.erased} erasure(s) made since applied")
    _verify(done, tell)
    target.end()
    return done


def _key_of(manifest: Manifest) -> ArchiveKey:
    try:
        return ArchiveKey.of(manifest.id, bytes.fromhex(manifest.wrapped_key))
    except CannotOpen as error:
        raise NotABackup(str(error)) from error


def _put_profile(folder: Path) -> None:
    """Into the data folder, where the portal finds it unless ADHERENTS_PROFILE names another; in force from here on."""
    source, place = folder / archive.PROFILE, Path(settings.DATA_DIR) / archive.PROFILE
    for file in (path for path in source.rglob("*") if path.is_file()):
        copy = place / file.relative_to(source)
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copyfile(file, copy)
    settings.ADHERENTS_PROFILE = load_profile(place / "profile.toml")


def _put_objects(folder: Path, manifest: Manifest, done: Restored, tell: Tell) -> Iterator[str]:
    """Put the objects into the storage, or look whether they are there; the names of those that are not."""
    is_copy = manifest.objects == "copy"
    with (folder / archive.LISTING).open(encoding="utf-8") as lines, ThreadPoolExecutor(THREADS) as pool:
        while some := [json.loads(line) for line in islice(lines, AT_ONCE)]:
            for fact, fault in zip(
                some, pool.map(lambda fact: _put(folder, fact, is_copy), some), strict=True
            ):
                done.objects += not fault
                if fault == "missing":
                    yield fact["name"]
                elif fault:
                    done.wrong.append(f"object {fact['name']}: {fault}")
    tell(f"{done.objects} object(s) in their place")


def _put(folder: Path, fact: dict[str, object], is_copy: bool) -> str:
    """What is wrong with an object, or nothing. One that is there already, whole, stays."""
    name = str(fact["name"])
    there = object_size(name)
    if there == fact["size"]:
        return ""
    if there is not None:
        return f"another object of {there} bytes is in its place"
    if not is_copy:
        return "missing"
    path = folder / archive.OBJECTS / name
    try:
        if archive.digest_of(path) != (fact["sha256"], fact["size"]):
            return "its copy was cut or altered"
        delete_object(name)  # what a restore that was stopped left half-written
        writer = begin(name)
        with path.open("rb") as copy:
            while chunk := copy.read(archive.CHUNK_BYTES):
                writer.write(chunk)
        writer.commit()
    except FileNotFoundError:
        return "its copy is missing from the backup"
    except OSError as error:
        raise StorageFailed(str(error)) from error
    return ""


def _load(folder: Path, manifest: Manifest, key: ArchiveKey, done: Restored, tell: Tell) -> None:
    """Every row, in tables as they were; then the migrations made since."""
    state = schema.migrate_to(manifest.migrations)
    by_label = {model._meta.label_lower: model for model in emptied_models(state)}
    with transaction.atomic():
        empty(emptied_models(state))
        for table in manifest.tables:
            model = by_label.get(table["label"])
            if model is None:
                raise NotABackup(f"this version knows no table {table['label']}")
            with archive.opened_lines(folder, table["file"], key) as lines:
                loaded = load(model, lines)
            if loaded != table["rows"]:
                raise NotABackup(
                    f"{table['file']} has {loaded} row(s) where the manifest says {table['rows']}"
                )
            done.rows += loaded
            if loaded:
                tell(f"{loaded} row(s) of {table['label']}")
    schema.migrate_to_now()


def _end_what_was_open(manifest: Manifest, done: Restored) -> None:
    """In one transaction: nothing opens that was open, nothing leaves or goes before a person says so, no number comes twice."""
    since = manifest.created_at
    with transaction.atomic():
        skip_keys(saved_models(current_apps), (timezone.now() - since).total_seconds())
        skip_numbers(since=since)
        begin_epoch()
        done.links = accounts.end_all()
        enrolment.end_all()
        done.mails = withdraw_links()
        hold(HeldWork)
        Restoration.objects.create(backup_id=manifest.id, saved_at=since)
        record(
            Event.RESTORED,
            subject="installation",
            backup=manifest.id,
            rows=done.rows,
            links=done.links,
            mails=done.mails,
        )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _erase_again(
    folder: Path, manifest: Manifest, key: ArchiveKey, other_list: Storage | None, done: Restored
) -> None:
    """What was erased after the rows were saved: told by the list in this storage, in another one, and in the backup itself."""
    store = place_of(storages["documents"])
    with archive.opened_lines(folder, archive.ERASURES, key) as lines:
        # Objects in a new place: the list goes on there, for the day an older backup is restored.
        is_new_place = next(store.names(erasures.FOLDER), None) is None
        entries = (ErasureEntry(**json.loads(line)) for line in lines)
        while some := list(islice(entries, MOST_ENTRIES)):
            if is_new_place:
                put_object(*erasures.sealed(some))
            done.erased += sum(map(_erase, some))
    lists = [erasures.entries_since(store, manifest.created_at)]
    if other_list is not None:
        lists.append(erasures.entries_since(place_of(other_list), manifest.created_at))
    try:
        for listed in lists:
            done.erased += sum(map(_erase, listed))
    except CannotOpen:
        done.wrong.append(
            "the erasure list was altered, or its master key is not here: what was erased since may be back"
        )
    write_erasures()


def _erase(entry: ErasureEntry) -> bool:
    kind, _, key = entry.subject.partition(":")
    if kind == SubjectKind.DOCUMENT:
        with suppress(Document.DoesNotExist):
            return erasing.erase_again(document_id=UUID(key), because=Erased(entry.because))
        return False
    return kind == "thread" and messaging.erase_again(UUID(key))


def _verify(done: Restored, tell: Tell) -> None:
    """The journal and the vault, to the last byte."""
    done.wrong += broken_chains()
    tell("journal verified")
    seen = Verified()

    def note(finding: Finding) -> None:
        if finding.fault in NOT_A_LOSS:
            done.unowned += finding.fault == "unowned" and is_our_name(finding.what)
        else:
            done.wrong.append(str(finding))

    for _ in verify_everything(pace=Pace(None), seen=seen, on_finding=note):
        pass
    tell(f"vault verified: {seen.files} file(s), {seen.octets} bytes")
    Restoration.objects.open().update(unowned=done.unowned, counted_at=timezone.now())
