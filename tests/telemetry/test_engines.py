"""The engines are asked beside each other, in threads of their own: one that hangs is named in time, and holds nothing else."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.test import Client

from adherents.storage import objects
from adherents.telemetry import engines
from adherents.telemetry.engines import Engine, look

pytestmark = pytest.mark.any_database


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The engines of this test, probers of its own, and little patience."""
    for name, value in {
        "ENGINES": {},
        "_probers": {},
        "ANSWERS_WITHIN": 0.2,
        "HANGS_AFTER": 0.3,
        "FRESH_FOR": 0.0,
    }.items():
        monkeypatch.setattr(engines, name, value)
    engines._told_away.clear()
    yield
    engines._told_away.clear()


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    freed = threading.Event()
    yield freed
    freed.set()


def fails() -> None:
    raise OSError("no room")


def works() -> None:
    return None


@pytest.mark.usefixtures("only")
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], {"status": "ok", "degraded": []}),
        ([Engine("storage", works), Engine("database", works, vital=True)], {"status": "ok", "degraded": []}),
        ([Engine("storage", fails)], {"status": "degraded", "degraded": ["storage"]}),
        ([Engine("cache", fails, is_set=lambda: False)], {"status": "ok", "degraded": []}),
        ([Engine("disk", fails, vital=True)], {"status": "down", "degraded": ["disk"]}),
        # Of what is read in rows, nothing is known without a database.
        (
            [Engine("database", fails, vital=True), Engine("worker", fails, of_rows=True)],
            {"status": "down", "degraded": ["database"]},
        ),
    ],
)
def test_what_is_said(given: list[Engine], says: dict[str, object]) -> None:
    for engine in given:
        engines.register(engine)
    assert look().as_json() == says


@pytest.mark.usefixtures("only")
def test_one_that_hangs_is_named_in_time_and_the_others_are_heard(hanging: threading.Event) -> None:
    asked: list[int] = []

    def hangs() -> None:
        asked.append(1)
        hanging.wait()

    engines.register(Engine("storage", hangs))
    engines.register(Engine("cache", fails))
    engines.register(Engine("antivirus", works))
    began = time.monotonic()
    assert list(look().away) == ["storage", "cache"]
    assert list(look().away) == ["storage", "cache"]
    assert time.monotonic() - began < 5 * engines.ANSWERS_WITHIN
    assert asked == [1], "one thread hangs, however often it is asked"
    hanging.set()
    _until(lambda: list(look().away) == ["cache"])


@pytest.mark.usefixtures("only")
def test_a_storage_that_hangs_is_not_asked_by_requests_until_it_answers(
    hanging: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the thread that keeps looking has found it out: each request would hold a thread until it gave up."""
    monkeypatch.setattr(engines, "_watch", engines._Watch())
    monkeypatch.setattr(engines, "LOOKS_AGAIN_AFTER", 0.02)
    monkeypatch.setattr(engines, "LOOKS_EVERY", 0.02)
    engines.register(Engine("storage", hanging.wait))  # type: ignore[arg-type]
    assert objects.object_size("nothing") is None
    engines.keep_looking()
    try:
        _until(lambda: engines.hangs("storage"))
        with pytest.raises(objects.StorageFailed, match="not asked"):
            objects.object_size("nothing")
        hanging.set()
        _until(lambda: not engines.hangs("storage"))
        assert objects.object_size("nothing") is None
    finally:
        hanging.set()
        engines._watch.end()


@pytest.mark.usefixtures("only")
def test_alive_is_said_without_asking_while_a_thread_keeps_looking(
    hanging: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_watch", engines._Watch())
    engines._watch.last = engines.Health({"storage": "silent"}, (), ("storage",))
    engines.register(Engine("database", hanging.wait, vital=True))  # type: ignore[arg-type]
    assert Client().get("/sante/").json() == {"status": "degraded", "degraded": ["storage"]}
    answer = Client().get("/pret/")
    assert (answer.status_code, answer.json()) == (503, {"status": "down", "degraded": ["database"]})


@pytest.mark.usefixtures("only")
def test_the_log_says_when_one_is_away_and_when_it_is_back_and_not_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    state = [fails]
    engines.register(Engine("worker", lambda: state[0]()))
    for _ in range(3):
        look()
    state[0] = works
    for _ in range(3):
        look()
    assert [record.getMessage() for record in caplog.records] == [
        "worker: OSError: no room",
        "worker: all is well again",
    ]


def _until(condition: object) -> None:
    deadline = time.monotonic() + 10
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)
