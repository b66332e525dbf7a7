"""Deposits with the web process killed at any moment, then their treatment with the workers killed at any moment.

On a folder with SQLite, and on a real S3 server with a real PostgreSQL. What must hold after it: every acknowledged
document opens whole, no row is without its object, objects without a row are swept, sending again always worked, nothing
is mailed twice.
"""

import hashlib
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests import postgresql
from tests.cast import ANGE, CAMILLE, ENGLISH, EVE, JEAN_FRANCOIS, KARIM, TWIN_LEA, TWIN_ZOE, Person
from tests.vault import s3

from stress.members import Delivery, Sender
from stress.portal import MortalPortal

SENDERS = [CAMILLE, JEAN_FRANCOIS, EVE, KARIM, ANGE, ENGLISH, TWIN_LEA, TWIN_ZOE]
MOST_SECONDS = 1500  # a half of the proof that lasts longer stops, and says that it did
TREATED_WITHIN = 600


def proofs() -> Iterator[dict[str, Any]]:
    for storage in ("folder", "s3"):
        with _portal_on(storage) as portal:
            portal.prepare(SENDERS, with_account=SENDERS)
            portal.start_web()
            for figure in killed(portal, SENDERS, web=200, worker=100, workers=4):
                yield {"storage": storage, **figure}


@contextmanager
def _portal_on(storage: str) -> Iterator[MortalPortal]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="adherents-kills-")))
        where: dict[str, str] = {}
        if storage == "s3":
            (folder / "s3").mkdir()
            server = stack.enter_context(s3.serving(folder / "s3"))
            where["storage_url"] = server.address_of(s3.new_bucket(server.endpoint)[1])
            where["database_url"] = postgresql.start()
        portal = MortalPortal(folder, **where)
        stack.callback(portal.stop)
        yield portal


def killed(
    portal: MortalPortal,
    people: Sequence[Person],
    *,
    web: int,
    worker: int,
    workers: int,
    seed: int = 20261123,
) -> Iterator[dict[str, Any]]:
    """`web` deposits that lost the portal on their way, `worker` documents that lost their worker. Two figures.

    The portal serves, and has no worker.
    """
    senders = [Sender(portal, person, seed + rank) for rank, person in enumerate(people)]
    chance = random.Random(seed)
    sent, figure = _kill_web(portal, senders, chance, web)
    yield {"figure": "web process killed", "seed": seed, **figure}
    more, figure = _kill_workers(portal, senders, chance, worker, workers)
    wrong = figure.pop("wrong") + _wrong(portal, senders, sent + more)
    figure["mails_taken"] = sum(portal.postmarks.values())
    figure["mails_taken_again_under_their_own_id"] = figure["mails_taken"] - len(portal.postmarks)
    yield {"figure": "worker killed", "seed": seed, **figure, "wrong": wrong}


def _all_deliver(senders: list[Sender]) -> list[Delivery]:
    with ThreadPoolExecutor(len(senders)) as pool:
        return [future.result() for future in [pool.submit(sender.deliver) for sender in senders]]


def _kill_web(
    portal: MortalPortal, senders: list[Sender], chance: random.Random, wanted: int
) -> tuple[list[Delivery], dict[str, Any]]:
    began, usual = time.monotonic(), []
    sent: list[Delivery] = []
    for _ in range(2):
        start = time.monotonic()
        sent += _all_deliver(senders)
        usual.append(time.monotonic() - start)
    hit, kills = 0, 0
    while hit < wanted and time.monotonic() - began < MOST_SECONDS:
        with ThreadPoolExecutor(1) as pool:
            delivering = pool.submit(_all_deliver, senders)
            time.sleep(chance.uniform(0, statistics.median(usual)))
            whole = chance.random() < 0.5
            portal.kill_web(whole=whole)
            portal.ask("release")
            if whole:
                portal.start_web()
            deliveries = delivering.result()
        sent += deliveries
        kills += 1
        hit += sum(bool(delivery.lost) for delivery in deliveries)
    steps = Counter(step for delivery in sent for step in set(delivery.lost))
    return sent, {
        "kills": kills,
        "deposits": len(sent),
        "deposits_hit": hit,
        "hit_while": dict(steps),
        "seconds": round(time.monotonic() - began),
        "wrong": [] if hit >= wanted else [f"only {hit} of {wanted} deposits were hit"],
    }


def _kill_workers(
    portal: MortalPortal, senders: list[Sender], chance: random.Random, wanted: int, workers: int
) -> tuple[list[Delivery], dict[str, Any]]:
    began, kills, held = time.monotonic(), 0, Counter[str]()
    sent: list[Delivery] = []
    while held["documents"] < wanted and time.monotonic() - began < MOST_SECONDS:
        if portal.ask("due")["documents"] < 2 * workers:
            sent += _all_deliver(senders)
        portal.start_workers(workers)
        deadline = time.monotonic() + 30
        while not any(portal.ask("in_hand").values()) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 2))
        portal.kill_workers()
        held.update(portal.ask("release"))
        kills += workers
    portal.start_workers(workers)
    deadline = time.monotonic() + TREATED_WITHIN
    while any(portal.ask("due").values()) and time.monotonic() < deadline:
        time.sleep(0.5)
    left = portal.ask("due")
    portal.kill_workers()
    wrong = [f"never treated: {left}"] if any(left.values()) else []
    if held["documents"] < wanted:
        wrong.append(f"only {held['documents']} of {wanted} documents were hit")
    return sent, {
        "kills": kills,
        "documents_hit": held["documents"],
        "mails_hit": held["mails"],
        "seconds": round(time.monotonic() - began),
        "wrong": wrong,
    }


def _wrong(portal: MortalPortal, senders: list[Sender], sent: list[Delivery]) -> list[str]:
    """What does not hold, in words; nothing when all does."""
    wrong: list[str] = []
    rows = {row["id"]: row for row in portal.ask("documents")}
    by_number: dict[str, list[str]] = {}
    for row in rows.values():
        by_number.setdefault(row["number"], []).append(row["sha256"])
        if row["state"] != "checked" or row["page_count"] != row["images"] or not row["images"]:
            wrong.append(f"{row['number']} was not drawn once, whole: {row}")
    for delivery in sent:
        digests = sorted(hashlib.sha256(content).hexdigest() for content in delivery.contents)
        if delivery.documents:
            kept = sorted(
                rows[document_id]["sha256"] for document_id in delivery.documents if document_id in rows
            )
            if kept != digests:
                wrong.append(f"{delivery.number} does not have what was brought")
        if delivery.number and not set(digests) <= set(by_number.get(delivery.number, [])):
            wrong.append(f"{delivery.number} was acknowledged and is not there")
    wrong += _not_given_back(senders, rows)
    if complaints := portal.ask("verify"):
        wrong.append(complaints)
    wrong += _mailed_wrongly(portal, set(by_number))
    portal.ask("age")
    portal.ask("sweep")
    left = portal.ask("left")
    if left["notes"] or left["waiting"] or left["objects"] != left["owned"]:
        wrong.append(f"not swept: {left}")
    return wrong


def _not_given_back(senders: list[Sender], rows: dict[str, dict[str, Any]]) -> list[str]:
    """Each document is downloaded by its member and is, byte for byte, what has the row's hash."""
    phones = {sender.phone.person.number: sender.phone for sender in senders}
    return [
        f"{row['number']} is given back otherwise"
        for row in rows.values()
        if row["of"] in phones
        and hashlib.sha256(phones[row["of"]].download(row["id"])).hexdigest() != row["sha256"]
    ]


def _mailed_wrongly(portal: MortalPortal, numbers: set[str]) -> list[str]:
    """One mail a deposit. A mail that the server took as its worker died comes again under its own Message-ID, and is one."""
    mails = Counter(number for number, _ in portal.postmarks)
    return [f"{number}: {mails[number]} mails" for number in numbers if mails[number] != 1]
