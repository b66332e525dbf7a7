"""The same call twice at one moment, on a real PostgreSQL: one works, the other gets its answer."""

import threading
import time
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from adherents.api.services import answers
from adherents.api.services.answers import hold, name_of
from adherents.casework.models import Decision
from adherents.feed.models import Announcement
from adherents.members.models import Member
from tests.api.systems import System, code_of
from tests.at_once import at_once
from tests.casework.queueing import checked, waiting
from tests.vault.conftest import deposited, pdf

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_ten_equal_calls_at_once_decide_once_and_answer_alike(member: Member) -> None:
    system = System()
    [item] = waiting(member)
    call = partial(system.post, f"documents/{item.document_id}/decision", {"outcome": "accept"}, key="k1")
    given = at_once([call] * 10, threads=10)
    assert {answer.status_code for answer in given} == {202}  # type: ignore[attr-defined]
    assert len({answer.content for answer in given}) == 1  # type: ignore[attr-defined]
    assert Decision.objects.count() == 1


def test_two_systems_that_decide_at_once_decide_once(member: Member) -> None:
    systems = [System(f"systeme-{n}") for n in range(6)]
    [item] = waiting(member)
    calls = [
        partial(system.post, f"documents/{item.document_id}/decision", {"outcome": "accept"}, key="k")
        for system in systems
    ]
    given = at_once(calls, threads=6)
    assert sorted(answer.status_code for answer in given) == [202] + [409] * 5  # type: ignore[attr-defined]
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("members/70100001/threads", "application/json"), ("members/batch", "application/x-ndjson")],
)
def test_the_second_of_two_calls_waits_so_long_and_no_longer(
    monkeypatch: pytest.MonkeyPatch, path: str, content_type: str
) -> None:
    """The first one is at work for longer than the second may wait; a call under another key goes on meanwhile."""
    monkeypatch.setattr(answers, "WAITS", 0.3)
    system = System()
    held, go = threading.Event(), threading.Event()

    def call(key: str) -> Any:
        return system.call(
            "POST", path, data="{}", content_type=content_type, headers={"Idempotency-Key": key}
        )

    def first() -> None:
        with transaction.atomic():
            name = name_of(method="POST", path=f"/api/v1/{path}", key="k1")
            hold(client=system.client, name=name, request="x")
            held.set()
            assert go.wait(30)
            transaction.set_rollback(True)

    def second() -> Any:
        try:
            assert held.wait(30)
            began = time.monotonic()
            answer = call("k1")
            assert time.monotonic() - began >= 0.3
            assert call("k2").status_code != 409
            return answer
        finally:
            go.set()

    _, answer = at_once([first, second], threads=2)
    assert code_of(answer) == "in-progress"
    assert int(answer.headers["Retry-After"]) > 0  # type: ignore[attr-defined]
    assert call("k1").status_code == call("k2").status_code, "nothing was kept of the refusal"


def test_what_is_committed_late_is_missed_by_no_program_that_reads_lists_as_is_written(
    member: Member, other_member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs/integrating.md: the position of the feed, then the list to its end, then the feed from that position on.

    The list alone would miss the document: it came before others that were read already, and was committed after them.
    """
    monkeypatch.setattr("adherents.api.views.documents.ITEMS", 2)
    system = System(calls_a_minute=1000)
    there = [checked(member), checked(member)]
    written, go = threading.Event(), threading.Event()

    def late() -> Any:
        with transaction.atomic():
            document = deposited(member, pdf())
            written.set()
            assert go.wait(30)
        return document

    def program() -> set[str]:
        try:
            position, seen = end_of_feed(system, ""), set[str]()
            assert written.wait(30)
            there.append(checked(other_member))
            cursor = ""
            while cursor is not None:
                page = system.get(f"documents?cursor={cursor}").json()
                seen |= {row["id"] for row in page["items"]}
                cursor = page["next"]
            assert seen == {str(document.pk) for document in there}
        finally:
            go.set()
        deadline = time.monotonic() + 20
        while (
            Announcement.objects.filter(type="document.received").count() < 1 and time.monotonic() < deadline
        ):
            time.sleep(0.01)
        for event in system.get(f"events?after={position}&limit=1000").json()["items"]:
            if event["type"] == "document.received":
                seen.add(event["subject"].removeprefix("document/"))
        return seen

    committed, seen = at_once([late, program], threads=2)
    assert seen == {str(document.pk) for document in (*there, committed)}  # type: ignore[attr-defined]


def end_of_feed(system: System, cursor: str) -> str:
    while (page := system.get(f"events?after={cursor}").json())["items"]:
        cursor = page["next"]
    return str(page["next"])
