"""The whole installation pressed: three portals behind nginx, two workers on a broker, every engine killed and frozen in turn.

Members sign in, send, read and download meanwhile, and two hundred phones send at 10 kB/s. What must hold after it: what was
acknowledged is whole and there once; of all requests one in a hundred failed at most, each told in words; a mail that left twice
did so under its one Message-ID, once a kill at most; two seconds after an engine is back, every page is served.
"""

import asyncio
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from aiosmtpd.controller import Controller
from tests import postgresql
from tests.cast import Person
from tests.engines import Valkey
from tests.journeys.running import Running
from tests.ports import free_port
from tests.vault import s3
from tests.vault.clamd import Clamd

from stress.portal import MortalPortal
from stress.roll_load import MemberVisitor, Tally, Wrong, _shown, doubled_or_lost
from stress.slow import _plan, begin_load, behind_nginx, people, what_became

PORTALS, WORKERS, MEMBERS = 3, 2, 6
PHONES, PHONE_BYTES = 200, 1 << 20
QUIET, FROZEN, AFTER = 10.0, 5.0, 8.0  # seconds
COMES_BACK_AFTER = 3.0  # seconds: who is told so in a page, which names no time, does not press on at once
RECOVERS_WITHIN = 2.0  # seconds
MOST_FAILED = 0.01  # of all requests
LEFT_WITHIN = 240  # seconds, until the last mail has left
DEPOSITS = """
    SELECT deposit.number, document.sha256 FROM vault_document AS document
    JOIN vault_deposit AS deposit ON deposit.id = document.deposit_id
    JOIN members_member AS member ON member.id = deposit.member_id
"""


def proofs() -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="adherents-engines-") as folder:
        yield from pressed(Path(folder))


class Post:
    """The mail server. `kill`: it takes no connection; `stop`: it takes a mail and never answers."""

    def __init__(self, portal: MortalPortal) -> None:
        self._portal = portal
        self._frozen = threading.Event()
        inner = portal.mailbox.handle_DATA

        async def take(server: Any, session: Any, envelope: Any) -> str:
            while self._frozen.is_set():
                await asyncio.sleep(0.1)
            return await inner(server, session, envelope)

        portal.mailbox.handle_DATA = take  # type: ignore[method-assign]

    def kill(self) -> None:
        self._portal.post_office.stop()

    def start(self) -> None:
        port = self._portal.post_office.port
        self._portal.post_office = Controller(self._portal.mailbox, hostname="127.0.0.1", port=port)
        self._portal.post_office.start()

    def stop(self) -> None:
        self._frozen.set()

    def go_on(self) -> None:
        self._frozen.clear()


class Installation(MortalPortal):
    """Its portals, each at a port of its own, and its workers; any of them can be killed with all that it started."""

    def __init__(self, folder: Path, **given: Any) -> None:
        super().__init__(folder, **given)
        self.environment["ADHERENTS_BASE_URL"] = "http://localhost"
        self.ports = [self.port, *(free_port() for _ in range(PORTALS - 1))]
        self._named: dict[str, Running] = {}

    def begin(self, name: str) -> None:
        if name.startswith("worker"):
            self._spawn("worker", "--pause=0.5")
        else:
            self._spawn("serve", f"--bind=127.0.0.1:{self.ports[int(name[-1])]}")
        self._named[name] = self.processes[-1]

    def kill(self, name: str) -> None:
        process = self._named[name]
        with suppress(psutil.NoSuchProcess):
            first = psutil.Process(process.pid)
            for part in [first, *first.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    part.kill()
        process.wait()
        self.processes.remove(process)


@dataclass
class Outages(Tally):
    """`told`: the requests that failed and were told so in words. `ends`: when each failed one began."""

    told: Counter[str] = field(default_factory=Counter)
    began: list[float] = field(default_factory=list)

    def tell(self, began: float, comes_back_after: float = COMES_BACK_AFTER) -> None:
        with self.lock:
            self.told[self.phase] += 1
            self.began.append(began)
        time.sleep(comes_back_after)

    def fail(self, what: str) -> None:
        super().fail(what)
        with self.lock:
            self.began.append(time.monotonic())


class EngineVisitor(MemberVisitor):
    """A member who is told that something is away, and comes back."""

    tally: Outages

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._unfinished: list[str] = []

    def announce(self, content: bytes) -> str:
        path = super().announce(content)
        self._unfinished.append(path)
        return path

    def bring_papers(self) -> None:
        """Files of a sending that was broken off are cancelled first, as the page does when the member starts anew."""
        while self._unfinished:
            self.ask("DELETE", self._unfinished[-1])
            self._unfinished.pop()
        super().bring_papers()
        self._unfinished.clear()

    def _exchange(self, *given: Any) -> tuple[int, dict[str, str], bytes]:
        began = time.monotonic()
        status, headers, content = super()._exchange(*given)
        if status >= 500:
            named = {name.lower(): value for name, value in headers.items()}
            reference, after = named.get("x-request-id", ""), named.get("retry-after", "")
            # A script, as its headers say, reads no page.
            in_words = given[3].get("Tus-Resumable") != "" or (reference and reference.encode() in content)
            if status == 503 and after and in_words:
                self.tally.tell(began, float(after))
            else:
                self.tally.fail(f"{given[0]} {_shown(given[1])}: {status} without words")
            raise Wrong
        if status == 200 and given[0] == "POST" and b"error-summary" in content:
            self.tally.tell(began)  # the form again, with a sentence at its head
            raise Wrong
        return status, headers, content


def pressed(
    folder: Path, *, phones: int = PHONES, phone_bytes: int = PHONE_BYTES, only: str = ""
) -> Iterator[dict[str, Any]]:
    """One line a fault, and one of the whole. `only`: the faults whose name has this word."""
    with ExitStack() as stack:
        database = stack.enter_context(postgresql.serving())
        valkey = stack.enter_context(Valkey())
        objects = folder / "objects"
        objects.mkdir()
        storage = stack.enter_context(s3.serving(objects))
        client, bucket = s3.new_bucket(storage.endpoint)
        clamd = Clamd(max_file_size="30M", stream="30M")
        clamd.start()
        stack.callback(clamd.end)
        portal = Installation(folder, storage_url=storage.address_of(bucket), database_url=database.address)
        portal.environment |= {
            "ADHERENTS_CACHE_URL": valkey.address,
            "ADHERENTS_WORK_URL": valkey.address.removesuffix("0") + "1",
            "ADHERENTS_ANTIVIRUS_URL": "clamd://{}:{}".format(*clamd.address),
        }
        stack.callback(portal.stop)
        members = people(phones + 1 + MEMBERS)
        portal.prepare(members, with_account=members)
        post = Post(portal)
        for name in (*(f"portal{n}" for n in range(PORTALS)), *(f"worker{n}" for n in range(WORKERS))):
            portal.begin(name)
        portal.wait_until_ready()
        front = stack.enter_context(behind_nginx(folder, portal, others=portal.ports[1:]))
        faults: list[tuple[str, Callable[[], None], Callable[[], None]]] = [
            ("cache and broker killed", valkey.kill, valkey.start),
            ("cache and broker frozen", valkey.stop, valkey.go_on),
            ("storage killed", storage.kill, lambda: _storage_back(storage, client, bucket)),
            ("storage frozen", storage.stop, storage.go_on),
            ("antivirus killed", clamd.kill, clamd.start),
            ("antivirus frozen", clamd.stop, clamd.go_on),
            ("mail server killed", post.kill, post.start),
            ("mail server frozen", post.stop, post.go_on),
            ("database killed", database.stop, database.start),
            ("database frozen", database.freeze, database.go_on),
            *_processes_killed(portal),
        ]
        yield from _under_load(
            portal,
            front,
            members,
            [fault for fault in faults if only in fault[0]],
            _slow_phones(portal, members, folder, front, phones, phone_bytes, stack),
            database,
        )


def _storage_back(storage: s3.Server, client: Any, bucket: str) -> None:
    """It answers some seconds before it takes an object: its volumes register with it first."""
    storage.start()
    while True:
        with suppress(Exception):
            client.put_object(Bucket=bucket, Key="is-back", Body=b"1")
            client.delete_object(Bucket=bucket, Key="is-back")
            return
        time.sleep(0.2)


def _processes_killed(portal: Installation) -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
    for name in ("portal0", "portal2", "worker0", "worker1"):
        yield (
            f"{name} killed",
            lambda name=name: portal.kill(name),  # type: ignore[misc]
            lambda name=name: portal.begin(name),  # type: ignore[misc]
        )


def _slow_phones(
    portal: Installation,
    members: list[Person],
    folder: Path,
    front: int,
    phones: int,
    size: int,
    stack: ExitStack,
) -> "subprocess.Popen[str] | None":
    """The phones at 10 kB/s, each at an address of its own, which begin at once."""
    if not phones:
        return None
    plan = _plan(portal, members, folder, front, True, phones, 0, 0, size)  # type: ignore[arg-type]
    plan |= {"seconds": 1800, "outages": True}
    load = begin_load(plan)
    stack.callback(load.kill)
    return load


def _under_load(
    portal: Installation,
    front: int,
    members: list[Person],
    faults: list[tuple[str, Callable[[], None], Callable[[], None]]],
    phones: "subprocess.Popen[str] | None",
    database: postgresql.Server,
) -> Iterator[dict[str, Any]]:
    tally, over = Outages(), threading.Event()
    visitors = [
        EngineVisitor(front, 200 + rank, person, tally) for rank, person in enumerate(members[-MEMBERS:])
    ]
    coming = [
        threading.Thread(target=visitor.live, args=[over], kwargs={"stays": rank % 2 == 0}, daemon=True)
        for rank, visitor in enumerate(visitors)
    ]
    for thread in coming:
        thread.start()
    kills = 0
    for name, away, back in faults:
        time.sleep(QUIET)
        tally.phase = name
        away()
        kills += name.endswith("killed")
        time.sleep(FROZEN if name.endswith("frozen") else 0)
        back()
        returned = time.monotonic()
        time.sleep(AFTER)
        recovered = max((began - returned for began in tally.began if began > returned), default=0.0)
        failed = [what for what in tally.failed if what.startswith(f"{name}:")]
        wrong = failed[:5]
        if recovered > RECOVERS_WITHIN:
            wrong.append(f"a request that began {recovered:.1f} s after the return was not served")
        yield {
            "proof": name,
            "requests": tally.asked[name],
            "told_in_words": tally.told[name],
            "failed_without_words": len(failed),
            "longest_s": round(tally.longest.get(name, 0.0), 1),
            "recovered_after_s": round(recovered, 1),
            "wrong": wrong,
        }
        tally.phase = "between"
    ended: dict[str, Any] = {}
    if phones is not None:
        ended = what_became(phones)
        phones.wait()
    over.set()
    for thread in coming:
        thread.join(120)
    yield _the_whole(portal, tally, visitors, ended, kills, database)


def _the_whole(
    portal: Installation,
    tally: Outages,
    visitors: list[EngineVisitor],
    ended: dict[str, Any],
    kills: int,
    database: postgresql.Server,
) -> dict[str, Any]:
    wrong = list(ended.pop("wrong", []))
    deadline = time.monotonic() + LEFT_WITHIN
    while database.rows("SELECT 1 FROM mail_outboxmail WHERE state = 'waiting'"):
        if time.monotonic() > deadline:
            wrong.append("mails wait still")
            break
        time.sleep(1)
    sent = {number: digests for visitor in visitors for number, digests in visitor.sent.items()}
    numbers = ", ".join(f"'{visitor.person.number}'" for visitor in visitors)
    rows = database.rows(f"{DEPOSITS} WHERE member.number IN ({numbers})")
    compared = doubled_or_lost(rows, sent)
    # A deposit whose answer was cut off with its portal is no fault: its member finds it in the list.
    unacknowledged = [what for what in compared if "acknowledged to none" in what]
    wrong += [what for what in compared if what not in unacknowledged]
    taken = portal.postmarks
    told = {number for number, _ in taken}
    untold = sent.keys() - told
    twice = sum(count - 1 for count in taken.values())
    per_deposit = Counter(number for number, _ in taken if number)
    if untold:
        wrong.append(f"{len(untold)} receipts were told by no mail")
    if twice > kills:
        wrong.append(f"{twice} mails left again, after {kills} kills")
    if any(count > 1 for count in per_deposit.values()):
        wrong.append("a receipt was told under two Message-IDs")
    failed = sum(tally.told.values()) + len(tally.failed)
    requests = sum(tally.asked.values())
    if failed > MOST_FAILED * requests:
        wrong.append(f"{failed} of {requests} requests failed")
    for command in ("verify_vault", "verify_journal"):
        portal.run(command)
    return {
        "proof": "the whole installation",
        "requests": requests,
        "failed": failed,
        "failed_without_words": len(tally.failed),
        "acknowledged": len(sent),
        "lost": sum("is lost" in what for what in compared),
        "kept_without_an_answer": len(unacknowledged),
        "mails": sum(taken.values()),
        "mails_twice": twice,
        "kills": kills,
        "phones": ended,
        "wrong": wrong,
    }
