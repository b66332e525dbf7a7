"""« Mes documents » for a member with a hundred thousand documents, over the same page for one with a hundred."""

import statistics
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

FEW, MANY = 100, 100_000
ROUNDS = 15


def member_with(number: str, count: int) -> Any:
    """A member with this number of documents, all of them treated long ago."""
    from django.utils import timezone

    from adherents.accounts.models import Account
    from adherents.members.models import Member
    from adherents.vault.models import Deposit, Document, State

    account = Account.objects.create(identifier=number, email=f"{number}@example.org")
    member = Member.objects.create(number=number, birth_name="BANC", first_names="Camille", account=account)
    now, states = timezone.now(), list(State)
    for start in range(0, count, 5000):
        deposits = Deposit.objects.bulk_create(
            Deposit(number=f"{number}-{rank}", member=member)
            for rank in range(start, min(start + 5000, count))
        )
        Document.objects.bulk_create(
            Document(
                deposit=deposit,
                member=member,
                at=now - timedelta(minutes=start + rank),
                kind="rib",
                name=f"releve-{start + rank}.pdf",
                content_type="application/pdf",
                size=120_000,
                sha256=uuid.uuid4().hex * 2,
                wrapped_key=b"bench",
                storage_name=uuid.uuid4().hex,
                state=states[rank % len(states)],
                next_attempt_at=None,
            )
            for rank, deposit in enumerate(deposits)
        )
    return account


def figures() -> Iterator[dict[str, Any]]:
    """The list as it opens, and narrowed to a state and a word of the name."""
    from django.test import Client

    clients = []
    for number, count in (("70100001", FEW), ("70100002", MANY)):
        client = Client()
        client.force_login(member_with(number, count))
        clients.append(client)
    for what, query in (("", ""), (", narrowed to a state and a word", "?state=accepted&words=releve")):
        few, many = [], []
        for _ in range(ROUNDS + 3):
            for client, times in zip(clients, (few, many), strict=True):
                start = time.perf_counter()
                answer = client.get(f"/adherent/documents/{query}")
                times.append(time.perf_counter() - start)
                assert answer.status_code == 200
        ours, baseline = (statistics.median(times[3:]) for times in (many, few))
        yield {
            "figure": f"list page, {MANY:,} documents{what}",
            "ratio": round(ours / baseline, 2),
            "bar": 1.5 if not what else None,
            "ours_ms": round(ours * 1000, 1),
            "baseline_ms": round(baseline * 1000, 1),
            "baseline": f"the same page, {FEW} documents",
        }
