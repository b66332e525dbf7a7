"""The proof of `python -m stress reading_kills`, in short; and that no reader outlives the worker that started it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from stress.reading_kills import killed

from adherents.reading.pixels import process as pixels

pytestmark = pytest.mark.any_database
WORKER = """
import subprocess, sys, time
from adherents.reading.text_layer.process import LetterReader
reader = LetterReader([sys.executable, "-I", "-m", *sys.argv[1:]], seconds=60)
# Another process holds the pipe open: the reader waits for its file, and does not see that nobody will send it.
heir = subprocess.Popen(["sleep", "60"], pass_fds=[reader._process.stdin.fileno()])
print(reader._process.pid, heir.pid, flush=True)
time.sleep(60)
"""
READERS = [
    ["adherents.reading.text_layer", "1000", "60"],
    ["adherents.reading.codes", "60", "400x400"],
    ["adherents.reading.pixels", "400", "400", "60"],
    ["adherents.reading.crops", "400", "400", "1", "60"],
]


def wait_until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 50
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def status_of(pid: int) -> dict[str, str]:
    """What the kernel says of a process; nothing once it is gone or is only waited for."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    said = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return {} if said.get("State", "Z").startswith(("Z", "X")) else said


@pytest.mark.parametrize("command", READERS, ids=lambda command: command[0].rpartition(".")[2])
def test_a_reader_ends_with_the_worker_that_is_killed(command: list[str]) -> None:
    if command[0].endswith(("pixels", "crops")) and not pixels.is_installed():
        pytest.skip("the extra « pictures » is not installed")
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, *command], stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        reader, heir = map(int, worker.stdout.readline().split())
        try:
            wait_until(lambda: status_of(reader).get("Seccomp") == "2")  # it is confined, and waits
            worker.kill()
            worker.wait()
            wait_until(lambda: not status_of(reader))
        finally:
            worker.kill()
            os.kill(heir, 9)


def test_what_is_killed_in_the_middle_of_a_reading_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    figures = killed(tmp_path, kills=6, papers=1)
    assert figures["wrong"] == []
    assert sum(figures["hit"].values()) >= 6
    assert figures["outcomes"]["read"] > 0
