"""Members by `POST members/batch` over the same members by `import_members`: the cost of a line, on both databases.

Each way runs in a process and a database of its own, empty at first: batch after batch keeps the indexes up to date, where a
first file makes them at its end. `again`: the same batches a second time, which change nothing, over the same file again.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench.register import _measured, _postgresql, _processor_seconds, _sqlite

LINES = int(os.environ.get("BENCH_LINES", "100000"))
TIMES = 2
BAR = 1.5


def figures() -> Iterator[dict[str, Any]]:
    from adherents.demo import invented

    with tempfile.TemporaryDirectory(prefix="adherents-bench-batch-") as name:
        folder = Path(name)
        file = folder / "members.csv"
        invented.write_member_file(file, invented.members(LINES))
        for engine in (_sqlite, _postgresql):
            with engine(folder) as database:
                ways: dict[str, list[dict[str, float]]] = {"file": [], "batch": []}
                for _ in range(TIMES):
                    for way, runs in ways.items():
                        runs.append(_measured(database, file, "bench.batch", way))
                yield from _told(engine.__name__.strip("_"), ways["file"], ways["batch"])


def _told(
    engine: str, by_file: list[dict[str, float]], by_batch: list[dict[str, float]]
) -> Iterator[dict[str, Any]]:
    for name, words in (("first", "batch, cost of a line"), ("again", "batch, cost of an unchanged line")):
        ours, theirs = (median(run[name] for run in runs) for runs in (by_batch, by_file))
        spent, theirs_spent = (median(run[f"{name}_cpu"] for run in runs) for runs in (by_batch, by_file))
        yield {
            "figure": words,
            "database": engine,
            "rows": LINES,
            "ratio": round(ours / theirs, 3),
            "cpu_ratio": round(spent / theirs_spent, 3),
            "bar": BAR if name == "first" else None,
            "ours_us": round(ours / LINES * 1e6, 1),
            "baseline_us": round(theirs / LINES * 1e6, 1),
            "lines_a_second": round(LINES / ours),
            "megabytes": round(median(run["peak_mb"] for run in by_batch)),
            "baseline": "import_members of the same lines",
        }


def _run(file: Path, way: str) -> None:
    """In a process of its own: bring the members in twice, print the seconds and the most memory that was held."""
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
    send = _batches(file) if way == "batch" else None
    figures: dict[str, float] = {}
    for name, outcome in (("first", "created"), ("again", "unchanged")):
        spent, start = _processor_seconds(), time.perf_counter()
        if send is None:
            report = import_files(members=file, apply=True)
            assert report.members.refused == 0
        else:
            assert set(send()) == {outcome}
        figures[name] = time.perf_counter() - start
        figures[f"{name}_cpu"] = _processor_seconds() - spent
    status = Path("/proc/self/status").read_text()
    figures["peak_mb"] = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps(figures))


def _batches(file: Path) -> Any:
    """A function that sends the members of a file, ten thousand at a time, and returns what became of them.

    The bodies are made before, on disk: making them is the program's work.
    """
    from tests.api.systems import System

    from adherents.api.scopes import Scope

    system = System(scopes=[Scope.MEMBERS_WRITE], calls_a_minute=1_000_000)
    bodies = list(bodies_of(file))

    def send() -> Iterator[str]:
        for body in bodies:
            answer = system.call(
                "POST", "members/batch", data=body.read_bytes(), content_type="application/x-ndjson"
            )
            assert answer.status_code == 200, answer.content[:500]
            lines = answer.content.count(b"\n")  # to read them is the program's work
            yield next(
                (name for name in ("created", "unchanged") if answer.content.count(name.encode()) == lines),
                "",
            )

    return send


def bodies_of(file: Path, at_once: int = 10_000) -> Iterator[Path]:
    """The lines of a member file as bodies of batches, each in a file."""
    import csv
    from itertools import islice

    from adherents.members.intake.objects import MEMBER_OBJECT

    columns = MEMBER_OBJECT.sheet.columns
    with file.open(newline="", encoding="utf-8-sig") as text:
        lines = csv.DictReader(text, delimiter=";")
        count = 0
        while some := list(islice(lines, at_once)):
            body = file.with_name(f"batch-{os.getpid()}-{count}.ndjson")
            with body.open("w", encoding="utf-8") as out:
                for line in some:
                    said = {
                        key: line[column] for key, column in zip(MEMBER_OBJECT.keys, columns, strict=True)
                    }
                    for key in ("birth_date", "start_date", "end_date"):
                        said[key] = "-".join(reversed(said[key].split("/")))
                    out.write(json.dumps(said, ensure_ascii=False) + "\n")
            yield body
            count += 1


if __name__ == "__main__":
    _run(Path(sys.argv[1]), sys.argv[2])
