"""What a backup is made of: cells, the manifest, the places where it may lie, the erasure list, numbers that are left out."""

import json
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models, transaction
from django.utils import timezone

from adherents.backup import archive, target
from adherents.backup.archive import Manifest, NotABackup
from adherents.backup.cells import readers, written
from adherents.backup.open_tables import EXPORTED, LEFT_OUT, exported_columns, exported_models
from adherents.backup.places import BadPlace, make_place
from adherents.backup.services import restoring, saving
from adherents.backup.tables import saved_models
from adherents.config.checks import refuse_what_is_unsafe
from adherents.crypto.archives import ArchiveKey
from adherents.crypto.keys import CannotOpen
from adherents.storage import erasures
from adherents.storage.models import Erasure
from adherents.storage.objects import StorageFailed, object_names, place_of
from adherents.storage.services import write_erasures
from adherents.vault.models import ReceiptCounter
from adherents.vault.origins import Erased
from adherents.vault.services import erasing
from adherents.vault.services.deposit import (
    CLOCKS_APART_SECONDS,
    MOST_DEPOSITS_A_SECOND,
    next_number,
    skip_numbers,
)
from tests.insurer.test_franceconnect import DRAWINGS, draw, loaded
from tests.vault.conftest import deposited, pdf

ARCHIVE = "0123456789abcdef" * 2
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def manifest_in(folder: Path, **changed: Any) -> Manifest:
    key = ArchiveKey.new(ARCHIVE)
    facts: dict[str, Any] = {
        "id": ARCHIVE,
        "created_at": NOW,
        "keep_until": date(2026, 12, 29),
        "software": "0.1.0",
        "database": "sqlite",
        "storage": "file:///documents",
        "objects": "copy",
        "master_key": "00000000",
        "wrapped_key": key.wrapped.hex(),
        "migrations": {},
    }
    made = Manifest(**facts | changed)
    with archive.sealed_lines(folder, "rows/001-one.jsonl.sealed", key, made) as lines:
        lines.write(b'["name"]\n["Camille"]\n')
    archive.write_manifest(folder, made)
    return made


def test_every_kind_of_column_comes_back_as_it_was() -> None:
    fields: list[models.Field[Any, Any]] = [
        models.BinaryField(),
        models.DateTimeField(),
        models.DateField(),
        models.UUIDField(),
        models.DecimalField(),
        models.DurationField(),
        models.JSONField(),
        models.BooleanField(),
        models.CharField(),
        models.BigIntegerField(),
    ]
    row = (
        b"\x00\xff",
        datetime(2026, 11, 29, 10, 20, 30, 123456, tzinfo=UTC),
        date(1954, 3, 5),
        uuid.uuid4(),
        Decimal("1.10"),
        timedelta(days=2, microseconds=3),
        {"a": [1, None, "é"]},
        True,
        "une ligne\nune autre ; \u2028",
        2**60,
    )
    line = written(row)
    assert "\n" not in line
    again = [
        read(cell) if read else cell for cell, read in zip(json.loads(line), readers(fields), strict=True)
    ]
    assert tuple(again) == row


def test_every_field_of_every_table_is_of_a_kind_that_a_backup_knows() -> None:
    """A new kind of column is told here before it is missing from a backup."""
    known = {
        "AutoField", "BigAutoField", "BigIntegerField", "BinaryField", "BooleanField", "CharField", "DateField",
        "DateTimeField", "EmailField", "ForeignKey", "IntegerField", "JSONField", "OneToOneField", "PositiveBigIntegerField",
        "PositiveIntegerField", "PositiveSmallIntegerField", "SmallIntegerField", "TextField", "UUIDField",
    }  # fmt: skip
    kinds = {
        field.get_internal_type() for model in saved_models(apps) for field in model._meta.concrete_fields
    }
    assert len(saved_models(apps)) > 50
    assert kinds <= known


def test_a_table_comes_after_those_that_it_refers_to() -> None:
    places = {model: place for place, model in enumerate(saved_models(apps))}
    for model, place in places.items():
        for field in model._meta.concrete_fields:
            if isinstance(field.related_model, type) and field.related_model is not model:
                assert places[field.related_model] < place, field


def test_a_manifest_that_was_altered_is_refused(tmp_path: Path) -> None:
    manifest_in(tmp_path)
    assert archive.read_manifest(tmp_path).keep_until == date(2026, 12, 29)
    facts = json.loads((tmp_path / archive.MANIFEST).read_text())
    (tmp_path / archive.MANIFEST).write_text(json.dumps(facts | {"keep_until": "2036-12-29"}))
    with pytest.raises(NotABackup, match="altered"):
        archive.read_manifest(tmp_path)


def test_a_backup_under_another_master_key_says_which_key_it_wants(tmp_path: Path, settings: Any) -> None:
    manifest_in(tmp_path)
    settings.ADHERENTS_MASTER_KEYS = [b"n" * 32]
    with pytest.raises(NotABackup, match="sealed under 00000000"):
        archive.read_manifest(tmp_path)


def test_a_file_that_was_cut_is_named(tmp_path: Path) -> None:
    made = manifest_in(tmp_path)
    [name] = made.files
    file = tmp_path / name
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(NotABackup, match=name):
        archive.check_files(tmp_path, made)
    file.unlink()
    with pytest.raises(NotABackup, match="missing"):
        archive.check_files(tmp_path, made)


def test_a_file_opens_under_its_own_name_and_in_its_own_backup_only(tmp_path: Path) -> None:
    made = manifest_in(tmp_path)
    [name] = made.files
    key = ArchiveKey.of(ARCHIVE, bytes.fromhex(made.wrapped_key))
    with archive.opened_lines(tmp_path, name, key) as lines:
        assert list(lines) == [b'["name"]\n', b'["Camille"]\n']
    assert b"Camille" not in (tmp_path / name).read_bytes()
    (tmp_path / name).rename(tmp_path / "rows" / "002-two.jsonl.sealed")
    with pytest.raises(NotABackup), archive.opened_lines(tmp_path, "rows/002-two.jsonl.sealed", key) as lines:
        list(lines)
    with pytest.raises(CannotOpen):
        ArchiveKey.of("another", bytes.fromhex(made.wrapped_key))


def test_a_backup_lies_neither_among_the_data_nor_beside_the_key(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path / "data"
    with pytest.raises(BadPlace, match="own data"):
        make_place(tmp_path / "data" / "backup")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    with pytest.raises(BadPlace, match="own data"):
        make_place(tmp_path / "link" / "backup")
    settings.ADHERENTS_KEY_FILE = tmp_path / "usb" / "master.key"
    with pytest.raises(BadPlace, match="master key"):
        make_place(tmp_path / "usb")
    make_place(tmp_path / "usb" / "backup")
    assert (tmp_path / "usb" / "backup").stat().st_mode & 0o777 == 0o700
    assert not (tmp_path / "data").exists()


def test_a_folder_that_holds_anything_is_refused(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    with pytest.raises(CommandError, match="not empty"):
        call_command("backup", tmp_path)


def test_the_portal_does_not_start_in_the_middle_of_a_restore(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    target.begin(ARCHIVE)
    with pytest.raises(Exception, match=ARCHIVE):
        refuse_what_is_unsafe()
    with pytest.raises(target.NotEmpty, match="another backup"):
        target.check_empty("another")
    target.check_empty(ARCHIVE)
    target.end()
    refuse_what_is_unsafe()


# The erasure list


@pytest.mark.django_db
@pytest.mark.any_database
def test_what_is_erased_is_on_the_list_before_its_bytes_go(member: Any, objects_folder: Path) -> None:
    document = deposited(member, pdf())
    before = timezone.now()
    erasing.erase(document_id=document.pk, because=Erased.RETENTION)
    assert Erasure.objects.get().subject == document.subject
    assert write_erasures() == 1
    [name] = [name for name, _ in object_names(erasures.FOLDER)]
    assert str(document.pk).encode() not in (objects_folder / name).read_bytes()
    [entry] = erasures.entries_since(_store(), before)
    assert (entry.subject, entry.because) == (document.subject, "retention")
    assert not Erasure.objects.exists()
    assert list(erasures.entries_since(_store(), timezone.now())) == []


@pytest.mark.django_db
@pytest.mark.any_database
def test_a_storage_that_is_away_is_told_later(member: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from adherents.storage import services
    from adherents.vault.jobs import tell_of_erasures

    document = deposited(member, pdf())

    def away(_name: str) -> Any:
        raise StorageFailed("away")

    with monkeypatch.context() as patched:
        patched.setattr(services, "begin", away)
        erasing.erase(document_id=document.pk, because=Erased.RETENTION)
        assert write_erasures() == 0
    assert tell_of_erasures() == 1
    assert [entry.subject for entry in erasures.entries_since(_store(), document.at)] == [document.subject]


@pytest.mark.django_db
@pytest.mark.any_database
def test_a_list_that_was_altered_says_nothing(member: Any, objects_folder: Path) -> None:
    document = deposited(member, pdf())
    erasing.erase(document_id=document.pk, because=Erased.RETENTION)
    write_erasures()
    [(name, _)] = object_names(erasures.FOLDER)
    kept = (objects_folder / name).read_bytes()
    (objects_folder / name).write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    with pytest.raises(CannotOpen):
        list(erasures.entries_since(_store(), document.at))


@pytest.mark.django_db
@pytest.mark.any_database
def test_after_a_rotation_the_list_opens_under_the_new_key(member: Any, settings: Any) -> None:
    document = deposited(member, pdf())
    erasing.erase(document_id=document.pk, because=Erased.RETENTION)
    write_erasures()
    old = settings.ADHERENTS_MASTER_KEYS
    settings.ADHERENTS_MASTER_KEYS = [b"n" * 32, *old]
    call_command("rotate_keys", verbosity=0)
    settings.ADHERENTS_MASTER_KEYS = [b"n" * 32]
    assert [entry.subject for entry in erasures.entries_since(_store(), document.at)] == [document.subject]
    assert len(list(object_names(erasures.FOLDER))) == 1


def _store() -> Any:
    from django.core.files.storage import storages

    return place_of(storages["documents"])


# Numbers


@pytest.mark.django_db
@pytest.mark.parametrize("days", [0, 1, 60])
def test_no_receipt_number_that_may_have_been_given_since_is_given_again(days: int) -> None:
    """Saved on the first of December: sixty days later it is another year, whose numbers are left out as well."""
    saved_at = datetime(2026, 12, 1, tzinfo=UTC)
    ReceiptCounter.objects.create(year=2026, last=41)
    with time_machine.travel(saved_at + timedelta(days=days), tick=False), transaction.atomic():
        skip_numbers(since=saved_at)
        now = timezone.localtime()
        number = next_number(now.year)
        last_of_2026 = ReceiptCounter.objects.get(year=2026).last
    in_year = saved_at + timedelta(days=days) - max(saved_at, datetime(now.year, 1, 1, tzinfo=UTC))
    least = (in_year.total_seconds() + CLOCKS_APART_SECONDS) * MOST_DEPOSITS_A_SECOND
    assert int(number.rpartition("-")[2]) > least
    assert last_of_2026 > 41 + min(days, 30) * 86400 * MOST_DEPOSITS_A_SECOND
    assert last_of_2026 < 2**31


# The export


def test_every_table_is_exported_or_left_out_for_a_reason() -> None:
    ours = {m._meta.label_lower for m in apps.get_models() if m.__module__.startswith("adherents.")}
    assert ours == {*EXPORTED} | LEFT_OUT.keys()
    assert not {*EXPORTED} & LEFT_OUT.keys()


def test_no_key_and_no_hash_is_exported() -> None:
    columns = {
        f"{model._meta.label_lower}.{name}" for model in exported_models() for name in exported_columns(model)
    }
    assert "members.member.nir" in columns
    secret = ("password", "wrapped", "token", "nir_index", "digest", "sealed", "storage_name", "lease")
    allowed = {"accounts.account.password_changed_at", "journal.entry.digest", "journal.head.digest"}
    assert {name for name in columns if any(word in name for word in secret)} == allowed


def test_the_profile_comes_back_with_every_picture_beside_it(tmp_path: Path, settings: Any) -> None:
    beside, dump, data = tmp_path / "etc", tmp_path / "dump", tmp_path / "data"
    for folder in (beside, dump, data):
        folder.mkdir()
    draw(beside)
    settings.ADHERENTS_PROFILE, settings.ADHERENTS_PROFILE_FILE = loaded(beside), beside / "essai.toml"
    saving._save_profile(dump, manifest_in(tmp_path))
    settings.DATA_DIR = data
    restoring._put_profile(dump)
    shown = settings.ADHERENTS_PROFILE.pictures
    assert [path.name for path in shown.values()] == list(DRAWINGS)
    assert all(path.is_relative_to(data) and path.read_text() for path in shown.values())
