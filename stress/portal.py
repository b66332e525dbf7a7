"""Portals that a proof can press: the one of the browser's journeys, on any storage and database, that can be looked into."""

import asyncio
import json
import logging
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any

import psutil
from tests.journeys.running import ROOT, Mailbox, Portal, Running

READY_WITHIN = 180  # seconds
MAIL_SECONDS = 0.05
logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells of each connection


class Postmarks(Mailbox):
    """How often the server took each mail, by what identifies it and the deposit that it tells of.

    It takes its time, before and after: a worker can die with a mail in hand, delivered already or not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.taken: Counter[tuple[str, str]] = Counter()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        await asyncio.sleep(MAIL_SECONDS)
        answer = await super().handle_DATA(server, session, envelope)
        match = re.search(r"D-\d{4}-\d{6}", self.mails[-1].text)
        number = match[0] if match else ""
        self.taken[number, str(message_from_bytes(envelope.content)["Message-ID"])] += 1
        await asyncio.sleep(MAIL_SECONDS)
        return answer


ROOM = "files_a_day = 200\nmb_a_day = 1000\nfiles = 3000\nmb = 6000"
UNBOUNDED = "files_a_day = 10000\nmb_a_day = 1000000\nfiles = 1000000\nmb = 10000000"


def until(condition: Callable[[], bool], seconds: float) -> float:
    """Wait until it holds; how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it took too long"
        time.sleep(0.1)
    return time.monotonic() - began


class StressedPortal(Portal):
    """`ask` looks inside: `inside` names the module of questions (`stress.inside`).

    The profile is that of every portal, with some of its lines replaced; no limit on how often one comes is ever reached.
    """

    inside = ""
    profile_changes: dict[str, str] = {}

    def __init__(
        self,
        folder: Path,
        *,
        storage_url: str = "",
        database_url: str = "",
        changes: dict[str, str] | None = None,
    ) -> None:
        super().__init__(folder)
        profile = (ROOT / "profiles" / "mese.toml").read_text()
        for line, changed in (
            {'/hour"': '00/hour"', ROOM: UNBOUNDED} | self.profile_changes | (changes or {})
        ).items():
            assert line in profile, line
            profile = profile.replace(line, changed)
        (folder / "profile.toml").write_text(profile)
        settings = {
            "ADHERENTS_PROFILE": str(folder / "profile.toml"),
            "ADHERENTS_STORAGE_URL": storage_url,
            "ADHERENTS_DATABASE_URL": database_url,
        }
        self.environment |= {name: value for name, value in settings.items() if value}
        self._inside: subprocess.Popen[str] | None = None

    def ask(self, question: str, *numbers: int) -> Any:
        if self._inside is None:
            self._inside = subprocess.Popen(
                [sys.executable, "-m", "stress.inside", self.inside],
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._inside.stdin is not None
        assert self._inside.stdout is not None
        self._inside.stdin.write(" ".join([question, *map(str, numbers)]) + "\n")
        self._inside.stdin.flush()
        answer = self._inside.stdout.readline()
        assert answer, f"{question}: no answer"
        return json.loads(answer)

    def wait_until_ready(self) -> None:
        """Longer than a journey does: a busy machine starts slowly, and that proves nothing here."""
        deadline = time.monotonic() + READY_WITHIN
        while not self.is_ready():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def _wait_until_ready(self) -> None:
        self.wait_until_ready()

    def stop(self) -> None:
        if self._inside is not None:
            with self._inside:  # closes what was asked through
                self._inside.terminate()
        super().stop()


class MortalPortal(StressedPortal):
    """`kill_web` and `kill_workers` are SIGKILL, at once."""

    inside = "vault"
    keeps_mail = Postmarks
    profile_changes = {"max_files = 20": "max_files = 100"}

    def __init__(self, folder: Path, **given: Any) -> None:
        super().__init__(folder, **given)
        self._web: Running | None = None

    @property
    def postmarks(self) -> Counter[tuple[str, str]]:
        assert isinstance(self.mailbox, Postmarks)
        return self.mailbox.taken

    def start_web(self) -> None:
        """Start serving, and wait until it does."""
        self._spawn("serve", f"--bind=127.0.0.1:{self.port}")
        self._web = self.processes[-1]
        self.wait_until_ready()

    def serving(self) -> list[psutil.Process]:
        """The process that was started, and those that serve."""
        assert self._web is not None
        started = psutil.Process(self._web.pid)
        return [started, *started.children(recursive=True)]

    def kill_web(self, *, whole: bool) -> None:
        """The process that serves; with `whole`, the one that would start another as well."""
        for process in self.serving()[0 if whole else 1 :]:
            process.kill()
        if whole and self._web is not None:
            self._web.wait()
            self.processes.remove(self._web)

    def start_workers(self, count: int) -> None:
        for _ in range(count):
            self._spawn("worker", "--pause=0.1")

    def kill_workers(self) -> None:
        """What they draw with is left to end by itself."""
        workers = [process for process in self.processes if process is not self._web]
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.wait()
            self.processes.remove(worker)
