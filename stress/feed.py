"""The feed and the webhooks, while what writes and what sends is killed.

Members write messages, a program follows the feed over HTTP, and a webhook gets the same events, while web processes and
workers get SIGKILL. What must hold after it: each message that was acknowledged is in the database; the feed has an event for
each message that is there, once, and each conversation's in its order; the program read the same events, each once; the webhook
took the same, in the same order, each with a signature that the specification's own library accepts. What it got again is
counted, and came under an id that it had.

Then a receiver is down for a day (whose hours are moved in the database, and not waited for), and addresses that lead inside.
"""

import http.client
import json
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests import postgresql
from tests.cast import EVERYBODY
from tests.webhooks.receiver import Receiver, answers, receiving

from stress.portal import MortalPortal, until

EVENTS, KILLS, WRITERS = 10_000, 100, 8
EVENTS_OF_A_DAY = 480
MOST_SECONDS = 3000
TOKEN = "a" * 32
MESSAGES = (
    '[limits.message]\nper_address = "12000/hour"\nper_network = "60000/hour"\nper_identifier = "3000/hour"'
)


class FeedPortal(MortalPortal):
    inside = "feed"
    profile_changes = {MESSAGES: MESSAGES.replace('"3000/', '"100000/').replace('"12000/', '"100000/')}

    def __init__(self, folder: Path, **given: Any) -> None:
        super().__init__(folder, **given)
        self.environment["ADHERENTS_WEBHOOK_NETWORKS"] = "127.0.0.0/8"

    def ask_http(self, method: str, path: str, headers: dict[str, str], body: str = "") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body or None, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def proofs() -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="adherents-feed-") as folder, postgresql.serving() as database:
        yield killed(Path(folder) / "a", database_url=database.address, events=EVENTS, kills=KILLS)
    with tempfile.TemporaryDirectory(prefix="adherents-feed-") as folder:
        yield down_for_a_day(Path(folder), events=EVENTS_OF_A_DAY)
    yield refused_addresses()


def killed(
    folder: Path, *, events: int, kills: int, database_url: str = "", seed: int = 20261129
) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        receiver = stack.enter_context(receiving())
        portal = FeedPortal(folder, database_url=database_url)
        stack.callback(portal.stop)
        people = EVERYBODY[:4]
        portal.prepare(people, with_account=people)
        made = portal.ask("prepare", WRITERS // len(people))
        made |= portal.ask("call", _port(receiver))
        receiver.secret = made["secret"]
        portal.start_web()
        portal.start_workers(1)
        return _killed(portal, receiver, made, events, kills, random.Random(seed)) | {"seed": seed}


def _killed(
    portal: FeedPortal,
    receiver: Receiver,
    made: dict[str, Any],
    events: int,
    kills: int,
    chance: random.Random,
) -> dict[str, Any]:
    by_number = {person.number: person for person in EVERYBODY}
    writers = [
        Writer(portal, portal.session_of(by_number[number]), thread)
        for number, threads in made["threads"].items()
        for thread in threads
    ]
    each = events // len(writers)
    reader = Reader(portal, made["key"])
    began = time.monotonic()
    threads = [threading.Thread(target=writer.write, args=[each]) for writer in writers]
    following = threading.Thread(target=reader.follow)
    for thread in (*threads, following):
        thread.start()
    hit = {"web": 0, "whole web": 0, "worker": 0}
    try:
        for number in range(kills):
            wanted = events * (number + 1) // (kills + 1)
            while (
                sum(writer.written for writer in writers) < wanted
                and any(thread.is_alive() for thread in threads)
                and time.monotonic() < began + MOST_SECONDS
            ):
                time.sleep(0.02)
            time.sleep(chance.uniform(0, 0.2))
            hit[_kill(portal, chance)] += 1
        for thread in threads:
            thread.join(MOST_SECONDS)
        portal.ask("release")  # what the killed had in hand is free within a minute, which is not waited for
        facts = portal.ask("facts")
        left = len(facts["messages"]) - len(
            writers
        )  # but those that began the conversations, before it was there
        _wait(lambda: len(set(receiver.ids)) >= left, 300)
    finally:
        for writer in writers:
            writer.over.set()
        reader.finish()
        following.join(120)
    facts = portal.ask("facts")
    return {
        "figure": "events while processes are killed",
        "events": len(facts["events"]),
        "kills": sum(hit.values()),
        "killed": hit,
        "requests_lost_and_sent_again": sum(writer.lost for writer in writers),
        "feed_requests_lost": reader.lost,
        "webhook_calls_cut_by_a_kill": receiver.cut,
        "webhook_got_again": len(receiver.taken) - len(set(receiver.ids)),
        "seconds": round(time.monotonic() - began),
        "wrong": [
            *(writer.refused for writer in writers if writer.refused),
            *_wrong_in_database(facts, writers, each),
            *_wrong_in_feed(facts, reader),
            *_wrong_at_receiver(facts, made["position"], receiver),
        ],
    }


def _kill(portal: FeedPortal, chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.5:
        portal.kill_workers()
        portal.start_workers(1)
        return "worker"
    whole = kind > 0.9
    portal.kill_web(whole=whole)
    if whole:
        portal.start_web()
    portal.wait_until_ready()
    return "whole web" if whole else "web"


def _wrong_in_database(facts: dict[str, Any], writers: list["Writer"], each: int) -> Iterator[str]:
    """Against what was acknowledged. What was sent again may be there twice: no answer had come. One more began the thread."""
    for writer in writers:
        there = sum(thread == writer.thread for _pk, thread in facts["messages"]) - 1
        if writer.written < each:
            yield f"a member wrote {writer.written} messages of {each}"
        if not writer.written <= there <= writer.written + writer.lost:
            yield f"{there} messages of thread {writer.thread}, of which {writer.written} were acknowledged"


def _wrong_in_feed(facts: dict[str, Any], reader: "Reader") -> Iterator[str]:
    """Against the messages that are in the database."""
    told = [event for event in reader.events if event["type"] == "message.received"]
    in_feed = {(event["data"]["message"], event["subject"].removeprefix("thread/")) for event in told}
    in_database = {(pk, thread) for pk, thread in facts["messages"]}
    if in_feed != in_database:
        yield f"events without message: {len(in_feed - in_database)}; messages without event: {len(in_database - in_feed)}"
    if len(told) != len(in_feed):
        yield f"{len(told) - len(in_feed)} message(s) told twice"
    for thread in {thread for _pk, thread in in_database}:
        places = [event["data"]["message"] for event in told if event["subject"] == f"thread/{thread}"]
        if places != sorted(places):
            yield f"the events of thread {thread} are not in their order"
    ids = [event["id"] for event in reader.events]
    if ids != [uid for uid, _position, _kind in facts["events"]]:
        yield f"the program read {len(ids)} events, {len(set(ids))} different ones, of {len(facts['events'])}"
    positions = [position for _uid, position, _kind in facts["events"]]
    if positions != [*range(1, len(positions) + 1)]:
        yield "the positions have a hole"


def _wrong_at_receiver(facts: dict[str, Any], position: int, receiver: Receiver) -> Iterator[str]:
    wanted = [uid for uid, _position, _kind in facts["events"]][position:]
    first = list(dict.fromkeys(receiver.ids))
    if first != wanted:
        yield f"the webhook took {len(first)} events of {len(wanted)}, or not in their order"
    if receiver.refused:
        yield f"{receiver.refused} signature(s) were not right"


class Writer:
    """A member who writes in one conversation, and sends again what was not acknowledged."""

    def __init__(self, portal: FeedPortal, session: str, thread: str) -> None:
        self.portal, self.thread, self.written, self.lost, self.refused = portal, thread, 0, 0, ""
        self.over = threading.Event()
        self._headers = {
            "Host": f"localhost:{portal.port}",
            "Cookie": f"session={session}; csrf={TOKEN}",
            "X-CSRFToken": TOKEN,
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def write(self, count: int) -> None:
        while self.written < count and not self.over.is_set():
            body = urlencode({"body": f"Message {self.written}"})
            try:
                status, page = self.portal.ask_http(
                    "POST", f"/adherent/messages/{self.thread}/", self._headers, body
                )
            except (OSError, http.client.HTTPException):
                self.lost += 1
                time.sleep(0.1)
                continue
            if status != 302:
                self.refused = f"a message answers {status}: {page[:300]!r}"
                return
            self.written += 1


class Reader:
    """A program that follows the feed."""

    def __init__(self, portal: FeedPortal, key: str) -> None:
        self.portal, self.events, self.lost = portal, list[dict[str, Any]](), 0
        self._headers = {"Host": f"localhost:{portal.port}", "Authorization": f"Bearer {key}"}
        self._last_round = threading.Event()

    def finish(self) -> None:
        """Until nothing is new."""
        self._last_round.set()

    def follow(self) -> None:
        cursor = ""
        while True:
            last_round = self._last_round.is_set()
            try:
                status, body = self.portal.ask_http(
                    "GET", f"/api/v1/events?{urlencode({'after': cursor, 'limit': 200})}", self._headers
                )
            except (OSError, http.client.HTTPException):
                self.lost += 1
                time.sleep(0.1)
                continue
            if status in {429, 503}:
                time.sleep(1)
                continue
            assert status == 200, body[:300]
            page = json.loads(body)
            self.events += page["items"]
            cursor = page["next"]
            if last_round and not page["items"]:
                return
            time.sleep(0.5)


def down_for_a_day(folder: Path, *, events: int) -> dict[str, Any]:
    """A receiver answers 503 for twenty-four hours, an hour at a time, while things happen; another one takes everything."""
    with ExitStack() as stack:
        down, beside = (stack.enter_context(receiving()) for _ in range(2))
        portal = FeedPortal(folder)
        stack.callback(portal.stop)
        portal.prepare([], with_account=[])
        for receiver in (down, beside):
            receiver.secret = portal.ask("call", _port(receiver))["secret"]
        down.answer = answers(503)
        portal.start_workers(2)
        for hour in range(24):
            portal.ask("announced", events // 24)
            tried = len(down.requests)
            _wait(lambda hour=hour: len(beside.taken) == events // 24 * (hour + 1), 60)  # type: ignore[misc]
            _wait(lambda tried=tried: len(down.requests) > tried, 30)  # type: ignore[misc]
            time.sleep(0.3)
            portal.ask("hour")
        tries = len(down.requests)
        down.answer = answers(204)
        portal.ask("hour")
        _wait(lambda: len(down.taken) >= events // 24 * 24, 120)
        wanted = [uid for uid, _position, _kind in portal.ask("facts")["events"]]
        wrong = [
            f"the one that was {name} took {len(there.ids)} of {len(wanted)}, or not in their order"
            for name, there in (("down", down), ("up", beside))
            if there.ids != wanted
        ]
        if down.refused or beside.refused:
            wrong.append(f"{down.refused + beside.refused} signature(s) were not right")
        return {
            "figure": "a receiver that is down for a day",
            "events": len(wanted),
            "tries_while_down": tries,
            "wrong": wrong,
        }


def refused_addresses() -> dict[str, Any]:
    """Names are resolved by a function that is given here, since a test may not change the machine's resolver."""
    from unittest import mock

    from tests.webhooks.test_call import INSIDE, WRITTEN_OTHERWISE

    from adherents.webhooks import networks
    from adherents.webhooks.call import post
    from adherents.webhooks.troubles import Trouble

    wrong = []
    for address in INSIDE:
        with mock.patch.object(
            networks, "resolve", lambda host, port, address=address: [networks.ip_address(address)]
        ):
            if post("https://insurer.example/", b"{}", {}).trouble != Trouble.FORBIDDEN:
                wrong.append(f"{address} was called")
    not_called = {Trouble.FORBIDDEN, Trouble.NO_NAME}
    wrong += [
        f"{host} was called"
        for host in WRITTEN_OTHERWISE
        if post(f"https://{host}/", b"{}", {}).trouble not in not_called
    ]
    return {
        "figure": "addresses that lead inside",
        "refused": len(INSIDE) + len(WRITTEN_OTHERWISE) - len(wrong),
        "wrong": wrong,
    }


def _port(receiver: Receiver) -> int:
    return int(receiver.url.rpartition(":")[2].partition("/")[0])


def _wait(condition: Any, seconds: float) -> None:
    """What is missing then is found wrong afterwards, in words."""
    try:
        until(condition, seconds)
    except AssertionError:
        return
