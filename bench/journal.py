"""The auditor's questions over a journal of many entries, on PostgreSQL and on SQLite: each filter, and the pairs that are worst.

Rows alone are filled, by the database itself, and no chain: nothing here verifies them. `BENCH_ENTRIES` says how many (1000000;
10000000 takes some minutes), `BENCH_ROUNDS` how often each question is asked, each time from another place of its answer.
Prints the 95th percentile, and the index that each question is led through (`EXPLAIN`).
"""

import os
import re
import time
from collections.abc import Iterator
from statistics import median, quantiles
from typing import Any

from bench.databases import figures_of_both

ENTRIES = int(os.environ.get("BENCH_ENTRIES", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "40"))
BAR = 100.0  # milliseconds
# Of each hundred entries sixty are calls of one system, the busiest; agents share the rest. One in ten thousand is rare.
COLUMNS = "subject, sequence, at, event, actor, owner, details, digest"
ROW = """
    CASE WHEN i %% 10 < 6 THEN 'client:1' ELSE 'document:' || (i / 12) END, i, {moment},
    CASE WHEN i %% 10 < 6 THEN 'client.called' WHEN i %% 10000 = 7 THEN 'vault.document_altered'
         WHEN i %% 10 = 8 THEN 'vault.document_opened' ELSE 'casework.document_accepted' END,
    CASE WHEN i %% 10 < 6 THEN 'client:1'
         WHEN i %% 10 = 9 AND i < {few} THEN 'agent:1' WHEN i %% 10 = 9 THEN 'agent:2' ELSE 'agent:' || (3 + i %% 60) END,
    CASE WHEN i %% 10 < 6 THEN '' WHEN i %% 10 = 8 AND i %% 3 = 0 THEN 'member:1' ELSE 'member:' || (i %% 50000) END,
    '{{}}', 'x'
"""
FILL = {
    "postgresql": f"INSERT INTO journal_entry ({COLUMNS}) SELECT "
    + ROW.format(few=ENTRIES // 4, moment="now() - interval '2 years' * (1 - i::float / %s)")
    + " FROM generate_series(1, %s) AS i",
    "sqlite": f"INSERT INTO journal_entry ({COLUMNS}) WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n"
    " WHERE i < %s) SELECT "
    + ROW.format(
        few=ENTRIES // 4,
        moment="strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now',"
        " '-' || (63072000 - 63072000 * i / %s) || ' seconds')",
    )
    + " FROM n",
}


def figures() -> Iterator[dict[str, Any]]:
    yield from figures_of_both("journal")


def _measure() -> Iterator[dict[str, Any]]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    vendor = os.environ["BENCH_VENDOR"]
    start = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(FILL[vendor], [ENTRIES, ENTRIES])
        cursor.execute("ANALYZE" if vendor == "sqlite" else "VACUUM ANALYZE journal_entry")
    yield {
        "figure": "journal",
        "on": vendor,
        "entries": ENTRIES,
        "filled_in": round(time.perf_counter() - start, 1),
    }
    for what, filters in _questions().items():
        times, asked = _times(filters)
        p95 = quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
        yield {
            "figure": "journal",
            "on": vendor,
            "what": what,
            "milliseconds": round(median(times), 1),
            "p95": round(p95, 1),
            "bar": BAR,
            "through": sorted(asked),
        }


def _questions() -> dict[str, tuple[tuple[tuple[str, str], ...], ...]]:
    busy, rare = (("event", "client.called"),), (("event", "vault.document_altered"),)
    one, lots, system = (("actor", "agent:7"),), (("actor", "agent:2"),), (("actor", "client:1"),)
    member, file = (("owner", "member:77"), ("subject", "account:77")), (("owner", "member:1"),)
    return {
        "nothing": (),
        "a busy event": (busy,),
        "a rare event": (rare,),
        "an agent": (one,),
        "a busy agent who left long ago": ((("actor", "agent:1"),),),
        "a busy system": (system,),
        "a member": (member,),
        "a member with a large file": (file,),
        "a busy subject": ((("subject", "client:1"),),),
        "a sending of ten documents": (tuple(("subject", f"document:{rank * 7}") for rank in range(1, 11)),),
        "a rare event of a busy system": (rare, system),
        "a rare event of a busy agent": (rare, lots),
        "a busy event of a busy agent who never did it": (busy, lots),
        "an agent on a member with a large file": (one, file),
        "a busy system on a member with a large file": (system, file),
        "a rare event of a member with a large file": (rare, file),
    }


def _times(filters: Any) -> tuple[list[float], set[str]]:
    """Milliseconds of the first page and those after it, with a period and without; and the indexes that led there."""
    from datetime import timedelta

    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from adherents.journal.selectors import EntryPlace, Wanted, find

    times: list[float] = []
    with CaptureQueriesContext(connection) as captured:
        find(Wanted(filters), limit=51)
    asked = [query["sql"] for query in captured.captured_queries]
    now = timezone.now()
    for turn in range(ROUNDS):
        span = (
            Wanted(filters, since=now - timedelta(days=400), until=now - timedelta(days=turn))
            if turn % 2
            else Wanted(filters)
        )
        after = EntryPlace(now - timedelta(days=18 * turn), ENTRIES) if turn % 4 > 1 else None
        start = time.perf_counter()
        find(span, after=after, limit=51)
        times.append((time.perf_counter() - start) * 1000)
    return times, _indexes(asked)


def _indexes(questions: list[str]) -> set[str]:
    from django.db import connection

    plan = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    found: set[str] = set()
    with connection.cursor() as cursor:
        for question in questions:
            cursor.execute(plan + question)
            lines = "\n".join(str(row[-1]) for row in cursor.fetchall())
            found |= set(
                re.findall(
                    r"(?:using|USING INDEX|USING COVERING INDEX|on) ((?:journal|entries|one)_\w+)", lines
                )
            )
            if re.search(r"Seq Scan|SCAN journal_entry(?! USING)", lines):
                found.add("every row")
    return found


if __name__ == "__main__":
    import json

    for line in _measure():
        print(json.dumps(line), flush=True)
