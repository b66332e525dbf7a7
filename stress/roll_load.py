"""Members and an agent who come through nginx while the portal is upgraded: each answer is counted and compared."""

import http.client
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from html import unescape
from typing import Any
from urllib.parse import urlencode

from tests.agents import SIGN_IN, STEP, code_of
from tests.cast import PASSWORD, Person
from tests.vault.conftest import pdf
from tests.vault.tus_client import FILES, SEND, Phone

PAGES = ["/adherent/documents/", "/adherent/messages/", "/adherent/donnees-personnelles/", "/contact/"]
DESK = ["/gestion/", "/gestion/adherents/", "/gestion/messages/"]
SLOW_SECONDS, SLOW_PIECES = 6.0, 20
PAUSE = 0.3  # seconds between two things that one person does
PLAIN = {"Tus-Resumable": ""}  # no part of a sending that resumes


class Wrong(Exception):
    """An answer that is not what it should be; it was counted as failed already."""


@dataclass
class Tally:
    """What was answered in each phase of the roll: how many requests, what failed, the longest of them in seconds."""

    phase: str = "before"
    asked: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    longest: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, seconds: float) -> None:
        with self.lock:
            self.asked[self.phase] += 1
            self.kinds[what] += 1
            self.longest[self.phase] = max(self.longest.get(self.phase, 0.0), seconds)

    def fail(self, what: str) -> None:
        with self.lock:
            self.failed.append(f"{self.phase}: {what}")


class Visitor(Phone):
    """A browser at an address of its own, which keeps its connection to the proxy, its cookies and the files of pages."""

    def __init__(self, port: int, rank: int, tally: Tally) -> None:
        self.tally, self.chance = tally, random.Random(rank)
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=90, source_address=(f"127.1.0.{rank + 1}", 0)
        )
        self._cookies: dict[str, str] = {}
        self._files: set[str] = set()
        self.headers = {"Host": "localhost", "Tus-Resumable": "1.0.0"}
        self.begin_another()

    def _exchange(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        named = {name: value for name, value in {**self.headers, **headers}.items() if value}
        what, began = f"{method} {_shown(path)}", time.monotonic()
        try:
            self._connection.request(method, path, body, named)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self.tally.note(what, time.monotonic() - began)
            self.tally.fail(f"{what}: {error!r}")
            raise Wrong from error
        self.tally.note(what, time.monotonic() - began)
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        self.headers["Cookie"] = "; ".join(
            f"{name}={value}" for name, value in self._cookies.items() if value
        )
        self.headers["X-CSRFToken"] = self._cookies.get("csrf", "")
        return answer.status, dict(answer.headers), content

    def expect(self, what: str, is_so: bool) -> None:
        """Count it as failed, and give this turn up, unless it is so."""
        if not is_so:
            self.tally.fail(what)
            raise Wrong

    def see(self, path: str) -> str:
        """A page, and those of its files that this browser has not got yet."""
        status, _, content = self._exchange("GET", path, None, PLAIN)
        self.expect(f"GET {_shown(path)}: {status}", status == 200)
        page = content.decode()
        for file in sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page)) - self._files):
            status, _, _ = self._exchange("GET", file, None, PLAIN)
            self.expect(f"GET {file}: {status}", status == 200)
            self._files.add(file)
        return page

    def send(self, path: str, fields: dict[str, str], *, leads_to: str) -> str:
        """A form; where it leads."""
        kind = {"Content-Type": "application/x-www-form-urlencoded", **PLAIN}
        status, headers, _ = self._exchange("POST", path, urlencode(fields).encode(), kind)
        location = headers.get("Location", "")
        self.expect(
            f"POST {_shown(path)}: {status} {_shown(location)}",
            status == 302 and re.fullmatch(leads_to, location) is not None,
        )
        return location


class MemberVisitor(Visitor):
    """`sent`: the receipt number of each deposit and the SHA-256 of its files, as they were acknowledged."""

    def __init__(self, port: int, rank: int, person: Person, tally: Tally) -> None:
        super().__init__(port, rank, tally)
        self.person = person
        self.sent: dict[str, list[str]] = {}
        self.kept: list[tuple[str, str]] = []  # documents that can be downloaded: their path, their SHA-256

    def sign_in(self) -> None:
        self.see("/adherent/")
        self.send(
            "/adherent/", {"identifier": self.person.number, "password": PASSWORD}, leads_to="/adherent/"
        )
        self.see("/adherent/")

    def sign_out(self) -> None:
        self.send("/adherent/deconnexion/", {}, leads_to="/.*")

    def open_form(self) -> None:
        """The page that sends, whose version says where its form goes: a portal of the other one may well receive it."""
        form = re.search(
            rf'<form method="post" action="({SEND}\?\w+=([0-9a-f-]{{36}})[^"]*)"', self.see(SEND)
        )
        self.expect("a page without the form that sends", form is not None)
        assert form
        self.form_address, self.sending = unescape(form[1]), form[2]

    def bring_papers(self) -> None:
        """One or two files, each by itself and then the form, or all in the form; then the receipt, which names them."""
        self.open_form()
        mark = f"{self.person.number} {self.chance.random()}"
        noise = b"\n%" + self.chance.randbytes(self.chance.randrange(2_000, 60_000)).hex().encode() + b"\n"
        contents = [
            pdf(words=f"{mark} {number}").replace(b"\n", noise, 1)
            for number in range(self.chance.choice([1, 1, 2]))
        ]
        order: list[str] = []
        if self.chance.random() < 0.5:
            for content in contents:
                path = self.announce(content)
                status = self.bring(path, content)
                self.expect(f"PATCH: {status}", status == 204)
                order.append(path.removeprefix(FILES).strip("/"))
            status, location = self.deposit(order=order)
        else:
            status, location = self.deposit(contents)
        self.expect(f"deposit: {status} {_shown(location)}", status == 302 and "/accuses/" in location)
        digests = [sha256(content).hexdigest() for content in contents]
        self.sent[location.split("/")[-2]] = digests
        page = self.see(location)
        found = re.findall(r"/adherent/documents/([0-9a-f-]{36})/", page)
        if len(set(found)) == 1 and len(digests) == 1:
            self.kept.append((f"/adherent/documents/{found[0]}/telecharger/", digests[0]))

    def take_one(self) -> None:
        """A document that was sent before, whole."""
        if not self.kept:
            return
        path, digest = self.chance.choice(self.kept)
        status, _, content = self._exchange("GET", path, None, {})
        self.expect(f"download: {status}", status == 200 and sha256(content).hexdigest() == digest)

    def live(self, over: threading.Event, *, stays: bool) -> None:
        """`stays`: signed in once, before the roll, and through all of it."""
        signed_in = False
        while not over.is_set():
            try:
                if not signed_in:
                    self.sign_in()
                    signed_in = True
                for act in self._acts():
                    act()
                    over.wait(PAUSE)
                if not stays:
                    self.sign_out()
                    signed_in = False
            except Wrong:
                over.wait(0.2)
            except AssertionError as error:  # of the phone's own steps
                self.tally.fail(f"sending: {error}")
                over.wait(0.2)

    def _acts(self) -> list[Callable[[], object]]:
        pages = [lambda path=path: self.see(path) for path in self.chance.sample(PAGES, 2)]  # type: ignore[misc]
        return [*pages, self.bring_papers, self.take_one]


class SlowVisitor(MemberVisitor):
    """A phone on a bad line: each file takes seconds, so that one is on its way whenever a portal is stopped."""

    def bring(self, path: str, content: bytes, offset: int = 0) -> int:
        piece = len(content) // SLOW_PIECES + 1

        def pieces() -> Iterator[bytes]:
            for at in range(0, len(content), piece):
                time.sleep(SLOW_SECONDS / SLOW_PIECES)
                yield content[at : at + piece]

        named = {
            "Content-Length": str(len(content)),
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        return self._exchange("PATCH", path, pieces(), named)[0]

    def _acts(self) -> list[Callable[[], object]]:
        return [self.bring_papers]


class AgentVisitor(Visitor):
    """An agent who signed in before the roll, and treats what members send through all of it."""

    def __init__(self, port: int, rank: int, address: str, secret: str, tally: Tally) -> None:
        super().__init__(port, rank, tally)
        self.address, self.secret, self.treated = address, secret, 0

    def sign_in(self) -> None:
        self.see(SIGN_IN)
        self.send(SIGN_IN, {"identifier": self.address, "password": PASSWORD}, leads_to=".*")
        self.see(STEP)
        self.send(STEP, {"code": code_of(self.secret)}, leads_to="/gestion/.*")

    def live(self, over: threading.Event) -> None:
        while not over.is_set():
            try:
                self.see(self.chance.choice(DESK))
                item = self.send("/gestion/suivant/", {}, leads_to="/gestion/.*")
                if "/traiter/" in item:
                    self.see(item)
                    self.send(f"{item}accepter/", {}, leads_to="/gestion/.*")
                    self.treated += 1
                over.wait(PAUSE)
            except Wrong:
                over.wait(0.2)


def _shown(path: str) -> str:
    """An address by its kind."""
    return re.sub(r"[0-9a-f-]{32,36}|D-\d{4}-\d+", "…", path.partition("?")[0])


def doubled_or_lost(rows: list[tuple[Any, ...]], sent: Mapping[str, list[str]]) -> list[str]:
    """`rows`: the number of each deposit and the SHA-256 of its documents. What was acknowledged is there once, and no more."""
    there: dict[str, list[str]] = {}
    for number, digest in rows:
        there.setdefault(number, []).append(digest)
    wrong = [f"deposit {number} was acknowledged to none" for number in there.keys() - sent.keys()]
    wrong += [f"deposit {number} is lost" for number in sent.keys() - there.keys()]
    wrong += [
        f"deposit {number} has other documents"
        for number in there.keys() & sent.keys()
        if sorted(there[number]) != sorted(sent[number])
    ]
    twice = [digest for digest, count in Counter(digest for _, digest in rows).items() if count > 1]
    return wrong + [f"{len(twice)} document(s) are there twice"] * bool(twice)
