"""Papers are read while what reads them is killed: the worker, and the process in which a paper is read, in turn.

Members send RIBs without a pause, as PDFs, scans and photos; one worker does everything and is killed, another one sends mails
and draws pages. What must hold after it: each document has one reading, with every value that a calm reading has and no other
one, or says that it could not be read, after as many attempts as are allowed; no value is there twice; the feed tells of nothing
twice; each deposit was told of by one mail, in time, and each document drawn in time; no process, no file and no object stays.
"""

import hashlib
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from django.utils import timezone
from tests import postgresql
from tests.cast import CAMILLE, EVE, JEAN_FRANCOIS, KARIM
from tests.vault.tus_client import Phone

from adherents.inspection.file_type import JPEG, PDF
from adherents.reading.crops import process as crops
from adherents.reading.papers import ReadPaper
from adherents.reading.pixels import process as pixels
from adherents.reading.reader import read_file
from adherents.reading.services.working import MOST_ATTEMPTS, TRIES
from stress.portal import MortalPortal
from stress.reading_papers import Paper, rib_paper
from stress.reading_photos import photographed, scanned

Values = set[tuple[str, str]]
SENDERS = [CAMILLE, JEAN_FRANCOIS, EVE, KARIM]
KILLS = 150  # on each database
PAPERS_OF_A_KIND = 4
WAITING = 3  # papers that wait to be read, at least, while something is killed
MOST_SECONDS = 2400
READ_WITHIN = 600  # seconds after the last kill
GONE_WITHIN = 10  # seconds after its worker: a drawing goes on to its next page
MAIL_WITHIN, DRAWN_WITHIN = 60, 90  # seconds, at worst, beside the readings and the other work of the machine
READERS = (
    "adherents.reading.text_layer",
    "adherents.reading.codes",
    "adherents.reading.pixels",
    "adherents.reading.crops",
)


class ReadingPortal(MortalPortal):
    inside = "reading_kills"

    def __init__(self, folder: Path, **given: Any) -> None:
        super().__init__(folder, **given)
        self.temporary = folder / "t"
        self.temporary.mkdir()
        self.environment["TMPDIR"] = str(self.temporary)
        self._victim: Any = None

    def start_calm_worker(self) -> None:
        """It is not killed, and reads nothing."""
        self._spawn("worker", "--pause=0.1", "--only=mails", "--only=drawings")

    def victim(self) -> psutil.Process:
        if self._victim is None:
            self._victim = self._spawn("worker", "--pause=0.1")
        return psutil.Process(self._victim.pid)

    def kill_victim(self) -> None:
        self._victim.kill()
        self._victim.wait()
        self.processes.remove(self._victim)
        self._victim = None


@dataclass
class Killed:
    """What was killed, and what was seen. `hits`: how often, by what it was."""

    kills: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    stayed: list[str] = field(default_factory=list)


def proofs() -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="k-") as folder:
        yield killed(Path(folder), kills=KILLS)
    with tempfile.TemporaryDirectory(prefix="k-") as folder, postgresql.serving() as database:
        yield killed(Path(folder), kills=KILLS, database_url=database.address)


def killed(
    folder: Path,
    *,
    kills: int,
    database_url: str = "",
    papers: int = PAPERS_OF_A_KIND,
    seed: int = 20261130,
) -> dict[str, Any]:
    """Kill in the middle of readings as often as `kills` says; every second one is of the process in which a paper is read."""
    chance = random.Random(seed)
    portal = ReadingPortal(folder, database_url=database_url)
    try:
        portal.prepare(SENDERS, with_account=SENDERS)
        portal.start_web()
        portal.start_calm_worker()
        brought = _papers(papers)
        calm = {hashlib.sha256(one.content).hexdigest(): _calmly(one) for one in brought}
        began = time.monotonic()
        figures = _kill(portal, chance, brought, kills, began)
        wrong = [] if sum(figures.hits.values()) >= kills else [f"only {dict(figures.hits)} were hit"]
        wrong += [f"went on without its worker: {name}" for name in figures.stayed]
        left = _read_the_rest(portal)
        wrong += [f"never read: {left}"] if any(left.values()) else []
        judged = portal.ask("judge")
        rows, facts = portal.ask("readings"), portal.ask("facts")
        wrong += _wrong_readings(rows, facts, calm) + _late(facts)
        if facts["told_again"] or facts["confirmed"] != judged:
            wrong.append(f"told again: {facts['told_again']}, {facts['confirmed']} of {judged} confirmed")
        numbers = Counter(number for number, _ in portal.postmarks)
        wrong += [f"{times} mails of one deposit" for times in numbers.values() if times != 1]
        wrong += _left_behind(portal)
    finally:
        portal.stop()
    wrong += [f"left in the temporary folder: {path.name}" for path in portal.temporary.iterdir()]
    return {
        "proof": "reading_killed",
        "database": "postgresql" if database_url else "sqlite",
        "seed": seed,
        "kills": figures.kills,
        "hit": dict(figures.hits),
        "documents": facts["documents"],
        "outcomes": dict(Counter(row["outcome"] for row in rows)),
        "most_attempts": max(row["attempts"] for row in rows),
        "values": sum(len(row["values"]) for row in rows),
        "events": facts["events"],
        "mail_seconds": _spread(facts["mails"]),
        "drawing_seconds": _spread(facts["drawings"]),
        "seconds": round(time.monotonic() - began),
        "wrong": wrong,
    }


def _papers(of_a_kind: int) -> list[Paper]:
    """In turn a PDF, a scan and a photo, where the engine for pictures is there."""
    papers: list[Paper] = []
    for number in range(of_a_kind):
        made = [rib_paper(3 * number + place) for place in range(3)]
        papers.append(made[0])
        if pixels.is_installed():
            papers += [scanned(made[1], number), photographed(made[2], number)]
    return papers


def _calmly(made: Paper) -> dict[bool, Values]:
    """What a reading that nobody kills finds, with the second engine and without. How a name is like its member's is left to the
    portal.
    """
    kind = PDF if made.content.startswith(b"%PDF") else JPEG
    whole = _values(read_file(kind, made.content, [], today=timezone.localdate()).paper)
    if not pixels.is_installed():
        return {True: whole, False: whole}
    first = read_file(kind, made.content, [], today=timezone.localdate(), second=False).paper
    return {True: whole, False: _values(first)}


def _values(paper: ReadPaper) -> Values:
    return {(one.code, one.value) for one in paper.fields}


def _kill(
    portal: ReadingPortal, chance: random.Random, papers: list[Paper], kills: int, began: float
) -> Killed:
    phones = [Phone(portal, person) for person in SENDERS]
    figures, sent = Killed(), 0
    while sum(figures.hits.values()) < kills and time.monotonic() - began < MOST_SECONDS:
        while portal.ask("due")["readings"] < WAITING and sent < 4 * kills:
            _send(phones[sent % len(phones)], [papers[sent % len(papers)]])
            sent += 1
        worker = portal.victim()
        if not _until(lambda: bool(portal.ask("in_hand")), 20):
            continue
        time.sleep(chance.uniform(0, 4))
        figures.kills += 1
        if figures.kills % 2:
            _kill_worker(portal, worker, figures)
        else:
            _kill_reader(worker, figures)
    return figures


def _send(phone: Phone, papers: list[Paper]) -> None:
    phone.begin_another()
    status, where = phone.deposit([one.content for one in papers])
    assert status == 302, where


def _kill_worker(portal: ReadingPortal, worker: psutil.Process, figures: Killed) -> None:
    """With all that it has begun: those processes must end by themselves."""
    begun = [(process, _what_reads(process)) for process in worker.children(recursive=True)]
    portal.kill_victim()
    if portal.ask("release")["readings"]:
        figures.hits["worker"] += 1
    _, alive = psutil.wait_procs([process for process, _ in begun], GONE_WITHIN)
    figures.stayed += [name or "another" for process, name in begun if process in alive]


def _kill_reader(worker: psutil.Process, figures: Killed) -> None:
    """The process in which a paper is read now, or is next."""
    for _ in range(500):
        with suppress(psutil.NoSuchProcess):
            for process in worker.children():
                if name := _what_reads(process):
                    process.kill()
                    figures.hits[name.rpartition(".")[2]] += 1
                    return
        time.sleep(0.01)


def _what_reads(process: psutil.Process) -> str:
    """The module of a process that reads a paper; "" of any other."""
    with suppress(psutil.Error):
        return next((word for word in process.cmdline() if word in READERS), "")
    return ""


def _read_the_rest(portal: ReadingPortal) -> dict[str, int]:
    portal.victim()
    _until(lambda: not any(portal.ask("due").values()), READ_WITHIN)
    left: dict[str, int] = portal.ask("due")
    return left


def _until(condition: Any, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _wrong_readings(
    rows: list[dict[str, Any]], facts: dict[str, Any], calm: dict[str, dict[bool, Values]]
) -> list[str]:
    """What does not hold, in words and without a value. Where the second engine is killed, what the first one read stands."""
    wrong = []
    if not len(rows) == facts["documents"] == facts["checked"]:
        wrong.append(f"{len(rows)} readings of {facts['checked']} checked of {facts['documents']} documents")
    for row in rows:
        values = [tuple(value) for value in row["values"]]
        said = {value for value in values if value[0] != "holder"}
        if len(values) != len({code for code, _ in values}):
            wrong.append(f"reading {row['pk']} has a value twice")
        expected = calm[row["document__sha256"]][crops.ENGINES[0] in row["versions"]]
        if row["outcome"] == "read" and said != expected:
            wrong.append(f"reading {row['pk']} is a half, or another one")
        if row["outcome"] != "read" and values:
            wrong.append(f"reading {row['pk']} says « {row['outcome']} » and has values")
        given_up = row["failures"] >= TRIES or row["attempts"] > MOST_ATTEMPTS
        if row["outcome"] not in {"read", "failed"} or (row["outcome"] == "failed" and not given_up):
            wrong.append(f"reading {row['pk']} ended as « {row['outcome']} » after {row['attempts']}")
    return wrong


def _late(facts: dict[str, Any]) -> list[str]:
    slow = {"mails": MAIL_WITHIN, "drawings": DRAWN_WITHIN}
    return [f"{name} took {max(facts[name]):.0f} s" for name, most in slow.items() if max(facts[name]) > most]


def _left_behind(portal: ReadingPortal) -> list[str]:
    """Objects of nobody and files that are not whole; processes end with the portal."""
    wrong = [complaints] if (complaints := portal.ask("verify")) else []
    portal.ask("age")
    portal.ask("sweep")
    left = portal.ask("left")
    if left["notes"] or left["waiting"] or left["objects"] != left["owned"]:
        wrong.append(f"not swept: {left}")
    return wrong


def _spread(seconds: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(seconds), 1), "worst": round(max(seconds), 1)}
