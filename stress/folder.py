"""The exchange folder, whose command is killed at each of its steps and begun again.

A folder with a register, papers, a decision and an original to give is made once. Then, for each step that a round takes (each
row that it writes, each commit, each file that it makes, flushes, renames or removes), the same folder is watched by a command
that gets SIGKILL right there; the insurer fetches what it finds; the command is begun again and ends. What must hold each time:
the register, the deposits, the receipts, the mails, the journal, the lines fetched and the reports are those of a round that
nobody killed, each once.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST_SECONDS = 3000


def proofs() -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="adherents-folder-") as folder:
        yield killed(Path(folder), every=1)


def killed(folder: Path, *, every: int, empty: Path | None = None) -> dict[str, Any]:
    """`every`: at each step, or each fifth… `empty`: a database with its tables, or where to keep one."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ADHERENTS_")} | {
        "DJANGO_SETTINGS_MODULE": "adherents.config.settings",
        "ADHERENTS_DATA_DIR": str(folder / "data"),
        "ADHERENTS_LOG_LEVEL": "ERROR",
    }
    said = subprocess.run(
        [sys.executable, "-m", "stress.folder_inside", str(folder), str(empty or folder / "empty.sqlite3"), str(every)],
        env=environment, capture_output=True, text=True, timeout=MOST_SECONDS, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr
    figures: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    return {"proof": "folder_killed", **figures}
