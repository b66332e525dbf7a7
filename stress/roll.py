"""An upgrade in the documented order (migrate, the portals one by one, the worker) while members and an agent go on.

From the last version before 0.2.0, with what it wrote, to this one: behind nginx as `deploy/proxy/nginx.conf` sets it, each
portal with a data folder of its own, as on two machines. One column is added, filled and then required: `mail_outboxmail.urgent`.
"""

import json
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiosmtpd.controller import Controller
from tests import postgresql
from tests.engines import Valkey
from tests.journeys.running import ROOT, Mailbox
from tests.ports import free_port

from stress.portal import until
from stress.roll_load import AgentVisitor, MemberVisitor, SlowVisitor, Tally, doubled_or_lost
from stress.roll_versions import AGENT, WROTE, Version, prepare, surroundings, version_before, write_profile
from stress.slow import behind_nginx, people

LEAST = 2000  # requests in all
# While the old portals serve on the new tables, and while the portals are of two versions.
LEAST_IN_A_PHASE = 60
ENDS_WITHIN, READY_WITHIN = 60, 120  # seconds
LEFT_WITHIN = 180  # seconds, until the last mail has left


def proofs() -> Iterator[dict[str, Any]]:
    for database in ("postgresql", "sqlite"):
        with tempfile.TemporaryDirectory(prefix="adherents-roll-") as folder:
            yield rolled(Path(folder), database)


class Arrivals(Mailbox):
    """How often each mail came, by its Message-ID."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: Counter[str] = Counter()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken[str(message_from_bytes(envelope.content)["Message-ID"])] += 1
        return await super().handle_DATA(server, session, envelope)


@dataclass
class Roll:
    """The two portals and the worker, each on a machine of its own, and those that come meanwhile."""

    folder: Path
    ports: list[int]
    tally: Tally
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, version: Version, name: str) -> None:
        command = (
            ("worker",) if name == "worker" else ("serve", f"--bind=127.0.0.1:{self.ports[int(name[-1])]}")
        )
        self.running[name] = version.spawn(self.folder / name, *command)
        if name != "worker":
            self._wait_until_ready(name)

    def replace(self, version: Version, name: str) -> float:
        """As `systemctl restart` does, and then wait until it is ready; how long it was away."""
        began = time.monotonic()
        self.stop(name)
        self.start(version, name)
        return time.monotonic() - began

    def stop(self, name: str) -> None:
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self.tally.fail(f"{name} did not end")

    def _wait_until_ready(self, name: str) -> None:
        address = f"http://127.0.0.1:{self.ports[int(name[-1])]}/pret/"
        deadline = time.monotonic() + READY_WITHIN
        while True:
            assert self.running[name].poll() is None, self.log()[-4000:]
            assert time.monotonic() < deadline, self.log()[-4000:]
            try:
                with urllib.request.urlopen(
                    urllib.request.Request(address, headers={"Host": "localhost"}), timeout=5
                ) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.HTTPError, OSError):
                time.sleep(0.1)

    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("*/*.log")))

    def phase(self, name: str) -> None:
        self.tally.phase = name

    def wait_for_requests(self, count: int) -> None:
        """Until this phase has had that number."""
        until(lambda: self.tally.asked[self.tally.phase] >= count, 600)

    def end(self) -> None:
        for name in list(self.running):
            self.stop(name)


def rolled(
    folder: Path,
    database: str,
    *,
    least: int = LEAST,
    in_a_phase: int = LEAST_IN_A_PHASE,
    members: int = 5,
    sent: int = 20_000,
    waiting: int = 100,
) -> dict[str, Any]:
    """One line: how many requests in each phase, how many failed, what was doubled or lost."""
    with ExitStack() as stack:
        mailbox = Arrivals()
        post_office = Controller(mailbox, hostname="127.0.0.1", port=free_port())
        post_office.start()
        stack.callback(post_office.stop)
        valkey = stack.enter_context(Valkey())
        server = stack.enter_context(postgresql.serving()) if database == "postgresql" else None
        environment = surroundings(folder, server, post_office.port, valkey.address)
        old, new = version_before(folder / "old", environment), Version(ROOT, environment)
        write_profile(folder, old.tree)
        persons = people(members)
        secret = prepare(folder, old, persons, sent)
        tally = Tally()
        roll = Roll(folder / "machines", [free_port(), free_port()], tally)
        roll.folder.mkdir()
        stack.callback(roll.end)
        front = stack.enter_context(
            behind_nginx(folder, SimpleNamespace(port=roll.ports[0]), others=roll.ports[1:])  # type: ignore[arg-type]
        )
        for name in ("portal0", "portal1"):
            roll.start(old, name)
        visitors = [
            (MemberVisitor if rank else SlowVisitor)(front, rank, person, tally)
            for rank, person in enumerate(persons)
        ]
        agent = AgentVisitor(front, members, AGENT, secret, tally)
        agent.sign_in()
        over = threading.Event()
        coming = [
            threading.Thread(target=visitor.live, args=[over], kwargs={"stays": rank % 2 == 0}, daemon=True)
            for rank, visitor in enumerate(visitors)
        ]
        coming.append(threading.Thread(target=agent.live, args=[over], daemon=True))
        for thread in coming:
            thread.start()
        roll.start(old, "worker")
        roll.wait_for_requests(in_a_phase)
        old.run("-c", WROTE, "0", str(waiting))
        times = _upgrade(roll, new, least, in_a_phase)
        over.set()
        for thread in coming:
            thread.join(120)
        looks = _Look(server, environment)
        left = until(
            lambda: not looks.rows("SELECT 1 FROM mail_outboxmail WHERE state = 'waiting'"), LEFT_WITHIN
        )
        acknowledged = {number: digests for visitor in visitors for number, digests in visitor.sent.items()}
        wrong = tally.failed[:20]
        wrong += doubled_or_lost(looks.rows(DEPOSITS), acknowledged)
        wrong += _mails(looks, mailbox, waiting)
        wrong += _log_lines(roll.log())
        for command in ("verify_vault", "verify_journal"):
            new.run("-m", "django", command)
        return {
            "proof": "roll",
            "database": database,
            "requests": sum(tally.asked.values()),
            "failed": len(tally.failed),
            "in_each_phase": dict(tally.asked),
            "longest_s": {phase: round(seconds, 1) for phase, seconds in tally.longest.items()},
            "sign_ins": tally.kinds["POST /adherent/"],
            "deposits": len(acknowledged),
            "documents": sum(map(len, acknowledged.values())),
            "treated": agent.treated,
            "mails": sum(mailbox.taken.values()),
            "last_mail_after_s": round(left, 1),
            **times,
            "wrong": wrong,
        }


def _upgrade(roll: Roll, new: Version, least: int, in_a_phase: int) -> dict[str, Any]:
    """The order of docs/operating.md; seconds of each step."""
    times: dict[str, Any] = {}
    roll.phase("migrating")
    began = time.monotonic()
    said = new.run("-m", "django", "migrate")
    times["migrated_in_s"] = round(time.monotonic() - began, 1)
    times["filled"] = [line.strip() for line in said.splitlines() if "Filled" in line]
    roll.phase("old portals on new tables")
    roll.wait_for_requests(in_a_phase)
    for name, phase in (("portal0", "first portal"), ("portal1", "second portal")):
        roll.phase(phase)
        times[f"{name}_away_s"] = round(roll.replace(new, name), 1)
        if name == "portal0":
            roll.phase("two versions")
            roll.wait_for_requests(in_a_phase)
    roll.phase("new portals, old worker")
    roll.wait_for_requests(in_a_phase)
    roll.phase("worker")
    roll.replace(new, "worker")
    roll.phase("after")
    until(lambda: sum(roll.tally.asked.values()) >= least, 1200)
    roll.wait_for_requests(in_a_phase)
    return times


DEPOSITS = """
    SELECT deposit.number, document.sha256 FROM vault_document AS document
    JOIN vault_deposit AS deposit ON deposit.id = document.deposit_id
"""


class _Look:
    """Straight into the database."""

    def __init__(self, server: postgresql.Server | None, environment: dict[str, str]) -> None:
        self._server, self._file = server, environment["ADHERENTS_DATABASE_URL"].removeprefix("sqlite:///")

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        if self._server is not None:
            return self._server.rows(question)
        import sqlite3

        connection = sqlite3.connect(self._file, timeout=20)
        try:
            return connection.execute(question).fetchall()
        finally:
            connection.close()

    def is_required(self) -> bool:
        if self._server is not None:
            question = "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'mail_outboxmail'::regclass AND attname = 'urgent'"
            return self._server.rows(question) == [(True,)]
        return any(row[1] == "urgent" and row[3] for row in self.rows("PRAGMA table_info(mail_outboxmail)"))


def _mails(looks: _Look, mailbox: Arrivals, waiting: int) -> list[str]:
    wrong = []
    [(failed,)] = looks.rows("SELECT count(*) FROM mail_outboxmail WHERE state = 'failed'")
    if failed:
        wrong.append(f"{failed} mail(s) given up")
    if twice := [identifier for identifier, count in mailbox.taken.items() if count > 1]:
        wrong.append(f"{len(twice)} mail(s) left twice")
    reached = {mail.to for mail in mailbox.mails}
    missing = [n for n in range(waiting) if f"waits{n}@example.org" not in reached]
    if missing:
        wrong.append(f"{len(missing)} of the mails that waited never left")
    [(urgent,)] = looks.rows(
        "SELECT count(*) FROM mail_outboxmail WHERE urgent AND name = 'accounts/reset_link'"
    )
    if urgent != len(range(0, waiting, 20)):
        wrong.append(f"{urgent} link(s) are urgent")
    if not looks.is_required():
        wrong.append("the column is not required")
    return wrong


def _log_lines(log: str) -> list[str]:
    """Errors of either version: an upgrade is no outage.

    Not what health says: new portals miss old workers, which give no sign of life, and a busy machine makes an engine seem slow.
    """
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    bad = [
        line
        for line in lines
        if (line.get("level") in {"error", "critical"} or "traceback" in line)
        and line.get("logger") not in {"adherents.engines", "adherents.outages"}
    ]
    return [f"log: {line.get('message')} {str(line.get('traceback', ''))[-600:]}" for line in bad[:5]]
