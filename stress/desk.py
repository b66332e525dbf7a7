"""Agents and the queue: parallel clients, several web processes and a worker on a real PostgreSQL, members who send meanwhile.

What must hold after it: nothing was treated twice, nothing was forgotten, no two agents ever held one item, « suivant » kept to
the order within what leases allow, each member was told once, and the journal is whole.

An agent accepts, refuses, asks for corrections, gives back, puts off, undoes, and leaves some documents in hand without a word:
their leases end by themselves.
"""

import http.client
import itertools
import random
import re
import secrets
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests import postgresql
from tests.cast import CAMILLE, EVE, JEAN_FRANCOIS, KARIM, Person
from tests.ports import free_port
from tests.vault.conftest import pdf

from stress.portal import StressedPortal

SENDERS = [CAMILLE, JEAN_FRANCOIS, EVE, KARIM]
LEASE_MINUTES, UNDO_SECONDS = 2, 3
MOST_SECONDS = 2400  # it stops then, and says so
WORDS = {"reason": "illisible", "words_fr": "On ne lit pas ce document.", "words_en": ""}


def proofs() -> Iterator[dict[str, Any]]:
    yield treated(agents=20, documents=5000, sent=40, processes=4)


@dataclass
class Hold:
    """From the moment an agent was told that an item is theirs until they began to let it go: at least so long it was held."""

    item: str
    agent: int
    began: float
    ended: float


def treated(
    *, agents: int, documents: int, sent: int, processes: int, seed: int = 20261123, leave: bool = True
) -> dict[str, Any]:
    """Treat `documents` and what members send meanwhile, and look at what is left. `leave`: some are left in hand."""
    with tempfile.TemporaryDirectory(prefix="adherents-desk-") as folder:
        portal = DeskPortal(Path(folder), processes)
        try:
            portal.start(SENDERS, with_account=SENDERS)
            return _treated(portal, agents, documents, sent, seed, leave)
        finally:
            portal.stop()


def _treated(
    portal: "DeskPortal", agents: int, documents: int, sent: int, seed: int, leave: bool
) -> dict[str, Any]:
    made = portal.ask("prepare", agents, documents)
    began = time.monotonic()
    end = began + MOST_SECONDS
    stop = threading.Event()
    hands = [
        Hand(portal, rank, cookies, random.Random(seed + rank), leave)
        for rank, cookies in enumerate(made["agents"])
    ]
    members = [Browser(portal, rank, cookies) for rank, cookies in enumerate(made["members"])]
    with ThreadPoolExecutor(agents + 1) as pool:
        sending = pool.submit(_send, members, sent, stop, end)
        working = [pool.submit(hand.work, stop, end) for hand in hands]
        left: dict[str, int] = {"left": -1}
        try:
            number = sending.result()
            # The last documents are drawn, the last leases end, the last decisions settle.
            while time.monotonic() < end and (left := portal.ask("left"))["left"]:
                time.sleep(2)
        finally:
            stop.set()
        for agent in working:
            agent.result()
    seconds = time.monotonic() - began
    facts = portal.ask("facts", agents)
    wrong = [*facts["wrong"], *_held_by_two([hold for hand in hands for hold in hand.holds])]
    if left["left"]:
        wrong.append(f"never treated: {left}")
    if facts["done"] != documents + number:
        wrong.append(f"{facts['done']} treated of {documents + number}")
    waits = sorted(wait for hand in hands for wait in hand.waits)
    did = Counter[str]()
    for hand in hands:
        did.update(hand.did)
    return {
        "figure": "documents treated by agents at once",
        "agents": agents,
        "web_processes": len(portal.ports),
        "documents": documents,
        "sent_meanwhile": number,
        "seed": seed,
        "seconds": round(seconds),
        "decisions_a_second": round(facts["done"] / seconds, 1),
        "next_ms_median": round(statistics.median(waits) * 1000),
        "next_ms_p95": round(waits[int(len(waits) * 0.95)] * 1000),
        "did": dict(sorted(did.items())),
        "furthest_from_its_turn": facts["furthest"],
        "wrong": wrong,
    }


def _held_by_two(holds: list[Hold]) -> list[str]:
    wrong, by_item = [], dict[str, list[Hold]]()
    for hold in holds:
        by_item.setdefault(hold.item, []).append(hold)
    for item, several in by_item.items():
        several.sort(key=lambda hold: hold.began)
        for first, other in itertools.pairwise(several):
            if first.agent != other.agent and other.began < first.ended:
                wrong.append(f"{item} was held by {first.agent} and {other.agent} at once")
    return wrong


def _send(members: list["Browser"], count: int, stop: threading.Event, end: float) -> int:
    """One paper after the other; how many were acknowledged."""
    done = 0
    for number in range(count):
        if stop.is_set() or time.monotonic() > end:
            break
        done += members[number % len(members)].send_paper()
        stop.wait(1)
    return done


class DeskPortal(StressedPortal):
    """Several web processes, each at its own port, one worker, PostgreSQL; leases and undoing as short as the profile allows."""

    inside = "desk"
    profile_changes = {
        "lease_minutes = 15": f"lease_minutes = {LEASE_MINUTES}",
        "undo_seconds = 10": f"undo_seconds = {UNDO_SECONDS}",
    }

    def __init__(self, folder: Path, processes: int) -> None:
        super().__init__(folder, database_url=postgresql.start())
        self.ports = [self.port]
        self._others = processes - 1

    def start(self, people: Sequence[Person], *, with_account: Sequence[Person], worker: bool = True) -> None:
        super().start(people, with_account=with_account, worker=worker)
        for _ in range(self._others):
            self.ports.append(free_port())
            self._spawn("serve", f"--bind=127.0.0.1:{self.ports[-1]}")


@dataclass
class Browser:
    """Somebody who is signed in already; each request goes to the next web process."""

    portal: DeskPortal
    rank: int
    cookies: dict[str, str]
    asked: int = 0

    def request(
        self, method: str, path: str, fields: dict[str, str] | None = None, body: bytes = b"", kind: str = ""
    ) -> tuple[int, str, str]:
        """Status, where it leads, and the page."""
        port = self.portal.ports[(self.rank + self.asked) % len(self.portal.ports)]
        self.asked += 1
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        token = next(value for name, value in self.cookies.items() if name.endswith("csrf"))
        headers = {
            "Host": f"localhost:{self.portal.port}",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-CSRFToken": token,
            "X-Forwarded-For": f"198.51.100.{self.rank}",
        }
        if method == "POST":
            body = body or urlencode(fields or {}).encode()
            headers["Content-Type"] = kind or "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body=body or None, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Location") or "", answer.read().decode(errors="replace")
        finally:
            connection.close()

    def send_paper(self) -> bool:
        edge = secrets.token_hex(8)
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="kind"\r\n\r\nrib\r\n'.encode(),
            f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="rib.pdf"\r\n'.encode()
            + b"Content-Type: application/pdf\r\n\r\n"
            + pdf(words=secrets.token_hex(6))
            + f"\r\n--{edge}--\r\n".encode(),
        ]
        status, place, page = self.request(
            "POST",
            "/adherent/documents/envoyer/",
            body=b"".join(parts),
            kind=f"multipart/form-data; boundary={edge}",
        )
        assert (status, "/accuses/" in place) == (302, True), (status, place, page[:400])
        return True


@dataclass
class Hand(Browser):
    """An agent at work. `waits`: how long « suivant » took each time, in seconds, whatever led to it."""

    chance: random.Random = field(default_factory=random.Random)
    leave: bool = True
    holds: list[Hold] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)

    def __init__(
        self,
        portal: DeskPortal,
        rank: int,
        cookies: dict[str, str],
        chance: random.Random,
        leave: bool,
    ) -> None:
        super().__init__(portal, rank, cookies)
        self.chance, self.leave = chance, leave
        self.holds, self.waits, self.did = [], [], Counter()

    def work(self, stop: threading.Event, end: float) -> None:
        item = ""
        while not stop.is_set() and time.monotonic() < end:
            if not item:
                item = self._go_on("/gestion/suivant/", {})
                if not item:
                    stop.wait(1)
                    continue
            item = self._treat(item)

    def _go_on(self, path: str, fields: dict[str, str]) -> str:
        """Whatever leads to the next item: its id, or "" when nothing waits."""
        began = time.monotonic()
        status, place, page = self.request("POST", path, fields)
        assert status == 302, (path, status, page[:600])
        now = time.monotonic()
        self.waits.append(now - began)
        match = re.fullmatch(r"/gestion/traiter/([0-9a-f-]{36})/", place)
        if not match:
            return ""
        # Until it is let go (`_let_go`); if that is never written down, until the lease ends at the soonest.
        self.holds.append(Hold(match[1], self.rank, now, began + LEASE_MINUTES * 60))
        return match[1]

    def _let_go(self, item: str) -> None:
        now = time.monotonic()
        for hold in self.holds:
            if hold.item == item:
                hold.ended = min(hold.ended, now)

    def _treat(self, item: str) -> str:
        """One document; the next one that opens by itself, or ""."""
        here = f"/gestion/traiter/{item}/"
        chance = self.chance.random()
        if self.chance.random() < 0.1:
            status, _, page = self.request("GET", here)
            assert status == 200, (status, page[:600])
        if self.chance.random() < 0.3:
            status, _, page = self.request("POST", f"{here}suivant/")
            assert status == 200, (status, page[:600])
        if self.leave and chance < 0.01:
            self.did["left in hand"] += 1
            return self._go_on("/gestion/suivant/", {"after": item})
        self._let_go(item)
        if chance < 0.03:
            self.did["given back"] += 1
            self.request("POST", f"{here}rendre/")
            return ""
        if chance < 0.10:
            self.did["refused"] += 1
            return self._go_on(f"{here}refuser/", WORDS)
        if chance < 0.17:
            self.did["correction asked for"] += 1
            until = datetime.now(UTC).date() + timedelta(days=30)  # within a year, as the form wants it
            return self._go_on(f"{here}correction/", WORDS | {"until": until.isoformat()})
        self.did["accepted"] += 1
        after = self._go_on(f"{here}accepter/", {})
        if chance < 0.20 and after:
            self._undo(after)
        return after

    def _undo(self, on_screen: str) -> None:
        """The last decision, through the button on the next one's screen; it comes again with « suivant »."""
        _, _, page = self.request("GET", f"/gestion/traiter/{on_screen}/")
        if match := re.search(r'action="(/gestion/decisions/\d+/annuler/)"', page):
            status, place, _ = self.request("POST", match[1], {"back": on_screen})
            self.did["undone" if on_screen not in place else "undone too late"] += status == 302
