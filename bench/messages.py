"""The desk's search for conversations over many of them, on PostgreSQL and on SQLite: each filter, and the pairs that are worst.

Rows are filled by the database itself; their sealed columns hold bytes that do not open, since no query reads inside them.
`BENCH_THREADS` says how many (200000), `BENCH_ROUNDS` how often each question is asked, each time from another place of its
answer. Prints the 95th percentile, and whether a question reads every row of the threads.
"""

import json
import os
import time
from collections.abc import Iterator
from statistics import median, quantiles
from typing import Any

from bench.databases import figures_of_both

THREADS = int(os.environ.get("BENCH_THREADS", "200000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "40"))
BAR = 50.0  # milliseconds
MEMBERS, AGENTS = 20_000, 40


def figures() -> Iterator[dict[str, Any]]:
    yield from figures_of_both("messages")


def _fill() -> None:
    """Nine in ten threads are closed, one in a hundred waits; half are about a document, few of them of a rare kind.

    The first agent left after a quarter of the time, and had answered a third of what came.
    """
    import random
    from datetime import timedelta

    from django.db import connection, transaction
    from django.utils import timezone

    from adherents.accounts.models import Account, Role
    from adherents.members.models import Member
    from adherents.messaging.models import Message, Thread
    from adherents.vault.models import Deposit, Document

    chance, now = random.Random(7), timezone.now()
    agents = Account.objects.bulk_create(
        Account(identifier=f"agent{rank}@mese.example", email=f"agent{rank}@mese.example", role=Role.ADVISER)
        for rank in range(AGENTS)
    )
    members = Member.objects.bulk_create(
        (
            Member(
                number=f"{rank:08d}",
                birth_name="Durand",
                first_names="Zoé",
                birth_date="1950-01-01",
                birth_department="38",
                nir="1" * 15,
                nir_index=rank.to_bytes(32, "big"),
            )
            for rank in range(MEMBERS)
        ),
        batch_size=2000,
    )
    for begin in range(0, THREADS, 10_000):
        with transaction.atomic():
            documents, threads, messages = [], [], []
            deposits = Deposit.objects.bulk_create(
                Deposit(member=chance.choice(members), number=f"D-B-{begin + rank}") for rank in range(100)
            )
            for rank in range(begin, begin + 10_000):
                at = now - timedelta(days=730 * (1 - rank / THREADS))
                early = rank < THREADS / 4
                agent = agents[0] if early and rank % 3 == 0 else agents[1 + chance.randrange(AGENTS - 1)]
                member = chance.choice(members)
                document = None
                if rank % 2:
                    kind = "rib" if rank % 10_000 == 7 else "facture_soins"
                    document = Document(
                        next_attempt_at=None,
                        deposit=deposits[rank % 100],
                        member=member,
                        kind=kind,
                        sha256="0" * 64,
                        size=1,
                        storage_name=f"bench/{rank}",
                        at=at,
                    )
                    documents.append(document)
                closed = rank % 10 != 0
                waits = not closed and rank % 100 == 0
                thread = Thread(
                    member=member,
                    subject="Remboursement",
                    document=document,
                    agent=None if waits else agent,
                    opened_at=at - timedelta(days=1),
                    last_at=at,
                    closed_at=at if closed else None,
                    waits_since=at if waits else None,
                )
                threads.append(thread)
                messages.append(Message(thread=thread, author=agent, from_member=False, at=at, body="Oui."))
            Document.objects.bulk_create(documents, batch_size=1000)
            Thread.objects.bulk_create(threads, batch_size=1000)
            Message.objects.bulk_create(messages, batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


def _measure() -> Iterator[dict[str, Any]]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    vendor, start = os.environ["BENCH_VENDOR"], time.perf_counter()
    _fill()
    filled = round(time.perf_counter() - start, 1)
    yield {"figure": "messages", "on": vendor, "threads": THREADS, "filled_in": filled}
    for what, asked in _questions().items():
        times, reads_all = _times(asked)
        yield {
            "figure": "messages",
            "on": vendor,
            "what": what,
            "milliseconds": round(median(times), 1),
            "p95": round(quantiles(times, n=20)[-1], 1),
            "bar": BAR,
            "every_row": reads_all,
        }


def _questions() -> dict[str, dict[str, Any]]:
    from adherents.accounts.models import Account
    from adherents.members.models import Member

    first, second, nobody = (
        Account.objects.get(identifier=f"agent{rank}@mese.example").pk for rank in (0, 1, 2)
    )
    member = Member.objects.order_by("pk")[77].pk
    fifty = tuple(Member.objects.order_by("pk").values_list("pk", flat=True)[:49])
    return {
        "nothing": {},
        "a member": {"members": (member,)},
        "a name of forty-nine members": {"members": fifty},
        "a common kind": {"kind": "facture_soins"},
        "a rare kind": {"kind": "rib"},
        "a kind that nothing has": {"kind": "devis"},
        "about no document": {"kind": "none"},
        "to answer": {"state": "waiting"},
        "answered": {"state": "answered"},
        "closed": {"state": "closed"},
        "an agent": {"agent": second},
        "an agent who left long ago": {"agent": first},
        "answered by an agent": {"answered_by": second},
        "answered by an agent who left long ago": {"answered_by": first},
        "followed by one and answered by another": {"agent": second, "answered_by": nobody},
        "a rare kind, answered by an agent": {"kind": "rib", "answered_by": second},
        "a member, to answer": {"members": (member,), "state": "waiting"},
        "who left long ago, not closed": {"agent": first, "state": "answered"},
    }


def _times(asked: dict[str, Any]) -> tuple[list[float], bool]:
    """Milliseconds of the first page and those after it, with a period and without; and whether the plan reads every thread."""
    import uuid
    from datetime import timedelta

    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from adherents.messaging.finding import ThreadPlace, ThreadsWanted
    from adherents.messaging.selectors import find

    now, times = timezone.now(), []
    with CaptureQueriesContext(connection) as captured:
        find(ThreadsWanted(**asked))
    for turn in range(ROUNDS):
        period = {"since": now - timedelta(days=400), "until": now - timedelta(days=turn)} if turn % 2 else {}
        after = ThreadPlace(now - timedelta(days=18 * turn), uuid.UUID(int=turn)) if turn % 4 > 1 else None
        start = time.perf_counter()
        find(ThreadsWanted(**asked, **period), after=after)
        times.append((time.perf_counter() - start) * 1000)
    plan = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    with connection.cursor() as cursor:
        cursor.execute(plan + captured.captured_queries[0]["sql"])
        lines = [str(row[-1]) for row in cursor.fetchall()]
    return times, any(
        "Seq Scan on messaging_thread" in line or line == "SCAN messaging_thread" for line in lines
    )


if __name__ == "__main__":
    for line in _measure():
        print(json.dumps(line), flush=True)
