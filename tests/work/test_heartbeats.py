"""Whether the work of each lane is done by somebody, and what waits for it."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from adherents.accounts.models import ResetRequest, Role
from adherents.work import services
from adherents.work.models import Heartbeat
from adherents.work.registry import BACKLOGS, MAILS, lanes
from adherents.work.selectors import backlog_states, lane_states
from adherents.work.services import beat, beat_once, run_lanes
from tests.agents import make_agent, signed_in

pytestmark = pytest.mark.django_db
NIGHT = "2026-03-02T02:00:00+01:00"
MINUTE = timedelta(minutes=1)


def idle() -> list[str]:
    return [state.lane for state in lane_states() if not state.is_alive]


def degraded() -> list[str]:
    named: list[str] = Client().get("/sante/").json()["degraded"]
    return named


def test_a_worker_that_was_killed_is_named_within_a_minute_and_another_clears_it_at_once() -> None:
    assert degraded() == ["worker"], "none has ever come"
    with time_machine.travel(NIGHT, tick=False) as clock:
        beat(worker="one", lanes=lanes())
        assert degraded() == []
        clock.shift(30)
        assert degraded() == [], "a beat may be late"
        clock.shift(15)
        assert degraded() == ["worker"]
        beat(worker="two", lanes=lanes())
        assert degraded() == []


def test_each_lane_needs_somebody() -> None:
    beat(worker="one", lanes=[MAILS])
    others = [lane for lane in lanes() if lane != MAILS]
    assert idle() == others
    assert len(others) == 4
    beat(worker="two", lanes=others)
    assert idle() == []
    assert [state.workers for state in lane_states()] == [1, 1, 1, 1, 1]


def test_a_worker_that_is_stopped_says_so_at_once() -> None:
    stop = threading.Event()
    seen: list[list[str]] = []

    class Stopping:
        def wait(self, _: float) -> bool:
            seen.append(idle())
            stop.set()
            return True

        is_set = stop.is_set
        set = stop.set

    run_lanes([MAILS], stop=Stopping(), pause=0.01)  # type: ignore[arg-type]
    assert seen == [[lane for lane in lanes() if lane != MAILS]]
    assert not Heartbeat.objects.exists()


def test_a_worker_that_starts_while_the_database_is_away_says_that_it_lives_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []

    def away(*, worker: str, lanes: list[str]) -> None:
        tried.append(worker)
        if len(tried) == 1:
            raise OperationalError("gone")
        stop.set()

    monkeypatch.setattr(services, "beat", away)
    monkeypatch.setattr(services, "TRIES_AGAIN_AFTER", 0.01)
    stop = threading.Event()
    run_lanes([MAILS], stop=stop, pause=0.01)
    assert len(tried) >= 2
    assert len(set(tried)) == 1


def test_runs_from_cron_count_as_long_as_they_keep_coming() -> None:
    with time_machine.travel(NIGHT, tick=False) as clock:
        call_command("worker", once=True)
        assert idle() == []
        clock.shift(timedelta(minutes=59))
        assert idle() == [], "nobody knows yet how often it comes"
        for _ in range(4):  # every five minutes from now on
            clock.shift(5 * MINUTE)
            beat_once(lanes=lanes())
        clock.shift(9 * MINUTE)
    with time_machine.travel(NIGHT, tick=False) as clock:
        Heartbeat.objects.all().delete()
        for _ in range(8):
            beat_once(lanes=lanes())
            clock.shift(5 * MINUTE)
        clock.shift(4 * MINUTE)
        assert idle() == [], "one run was missed"
        clock.shift(60 * MINUTE)
        assert idle() == lanes()


def test_a_worker_that_runs_once_a_night_is_not_called_dead_in_the_day() -> None:
    with time_machine.travel(NIGHT, tick=False) as clock:
        for _ in range(3):
            beat_once(lanes=lanes())
            clock.shift(timedelta(days=1))
        assert idle() == []
        clock.shift(timedelta(days=2))
        assert idle() == lanes()


def test_a_run_by_hand_does_not_hide_a_worker_that_died() -> None:
    with time_machine.travel(NIGHT, tick=False) as clock:
        beat(worker="one", lanes=lanes())
        clock.shift(MINUTE)
        beat_once(lanes=lanes())
        assert idle() == lanes()
        clock.shift(timedelta(days=1))
        beat(worker="two", lanes=lanes())
        assert idle() == []
        assert set(Heartbeat.objects.values_list("worker", flat=True)) == {"two", "once"}


def test_every_kind_of_work_says_how_much_waits_and_since_when() -> None:
    assert {
        "mails",
        "links",
        "first_connections",
        "letters",
        "scanning",
        "drawing",
        "long_drawing",
    } <= BACKLOGS.keys()
    assert {"queue_entry", "decisions", "queue"} <= BACKLOGS.keys()
    assert {backlog.lane for backlog in BACKLOGS.values()} <= {*lanes(), ""}
    assert {(state.count, state.since) for state in backlog_states()} == {(0, None)}
    at = timezone.now() - 10 * MINUTE
    for minutes in (0, 5):
        ResetRequest.objects.create(identifier="70100001", requested_at=at + minutes * MINUTE)
    of = {state.kind: state for state in backlog_states()}
    assert (of["links"].count, of["links"].since, of["links"].lane) == (2, at, MAILS)
    assert of["links"].age >= 10 * MINUTE
    assert of["mails"].count == 0


def test_an_administrator_reads_it_in_words() -> None:
    ResetRequest.objects.create(identifier="70100001")
    beat(worker="one", lanes=[MAILS])
    page = signed_in(make_agent(Role.ADMINISTRATOR)).get("/gestion/installation/").content.decode()
    rows = [" ".join(strip_tags(row).split()) for row in page.split("<tr>")]
    assert "Base de données En ordre" in rows
    assert (
        "Exécuteurs Ne fait pas son travail no worker does the work of drawings, webhooks, readings, long-drawings"
        in rows
    )
    assert any(row.startswith("Mails, liens, file d’attente mails 1 exécuteur") for row in rows)
    assert any(row.startswith("Dessins qui prennent du temps long-drawings Aucun exécuteur") for row in rows)
    assert any(row.startswith("Liens demandés 1 ") for row in rows)
    assert any(row.startswith("Mails à envoyer ") for row in rows)
    assert "Cache" not in page.split("<main")[1], "none is configured"
