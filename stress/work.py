"""Mails posted without a pause on each broker, while the broker and the workers are killed and frozen in turn.

What must hold after it: every mail that was committed left; a mail that left more than once did so under its one Message-ID, at
most once for each kill; no post waited for the broker. It also says how long a mail takes from its commit to the mail server,
in a quiet time without kills, and what the workers spend while nothing happens.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from email import message_from_bytes
from pathlib import Path
from typing import Any

import psutil
from tests import postgresql
from tests.brokers import RabbitMQ
from tests.engines import Valkey
from tests.journeys.running import ROOT, Mailbox

from stress.portal import MortalPortal

BROKERS = {"valkey": Valkey, "rabbitmq": RabbitMQ}
WORKERS = 2
QUIET_MAILS = 100
KILLS = 12  # of the broker and of a worker, in turn; every third time the broker is frozen instead
LEFT_WITHIN = 120  # seconds, after the last kill
LONGEST_POST = 1.0  # seconds; a post that waits for a broker that hangs takes five
POST = """
import json, sys, time
import django
django.setup()
from django.db import transaction
from adherents.mail.services import post
for address in sys.stdin:
    began = time.time()
    with transaction.atomic():
        post("accounts/agent_reinstated", to=address.strip(), language="fr", context={})
    print(json.dumps([began, time.time()]), flush=True)
"""


class Arrivals(Mailbox):
    """When each address got its mail, and how often under which Message-ID."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[str, float] = {}
        self.taken: dict[str, Counter[str]] = {}

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        (address,) = envelope.rcpt_tos
        self.at.setdefault(address, time.time())
        identity = str(message_from_bytes(envelope.content)["Message-ID"])
        self.taken.setdefault(address, Counter())[identity] += 1
        return "250 kept"


class BrokerPortal(MortalPortal):
    """Its workers are on a broker; a process of its own posts its mails."""

    keeps_mail = Arrivals  # type: ignore[assignment]

    def __init__(self, folder: Path, broker: Any, **given: Any) -> None:
        super().__init__(folder, **given)
        self.environment["ADHERENTS_WORK_URL"] = broker.address
        self._poster: subprocess.Popen[str] | None = None

    @property
    def arrivals(self) -> Arrivals:
        assert isinstance(self.mailbox, Arrivals)
        return self.mailbox

    def post(self, address: str) -> tuple[float, float]:
        """Post a mail to it; when that began and ended."""
        if self._poster is None:
            self._poster = subprocess.Popen(
                [sys.executable, "-c", POST],
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._poster.stdin is not None
        assert self._poster.stdout is not None
        self._poster.stdin.write(f"{address}\n")
        self._poster.stdin.flush()
        began, ended = json.loads(self._poster.stdout.readline())
        return began, ended

    def workers(self) -> list[psutil.Process]:
        return [psutil.Process(process.pid) for process in self.processes]

    def start_worker(self) -> None:
        """Another worker, which has all its lanes when this comes back."""
        self._spawn("worker")
        worker = psutil.Process(self.processes[-1].pid)
        while len(worker.children()) < 3:
            time.sleep(0.1)

    def kill_worker(self) -> None:
        """One of them with its lanes, at once."""
        process = self.processes.pop(0)
        worker = psutil.Process(process.pid)
        whole = [worker, *worker.children(recursive=True)]
        for part in whole:
            part.kill()
        process.wait()
        psutil.wait_procs(whole, timeout=10)

    def stop(self) -> None:
        if self._poster is not None:
            with self._poster:
                self._poster.terminate()
        super().stop()


def proofs() -> Iterator[dict[str, Any]]:
    for name in BROKERS:
        yield from on(name, kills=KILLS, quiet_mails=QUIET_MAILS)


def on(name: str, *, kills: int, quiet_mails: int, seed: int = 20261129) -> Iterator[dict[str, Any]]:
    """Both figures on one broker, with a real PostgreSQL."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="adherents-work-")))
        broker = stack.enter_context(BROKERS[name]())
        database = stack.enter_context(postgresql.serving())
        portal = BrokerPortal(folder, broker, database_url=database.address)
        stack.callback(portal.stop)
        portal.prepare([], with_account=[])
        for _ in range(WORKERS):
            portal.start_worker()
        portal.post("first@example.org")
        _wait_for(portal, {"first@example.org"}, 60)
        chance = random.Random(seed)
        yield {"broker": name, "figure": "mails leave", **_quiet(portal, chance, quiet_mails)}
        yield {"broker": name, "figure": "killed", "seed": seed, **_killed(portal, broker, chance, kills)}


def _quiet(portal: BrokerPortal, chance: random.Random, count: int) -> dict[str, Any]:
    committed = {}
    for number in range(count):
        address = f"quiet{number}@example.org"
        _, committed[address] = portal.post(address)
        time.sleep(chance.uniform(0.1, 0.4))
    left = _wait_for(portal, set(committed), 60)
    took = sorted(
        portal.arrivals.at[address] - at for address, at in committed.items() if address not in left
    )
    processes = [part for worker in portal.workers() for part in (worker, *worker.children(recursive=True))]
    before, began = _processor_seconds(processes), time.monotonic()
    time.sleep(20)
    idle = (_processor_seconds(processes) - before) / (time.monotonic() - began)
    return {
        "mails": len(took),
        "median_ms": round(statistics.median(took) * 1000),
        "p95_ms": round(took[int(len(took) * 0.95)] * 1000),
        "idle_processor_share_a_worker": round(idle / WORKERS, 4),
        "memory_mb_a_worker": round(sum(part.memory_full_info().pss for part in processes) / WORKERS / 2**20),
        "wrong": [f"never left: {len(left)}"] if left else [],
    }


def _processor_seconds(processes: list[psutil.Process]) -> float:
    return sum(sum(part.cpu_times()[:2]) for part in processes)


def _killed(portal: BrokerPortal, broker: Any, chance: random.Random, kills: int) -> dict[str, Any]:
    posted: dict[str, float] = {}
    over = threading.Event()

    def post_on() -> None:
        while not over.is_set():
            address = f"pressed{len(posted)}@example.org"
            began, ended = portal.post(address)
            posted[address] = ended - began
            time.sleep(0.02)

    posting = threading.Thread(target=post_on)
    posting.start()
    workers_killed = 0
    try:
        for number in range(kills):
            time.sleep(chance.uniform(0.5, 2))
            if number % 3 == 2:
                broker.stop()
                time.sleep(chance.uniform(1, 12))
                broker.go_on()
            elif number % 3 == 1:
                broker.kill()
                time.sleep(chance.uniform(0, 3))
                broker.start()
            else:
                portal.kill_worker()
                portal.start_worker()
                workers_killed += 1
    finally:
        over.set()
        posting.join()
    # What a killed worker had in hand is free again once its lease ends, which is not waited for here.
    portal.ask("release")
    left = _wait_for(portal, set(posted), LEFT_WITHIN)
    again = sum(sum(taken.values()) - 1 for taken in portal.arrivals.taken.values())
    other = [address for address, taken in portal.arrivals.taken.items() if len(taken) > 1]
    slow = [seconds for seconds in posted.values() if seconds > LONGEST_POST]
    wrong = [f"never left: {len(left)}"] if left else []
    wrong += [f"left under another Message-ID: {len(other)}"] if other else []
    wrong += (
        [f"left again {again} times for {workers_killed} killed workers"] if again > workers_killed else []
    )
    wrong += [f"{len(slow)} posts waited, {max(slow):.1f} s at most"] if slow else []
    return {
        "kills": kills,
        "workers_killed": workers_killed,
        "mails": len(posted),
        "lost": len(left),
        "left_again_under_their_own_id": again,
        "slowest_post_ms": round(max(posted.values()) * 1000),
        "wrong": wrong,
    }


def _wait_for(portal: BrokerPortal, addresses: set[str], seconds: float) -> set[str]:
    """Those that nothing reached in time."""
    deadline = time.monotonic() + seconds
    while (left := addresses - portal.arrivals.at.keys()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left
