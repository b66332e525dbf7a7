"""Slow phones, anonymous drips and unread downloads, all at once: pages stay quick, every honest upload ends.

Without a proxy and behind nginx as `deploy/proxy/nginx.conf` sets it; an address for each (127.1.x.y), then thirty phones and the
drips behind one.
"""

import http.client
import json
import os
import re
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from tests.cast import CAMILLE, Person
from tests.journeys.running import ROOT
from tests.ports import free_port
from tests.vault.conftest import pdf
from tests.vault.tus_client import Phone

from stress.portal import StressedPortal

MEBIBYTE = 1 << 20
RATE = 10_000  # bytes a second, of an honest phone
QUIET_SECONDS = 30
MOST_TIMES_QUIET = 2
MOST_RESIDENT = 900 * MEBIBYTE  # of all that serves, in all
PAGES = ("/adherent/", "/contact/", "/adherent/documents/")


class SlowPortal(StressedPortal):
    """Sessions fall idle after so few minutes that a phone needs longer for one file."""

    profile_changes = {"idle_minutes = 20": "idle_minutes = 2", "warning_minutes = 2": "warning_minutes = 1"}

    def start_web(self) -> None:
        self._spawn("serve", f"--bind=127.0.0.1:{self.port}")
        self.wait_until_ready()

    def serving(self) -> list[psutil.Process]:
        started = psutil.Process(self.processes[-1].pid)
        return [started, *started.children(recursive=True)]


def people(count: int) -> list[Person]:
    """Members who differ by their number, their NIR and their name."""
    return [
        replace(
            CAMILLE,
            number=f"7300{rank:04d}",
            nir13=f"25403381{rank + 1:05d}",
            birth_name=f"Dupont{chr(97 + rank // 26)}{chr(97 + rank % 26)}",
            email=f"slow{rank}@example.org",
        )
        for rank in range(count)
    ]


def proofs() -> Iterator[dict[str, Any]]:
    for nginx in (False, True):
        for alone in (True, False):
            yield held(nginx=nginx, address_each=alone)


def held(
    *,
    nginx: bool = False,
    address_each: bool = True,
    phones: int = 200,
    drips: int = 200,
    downloads: int = 100,
    size: int = 2 * MEBIBYTE,
    quiet_seconds: float = QUIET_SECONDS,
    most_seconds: float = 900,
    bar: float = MOST_TIMES_QUIET,
    portal: SlowPortal | None = None,
) -> dict[str, Any]:
    """One figure: what pages took while slow connections were held, divided by what they take without them.

    `portal`: one that serves already, with as many of `people` as have phones, and one more; otherwise one is started.
    """
    phones = phones if address_each else min(phones, 30)
    members = people(max(phones, 1) + 1)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="adherents-slow-")))
        if portal is None:
            portal = SlowPortal(folder)
            stack.callback(portal.stop)
            portal.prepare(members, with_account=members)
            portal.start_web()
        port = stack.enter_context(behind_nginx(folder, portal)) if nginx else portal.port
        plan = _plan(portal, members, folder, port, address_each, phones, drips, downloads, size)
        plan["seconds"] = most_seconds
        [page] = _phones(portal, members[-1:])
        address = "127.2.0.1" if address_each else "127.1.0.1"
        quiet = _probe(port, page, address, until=_after(quiet_seconds))
        resident: list[int] = []
        over = threading.Event()
        watching = threading.Thread(target=_watch, args=(portal, resident, over))
        watching.start()
        before = sum(process.memory_info().rss for process in portal.serving())
        load = begin_load(plan)
        try:
            time.sleep(5)
            loaded = _probe(port, page, address, until=lambda: load.poll() is not None)
            became = what_became(load)
        finally:
            load.kill()
            with load:  # waits for it, and closes what it said
                pass
            over.set()
            watching.join()
    return _figure(nginx, address_each, quiet, loaded, resident, before, became, plan, bar)


def begin_load(plan: dict[str, Any]) -> "subprocess.Popen[str]":
    """The slow senders and readers of this plan (`_plan`), in a process of their own."""
    load = subprocess.Popen(
        [sys.executable, "-m", "stress.slow_load"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert load.stdin is not None
    load.stdin.write(json.dumps(plan))
    load.stdin.close()
    return load


def what_became(load: "subprocess.Popen[str]") -> dict[str, Any]:
    """What became of them, once all is over."""
    assert load.stdout is not None
    return dict(json.loads(load.stdout.read() or '{"wrong": ["the load said nothing"]}'))


def _figure(
    nginx: bool,
    address_each: bool,
    quiet: dict[str, Any],
    loaded: dict[str, Any],
    resident: list[int],
    before: int,
    became: dict[str, Any],
    plan: dict[str, Any],
    bar: float,
) -> dict[str, Any]:
    wrong = list(became.pop("wrong"))
    ended = became.get("uploads_ended", 0) + became.get("plain_forms_ended", 0)
    ratio = loaded["p95_ms"] / quiet["p95_ms"]
    if ended != len(plan["phones"]):
        wrong.append(f"{len(plan['phones']) - ended} honest uploads did not end")
    if ratio > bar:
        wrong.append(f"pages take {ratio:.1f} times what they take when it is quiet")
    if loaded["refused"] or quiet["refused"]:
        wrong.append(f"pages were refused: {loaded['refused'] or quiet['refused']}")
    if max(resident) > MOST_RESIDENT:
        wrong.append(f"{max(resident) >> 20} MiB resident")
    return {
        "figure": "slow connections",
        "nginx": nginx,
        "addresses": "one each" if address_each else "one for all",
        "phones": len(plan["phones"]),
        "drips": len(plan["drips"]),
        "unread_downloads": len(plan["downloads"]),
        "bytes_a_phone": int(Path(plan["content"]).name),
        "ratio_p95": round(ratio, 2),
        "bar": bar,
        "quiet": quiet,
        "loaded": loaded,
        "resident_before_mib": before >> 20,
        "resident_most_mib": max(resident) >> 20,
        **became,
        "wrong": wrong,
    }


def _plan(
    portal: SlowPortal,
    members: list[Person],
    folder: Path,
    port: int,
    address_each: bool,
    phones: int,
    drips: int,
    downloads: int,
    size: int,
) -> dict[str, Any]:
    def address(kind: int, rank: int) -> str:
        return f"127.1.{kind}.{rank + 1}" if address_each else "127.1.0.1"

    content = folder / f"{size}"
    paper = pdf(words="Facture")
    content.write_bytes(paper.replace(b"\n", b"\n%" + b"x" * (size - len(paper) - 2) + b"\n", 1))
    large = paper.replace(b"\n", b"\n%" + b"y" * (19 * MEBIBYTE) + b"\n", 1)
    senders = _phones(portal, members[:phones])
    kept = []
    for sender in senders[: (downloads + 5) // 6]:
        status, location = sender.deposit([large])
        assert "/accuses/" in location, (status, location)
        match = re.search(r"/adherent/documents/([0-9a-f-]{36})/", sender.page(location))
        assert match
        kept.append((sender, f"/adherent/documents/{match[1]}/telecharger/"))
    host = {"Host": f"localhost:{portal.port}"}
    return {
        "port": port,
        "content": str(content),
        "phones": [
            {
                "address": address(0, rank),
                "headers": sender.headers,
                "rate": RATE,
                "sending": str(uuid.uuid4()),
                "plain": rank % 8 == 7,
            }
            for rank, sender in enumerate(senders)
        ],
        "drips": [
            {"address": address(1, rank), "headers": host, "in_headers": rank % 4 == 3}
            for rank in range(drips)
        ],
        "downloads": [
            {
                "address": address(2, rank),
                "headers": kept[rank % len(kept)][0].headers,
                "path": kept[rank % len(kept)][1],
            }
            for rank in range(downloads)
        ],
    }


def _phones(portal: SlowPortal, members: list[Person]) -> list[Phone]:
    """Signed in already."""
    numbers = json.dumps([person.number for person in members])
    keys = json.loads(portal._beside("stress.sessions", text=numbers))
    token = secrets.token_hex(16)
    phones = []
    for person, key in zip(members, keys, strict=True):
        phone = object.__new__(Phone)
        phone.portal, phone.person = portal, person
        phone.headers = {
            "Host": f"localhost:{portal.port}",
            "Cookie": f"session={key}; csrf={token}",
            "X-CSRFToken": token,
            "Tus-Resumable": "1.0.0",
        }
        phone.begin_another()
        phones.append(phone)
    return phones


def _after(seconds: float) -> Callable[[], bool]:
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() > deadline


def _probe(port: int, page: Phone, address: str, *, until: Callable[[], bool]) -> dict[str, Any]:
    """Pages asked for one after the other, each on a connection of its own: what they took, and which were refused."""
    took: list[float] = []
    alive: list[float] = []
    refused: list[str] = []
    while not until() or len(alive) < 2:  # two at least, of which statistics can be made
        for path in (*PAGES, "/sante/"):
            begun = time.perf_counter()
            connection = http.client.HTTPConnection(
                "127.0.0.1", port, timeout=30, source_address=(address, 0)
            )
            try:
                connection.request("GET", path, headers={**page.headers, "Connection": "close"})
                answer = connection.getresponse()
                answer.read()
                if answer.status >= 400:
                    refused.append(f"{path}: {answer.status}")
            except OSError as error:
                refused.append(f"{path}: {error!r}")
            finally:
                connection.close()
            (alive if path == "/sante/" else took).append(time.perf_counter() - begun)
            time.sleep(0.05)
    return {
        "pages": len(took),
        "median_ms": round(statistics.median(took) * 1000, 1),
        "p95_ms": round(statistics.quantiles(took, n=20)[-1] * 1000, 1),
        "most_ms": round(max(took) * 1000, 1),
        "alive_p95_ms": round(statistics.quantiles(alive, n=20)[-1] * 1000, 1),
        "refused": refused[:5],
    }


def _watch(portal: SlowPortal, resident: list[int], over: threading.Event) -> None:
    while not over.wait(1):
        resident.append(sum(process.memory_info().rss for process in portal.serving()))


@contextmanager
def behind_nginx(folder: Path, portal: StressedPortal, *, others: Sequence[int] = ()) -> Iterator[int]:
    """nginx with the file that is shipped, without TLS, in front of the portal (and of others, at these ports); its port."""
    port = free_port()
    shipped = (ROOT / "deploy" / "proxy" / "nginx.conf").read_text()
    written = shipped.partition("\nserver {")[0] + "\nserver {" + shipped.split("\nserver {")[1]
    written = written.replace("127.0.0.1:8000", f"127.0.0.1:{portal.port}")
    assert "# server 127.0.0.1:8001 max_fails=0;" in written
    servers = "\n  ".join(f"server 127.0.0.1:{other} max_fails=0;" for other in others)
    written = written.replace("# server 127.0.0.1:8001 max_fails=0;", servers)
    written = written.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    written = re.sub(r"^.*(ssl_certificate|server_name|listen \[::\]).*\n", "", written, flags=re.MULTILINE)
    written = written.replace("/var/log/nginx/", f"{folder}/nginx/")
    place = folder / "nginx"
    place.mkdir()
    temporary = "".join(
        f"  {name}_temp_path {place}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (place / "nginx.conf").write_text(
        f"{'' if os.getuid() else 'user root;'}\nworker_processes 1;\nerror_log {place}/error.log;\npid {place}/pid;\n"
        f"events {{ worker_connections 4096; }}\nhttp {{\n  access_log off;\n{temporary}{written}\n}}\n"
    )
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    assert program, "nginx is not installed"
    with (place / "said").open("wb") as output:
        running = subprocess.Popen(
            [program, "-p", str(place), "-c", str(place / "nginx.conf"), "-g", "daemon off;"],
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=2).close()
                break
            except OSError:
                assert running.poll() is None, (place / "said").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield port
    finally:
        running.terminate()
        running.wait()
