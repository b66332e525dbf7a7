"""A whole sign-in request, one client at a time, each time another member, over one bare Argon2 verification."""

import gc
import time
from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from typing import Any

import argon2
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.test import Client
from django.utils import timezone

from adherents.accounts.hashing import PortalHasher
from adherents.accounts.models import Account, Session
from adherents.accounts.services.register import ensure_account

ROUNDS = 60
PASSWORD = "tulipe-Bleue-42"


def figures() -> Iterator[dict[str, Any]]:
    bare = argon2.PasswordHasher(
        memory_cost=PortalHasher.memory_cost,
        time_cost=PortalHasher.time_cost,
        parallelism=PortalHasher.parallelism,
    )
    encoded = bare.hash(PASSWORD)
    client = Client()
    client.get("/adherent/")
    for open_sessions in (0, 60):
        identifiers = _members(open_sessions)
        for identifier in identifiers[:5]:
            _request(client, identifier)
        ours, baseline = [], []
        gc.collect()
        for identifier in identifiers[5:]:
            baseline.append(_timed(lambda: bare.verify(encoded, PASSWORD)))
            client.cookies.clear()
            ours.append(_timed(lambda name=identifier: _request(client, name)))
        yield {
            "figure": "sign-in request",
            "open_sessions": open_sessions,
            "database": settings.DATABASES["default"]["ENGINE"].rsplit(".", 1)[-1],
            "ratio": round(median(ours) / median(baseline), 3),
            "bar": 1.5,
            "ours_ms": round(median(ours) * 1000, 2),
            "baseline_ms": round(median(baseline) * 1000, 2),
            "baseline": "one Argon2id verification, same parameters",
        }


def _members(open_sessions: int) -> list[str]:
    encoded = make_password(PASSWORD)
    identifiers = [f"B{open_sessions:03d}{number:05d}" for number in range(ROUNDS + 5)]
    with transaction.atomic():
        for identifier in identifiers:
            ensure_account(
                identifier=identifier,
                email=f"{identifier.lower()}@example.org",
                birth_date="1954-03-05",
                language="fr",
            )
    accounts = Account.objects.filter(identifier__in=identifiers)
    accounts.update(password=encoded, password_changed_at=timezone.now())
    Session.objects.bulk_create(
        Session(
            session_key=f"{account.pk:032d}{number:08d}",
            session_data="",
            expire_date=timezone.now() + timedelta(hours=1),
            account=account,
        )
        for account in accounts
        for number in range(open_sessions)
    )
    return identifiers


def _request(client: Client, identifier: str) -> None:
    response = client.post("/adherent/", {"identifier": identifier, "password": PASSWORD})
    assert response.status_code == 302, response.content


def _timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
