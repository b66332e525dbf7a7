"""A portal as an insurer runs it: `adherents serve` and `adherents worker`, a folder, SQLite, and a mail server that keeps
every message. Nothing of it is pretended; only the clock is moved, by moving the rows back."""

import contextlib
import email.policy
import json
import os
import re
import select
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import psutil
from aiosmtpd.controller import Controller

from tests.cast import Person
from tests.journeys.slow_machine import SLOWED, SlowDoor
from tests.members.member_file import child_of, line_of, write, write_beneficiaries
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
# The database of the first portal that this process prepares, with its tables and nothing in them: the next ones begin with it.
_kept = tempfile.TemporaryDirectory(prefix="adherents-tables-")
EMPTY_DATABASE = Path(_kept.name) / "empty.sqlite3"
# Seconds, for what the worker does within two, or within twelve when a decision can still be undone. What comes
# is seen at once: a long patience costs time only where the test fails, and a busy machine needs it.
PATIENCE = 90
# All that a worker does but reading what is printed on papers: seconds of processor for each photo, and of no use to most.
ALL_BUT_READING = ("mails", "drawings", "webhooks")
PAUSE = 0.5  # seconds between two rounds of a worker that has nothing to do: each costs 25 ms of processor, all the time


@dataclass(frozen=True)
class Mail:
    """A mail as its reader sees it."""

    to: str
    sender: str
    subject: str
    text: str
    html: str

    @property
    def link(self) -> str:
        """The address to follow."""
        match = re.search(r"https?://\S+/adherent/authentication/[a-z-]+/[0-9a-f]{32}", self.text)
        assert match, self.text
        assert match[0] in self.html
        return match[0]


class Mailbox:
    """The mails that the SMTP server took; a test can wait for one."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.changed = threading.Condition()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        parts = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
        mail = Mail(
            to=envelope.rcpt_tos[0],
            sender=parseaddr(str(message["From"]))[0],
            subject=str(message["Subject"]),
            text=parts["plain"].get_content() if parts["plain"] else "",
            html=parts["html"].get_content() if parts["html"] else "",
        )
        with self.changed:
            self.mails.append(mail)
            self.changed.notify_all()
        return "250 kept"

    def take(self, *, to: str, about: str) -> Mail:
        """Wait for the next mail to this address whose subject has these words, and take it out."""

        def found() -> Mail | None:
            return next((mail for mail in self.mails if mail.to == to and about in mail.subject), None)

        with self.changed:
            mail = self.changed.wait_for(found, PATIENCE)
            there = [(mail.to, mail.subject) for mail in self.mails]
            assert mail, f"no mail to {to} about {about!r}; there are {there}"
            self.mails.remove(mail)
        return mail

    def of(self, to: str) -> list[Mail]:
        with self.changed:
            return [mail for mail in self.mails if mail.to == to]


class Running:
    """A process that the runner of modules began: it is no child of ours, and so no `Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)

    def has_ended(self, within: float = 0) -> bool:
        return bool(select.select([self._handle], [], [], within)[0])

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)

    def kill_with_children(self) -> None:
        """It and all that it began: the last ones may be gone already."""
        with contextlib.suppress(psutil.NoSuchProcess):
            started = psutil.Process(self.pid)
            for process in [started, *started.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()

    def wait(self) -> None:
        """To its end, of which nothing remains afterwards."""
        self.has_ended(60)
        os.close(self._handle)


class Portal:
    """`base`: its address. `mailbox`: every mail it sent. `run`: any of its commands. `sql`: a look, or the clock."""

    keeps_mail: type[Mailbox] = Mailbox

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.base = f"http://localhost:{self.port}"
        self.mailbox = self.keeps_mail()
        self.post_office = Controller(self.mailbox, hostname="127.0.0.1", port=free_port())
        self.processes: list[Running] = []
        self._door: SlowDoor | None = None
        self._helper: subprocess.Popen[str] | None = None
        self._helper_knows: dict[str, str] = {}
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ADHERENTS_", "PYTEST_"))
        } | {
            "DJANGO_SETTINGS_MODULE": "adherents.config.settings",
            "ADHERENTS_DATA_DIR": str(folder / "data"),
            "ADHERENTS_BASE_URL": self.base,
            "ADHERENTS_EMAIL_URL": f"smtp://127.0.0.1:{self.post_office.port}",
            # One address for each browser, as on a real network: the limits of one person are not everybody's.
            "ADHERENTS_PROXIES": "1",
        }

    def start(
        self,
        people: Sequence[Person],
        *,
        with_account: Sequence[Person],
        worker: bool = True,
        lanes: Sequence[str] = (),
    ) -> None:
        """`people` come from the insurer’s file; `with_account` have signed up already (`tests.cast.PASSWORD`).

        `lanes`: what its worker does; everything unless they are given.
        """
        self.prepare(people, with_account=with_account)
        port = self.port
        if SLOWED:
            port = free_port()
            self._door = SlowDoor(self.port, to=port)
        self._spawn("serve", f"--bind=127.0.0.1:{port}")
        if worker:
            self._spawn("worker", f"--pause={PAUSE}", *(f"--only={lane}" for lane in lanes))
        self._wait_until_ready()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Papers are read meanwhile: what comes now, before what others sent."""
        self.sql("UPDATE reading_paperreading SET behind = 1 WHERE outcome = 'waits'")
        reader = self._spawn("worker", f"--pause={PAUSE}", "--only=readings")
        yield
        reader.kill_with_children()

    def prepare(self, people: Sequence[Person], *, with_account: Sequence[Person]) -> None:
        """As `start`, and nothing serves yet."""
        self.post_office.start()
        file = write(self.folder / "members.csv", map(line_of, people))
        children = write_beneficiaries(
            self.folder / "children.csv", [child_of(person) for person in with_account]
        )
        numbers = json.dumps([person.number for person in with_account])
        self._beside("tests.journeys.prepare", str(file), str(children), str(EMPTY_DATABASE), text=numbers)

    def stop(self) -> None:
        """At once, and whatever they began: to end in order takes seconds, and a drawing would go on for minutes."""
        if self._door:
            self._door.close()
        for process in self.processes:
            process.kill_with_children()
        for process in self.processes:
            process.wait()
        if self._helper is not None:
            with self._helper:  # closes what it was asked through
                self._helper.kill()
        self.post_office.stop()

    def run(self, *command: str) -> str:
        """What an `adherents` command says."""
        return self._beside("django", *command)

    def decide(self, person: Person, outcome: str, *, days: int = 12) -> None:
        """An agent decides the member's latest document; `days`: how many a correction leaves the member."""
        self._beside("tests.journeys.decide", person.number, outcome, str(days))

    def prepare_agent(self, address: str, *, role: str, name: str) -> str:
        """An agent with a password (`tests.cast.PASSWORD`) and an app, whose key this is."""
        return self._beside("tests.journeys.ready_agent", address, role, name).strip()

    def session_of(self, person: Person) -> str:
        """The cookie of a session in which this member is signed in."""
        [key] = json.loads(self._beside("stress.sessions", text=json.dumps([person.number])))
        return str(key)

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Straight to the database, for what no page shows and for the clock."""
        connection = sqlite3.connect(self.folder / "data" / "adherents.sqlite3", timeout=20)
        try:
            with connection:
                return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    def log(self) -> str:
        """Everything that the portal and the worker wrote."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def _beside(self, *arguments: str, text: str = "", log: str = "") -> str:
        """What a module with a `__main__` says, run with the portal's settings (`tests.journeys.module_runner`).

        With a `log`, the number of its process: it goes on.
        """
        if self._helper is None:
            self._helper_knows = dict(self.environment)
            self._helper = subprocess.Popen(
                [sys.executable, "-m", "tests.journeys.module_runner"],
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._helper_knows == self.environment, (
            "a setting that changes once the helper runs would reach no process"
        )
        assert self._helper.stdin is not None
        assert self._helper.stdout is not None
        self._helper.stdin.write(json.dumps([arguments, text, log]) + "\n")
        self._helper.stdin.flush()
        code, output, complained = json.loads(self._helper.stdout.readline())
        assert code == 0, output + complained
        return str(output)

    def _spawn(self, *command: str) -> Running:
        pid = self._beside("django", *command, log=str(self.folder / f"{command[0]}.log"))
        self.processes.append(Running(int(pid)))
        return self.processes[-1]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 240
        while not self.is_ready():
            assert time.monotonic() < deadline, self.log()
            assert not any(process.has_ended() for process in self.processes), self.log()
            time.sleep(0.1)

    def is_ready(self) -> bool:
        """Whether it answers, with all that it needs."""
        try:
            with urllib.request.urlopen(f"{self.base}/pret/", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as refusal:
            refusal.close()
        except OSError:
            pass
        return False
