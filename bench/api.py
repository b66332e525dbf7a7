"""The insurer's system: the list of documents among a hundred thousand over the same among a thousand; an original of 20 MiB over
the member's own page.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.library import MANY, member_with
from bench.vault import MEBIBYTE, SIZE, Browser, timed

ROUNDS = 9
LISTS = 200
FEW = 1000  # more than fill a page of one state


def figures() -> Iterator[dict[str, Any]]:
    from adherents.api.scopes import Scope
    from adherents.api.services.clients import create_client

    _, key = create_client(name="banc", scopes=list(Scope), calls_a_minute=10_000_000)
    yield given(key)
    queries = {
        "": "",
        ", of one state": "?state=accepted",
        ", of one member since a day": "?member={number}&since=2026-01-01T00:00:00Z",
    }
    member_with("70100003", FEW)
    few = {what: listed(key, query.format(number="70100003")) for what, query in queries.items()}
    member_with("70100002", MANY)
    for what, query in queries.items():
        ours, baseline = p95(listed(key, query.format(number="70100002"))), p95(few[what])
        yield {
            "figure": f"GET documents, {MANY:,} of them{what}: p95",
            "ratio": round(ours / baseline, 2),
            "bar": 1.5,
            "ours_ms": round(ours * 1000, 1),
            "baseline_ms": round(baseline * 1000, 1),
            "baseline": f"the same list of {FEW:,} documents",
        }


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[18]


def given(key: str) -> dict[str, Any]:
    """Both verify it to its last byte, then send it. One after the other, in the same process."""
    from django.core.wsgi import get_wsgi_application
    from django.utils import timezone

    from adherents.vault.models import Document, State

    browser = Browser()
    with tempfile.TemporaryDirectory() as folder:
        form = Path(folder, "large")
        browser.deposit(form, browser.form_with(SIZE, form))
    document = Document.objects.get()
    Document.objects.update(
        state=State.CHECKED, checked_at=timezone.now(), page_count=1, next_attempt_at=None
    )
    application = get_wsgi_application()
    system, pages = [], []
    for _ in range(ROUNDS):
        pages.append(timed(lambda: browser.download(str(document.pk))))
        came: list[int] = []
        system.append(timed(lambda: came.append(_content(application, key, str(document.pk)))))  # noqa: B023
        assert came == [SIZE]
    ours, baseline = statistics.median(system), statistics.median(pages)
    return {
        "figure": f"GET content of {SIZE // MEBIBYTE} MiB",
        "ratio": round(ours / baseline, 2),
        "bar": 1.2,
        "ours_ms": round(ours * 1000, 1),
        "baseline_ms": round(baseline * 1000, 1),
        "baseline": "the member's own page, the same document",
    }


def _content(application: Any, key: str, document_id: str) -> int:
    """How many bytes came; none of them is kept."""
    from django.test import RequestFactory

    path = f"/api/v1/documents/{document_id}/content"
    request = RequestFactory().get(path, headers={"Authorization": f"Bearer {key}"})
    answered: list[str] = []
    body = application(request.environ, lambda status, headers, *_: answered.append(status))
    came = sum(len(chunk) for chunk in body)
    body.close()
    assert answered[0].startswith("200"), answered
    return came


def listed(key: str, query: str) -> list[float]:
    """The seconds of each call. A hundred documents an answer; each goes on where the last one ended, or begins again."""
    from django.test import Client

    client, times, cursor = Client(), [], ""
    for _ in range(LISTS):
        address = f"/api/v1/documents{query}{'&' if query else '?'}cursor={cursor}"
        start = time.perf_counter()
        answer = client.get(address, headers={"Authorization": f"Bearer {key}"})
        times.append(time.perf_counter() - start)
        assert answer.status_code == 200, answer.content
        said = answer.json()
        assert said["items"]
        cursor = said["next"] or ""
    return times
