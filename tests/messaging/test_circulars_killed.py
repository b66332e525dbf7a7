"""A worker that sends a circular, killed again and again (SIGKILL): each member has one conversation and one mail."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.folder.conftest import empty_database  # noqa: F401
from tests.messaging.circular_inside import MEMBERS

pytestmark = pytest.mark.any_database
KILLED_AFTER = (1, 12, 30, 55, 80)  # copies


def test_a_killed_worker_loses_none_and_doubles_none(tmp_path: Path, empty_database: Path) -> None:  # noqa: F811
    data = tmp_path / "data"
    data.mkdir()
    database = data / "adherents.sqlite3"
    if empty_database.exists():
        shutil.copy(empty_database, database)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ADHERENTS_")} | {
        "DJANGO_SETTINGS_MODULE": "adherents.config.settings",
        "ADHERENTS_DATA_DIR": str(data),
        "ADHERENTS_LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "tests.messaging.circular_inside"]

    def run(what: str) -> str:
        done = subprocess.run(
            [*command, what], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sent() -> int:
        connection = sqlite3.connect(database, timeout=20)
        try:
            [[number]] = connection.execute("SELECT count(*) FROM messaging_thread").fetchall()
        finally:
            connection.close()
        return int(number)

    run("tables")
    run("write")
    kills = 0
    for after in KILLED_AFTER:
        worker = subprocess.Popen([*command, "send"], env=environment)
        try:
            until = time.monotonic() + 60
            while sent() < after and worker.poll() is None and time.monotonic() < until:
                time.sleep(0.001)
            kills += worker.poll() is None
        finally:
            worker.kill()
            worker.wait(20)
        run("let_go")
    run("send")
    there: dict[str, Any] = json.loads(run("count"))
    assert kills >= 3
    assert there == {
        "threads": MEMBERS,
        "members": MEMBERS,
        "messages": MEMBERS,
        "mails": MEMBERS,
        "sent": MEMBERS,
        "ended": 1,
    }
