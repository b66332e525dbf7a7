"""What the demonstration keeps in its folder, and when it may fill it or empty it.

A mark says what the demonstration made. Without it, a folder that holds anything is somebody's: it is left alone.
"""

import fcntl
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import IO

MARK = "demonstration.json"
DATABASE = "adherents.sqlite3"
OURS = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "documents", "courrier", "exemples")


class CannotRun(Exception):
    """Why the demonstration does not start: one sentence for the person who typed the command."""


def take(folder: Path) -> IO[str]:
    """Hold the folder for this demonstration alone, as long as what is returned stays open. Raises `CannotRun`."""
    held = (folder / "demonstration.lock").open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        raise CannotRun(f"Une démonstration tourne déjà avec le dossier {folder}.") from None
    return held


def is_to_fill(folder: Path) -> bool:
    """Whether there is a demonstration to make: a new one, or one that was interrupted. Raises `CannotRun`."""
    mark = folder / MARK
    if mark.exists():
        whole = json.loads(mark.read_text() or "{}").get("whole") is True
        return not (whole and (folder / DATABASE).exists())
    if _holds_people(folder / DATABASE) or _holds_files(folder / "documents"):
        raise CannotRun(
            f"Le dossier {folder} contient des données qui ne viennent pas de la démonstration : "
            "rien n’y a été changé. Choisissez-en un autre avec ADHERENTS_DATA_DIR."
        )
    return True


def begin(folder: Path) -> None:
    """Mark the folder as unfinished, then take away what an interrupted run left. Only after `is_to_fill`."""
    ours = (folder / MARK).exists()
    _mark(folder, whole=False)
    for name in OURS if ours else ():
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def finish(folder: Path) -> None:
    """The demonstration is whole: the next run keeps it."""
    _mark(folder, whole=True)


def _mark(folder: Path, *, whole: bool) -> None:
    part = folder / f"{MARK}.part"
    with part.open("w") as written:
        json.dump({"whole": whole}, written)
        written.flush()
        os.fsync(written.fileno())
    part.rename(folder / MARK)


def _holds_people(database: Path) -> bool:
    if not database.exists():
        return False
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return any(
            table in tables and opened.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()  # noqa: S608
            for table in ("accounts_account", "members_member")
        )


def _holds_files(folder: Path) -> bool:
    return folder.is_dir() and any(path.is_file() for path in folder.rglob("*"))
