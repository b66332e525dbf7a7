"""Installations of their own to save and to restore: each question is asked of one process with that installation's settings."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.config.installation import MASTER_KEY, SECRET_KEY, environment

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 3600  # a stress proof asks for a million rows; what runs here answers in seconds
KEYS = {"MASTER_KEY": MASTER_KEY, "SECRET_KEY": SECRET_KEY}


def process(folder: Path, *questions: str, **given: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "tests.backup.inside", *questions],
        env=environment(folder, **KEYS, **given) | {"DJANGO_SETTINGS_MODULE": "adherents.config.settings"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )


def ask(folder: Path, *questions: str, **given: str) -> dict[str, Any]:
    """The answers (of `tests.backup.inside`) by question, in the order in which they were asked."""
    done = process(folder, *questions, **given)
    assert done.returncode == 0, done.stderr[-4000:]
    answers: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answers


def kill_during(folder: Path, question: str, **given: str) -> None:
    """Ask, and see that the process was killed on the way."""
    done = process(folder, question, **given)
    assert done.returncode == -signal.SIGKILL, done.stderr[-4000:]
