"""A worker on a broker, as an insurer runs it: `adherents worker` with `ADHERENTS_WORK_URL`, a real Valkey, a mail server.

The long form kills and freezes for minutes, on RabbitMQ too: `python -m stress work`.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.cast import CAMILLE
from tests.config.installation import once
from tests.engines import Valkey
from tests.journeys.running import ROOT, Portal

pytestmark = [once, pytest.mark.skipif("TEST_WORK" in os.environ, reason="it has a broker of its own")]
STARTED_WITHIN = 60  # seconds, on a busy machine
POST = """
import sys
import django
django.setup()
from django.db import transaction
from adherents.mail.services import post
for address in sys.stdin:
    with transaction.atomic():
        post("accounts/agent_reinstated", to=address.strip(), language="fr", context={})
    print("posted", flush=True)
"""


class Posted:
    """A portal without a web process, whose mails are posted by a process of its own."""

    def __init__(self, folder: Path, broker: Valkey) -> None:
        self.portal = Portal(folder)
        self.portal.environment["ADHERENTS_WORK_URL"] = broker.address
        self.portal.prepare([CAMILLE], with_account=[])
        self._poster = subprocess.Popen(
            [sys.executable, "-c", POST],
            env=self.portal.environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def post(self, address: str) -> None:
        assert self._poster.stdin is not None
        assert self._poster.stdout is not None
        self._poster.stdin.write(f"{address}\n")
        self._poster.stdin.flush()
        assert self._poster.stdout.readline() == "posted\n"

    def arrives(self, address: str) -> bool:
        self.post(address)
        self.portal.mailbox.take(to=address, about="")
        return True

    def start_worker(self) -> psutil.Process:
        self.portal._spawn("worker")
        worker = psutil.Process(self.portal.processes[-1].pid)
        deadline = time.monotonic() + STARTED_WITHIN
        while len(worker.children()) < 3:
            assert time.monotonic() < deadline, self.portal.log()
            time.sleep(0.1)
        return worker

    def stop(self) -> None:
        with self._poster:
            self._poster.terminate()
        self.portal.stop()


@pytest.fixture
def posted(tmp_path: Path) -> Iterator[tuple[Posted, Valkey]]:
    with Valkey() as valkey:
        portal = Posted(tmp_path, valkey)
        try:
            yield portal, valkey
        finally:
            portal.stop()


def test_mails_leave_with_the_broker_without_it_and_with_it_again_and_a_worker_lives_whole_or_not_at_all(
    posted: tuple[Posted, Valkey],
) -> None:
    portal, valkey = posted
    worker = portal.start_worker()
    assert portal.arrives("woken@example.org")
    valkey.kill()
    assert portal.arrives("without@example.org")
    valkey.start()
    assert portal.arrives("again@example.org")
    log = portal.portal.log()
    assert "Traceback" not in log
    assert "example.org" not in log
    lanes = worker.children()
    lanes[1].kill()
    assert portal.portal.processes[-1].has_ended(30)
    assert not [lane for lane in lanes if lane.is_running() and lane.status() != psutil.STATUS_ZOMBIE]


def test_lanes_end_with_the_process_that_started_them(posted: tuple[Posted, Valkey]) -> None:
    portal, _ = posted
    worker = portal.start_worker()
    lanes = worker.children()
    worker.kill()
    portal.portal.processes.pop().wait()
    psutil.wait_procs(lanes, timeout=30)
    assert not [lane for lane in lanes if lane.is_running()]
