"""The same figures of SQLite and of PostgreSQL, each taken in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import postgresql


def figures_of_both(name: str) -> Iterator[dict[str, Any]]:
    """What `python -m bench.<name>` prints, a line of JSON each, on an empty database of each. `BENCH_VENDOR` says which."""
    with tempfile.TemporaryDirectory(prefix=f"adherents-bench-{name}-") as folder:
        yield from _asked_of(name, "sqlite", f"sqlite:///{folder}/{name}.sqlite3", folder)
        with postgresql.keeping(Path(folder) / "postgresql") as server:
            yield from _asked_of(name, "postgresql", server.address, folder)


def _asked_of(name: str, vendor: str, url: str, folder: str) -> Iterator[dict[str, Any]]:
    environment = os.environ | {
        "ADHERENTS_DATABASE_URL": url,
        "ADHERENTS_DATA_DIR": folder,
        "BENCH_VENDOR": vendor,
        "DJANGO_SETTINGS_MODULE": "adherents.config.settings",
    }
    command = [sys.executable, "-m", f"bench.{name}"]
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True)
    yield from map(json.loads, done.stdout.splitlines())
