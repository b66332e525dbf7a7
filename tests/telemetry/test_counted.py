"""What the processes of a machine count is one sum: of those that live, and of those that died."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest
from prometheus_client.values import MutexValue

from adherents.telemetry import counted
from tests.ports import free_port
from tests.telemetry.figures import values_in

pytestmark = pytest.mark.any_database
BEGINNING = """
import sys
from django.conf import settings
settings.configure(ADHERENTS_METRICS_DIR=sys.argv[1], DATABASES={})
from adherents.telemetry import counted, exposition, metrics
metrics.SIGN_INS.labels("refused").inc(float(sys.argv[2]))
metrics.DRAWING.labels("drawings").observe(3)
"""
STAYS = (
    BEGINNING
    + """
if len(sys.argv) > 3:
    exposition.last_read = list
    exposition.TRIES_AGAIN_AFTER = 0.05
    exposition.listen(("127.0.0.1", int(sys.argv[3])), token="the token")
print("ready", flush=True)
sys.stdin.read()
"""
)
TELLS = (
    BEGINNING
    + """
from prometheus_client.exposition import generate_latest
from prometheus_client import CollectorRegistry
registry = CollectorRegistry()
registry.register(type("All", (), {"collect": staticmethod(counted.of_all_processes)}))
print(generate_latest(registry).decode())
"""
)


@contextmanager
def staying(folder: Path, *given: object) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", STAYS, str(folder), *map(str, given)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def told(folder: Path, by: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", TELLS, str(folder), str(by)], capture_output=True, text=True, check=True
    )
    return values_in(done.stdout)


def test_a_sum_goes_on_over_processes_that_live_and_that_were_killed(tmp_path: Path) -> None:
    refused = 'adherents_sign_ins_total{outcome="refused"}'
    drawn = 'adherents_drawing_seconds_bucket{lane="drawings",le="5.0"}'
    with staying(tmp_path, 1) as one, staying(tmp_path, 10):
        seen = told(tmp_path, 100)
        assert (seen[refused], seen[drawn]) == (111, 3)
        one.send_signal(signal.SIGKILL)
        one.wait()
        seen = told(tmp_path, 1000)
        assert (seen[refused], seen[drawn]) == (1111, 4)
    for _ in range(2):
        seen = told(tmp_path, 0)
    assert (seen[refused], seen[drawn]) == (1111, 6)
    kept = sorted(file.name.partition("_")[0] for file in tmp_path.iterdir())
    assert len(kept) == 6, "the lock, what is gone, and the last process of all"


def test_a_file_that_a_machine_left_half_written_is_put_away(tmp_path: Path) -> None:
    (tmp_path / "0123456789abcdef.lock").touch()
    (tmp_path / "counter_0123456789abcdef.db").write_bytes(b"\xff\x00\x00\x00" + b"\x01" * 252)
    assert told(tmp_path, 5)['adherents_sign_ins_total{outcome="refused"}'] == 5
    assert not list(tmp_path.glob("*0123456789abcdef*"))


def test_without_a_folder_or_without_room_a_process_counts_for_itself(
    tmp_path: Path, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    full = tmp_path / "full"
    for folder in (tmp_path / "file", full):
        settings.ADHERENTS_METRICS_DIR = folder  # type: ignore[attr-defined]
        process = counted._Process()
        monkeypatch.setattr(counted, "_process", process)
        if folder == full:
            monkeypatch.setattr(os, "posix_fallocate", _no_room)
        assert isinstance(counted._value("counter", "a", "a_total", [], [], "words"), MutexValue)
        assert list(counted.of_all_processes()) == []
    assert not list(full.glob("*.db")), "a file without its room would end the process that writes to it"


def _no_room(*_: object) -> None:
    raise OSError(28, "No space left on device")


def ask(port: int, path: str = "/metrics", token: str = "the token") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, ""


def test_the_listener_of_a_process_that_dies_is_taken_over_by_another(tmp_path: Path) -> None:
    port = free_port()
    with staying(tmp_path, 1, port) as one, staying(tmp_path, 10, port):
        for _ in range(2):
            status, text = _when_it_listens(port)
            assert status == 200
            assert values_in(text)['adherents_sign_ins_total{outcome="refused"}'] == 11
            one.kill()
            one.wait()
        assert [ask(port, token=token)[0] for token in ("", "another", "the token")] == [401, 401, 200]
        assert ask(port, "/adherent/")[0] == 404
        # Who says nothing does not keep it from the others.
        with socket.create_connection(("127.0.0.1", port)):
            assert ask(port)[0] == 200


def _when_it_listens(port: int) -> tuple[int, str]:
    for _ in range(200):
        try:
            return ask(port)
        except (URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError("nobody listens")


FORKS = (
    BEGINNING
    + """
import os
if not os.fork():
    metrics.SIGN_INS.labels("refused").inc(7)
    metrics.SIGN_INS.labels("locked").inc(7)
    os._exit(0)
os.wait()
"""
)


def test_what_a_forked_process_counted_is_kept_when_it_is_gone(tmp_path: Path) -> None:
    """It begins from 0 in files of its own, which the next look tidies away."""
    subprocess.run([sys.executable, "-c", FORKS, str(tmp_path), "1"], check=True)
    seen = told(tmp_path, 0)
    assert seen['adherents_sign_ins_total{outcome="refused"}'] == 8
    assert seen['adherents_sign_ins_total{outcome="locked"}'] == 7
    assert len(list(tmp_path.glob("counter_*.db"))) == 2, "those that are gone, and the one that told it"
