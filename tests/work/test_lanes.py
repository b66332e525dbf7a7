"""What a worker does at once: the sweeps of one lane wait for each other, and for no other lane's."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command

from adherents.work.registry import MAILS, SWEEPS, Sweep, lanes, sweep, sweeps_of
from adherents.work.services import run_lanes

pytestmark = pytest.mark.django_db
PATIENCE = 20


@pytest.fixture
def registered() -> Iterator[dict[str, Sweep]]:
    """The sweeps of this test only."""
    kept = dict(SWEEPS)
    SWEEPS.clear()
    yield SWEEPS
    SWEEPS.clear()
    SWEEPS.update(kept)


@pytest.fixture
def signals() -> Iterator[None]:
    handled = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handled.items():
        signal.signal(number, handler)


def test_mails_links_and_the_queue_are_in_no_lane_with_a_drawing_or_a_storage() -> None:
    assert set(lanes()) == {
        MAILS,
        "drawings",
        "long-drawings",
        "readings",
        "webhooks",
    }
    assert {"mail", "reset requests", "identity claims", "letters"} <= set(sweeps_of(MAILS))
    # Of the vault, only what posts a mail out of rows: no drawing and no storage is asked.
    assert {name for name in sweeps_of(MAILS) if name.startswith("vault.")} == {"vault.unsent"}
    assert list(sweeps_of("long-drawings")) == ["vault.pages.long"]


@pytest.mark.usefixtures("signals")
def test_a_worker_sends_mails_while_a_drawing_goes_on_and_both_end_with_it(
    registered: dict[str, Sweep],
) -> None:
    drawing, sent = threading.Event(), threading.Event()
    ended: list[str] = []

    @sweep("drawn", lane="drawings")
    def draw() -> int:
        drawing.set()
        assert sent.wait(PATIENCE), "no mail leaves while this goes on"
        os.kill(os.getpid(), signal.SIGTERM)
        ended.append("drawing")
        return 1

    @sweep("sent")
    def send() -> int:
        if drawing.wait(PATIENCE):
            sent.set()
        return 0

    call_command("worker", pause=0.01)
    assert sent.is_set()
    assert ended[:1] == ["drawing"]
    assert not [thread for thread in threading.enumerate() if thread.name in {"drawings", MAILS}]


@pytest.mark.usefixtures("signals")
def test_a_worker_may_do_one_lane_only(registered: dict[str, Sweep]) -> None:
    done: list[str] = []

    @sweep("sent")
    def send() -> int:
        done.append("mail")
        os.kill(os.getpid(), signal.SIGTERM)
        return 0

    @sweep("drawn", lane="drawings")
    def draw() -> int:
        done.append("drawing")
        return 0

    call_command("worker", only=[MAILS])
    assert set(done) == {"mail"}
    done.clear()
    call_command("worker", once=True, only=["drawings"])
    assert set(done) == {"drawing"}
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("worker", "--only=everything")


def test_once_ends_when_no_lane_has_left_another_anything(
    registered: dict[str, Sweep], capsys: pytest.CaptureFixture[str]
) -> None:
    mails, drawings = [1], [1]

    @sweep("sent")
    def send() -> int:
        return mails.pop() if mails else 0

    @sweep("drawn", lane="drawings")
    def draw() -> int:
        if not drawings:
            return 0
        mails.append(1)
        return drawings.pop()

    call_command("worker", once=True)
    assert capsys.readouterr().out == "3 done\n"
    assert mails == []


@pytest.mark.parametrize("broken", [MAILS, "drawings"])
def test_a_lane_that_cannot_go_on_ends_the_worker_instead_of_leaving_it_half_alive(
    registered: dict[str, Sweep], broken: str
) -> None:
    class Broken(BaseException):
        pass

    def act(lane: str) -> int:
        if lane == broken:
            raise Broken
        return 0

    for lane in (MAILS, "drawings"):
        sweep(lane, lane=lane)(lambda lane=lane: act(lane))  # type: ignore[misc]
    with pytest.raises(Broken):
        run_lanes(lanes(), stop=threading.Event(), pause=0.01)
