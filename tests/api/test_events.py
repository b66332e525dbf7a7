"""`GET events`: the feed as a program reads it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adherents.api.scopes import Scope
from adherents.feed.cursors import Cursor
from adherents.feed.models import Announcement, Epoch
from tests.api.systems import System, code_of
from tests.feed.announcing import happen

pytestmark = pytest.mark.django_db


@pytest.fixture
def system() -> System:
    return System(scopes=[Scope.EVENTS_READ])


def test_a_program_follows_what_happens_and_next_is_never_null(system: System) -> None:
    first = system.get("events").json()
    assert first["items"] == []
    for number in range(3):
        happen(number=number)
    page = system.get(f"events?after={first['next']}&limit=2").json()
    assert [event["data"]["number"] for event in page["items"]] == [0, 1]
    event = Announcement.objects.earliest("pk")
    assert page["items"][0] == event.shown()
    assert page["items"][0].keys() == {"id", "type", "at", "subject", "data"}
    page = system.get(f"events?after={page['next']}").json()
    assert [event["data"]["number"] for event in page["items"]] == [2]
    last = system.get(f"events?after={page['next']}").json()
    assert last == {"items": [], "next": page["next"]}
    assert len(system.get("events").json()["items"]) == 3


def test_a_position_that_is_gone_is_410_and_says_where_to_go_on(system: System) -> None:
    happen(number=1)
    system.get("events")
    past = Cursor(Epoch.objects.get().token, 99)
    answer = system.get(f"events?after={past}")
    assert answer.status_code == 410
    assert code_of(answer) == "position-gone"
    assert answer.json()["reason"] == "restored"
    assert system.get(f"events?after={answer.json()['start']}").json()["items"] == []
    Announcement.objects.all().delete()
    happen(number=2)
    answer = system.get(f"events?after={Cursor(Epoch.objects.get().token, 0)}")
    assert (answer.status_code, answer.json()["reason"]) == (410, "forgotten")
    [event] = system.get(f"events?after={answer.json()['start']}").json()["items"]
    assert event["data"]["number"] == 2


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("after=nonsense", 400, "bad-cursor"),
        ("after=" + "a" * 400, 422, "invalid"),
        ("limit=0", 422, "invalid"),
        ("limit=1001", 422, "invalid"),
    ],
)
def test_what_is_no_position_and_no_limit_is_refused(
    system: System, asked: str, status: int, code: str
) -> None:
    answer = system.get(f"events?{asked}")
    assert (answer.status_code, code_of(answer)) == (status, code)


def test_another_scope_does_not_read_it() -> None:
    other = System(name="autre", scopes=[scope for scope in Scope if scope != Scope.EVENTS_READ])
    assert code_of(other.get("events")) == "missing-scope"


def test_a_thousand_events_cost_no_more_questions_than_one(system: System) -> None:
    happen()

    def asked() -> int:
        system.get("events?limit=1000")
        with CaptureQueriesContext(connection) as captured:
            assert system.get("events?limit=1000").status_code == 200
        return len(captured)

    few = asked()
    Announcement.objects.bulk_create(Announcement(type="x.y", subject="document/1") for _ in range(1000))
    assert asked() <= few
