"""The register's import: a million invented members over ten thousand, its memory, and the unchanged file again.

Each import runs in a process and a database of its own, on SQLite and on PostgreSQL. The ten thousand are measured before
and after the million, several times, so that a busy machine counts for both; `cpu_ratio` is the same in
processor time (PostgreSQL's included), which does not depend on who else is busy.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psutil
from tests import postgresql

FEW = int(os.environ.get("BENCH_FEW", "10000"))
MANY = int(os.environ.get("BENCH_MANY", "1000000"))
TIMES = 3


def figures() -> Iterator[dict[str, Any]]:
    from adherents.demo import invented

    with tempfile.TemporaryDirectory(prefix="adherents-bench-register-") as name:
        folder = Path(name)
        few, many = folder / "few.csv", folder / "many.csv"
        invented.write_member_file(few, invented.members(FEW))
        invented.write_member_file(many, invented.members(MANY))
        for engine in (_sqlite, _postgresql):
            with engine(folder) as database:
                before = [_measured(database, few) for _ in range(TIMES)]
                big = _measured(database, many)
                small = before + [_measured(database, few) for _ in range(TIMES)]
                yield from _told(engine.__name__.strip("_"), small, big)


def _told(engine: str, small: list[dict[str, float]], big: dict[str, float]) -> Iterator[dict[str, Any]]:
    a_row = median(run["first"] for run in small) / FEW
    common = {"database": engine, "rows": MANY}
    yield {
        "figure": "import, cost per row",
        **common,
        "ratio": round(big["first"] / MANY / a_row, 3),
        "cpu_ratio": round(big["cpu"] / MANY / (median(run["cpu"] for run in small) / FEW), 3),
        "bar": 1.2,
        "ours_us": round(big["first"] / MANY * 1e6, 1),
        "baseline_us": round(a_row * 1e6, 1),
        "baseline": f"the same for {FEW} rows, median of {len(small)}",
        "seconds": round(big["first"], 1),
    }
    yield {
        "figure": "import, peak memory",
        **common,
        "megabytes": round(big["peak_mb"]),
        "bar": 300,
        "baseline_megabytes": round(median(run["peak_mb"] for run in small)),
        "baseline": f"the same for {FEW} rows",
    }
    yield {
        "figure": "import, unchanged file again",
        **common,
        "ratio": round(big["again"] / big["first"], 3),
        "bar": 0.333,
        "seconds": round(big["again"], 1),
        "baseline_seconds": round(big["first"], 1),
        "baseline": "the first import of the same file",
    }


Database = Any


@contextmanager
def _sqlite(folder: Path) -> Iterator[Database]:
    @contextmanager
    def database() -> Iterator[str]:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            yield f"sqlite:///{name}/register.sqlite3"

    yield database


@contextmanager
def _postgresql(folder: Path) -> Iterator[Database]:
    import psycopg

    with postgresql.keeping(folder / "postgresql") as server:

        @contextmanager
        def database() -> Iterator[str]:
            with psycopg.connect(server.address, autocommit=True) as connection:
                connection.execute("CREATE DATABASE register")
                try:
                    yield urlunsplit(urlsplit(server.address)._replace(path="/register"))
                finally:
                    connection.execute("DROP DATABASE register WITH (FORCE)")

        yield database


def _measured(
    database: Database, file: Path, module: str = "bench.register", *options: str
) -> dict[str, float]:
    with database() as url:
        environment = os.environ | {"ADHERENTS_DATABASE_URL": url}
        done = subprocess.run(
            [sys.executable, "-m", module, str(file), *options],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def _import(file: Path) -> None:
    """In a process of its own: import the file twice, print the seconds and the most memory that was held."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adherents.config.settings")
    django.setup()
    from django.core.management import call_command

    from adherents.demo import invented
    from adherents.members.services.import_files import import_files

    call_command("migrate", verbosity=0)
    warm = file.with_name(f"warm-{os.getpid()}.csv")
    invented.write_member_file(warm, invented.members(500))
    import_files(members=warm)
    warm.unlink()
    figures: dict[str, float] = {}
    spent = _processor_seconds()
    for name in ("first", "again"):
        start = time.perf_counter()
        report = import_files(members=file, apply=True)
        figures[name] = time.perf_counter() - start
        figures.setdefault("cpu", _processor_seconds() - spent)
        assert report.members.refused == 0
        assert bool(report.members.new) is (name == "first")
    status = Path("/proc/self/status").read_text()
    figures["peak_mb"] = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps(figures))


def _processor_seconds() -> float:
    """What this process has used, and the PostgreSQL process that serves it."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return time.process_time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = psutil.Process(cursor.fetchone()[0]).cpu_times()
    return time.process_time() + server.user + server.system


if __name__ == "__main__":
    _import(Path(sys.argv[1]))
