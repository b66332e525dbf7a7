"""SQLite with `ADHERENTS_SQLITE_SYNCHRONOUS=FULL` over NORMAL: what a commit that outlives a power cut costs.

A commit here is a deposit's rows: a few hundred bytes in each of several tables. What FULL adds is one wait for the disk, so
that the clock counts, and the disk with it.
"""

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

COMMITS, TURNS = 300, 6


def figures() -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="adherents-bench-durable-") as folder:
        times: dict[str, list[float]] = {"NORMAL": [], "FULL": []}
        for turn in range(TURNS):
            for mode, seconds in times.items():
                seconds += _commits(Path(folder) / f"{mode}{turn}.sqlite3", mode)
    normal, full = (median(times[mode]) for mode in ("NORMAL", "FULL"))
    yield {
        "figure": "SQLite commit that outlives a power cut",
        "ratio": round(full / normal, 1),
        "ours_ms": round(full * 1000, 3),
        "p95_ms": round(sorted(times["FULL"])[int(0.95 * len(times["FULL"]))] * 1000, 3),
        "baseline_ms": round(normal * 1000, 3),
        "baseline": "synchronous=NORMAL",
        "commits": COMMITS * TURNS,
    }


def _commits(file: Path, mode: str) -> list[float]:
    from adherents.config import databases

    given = databases.database()["OPTIONS"]["init_command"]
    database = sqlite3.connect(file, isolation_level=None)
    database.executescript(given.replace(f"synchronous={databases.synchronous()}", f"synchronous={mode}"))
    for table in range(6):
        database.execute(f"CREATE TABLE t{table} (id integer PRIMARY KEY, a text, b text, c blob)")
        database.execute(f"CREATE INDEX i{table} ON t{table} (a)")
    took = []
    for rank in range(COMMITS):
        begun = time.perf_counter()
        database.execute("BEGIN IMMEDIATE")
        for table in range(6):
            values = (f"{rank * 7919 % 1009}-{rank}", "document.deposited" * 10, bytes(200))
            database.execute(f"INSERT INTO t{table} (a, b, c) VALUES (?, ?, ?)", values)
        database.execute("COMMIT")
        took.append(time.perf_counter() - begun)
    database.close()
    return took
