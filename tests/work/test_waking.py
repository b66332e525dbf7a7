"""What a commit tells a broker: the name of a sweep, and nothing else; and what becomes of it while the broker is away."""

import base64
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from adherents.accounts.models import ResetRequest
from adherents.mail.services import post
from adherents.reading.models import PaperReading
from adherents.vault.models import Document, State
from adherents.work import celery_app, waking
from adherents.work.adapters import beat, tasks
from adherents.work.models import SweepTurn
from adherents.work.registry import SWEEPS, Sweep, broker_queues, lanes, sweep, sweeps_of
from tests.config.installation import ask
from tests.engines import Valkey

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("TEST_WORK" in os.environ, reason="there, every test's sweeps have that broker"),
]
AT_ONCE = 1.0  # seconds; it is microseconds, unless the caller waits for a broker
Commit = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Commit) -> Callable[[], AbstractContextManager[Any]]:
    """A block whose end is a commit."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def registered() -> Iterator[dict[str, Sweep]]:
    """The sweeps of this test only."""
    kept = dict(SWEEPS)
    SWEEPS.clear()
    yield SWEEPS
    SWEEPS.clear()
    SWEEPS.update(kept)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sweeps for which the bell was rung; no broker hears it."""
    names: list[str] = []
    monkeypatch.setattr(waking.Bell, "ring", lambda self, given: names.extend(given))
    return names


@pytest.fixture
def valkey(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    with Valkey() as server:
        settings.ADHERENTS_WORK_URL = server.address.replace("valkey", "redis", 1)
        monkeypatch.setattr(celery_app, "app", celery_app._made())
        monkeypatch.setattr(waking, "BELL", waking.Bell())
        yield server


def kept_by(valkey: Valkey) -> str:
    """Everything that the broker holds, each message opened."""
    everything = ""
    connection = valkey._server.client()
    for key in connection.keys("*"):
        if connection.type(key) == b"list":
            for message in map(json.loads, connection.lrange(key, 0, -1)):
                everything += f"{key} {message['headers']} {base64.b64decode(message['body'])!r}\n"
        else:
            everything += f"{key}\n"
    return everything


def told(valkey: Valkey) -> list[tuple[str, str]]:
    """The messages that wait: queue and sweep."""
    found = []
    connection = valkey._server.client()
    for name in broker_queues():
        for message in map(json.loads, connection.lrange(f"adherents:adherents.{name}", 0, -1)):
            ((argument,), named, _) = json.loads(base64.b64decode(message["body"]))
            assert named == {}
            found.append((name, argument))
    return found


def post_one(address: str = "camille@example.org") -> None:
    with transaction.atomic():
        post("accounts/agent_reinstated", to=address, language="fr", context={"name": "Camille"})


def test_a_commit_tells_the_broker_which_sweep_has_something_to_do_and_nothing_else(
    valkey: Valkey, committed: Any
) -> None:
    with committed():
        post_one()
        ResetRequest.objects.create(identifier="70100001")
        assert told(valkey) == []
    assert waking.BELL.wait_until_sent(20)
    assert sorted(told(valkey)) == [("mails", "mail"), ("mails", "reset requests")]
    known = kept_by(valkey)
    assert "mail" in known
    assert not [word for word in ("camille", "Camille", "example.org", "70100001") if word in known]


def test_what_is_rolled_back_tells_nothing_and_without_a_broker_nothing_is_told(
    settings: LazySettings, rung: list[str], committed: Any
) -> None:
    with committed():
        post_one()
    settings.ADHERENTS_WORK_URL = "redis://127.0.0.1:1/0"
    with committed(), suppress(RuntimeError), transaction.atomic():
        post_one()
        raise RuntimeError
    assert rung == []
    with committed():
        post_one()
    assert rung == ["mail"]


def test_what_comes_due_later_wakes_nobody_now(
    settings: LazySettings, rung: list[str], committed: Any
) -> None:
    settings.ADHERENTS_WORK_URL = "redis://127.0.0.1:1/0"
    with committed():
        row = ResetRequest.objects.create(
            identifier="1", next_attempt_at=timezone.now() + timedelta(seconds=9)
        )
        row.work_later()
        row.save()
    assert rung == []


def test_each_step_of_a_document_wakes_its_own_queue(settings: LazySettings, rung: list[str]) -> None:
    now = timezone.now()
    steps = {
        "vault.pages": Document(next_attempt_at=now),
        "vault.pages.long": Document(next_attempt_at=now, slow=True),
        "casework.entering reading.entering vault.imprints": Document(
            next_attempt_at=None, state=State.CHECKED
        ),
        "reading.papers": PaperReading(next_attempt_at=now),
        "": Document(next_attempt_at=None, state=State.RECEIVED),
    }
    woken = {
        expected: sorted(name for name, known in SWEEPS.items() if known.woken_by and known.woken_by(row))
        for expected, row in steps.items()
    }
    assert woken == {expected: expected.split() for expected in steps}
    queues = {SWEEPS[name].broker_queue for names in steps for name in names.split()}
    assert queues == {"drawings", "long-drawings", "checking", "readings"}


def test_each_queue_belongs_to_one_lane() -> None:
    """A worker of one lane takes nothing of another's: no drawing delays a mail."""
    queues = [{known.broker_queue for known in sweeps_of(lane).values()} for lane in lanes()]
    assert sum(map(len, queues)) == len(set().union(*queues)) == len(broker_queues())
    assert set(broker_queues()) == {
        "mails", "checking", "figures", "drawings", "long-drawings", "readings", "webhooks",
    }  # fmt: skip


def test_a_broker_that_is_away_or_hangs_delays_nobody_and_is_said_once(
    valkey: Valkey, committed: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def posted_within_a_second() -> None:
        began = time.monotonic()
        with committed():
            post_one()
        assert time.monotonic() - began < AT_ONCE

    caplog.set_level(logging.INFO, "adherents.work")
    valkey.kill()
    for _ in range(3):
        posted_within_a_second()
    deadline = time.monotonic() + 20
    while "is away" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(1.5)  # another try of the bell's
    posted_within_a_second()
    assert caplog.text.count("the broker is away") == 1
    assert waking.BELL.wait_until_sent(0), "an ending process does not wait for it either"
    valkey.start()
    while "is back" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.01)
    # Four commits; a second message where the last one fell while the first was on its way.
    assert told(valkey) in ([("mails", "mail")], [("mails", "mail")] * 2), (
        "what waited is told, not once a commit"
    )
    assert caplog.text.count("the broker is back") == 1
    valkey.stop()
    posted_within_a_second()
    valkey.go_on()


def test_a_forked_process_has_a_bell_of_its_own(valkey: Valkey, committed: Any) -> None:
    with committed():
        post_one()
    assert waking.BELL.wait_until_sent(20)
    pid = os.fork()
    if not pid:
        waking.BELL.ring(["letters"])
        os._exit(0 if waking.BELL.wait_until_sent(20) else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert told(valkey) == [("mails", "letters"), ("mails", "mail")]


def test_a_message_runs_its_sweep_until_nothing_is_left_and_has_one_more_worker_help_when_there_is_much(
    registered: dict[str, Sweep], rung: list[str]
) -> None:
    left: list[int] = []

    @sweep("countdown")
    def one() -> int:
        return left.pop() if left else 0

    left[:] = [1]
    tasks.sweep("countdown")
    assert (left, rung) == ([], [])
    left[:] = [20, 20, 20, 20]
    tasks.sweep("countdown")
    assert (left, rung) == ([], ["countdown"])


def test_a_message_leaves_its_place_to_others_after_a_while(
    registered: dict[str, Sweep], rung: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "TURN_SECONDS", 0.0)

    @sweep("endless")
    def one() -> int:
        return 1

    tasks.sweep("endless")
    assert rung == ["endless"]


def test_a_message_that_names_nothing_does_nothing(caplog: pytest.LogCaptureFixture) -> None:
    tasks.sweep("camille@example.org")
    assert "names no sweep" in caplog.text
    assert "camille" not in caplog.text


def test_one_worker_at_a_time_calls_the_sweeps() -> None:
    assert SweepTurn.take("one", seconds=15)
    assert not SweepTurn.take("other", seconds=15)
    assert SweepTurn.take("one", seconds=15)
    with time_machine.travel(timezone.now() + timedelta(seconds=16)):
        assert SweepTurn.take("other", seconds=15)
        assert not SweepTurn.take("one", seconds=15)
    assert SweepTurn.objects.count() == 1


def test_the_beat_calls_every_sweep_at_its_pace_in_the_worker_whose_turn_it_is(rung: list[str]) -> None:
    def ticks(scheduler: beat.TurnScheduler) -> list[str]:
        rung.clear()
        for _ in range(2 * len(SWEEPS)):  # a tick calls one at most
            scheduler.tick()
        return sorted(rung)

    mine, theirs = (beat.TurnScheduler(app=celery_app.app, max_interval=1) for _ in range(2))
    assert ticks(mine) == sorted(SWEEPS)
    assert ticks(theirs) == []
    later = timezone.now() + timedelta(seconds=beat.LEAST_PACE + 1)
    with time_machine.travel(later):
        assert ticks(mine) == sorted(name for name, known in SWEEPS.items() if known.every <= beat.LEAST_PACE)


def test_nobody_who_reaches_the_broker_commands_a_worker_or_makes_it_open_anything_but_json() -> None:
    configured = celery_app.app.conf
    assert configured.accept_content == ["json"]
    assert not configured.worker_enable_remote_control
    assert configured.result_backend is None
    assert configured.task_acks_late


@pytest.mark.parametrize("url", ["rediss://broker.example.org/1", "amqps://broker.example.org/"])
def test_a_broker_over_tls_proves_who_it_is_unless_the_address_says_otherwise(url: str) -> None:
    import ssl

    proven = celery_app._tls(url)
    assert ssl.CERT_REQUIRED in proven.values()
    assert ssl.CERT_NONE in celery_app._tls(f"{url}?ssl_cert_reqs=none").values()
    assert celery_app._tls("redis://127.0.0.1/1") is False


def test_an_installation_without_a_broker_does_without_celery(tmp_path: Path) -> None:
    script = """
import json, sys
from django.core.management import call_command
from django.db import transaction
import adherents.config.wsgi, adherents.work.management.commands.worker
print(json.dumps([name for name in sys.modules if name.split(".")[0] in {"celery", "kombu"}]))
"""
    assert ask(tmp_path, script) == []


def test_the_worker_command_does_what_is_due_once_with_a_broker_too(settings: LazySettings) -> None:
    settings.ADHERENTS_WORK_URL = "redis://127.0.0.1:1/0"
    ResetRequest.objects.create(identifier="1")
    call_command("worker", once=True)
    assert not ResetRequest.objects.exists()
