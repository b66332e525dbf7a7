"""The drill: a portal in use is saved, lost, and put back elsewhere, on every pair of engines, and killed on the way."""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from tests import postgresql
from tests.backup.installations import KEYS, ROOT, ask, kill_during
from tests.config.installation import once, run
from tests.vault import s3

pytestmark = once
ERASED = "withdrawn"
PROFILE = str(ROOT / "profiles" / "exemple.toml")


class Saved(NamedTuple):
    """What was in the portal when it was saved, what happened to it after, and where its backups are."""

    before: dict[str, Any]
    after: dict[str, Any]
    folder: Path
    backup: Path


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    folder = tmp_path_factory.mktemp("sqlite")
    data, backup = folder / "data", folder / "backup"
    before = ask(data, "fill", "rows", f"backup={backup}", PROFILE=PROFILE)
    after = ask(data, "deposit", "take_back_first", PROFILE=PROFILE)
    return Saved(before, after, data, backup)


def check_is_the_same(saved: Saved, there: dict[str, Any], *, erased: int = 1) -> None:
    """Every table as it was, every document whole; what was open is not, what was erased is not back."""
    assert "Journal and vault are verified" in there["restore"], there["restore"]
    assert f"Erased again: {erased}" in there["restore"]
    took_back = saved.after["take_back_first"]
    assert there["whole"] == {
        key: sha for key, sha in saved.before["fill"]["documents"].items() if key != took_back
    }
    assert there["erased"] == [f"{took_back} {ERASED}"]
    standing = there["standing"]
    assert standing["sessions"] == standing["live"] == 0
    assert standing["held"] == ["mails", "purge", "sweeps"]
    assert standing["feed"]
    assert "accounts/reset_link" not in standing["waiting"]
    assert "accounts/locked" in standing["waiting"]
    assert there["opens"] == {"session": False, "link": False, "code": False}
    assert there["sign_in"]["leads_to"] == "/adherent/"
    assert there["sign_in"]["download"] in there["whole"].values()
    assert there["agent_signs_in"] == "/gestion/"
    fresh, lost = there["deposit"], saved.after["deposit"]
    assert fresh["number"] > lost["number"]
    assert fresh["deposit"] > lost["deposit"]
    assert fresh["entry"] > lost["entry"]


def questions(saved: Saved, *more: str) -> list[str]:
    known = saved.before["fill"]
    opens = f"opens={known['session']},{known['token']},{known['code']}"
    return [
        "whole",
        "erased",
        "standing",
        opens,
        "sign_in",
        f"agent_signs_in={known['secret']}",
        "deposit",
        *more,
    ]


def test_a_portal_comes_back_in_an_empty_folder_with_its_two_keys_alone(
    on_sqlite: Saved, tmp_path: Path
) -> None:
    """Back up, deposit, restore, deposit: no number twice. The former storage is still there to tell what was erased."""
    former = f"file://{on_sqlite.folder}/documents"
    there = ask(tmp_path / "data", f"restore={on_sqlite.backup},--erasures={former}", *questions(on_sqlite))
    check_is_the_same(on_sqlite, there)
    assert there["standing"]["insurer"] == "Mutuelle Exemple", (
        "the profile came with it, and nothing names it"
    )


def test_the_dump_holds_no_personal_data_in_clear_and_no_key(on_sqlite: Saved) -> None:
    from tests.cast import CAMILLE, EVE
    from tests.config.installation import MASTER_KEY, SECRET_KEY

    names = [name for who in (CAMILLE, EVE) for name in (who.birth_name, who.email, who.nir, who.number)]
    for file in (path for path in on_sqlite.backup.rglob("*") if path.is_file()):
        assert file.stat().st_mode & 0o077 == 0 or "profile" in file.parts, file
        content = file.read_bytes()
        if "profile" not in file.parts:
            assert not [name for name in names if name.encode() in content], file
        assert MASTER_KEY.encode() not in content
        assert SECRET_KEY.encode() not in content
    assert on_sqlite.backup.stat().st_mode & 0o077 == 0


def test_a_backup_killed_half_way_is_never_restored(on_sqlite: Saved, tmp_path: Path) -> None:
    half = tmp_path / "half"
    kill_during(on_sqlite.folder, f"backup={half},killed:vault.document")
    assert (half / "rows").is_dir()
    said = ask(tmp_path / "data", f"restore={half}")["restore"]
    assert "refused 1" in said
    assert "holds no whole backup" in said


def test_a_restore_killed_half_way_is_run_again_and_nothing_starts_before(
    on_sqlite: Saved, tmp_path: Path
) -> None:
    """Then every table is as it was, but for what a restore ends, holds and counts."""
    data = tmp_path / "data"
    kill_during(data, f"restore={on_sqlite.backup},killed:journal verified")
    refused = run(data, "worker", "--once", **KEYS)
    assert refused.returncode == 1
    assert "adherents.E008" in refused.stderr
    there = ask(data, f"restore={on_sqlite.backup}", "rows")
    assert "Journal and vault are verified" in there["restore"]
    changed = {"work.hold": 3, "backup.restoration": 1, "vault.receiptblock": 0}
    for label, (count, digest) in on_sqlite.before["rows"].items():
        rows, now = there["rows"][label]
        if label in {"journal.entry", "journal.head", "feed.epoch", "feed.announcement"}:
            assert rows > count or (label == "feed.announcement" and rows == count)
        else:
            assert rows == changed.get(label, count), label
            assert now == digest or not rows, label


def test_a_backup_of_an_older_version_comes_back_with_the_tables_of_this_one(
    on_sqlite: Saved, tmp_path: Path
) -> None:
    """It was made before a migration that adds, fills and requires a column: `restore` runs it on the rows."""
    older = tmp_path / "older"
    shutil.copytree(on_sqlite.folder, older)
    saved = ask(older, f"backup_before_urgent={tmp_path}/backup")["backup_before_urgent"]
    manifest = json.loads((tmp_path / "backup" / "manifest.json").read_text())
    assert manifest["migrations"]["mail"] == "0004_cause", saved
    there = ask(tmp_path / "data", f"restore={tmp_path}/backup", "urgent", "whole", "sign_in", "deposit")
    assert "Journal and vault are verified" in there["restore"]
    assert there["urgent"]["accounts/reset_link"] is True
    assert there["urgent"]["accounts/locked"] is False
    assert len(there["whole"]) == len(on_sqlite.before["fill"]["documents"])
    assert there["sign_in"]["leads_to"] == "/adherent/"
    pending = run(tmp_path / "data", "migrate", "--check", **KEYS)
    assert (pending.returncode, pending.stderr) == (0, "")


def test_a_restore_writes_over_nothing(on_sqlite: Saved) -> None:
    said = ask(on_sqlite.folder, f"restore={on_sqlite.backup}")["restore"]
    assert "refused 1" in said
    assert "is not empty" in said


def test_without_its_keys_a_restore_makes_nothing(on_sqlite: Saved, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    refused = run(data, "restore", str(on_sqlite.backup))
    assert refused.returncode == 1
    assert "ADHERENTS_MASTER_KEY and ADHERENTS_SECRET_KEY" in refused.stderr
    assert list(data.iterdir()) == []


class Engines(NamedTuple):
    """A PostgreSQL server and an S3 bucket."""

    server: postgresql.Server
    storage: str

    def database(self, name: str) -> str:
        """A new database on the server."""
        with psycopg.connect(self.server.address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return self.server.address.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    with ExitStack() as stack:
        server = stack.enter_context(postgresql.serving())
        folder = tmp_path_factory.mktemp("s3")
        storage = stack.enter_context(s3.serving(folder))
        yield Engines(server, storage.address_of(s3.new_bucket(storage.endpoint)[1]))


@pytest.fixture(scope="module")
def on_engines(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Saved twice: with its documents, and by reference to where they lie."""
    folder = tmp_path_factory.mktemp("engines")
    where = {"DATABASE_URL": engines.database("lost"), "STORAGE_URL": engines.storage}
    before = ask(folder / "data", "fill", f"backup={folder}/copy", **where)
    again = ask(folder / "data", f"backup={folder}/reference,--objects=reference", **where)
    assert "Nothing holds them there" in again["backup"]
    assert s3.SECRET_KEY not in (folder / "reference" / "manifest.json").read_text()
    after = ask(folder / "data", "deposit", "take_back_first", **where)
    return Saved(before, after, folder / "data", folder / "copy")


@pytest.mark.engines
def test_from_postgresql_and_s3_to_another_database_and_a_folder(
    engines: Engines, on_engines: Saved, tmp_path: Path
) -> None:
    there = ask(
        tmp_path / "data",
        f"restore={on_engines.backup},--erasures={engines.storage}",
        *questions(on_engines),
        DATABASE_URL=engines.database("again"),
    )
    check_is_the_same(on_engines, there)


@pytest.mark.engines
def test_from_postgresql_by_reference_to_sqlite_on_the_same_s3(
    engines: Engines, on_engines: Saved, tmp_path: Path
) -> None:
    """The erasure list lies with the objects: nobody names it. What arrived since has no row, and stays."""
    reference = on_engines.backup.with_name("reference")
    there = ask(
        tmp_path / "data",
        f"restore={reference}",
        *questions(on_engines, "unowned"),
        STORAGE_URL=engines.storage,
    )
    check_is_the_same(on_engines, there)
    assert on_engines.after["deposit"]["object"] in there["unowned"]
    assert "(1 object(s) have no row)" in there["restore"]
