"""What a member's and an agent's acts cost, in processor seconds of each part: `docs/capacity.md` is made of these figures.

A portal as it runs at size: `adherents serve`, a worker, PostgreSQL, Valkey, a folder. The load comes from this process, which
is not counted. Sign-ins are compared with bare Argon2 verifications; a signed-in page under 200 concurrent wrong passwords with
the same page in quiet; these, and the sign-ins a second with 1, 2 and 3 web processes, go by the clock and want a quiet machine.
`BENCH_ONLY` names a few of: acts, mails, drawings, decisions, flood, processes.
"""

import http.client
import io
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

import argon2
import psutil
from stress.portal import StressedPortal
from stress.slow import people
from tests import postgresql
from tests.cast import PASSWORD, Person
from tests.engines import Valkey
from tests.vault.tus_client import Phone

from bench.processor import Meter, spent, tree

MEMBERS = 40
ROUNDS = 4  # of each member, for each act
FLOOD = 200
MAILS = 300
PHOTOS = 12
DECISIONS = 60
MEGABYTES = 2
PARTS = ("acts", "mails", "drawings", "decisions", "flood", "processes")
POST = """
import django, sys
django.setup()
from django.db import transaction
from adherents.mail.services import post
with transaction.atomic():
    for rank in range(int(sys.argv[1])):
        post("accounts/agent_reinstated", to=f"load{rank}@example.org", language="fr", context={})
"""


class Loaded(StressedPortal):
    """Web processes that share PostgreSQL and Valkey; a worker only where it is measured."""

    def __init__(self, folder: Path, server: postgresql.Server, valkey: Valkey) -> None:
        super().__init__(folder, database_url=server.address)
        self.environment["ADHERENTS_CACHE_URL"] = valkey.address
        self.server, self.valkey = server, valkey
        self.web_pid = 0

    def serve(self, processes: int) -> None:
        self.end_serving()
        self._spawn("serve", f"--bind=127.0.0.1:{self.port}", f"--workers={processes}")
        self.web_pid = self.processes[-1].pid
        self.wait_until_ready()
        time.sleep(1)

    def end_serving(self) -> None:
        for process in self.processes:
            process.send(signal.SIGTERM)
            process.wait()
        self.processes.clear()

    def meter(self) -> Meter:
        cache = self.valkey._server._process
        assert cache is not None
        return Meter(
            {
                "web": lambda: tree(self.web_pid),
                "database": self.server._processes,
                "cache": lambda: tree(cache.pid),
            }
        )

    def worked(self, *lanes: str) -> tuple[float, float, float]:
        """One `worker --once`: seconds on the clock, of the worker and its children, of the database."""
        database, began = spent(self.server._processes()), time.perf_counter()
        worker = subprocess.Popen(
            [sys.executable, "-m", "django", "worker", "--once", *(f"--only={lane}" for lane in lanes)],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, _, used = os.wait4(worker.pid, 0)
        seconds = time.perf_counter() - began
        return seconds, used.ru_utime + used.ru_stime, spent(self.server._processes()) - database


class Browser:
    """A member's browser that has signed in before, and comes from an address of its own."""

    def __init__(self, port: int, person: Person, rank: int) -> None:
        self.port, self.person, self.cookies = port, person, dict[str, str]()
        self.address = f"198.51.{rank // 250}.{rank % 250 + 1}"
        self._connection: http.client.HTTPConnection | None = None
        self.ask("GET", "/adherent/")

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and page, over a connection that stays open as a browser's behind a proxy does."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {
            "Host": f"localhost:{self.port}",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-Forwarded-For": self.address,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            self._connection.request(method, path, urlencode(fields) if fields else None, headers)
            answer = self._connection.getresponse()
        except (
            http.client.RemoteDisconnected,
            ConnectionError,
        ):  # an idle connection that was ended meanwhile
            self._connection = None
            return self.ask(method, path, fields)
        for set_cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = set_cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.read().decode(errors="replace")

    def sign_in(self, password: str = PASSWORD) -> int:
        """Leave, and sign in again: the cookie of a known browser stays."""
        self.cookies.pop("session", None)
        token = self.cookies["csrf"]
        fields = {"identifier": self.person.number, "password": password, "csrfmiddlewaretoken": token}
        status, page = self.ask("POST", "/adherent/", fields)
        if password == PASSWORD:
            assert status == 302, (status, page[:300])
        return status

    def read(self, path: str) -> None:
        status, page = self.ask("GET", path)
        assert status == 200, (path, status, page[:300])


def figures() -> Iterator[dict[str, Any]]:
    wanted = os.environ.get("BENCH_ONLY", "").split() or PARTS
    if "decisions" in wanted:
        yield decisions()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="adherents-load-")))
        server = stack.enter_context(postgresql.keeping(folder / "postgresql"))
        portal = Loaded(folder, server, stack.enter_context(Valkey()))
        stack.callback(portal.stop)
        members = people(MEMBERS)
        portal.prepare(members, with_account=members)
        portal.serve(1)
        browsers = [Browser(portal.port, person, rank) for rank, person in enumerate(members)]
        for browser in browsers:
            browser.sign_in()
        if "acts" in wanted:
            yield from acts(portal, browsers)
        if "mails" in wanted:
            yield mails(portal)
        if "drawings" in wanted:
            yield from drawings(portal, members)
        if "flood" in wanted:
            yield flood(portal, browsers)
        if "processes" in wanted:
            for count in (1, 2, 3):
                yield processes(portal, browsers, count)


def verification() -> float:
    """Processor seconds of one bare Argon2 verification, with the portal's own parameters."""
    from adherents.accounts.hashing import PortalHasher as Own

    bare = argon2.PasswordHasher(
        memory_cost=Own.memory_cost, time_cost=Own.time_cost, parallelism=Own.parallelism
    )
    encoded = bare.hash(PASSWORD)
    taken = []
    for _ in range(40):
        began = time.process_time()
        bare.verify(encoded, PASSWORD)
        taken.append(time.process_time() - began)
    return median(taken)


def acts(portal: Loaded, browsers: list[Browser]) -> Iterator[dict[str, Any]]:
    """A sign-in, pages, a deposit."""
    before = verification()
    cost = _cost(portal, browsers, lambda browser: browser.sign_in())
    hashed = (before + verification()) / 2
    yield {
        "figure": "sign-in",
        **cost,
        "verification_ms": round(hashed * 1000, 2),
        "ratio": round(hashed * 1000 / cost["web_ms"], 3),
        "bar_at_least": 0.65,
        "baseline": "bare Argon2id verifications a processor second, same parameters",
    }
    for name, path in (("home", "/adherent/"), ("documents", "/adherent/documents/")):
        yield {
            "figure": "page",
            "page": name,
            **_cost(portal, browsers, lambda browser, at=path: browser.read(at)),
        }
    phones = [Phone(portal, browser.person) for browser in browsers]
    noise = secrets.token_bytes(MEGABYTES << 19).hex().encode()
    arrived: dict[Phone, list[tuple[str, str]]] = {phone: [] for phone in phones}

    def bring(phone: Phone) -> None:
        content = b"%PDF-1.4\n%" + secrets.token_hex(16).encode() + noise + b"\nstartxref\n0\n%%EOF\n"
        phone.begin_another()
        path = phone.announce(content)
        for at in range(0, len(content), 1 << 20):
            assert phone.bring(path, content[at : at + (1 << 20)], at) == 204
        arrived[phone].append((phone.sending, path.rstrip("/").rpartition("/")[2]))

    def send(phone: Phone) -> None:
        phone.sending, document = arrived[phone].pop()
        status, place = phone.deposit(order=[document])
        assert (status, "/accuses/" in place) == (302, True), (status, place)

    yield {"figure": "file", "megabytes": MEGABYTES, **_cost(portal, phones, bring)}
    yield {"figure": "deposit", **_cost(portal, phones, send)}


def _cost(portal: Loaded, actors: list[Any], act: Callable[[Any], object]) -> dict[str, float]:
    """Milliseconds of the processor that one act costs each part; four actors at once."""
    meter = portal.meter()
    for actor in actors[:8]:
        act(actor)
    with ThreadPoolExecutor(4) as pool, meter.running():
        for _ in range(ROUNDS):
            list(pool.map(act, actors))
    return meter.each(ROUNDS * len(actors))


def mails(portal: Loaded) -> dict[str, Any]:
    """A worker's lane of mails, over what a worker costs that finds nothing to do."""
    portal.worked("mails")
    idle_clock, idle, _ = portal.worked("mails")
    subprocess.run([sys.executable, "-c", POST, str(MAILS)], env=portal.environment, check=True)
    began = len(portal.mailbox.mails)
    clock, worker, database = portal.worked("mails")
    sent = len(portal.mailbox.mails) - began
    assert sent >= MAILS, sent
    return {
        "figure": "mails",
        "worker_ms": round((worker - idle) * 1000 / sent, 2),
        "database_ms": round(database * 1000 / sent, 2),
        "a_second_a_worker": round(sent / (clock - idle_clock), 1),
        "a_processor_second": round(sent / (worker - idle), 1),
    }


def photo() -> bytes:
    """Twelve megapixels as a phone takes them."""
    import random

    from PIL import Image

    paper = Image.frombytes("RGB", (400, 300), random.Random(secrets.token_bytes(8)).randbytes(400 * 300 * 3))
    written = io.BytesIO()
    paper.resize((4000, 3000), Image.Resampling.BICUBIC).save(written, "JPEG", quality=88)
    return written.getvalue()


def drawings(portal: Loaded, members: list[Person]) -> Iterator[dict[str, Any]]:
    """A worker's lane of drawings: photos, and statements of ten pages."""
    from bench.drawing import PAGES, statement

    portal.worked("drawings", "long-drawings")  # what was sent before
    portal.server.run("UPDATE vault_document SET state = 'checked'")
    idle_clock, idle, _ = portal.worked("drawings")
    for what, make, pages in (
        ("photo of 12 megapixels", photo, 1),
        ("statement of ten pages", statement, PAGES),
    ):
        for person in members[:PHOTOS]:
            phone = Phone(portal, person)
            status, _ = phone.deposit([make() + secrets.token_bytes(8)])
            assert status == 302
        clock, worker, database = portal.worked("drawings")
        [[left]] = portal.server.rows(
            "SELECT count(*) FROM vault_document WHERE state = 'received' AND set_aside = ''"
        )
        assert left == 0, left
        yield {
            "figure": "drawing",
            "what": what,
            "pages": pages,
            "worker_ms": round((worker - idle) * 1000 / PHOTOS, 1),
            "database_ms": round(database * 1000 / PHOTOS, 2),
            "a_second_a_worker": round(PHOTOS / (clock - idle_clock), 2),
        }


def decisions() -> dict[str, Any]:
    """An agent's page, the next one prepared, « accepter »: in this process, on SQLite, with the database's work in it."""
    from django.conf import settings
    from tests.agents import make_agent, signed_in
    from tests.casework.queueing import waiting
    from tests.cast import CAMILLE
    from tests.factories import add_to_register

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    waiting(add_to_register(CAMILLE), DECISIONS + 6)
    client, place, taken = signed_in(make_agent()), "/gestion/suivant/", []
    place = client.post(place).headers["Location"]
    for _ in range(DECISIONS):
        began = time.process_time()
        assert client.get(place).status_code == 200
        assert client.post(f"{place}suivant/").status_code == 200
        place = client.post(f"{place}accepter/").headers["Location"]
        taken.append(time.process_time() - began)
    return {"figure": "decision", "requests": 3, "web_and_database_ms": round(median(taken) * 1000, 2)}


def flood(portal: Loaded, browsers: list[Browser]) -> dict[str, Any]:
    """A signed-in page's p95 under 200 concurrent wrong passwords, over its p95 in quiet."""
    reader, seconds = browsers[0], 8.0
    portal.serve(1)
    reader.sign_in()
    quiet = _read_for(reader, seconds)
    # In a process of its own: what reads the page must not wait for what floods.
    guessing = subprocess.Popen(
        [sys.executable, "-m", "bench.guessing", str(portal.port), str(FLOOD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert guessing.stdout is not None
    assert guessing.stdout.readline() == "begun\n"  # all of them
    flooded = _read_for(reader, seconds)
    tried, _ = guessing.communicate("over\n")
    return {
        "figure": "signed-in page under wrong passwords",
        "concurrent": FLOOD,
        "tried": int(tried),
        "quiet_p95_ms": round(_p95(quiet) * 1000, 1),
        "flooded_p95_ms": round(_p95(flooded) * 1000, 1),
        "ratio": round(_p95(flooded) / _p95(quiet), 2),
        "bar": 3,
    }


def _read_for(reader: Browser, seconds: float) -> list[float]:
    taken: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until or len(taken) < 5:
        began = time.perf_counter()
        reader.read("/adherent/")
        taken.append(time.perf_counter() - began)
        time.sleep(0.02)
    return taken


def _p95(taken: list[float]) -> float:
    return quantiles(taken, n=20)[-1]


def processes(portal: Loaded, browsers: list[Browser], count: int) -> dict[str, Any]:
    """Sign-ins a second by the clock with `count` web processes, and processor seconds of all of them."""
    portal.serve(count)
    meter = portal.meter()
    for browser in browsers[:8]:
        browser.sign_in()
    began = time.perf_counter()
    with ThreadPoolExecutor(16) as pool, meter.running():
        for _ in range(ROUNDS):
            list(pool.map(Browser.sign_in, browsers))
    seconds = time.perf_counter() - began
    resident = sum(process.memory_info().rss for process in tree(portal.web_pid))
    return {
        "figure": "sign-ins with web processes",
        "web_processes": count,
        "a_second": round(ROUNDS * len(browsers) / seconds, 1),
        "cores": psutil.cpu_count(),
        **meter.each(ROUNDS * len(browsers)),
        "resident_mb": round(resident / 1e6),
    }
