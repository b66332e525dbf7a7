"""A million rows saved and restored in bounded memory while the portal writes; then both commands killed at each step.

On SQLite with a folder, and from a real PostgreSQL server to another database. What must hold: the counts are those of one
moment, a backup that was killed is refused, a restore that was killed is run again and is whole.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
from tests import postgresql
from tests.backup.installations import KEYS, ROOT, ask, process
from tests.config.installation import environment

ROWS = int(os.environ.get("STRESS_BACKUP_ROWS", "1000000"))
MOST_MEMORY = 400  # MB of one process, whatever the number of rows
STEPS = ["accounts.account", "journal.entry", "vault.document", "object(s)"]
STEPS_OF_RESTORE = [
    "object(s)",
    "accounts.account",
    "journal.entry",
    "vault.document",
    "erasure(s)",
    "journal verified",
]


def proofs() -> Iterator[dict[str, Any]]:
    for database in ("sqlite", "postgresql"):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="adherents-backup-")))
            server = stack.enter_context(postgresql.serving()) if database == "postgresql" else None
            lost, again = (_database(server, name) for name in ("lost", "again"))
            yield {"proof": "backup", "database": database, **_a_million(folder, lost, again)}
            yield {"proof": "backup killed", "database": database, **_killed(folder / "killed", server)}


def _database(server: postgresql.Server | None, name: str) -> dict[str, str]:
    """The setting of a new database; none: SQLite in the data folder."""
    if server is None:
        return {}
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return {"DATABASE_URL": server.address.replace("/postgres?", f"/{name}?")}


def _a_million(folder: Path, lost: dict[str, str], again: dict[str, str]) -> dict[str, Any]:
    wrong = list[str]()
    ask(folder / "lost", "fill", f"many={ROWS}", **lost)
    writer = _spawn(folder / "lost", "write_meanwhile=60", lost)
    save_seconds, save_memory = _measured(folder / "lost", f"backup={folder}/saved", lost)
    writer.terminate()
    written = len((writer.communicate()[0] or "").splitlines())
    manifest = json.loads((folder / "saved" / "manifest.json").read_text())
    rows = {table["label"]: table["rows"] for table in manifest["tables"]}
    weight = sum(file["size"] for file in manifest["files"].values())
    # One moment: each deposit of the writer has one entry of the journal of its own.
    if rows["journal.entry"] < ROWS or rows["vault.deposit"] != rows["vault.document"]:
        wrong.append("the rows are not of one moment")
    load_seconds, load_memory = _measured(folder / "again", f"restore={folder}/saved", again)
    there = ask(folder / "again", "rows", **again)["rows"]
    for label, count in rows.items():
        if (
            label not in {"journal.entry", "journal.head", "work.hold", "backup.restoration"}
            and there[label][0] != count
        ):
            wrong.append(f"{label}: {there[label][0]} row(s) of {count}")
    if max(save_memory, load_memory) > MOST_MEMORY:
        wrong.append(f"{max(save_memory, load_memory)} MB")
    return {
        "rows": manifest and sum(rows.values()),
        "megabytes": round(weight / 1e6),
        "saved_in": round(save_seconds),
        "restored_and_verified_in": round(load_seconds),
        "memory_mb": {"backup": save_memory, "restore": load_memory},
        "deposits_meanwhile": written,
        "wrong": wrong,
    }


def _killed(folder: Path, server: postgresql.Server | None) -> dict[str, Any]:
    folder.mkdir()
    wrong, where = list[str](), _database(server, "source")
    saved = ask(folder / "source", "fill", f"backup={folder}/saved", **where)["fill"]
    for number, step in enumerate(STEPS):
        half = folder / f"half-{number}"
        if process(folder / "source", f"backup={half},killed:{step}", **where).returncode != -9:
            wrong.append(f"backup was not killed at {step}")
        said = ask(folder / f"no-{number}", f"restore={half}")["restore"]
        if "holds no whole backup" not in said:
            wrong.append(f"a backup killed at {step}: {said}")
    for number, step in enumerate(STEPS_OF_RESTORE):
        target, there = folder / f"target-{number}", _database(server, f"target_{number}")
        if process(target, f"restore={folder}/saved,killed:{step}", **there).returncode != -9:
            wrong.append(f"restore was not killed at {step}")
        whole = ask(target, f"restore={folder}/saved", "whole", "sign_in", **there)
        if whole["whole"] != saved["documents"] or whole["sign_in"]["leads_to"] != "/adherent/":
            wrong.append(f"a restore killed at {step}: {whole['restore']}")
    return {"kills": len(STEPS) + len(STEPS_OF_RESTORE), "wrong": wrong}


def _spawn(folder: Path, question: str, where: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.backup.inside", question],
        env=environment(folder, **KEYS, **where) | {"DJANGO_SETTINGS_MODULE": "adherents.config.settings"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _measured(folder: Path, question: str, where: dict[str, str]) -> tuple[float, int]:
    """Seconds, and the most memory that the process had, in MB."""
    began = time.monotonic()
    answers = ask(folder, question, "memory", **where)
    name = question.partition("=")[0]
    assert not re.search("refused", answers[name]), answers[name]
    return time.monotonic() - began, answers["memory"]
