"""An installation of its own: a folder, an environment, and processes that know nothing of the tests'."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ADHERENTS = [str(Path(sys.executable).with_name("adherents"))]
MASTER_KEY = "k7d1Jx0Zq3v8mW5sYb2nQe9rTa4uHc6gLf1pXo7iNjE="
SECRET_KEY = "x8Qv2mLr7tYw0pZk3nJc6bHd9sFg1aVe4uTi5oRq"
SAFE = {
    "BASE_URL": "https://espace.example.org",
    "SECRET_KEY": SECRET_KEY,
    "MASTER_KEY": MASTER_KEY,
    "EMAIL_URL": "smtps://relay.example.org",
    "PROXIES": "1",
    "ANTIVIRUS_URL": "clamd:///run/clamav/clamd.ctl",
}
# Processes of their own, on SQLite whatever the tests run on: once is enough.
once = pytest.mark.skipif(os.environ.get("TEST_DATABASE") == "postgresql", reason="the other run has it")


def environment(folder: Path, **given: str) -> dict[str, str]:
    """This process's surroundings without any setting of the portal, then `given` (without their common prefix)."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ADHERENTS_", "DJANGO_"))
    }
    own = {"DATA_DIR": str(folder), **given}
    return kept | {f"ADHERENTS_{name}": value for name, value in own.items()}


def run(folder: Path, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    """`adherents …`, to its end."""
    return subprocess.run(
        [*ADHERENTS, *arguments],
        env=environment(folder, **given),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def ask(folder: Path, script: str, **given: str) -> Any:
    """What a Python script inside the installation prints on its last line, as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()\n" + script],
        env=environment(folder, **given) | {"DJANGO_SETTINGS_MODULE": "adherents.config.settings"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])
