"""A million members by `POST members/batch`, ten thousand at a time, over HTTP to a portal that is served as an insurer does.

What must hold after it: each line was answered, and made a member; the memory of what serves does not grow with the batches; a
line costs at most one and a half times the processor that it costs `import_members`; the first batches again change nothing.

The file does the same work: some times along the way, the very lines that the next batch brings are imported as a file too, into
a copy of the register as it is then, in one transaction like the batch. A first file of all lines would be no measure: it is one
transaction on an empty table that makes its indexes at the end, sorted, while nobody can read. A batch leaves a register
behind that people search. What it costs over that file is said (`over_a_first_file`), not judged.

`STRESS_LINES` brings fewer. It stops by itself after `MOST_SECONDS`, and says then how many lines it has done.
"""

import http.client
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
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
SAMPLES = 8  # batches that are brought by file too
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
    began = time.monotonic()
    memory: list[float] = []
    seconds: list[float] = []
    spent: list[float] = []
    by_file: dict[int, float] = {}
    outcomes: Counter[str] = Counter()
    sent: list[Path] = []
    sampled = set(places_of_samples(-(-lines // at_once)))
    same = ByFile(portal)
    for place, body in enumerate(bodies_of(file, at_once)):
        if place in sampled:
            by_file[place] = same.costs(file, place * at_once, at_once)
        start, before = time.monotonic(), _processor(portal)
        outcomes.update(_send(portal, key, body))
        seconds.append(time.monotonic() - start)
        spent.append(_processor(portal) - before)  # what is spent while nobody calls is not the batches'
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
    ratio = sum(spent[place] for place in by_file) / max(sum(by_file.values()), 1e-6)
    if ratio > bar:
        wrong.append(f"a line costs {ratio:.2f} times what it costs a file")
    first_file = max(same.first_costs(file, lines), 1e-6) / lines
    return {
        "proof": "members by batch",
        "lines": done,
        "seconds": round(took, 1),
        "lines_a_second": round(done / took),
        "processor_us_a_line": round(sum(spent) / done * 1e6, 1),
        "ratio": round(ratio, 3),
        "bar": bar,
        "at_members_over_by_file_us": [
            (place * at_once, *(round(cost / at_once * 1e6, 1) for cost in (spent[place], by_file[place])))
            for place in by_file
        ],
        "over_a_first_file": round(sum(spent) / done / first_file, 3),
        "slowest_batch_seconds": round(max(seconds), 2),
        "megabytes": [round(memory[0]), round(settled[0]), round(memory[-1])],
        "wrong": wrong,
    }


def places_of_samples(batches: int) -> list[int]:
    """The middle one of each part: the register is empty at the first batch, which would be a first file."""
    parts = min(SAMPLES, batches)
    return [batches * (2 * part + 1) // (2 * parts) for part in range(parts)]


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


class ByFile:
    """`import_members` in a portal of its own: the processor that it takes."""

    def __init__(self, portal: SlowPortal) -> None:
        data = portal.folder / "data"
        self._database = data / "adherents.sqlite3"
        self._folder = portal.folder / "by-file"
        self._folder.mkdir()
        self._own = self._folder / "adherents.sqlite3"
        for key in data.glob("*.key"):
            shutil.copy(key, self._folder)
        own = {"ADHERENTS_DATA_DIR": str(self._folder), "ADHERENTS_LOG_LEVEL": "WARNING"}
        self._environment = portal.environment | own
        self._starting = self._run("check")

    def costs(self, file: Path, first: int, count: int) -> float:
        """Of some lines of a file, into a copy of the register of this moment; what a file of one line costs is taken off, since
        it starts and counts the whole register too. A file ends nobody whom a batch named.
        """
        self._remove()
        with closing(sqlite3.connect(self._database)) as theirs, closing(sqlite3.connect(self._own)) as ours:
            theirs.backup(ours)
        one, all_of_them = (self._part(file, first, lines) for lines in (1, count))
        fixed = self._run("import_members", str(one), "--apply")
        took = self._run("import_members", str(all_of_them), "--apply") - fixed
        self._check(first + count)
        return took

    def _part(self, file: Path, first: int, count: int) -> Path:
        part = self._folder / f"part-{count}.csv"
        with file.open("rb") as whole, part.open("wb") as out:
            out.write(next(whole))
            out.writelines(islice(whole, first, first + count))
        return part

    def first_costs(self, file: Path, lines: int) -> float:
        """Of the whole file, into an empty register."""
        self._remove()
        self._run("migrate", "--verbosity=0")
        took = self._run("import_members", str(file), "--apply") - self._starting
        self._check(lines)
        return took

    def _check(self, there: int) -> None:
        with closing(sqlite3.connect(self._own)) as database:
            assert database.execute("SELECT count(*) FROM members_member").fetchone() == (there,)

    def _remove(self) -> None:
        for name in ("", "-wal", "-shm"):
            Path(f"{self._own}{name}").unlink(missing_ok=True)

    def _run(self, *command: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "django", *command],
            env=self._environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
