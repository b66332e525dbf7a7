"""A million members by `POST members/batch`, ten thousand at a time, over HTTP to a portal that is served as an insurer does.

What must hold after it: each line was answered, and made a member; the memory of what serves does not grow with the batches; a
line costs at most one and a half times the processor that it costs `import_members`; the first batches again change nothing.

`STRESS_LINES` brings fewer. It stops by itself after `MOST_SECONDS`, and says then how many lines it has done.
"""

import http.client
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.batch import bodies_of
from tests.journeys.running import ROOT

from stress.slow import SlowPortal

LINES = int(os.environ.get("STRESS_LINES", "1000000"))
MOST_SECONDS = 3000
MAY_GROW = 48  # MiB, after the first fifth of the batches
BAR = 1.5
AGAIN = 3  # batches
NDJSON = "application/x-ndjson"


def proofs() -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="adherents-batch-") as folder:
        yield brought(Path(folder), lines=LINES)


def brought(
    folder: Path, *, lines: int, at_once: int = 10_000, most_seconds: float = MOST_SECONDS, bar: float = BAR
) -> dict[str, Any]:
    """Bring invented members in, as many as `lines`, and look at what is left."""
    from adherents.demo import invented

    file = folder / "many.csv"
    invented.write_member_file(file, invented.members(lines))
    portal = SlowPortal(folder)
    try:
        portal.prepare([], with_account=[])
        portal.start_web()
        key = portal.run("create_client", "coeur", "--scopes", "members:read,members:write").split()[-1]
        return _brought(portal, key, file, lines, at_once, most_seconds, bar)
    finally:
        portal.stop()


def _brought(
    portal: SlowPortal, key: str, file: Path, lines: int, at_once: int, most_seconds: float, bar: float
) -> dict[str, Any]:
    began, spent = time.monotonic(), 0.0
    memory: list[float] = []
    seconds: list[float] = []
    outcomes: Counter[str] = Counter()
    sent: list[Path] = []
    for body in bodies_of(file, at_once):
        start, before = time.monotonic(), _processor(portal)
        outcomes.update(_send(portal, key, body))
        seconds.append(time.monotonic() - start)
        spent += _processor(portal) - before  # what is spent while nobody calls is not the batches'
        memory.append(_resident(portal))
        sent.append(body)
        if time.monotonic() - began > most_seconds:
            break
    took = sum(seconds)
    done = sum(outcomes.values())
    wrong = []
    if outcomes != {"created": min(done, lines)}:
        wrong.append(f"not all were created: {dict(outcomes)}")
    there = _count(portal)
    if there != done:
        wrong.append(f"{there} members and {done} answers")
    settled = memory[len(memory) // 5 :]
    if (grew := max(settled) - settled[0]) > MAY_GROW:
        wrong.append(f"memory grew by {grew:.0f} MiB")
    register = _register(portal)
    again = Counter(outcome for body in sent[:AGAIN] for outcome in _send(portal, key, body))
    if set(again) != {"unchanged"} or _register(portal) != register:
        wrong.append(f"the same batches changed something: {dict(again)}")
    by_file = _import_seconds(file, portal.folder / "by-file") / lines
    ratio = spent / done / by_file
    if ratio > bar:
        wrong.append(f"a line costs {ratio:.2f} times what it costs a file")
    return {
        "proof": "members by batch",
        "lines": done,
        "seconds": round(took, 1),
        "lines_a_second": round(done / took),
        "processor_us_a_line": round(spent / done * 1e6, 1),
        "processor_us_a_line_by_file": round(by_file * 1e6, 1),
        "ratio": round(ratio, 3),
        "bar": bar,
        "slowest_batch_seconds": round(max(seconds), 2),
        "megabytes": [round(memory[0]), round(settled[0]), round(memory[-1])],
        "wrong": wrong,
    }


def _send(portal: SlowPortal, key: str, body: Path) -> list[str]:
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=300)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": NDJSON, "Host": f"localhost:{portal.port}"}
    try:
        connection.request("POST", "/api/v1/members/batch", body.read_bytes(), headers)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    assert answer.status == 200, text[:500]
    return [line.rpartition(b'"outcome":"')[2].partition(b'"')[0].decode() for line in text.splitlines()]


def _processor(portal: SlowPortal) -> float:
    times = [process.cpu_times() for process in portal.serving()]
    return sum(spent.user + spent.system for spent in times)


def _resident(portal: SlowPortal) -> float:
    """MiB, of the process that serves."""
    return max(process.memory_info().rss for process in portal.serving()) / (1 << 20)


def _count(portal: SlowPortal) -> int:
    return int(portal.sql("SELECT count(*) FROM members_member")[0][0])


def _register(portal: SlowPortal) -> tuple[Any, ...]:
    """What changes with any write to the register that is none: ids, sealed values, hashes of lines."""
    summed = "count(*), sum(id), sum(length(nir)), max(hex(row_digest)), min(hex(row_digest)), max(hex(nir)), min(hex(nir))"
    return portal.sql(f"SELECT {summed} FROM members_member")[0]


def _import_seconds(file: Path, folder: Path) -> float:
    """The processor that `import_members` takes for the same members, in a portal of its own."""
    folder.mkdir()
    own = {"ADHERENTS_DATA_DIR": str(folder), "ADHERENTS_LOG_LEVEL": "WARNING"}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ADHERENTS_")} | own
    environment["DJANGO_SETTINGS_MODULE"] = "adherents.config.settings"

    def run(*command: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "django", *command],
            env=environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    run("migrate", "--verbosity=0")
    empty = run("check")  # what starting costs
    took = run("import_members", str(file), "--apply") - empty
    with sqlite3.connect(folder / "adherents.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM members_member").fetchone()[0] > 0
    return took
