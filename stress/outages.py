"""Each part killed or frozen in turn under load: what was answered, how soon it was named, how soon all was well again."""

import http.client
import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import postgresql
from tests.cast import CAMILLE
from tests.engines import Valkey
from tests.vault import s3
from tests.vault.tus_client import SEND, Phone

from stress.portal import StressedPortal, until

PAGES = [
    "/adherent/",
    "/adherent/documents/",
    SEND,
    "/adherent/messages/",
    "/adherent/authentication/mot-de-passe/",
]
BROWSERS = 6
QUIET, AWAY, AFTER = 5.0, 25.0, 20.0  # seconds
RECOVERS_WITHIN = 2.0  # seconds: from then on each page is served
WORKER_NAMED_WITHIN, WORKER_CLEARED_WITHIN = 60.0, 10.0


def proofs() -> Iterator[dict[str, Any]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="adherents-outages-")))
        database = stack.enter_context(postgresql.serving())
        valkey = stack.enter_context(Valkey())
        objects = folder / "objects"
        objects.mkdir()
        storage = stack.enter_context(s3.serving(objects))
        _, bucket = s3.new_bucket(storage.endpoint)
        portal = StressedPortal(folder, storage_url=storage.address_of(bucket), database_url=database.address)
        portal.environment["ADHERENTS_CACHE_URL"] = valkey.address
        stack.callback(portal.stop)
        portal.start([CAMILLE], with_account=[CAMILLE])
        until(lambda: _health(portal) == (200, []), 60)
        yield _outage(portal, "cache", "killed", valkey.kill, valkey.start)
        yield _outage(portal, "cache", "frozen", valkey.stop, valkey.go_on)
        yield _outage(portal, "storage", "frozen", storage.stop, storage.go_on)
        yield _outage(portal, "database", "killed", database.stop, database.start)
        yield _outage(portal, "database", "frozen", database.freeze, database.go_on)
        yield _dead_worker(portal)


@dataclass
class Answers:
    """What browsers got: each answer's moment, status (0: none), seconds, and what was wrong with it."""

    got: list[tuple[float, int, float]] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)

    def add(self, began: float, status: int, wrong: str = "") -> None:
        self.got.append((began, status, time.monotonic() - began))
        if wrong:
            self.wrong[wrong] += 1


def _outage(
    portal: StressedPortal, part: str, how: str, away: Callable[[], None], back: Callable[[], None]
) -> dict[str, Any]:
    """One line: requests meanwhile, how many were told in words, and the seconds that it took to be well again."""
    phone, answers, over = Phone(portal), Answers(), threading.Event()
    before = len(portal.log().splitlines())
    browsers = [
        threading.Thread(target=_browse, args=[portal, phone, number, answers, over], daemon=True)
        for number in range(BROWSERS)
    ]
    for browser in browsers:
        browser.start()
    time.sleep(QUIET)
    away()
    began = time.monotonic()
    named = until(lambda: part in _health(portal)[1], AWAY)
    time.sleep(max(0.0, AWAY - (time.monotonic() - began)))
    back()
    returned = time.monotonic()
    cleared = until(lambda: _health(portal) == (200, []), 60)
    time.sleep(max(0.0, AFTER - (time.monotonic() - returned)))
    over.set()
    for browser in browsers:
        browser.join(60)
    late = [at for at, status, _ in answers.got if status in {0, 503} and at > returned]
    lines = [json.loads(line) for line in portal.log().splitlines()[before:] if line.startswith("{")]
    told = [line for line in lines if line.get("part")]
    recovered = max((at - returned for at in late), default=0.0)
    wrong = [f"{count} × {what}" for what, count in answers.wrong.items()]
    if part == "cache" and any(status == 503 for _, status, _ in answers.got):
        wrong.append("a page failed without the cache")
    if recovered > RECOVERS_WITHIN:
        wrong.append(f"a page that began {recovered:.1f} s after the return was not served")
    if any("traceback" in line for line in lines):
        wrong.append("a traceback")
    return {
        "proof": f"{part} {how}",
        "requests": len(answers.got),
        "in_words": sum(status == 503 for _, status, _ in answers.got),
        "longest_page_served_s": round(
            max(took for _, status, took in answers.got if status not in {0, 503}), 1
        ),
        "named_after_s": round(named, 1),
        "recovered_after_s": round(recovered, 1),
        "cleared_after_s": round(cleared, 1),
        "lines_about_it": len(told),
        "wrong": wrong,
    }


def _browse(
    portal: StressedPortal, phone: Phone, number: int, answers: Answers, over: threading.Event
) -> None:
    cookies = {name: phone.headers[name] for name in ("Host", "Cookie")}
    turn = number
    while not over.is_set():
        turn += 1
        began, path = time.monotonic(), PAGES[turn % len(PAGES)]
        connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=90)
        try:
            connection.request("GET", path, headers={**cookies, "X-Forwarded-For": f"203.0.113.{number}"})
            with connection.getresponse() as answer:
                page = answer.read().decode(errors="replace")
                answers.add(began, answer.status, _fault(answer, page))
        except (OSError, http.client.HTTPException) as error:
            answers.add(began, 0, type(error).__name__)
        finally:
            connection.close()
        over.wait(0.1)


def _fault(answer: http.client.HTTPResponse, page: str) -> str:
    if answer.status >= 500 and answer.status != 503:
        return f"status {answer.status}"
    if answer.status == 503:
        told = answer.headers["Retry-After"] and f"<code>{answer.headers['X-Request-ID']}</code>" in page
        return "" if told else "a 503 without words, a moment to come back or a reference"
    return ""


def _dead_worker(portal: StressedPortal) -> dict[str, Any]:
    """The one that was started is killed; how soon it is named, and how soon another clears it."""
    worker = portal.processes.pop()
    worker.kill()
    worker.wait()
    named = until(lambda: _health(portal, "/sante/") == (200, ["worker"]), 90)
    portal._spawn("worker", "--pause=0.5")
    cleared = until(lambda: _health(portal, "/sante/") == (200, []), 90)
    wrong = ["it was named late"] if named > WORKER_NAMED_WITHIN else []
    wrong += ["it was cleared late"] if cleared > WORKER_CLEARED_WITHIN else []
    return {
        "proof": "worker killed",
        "named_after_s": round(named, 1),
        "cleared_after_s": round(cleared, 1),
        "wrong": wrong,
    }


def _health(portal: StressedPortal, path: str = "/pret/") -> tuple[int, list[str]]:
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=30)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{portal.port}"})
        with connection.getresponse() as answer:
            return answer.status, json.loads(answer.read())["degraded"]
    finally:
        connection.close()
