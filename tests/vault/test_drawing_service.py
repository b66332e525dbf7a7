"""The drawing service, started as its unit says: it draws as a worker's own process does, and has nothing that could be taken."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.utils import timezone

from adherents.config import checks
from adherents.inspection.rasteriser import SLOTS, Fault, client, process
from adherents.inspection.rasteriser.confinement import Confined
from adherents.inspection.rasteriser.process import (
    CannotBeDrawn,
    Drawing,
    DrawingFailed,
    DrawingServiceAway,
    OutOfTime,
)
from adherents.members.models import Member
from adherents.vault.models import Document, State
from adherents.vault.services.rendition import draw_due, treat
from tests.config.installation import environment, once
from tests.deploy.units import SOMEBODY, UNITS, started, user_of
from tests.vault.conftest import deposited, pdf

UNIT = UNITS / "espace-adherents-drawing.service"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts services of other users")


@contextmanager
def asked(path: Path) -> Iterator[None]:
    process.use_service(str(path))
    try:
        yield
    finally:
        process.use_service(None)


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[Path, "subprocess.Popen[bytes]"]]:
    """A service of one's own, as one starts it by hand; its socket, and the process."""
    path = folder / "drawing.sock"
    service = subprocess.Popen(
        [
            sys.executable,
            str(Path(sys.executable).with_name("adherents")),
            "serve_drawing",
            "--bind",
            f"unix://{path}",
            *options,
        ],
        env=environment(folder) | {"TMPDIR": str(folder)},
        start_new_session=True,
    )
    try:
        until(lambda: client.answers(str(path)) or service.poll() is not None)
        assert service.poll() is None
        yield path, service
    finally:
        service.terminate()
        service.wait(timeout=30)


@pytest.fixture
def service(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A service that files are drawn by."""
    with serving(tmp_path) as (path, running), asked(path):
        yield running


def drawn(content: bytes, **options: object) -> list[tuple[int, int, str]]:
    """Each page: its size, and what its pixels are."""
    with Drawing("application/pdf", len(content), **options) as drawing:  # type: ignore[arg-type]
        count = drawing.feed([content])
        pages = []
        for page in drawing.pages():
            pages.append((page.width, page.height, hashlib.sha256(page.pixels).hexdigest()))
            page.done()
    assert len(pages) == count
    return pages


def children_of(number: int) -> list[int]:
    """The processes that this one started. Its threads come and go while they are read."""
    children: list[int] = []
    for listed in Path(f"/proc/{number}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            children += [int(child) for child in listed.read_text().split()]
    return children


def until(come: Callable[[], bool]) -> None:
    """Wait for what comes within twenty seconds on the slowest machine."""
    deadline = time.monotonic() + 20
    while not come():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def status_of(number: int) -> dict[str, str]:
    lines = Path(f"/proc/{number}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


PROBE = """
import os, socket
def attempt(what):
    try:
        return repr(what())
    except OSError:
        return "refused"
print(attempt(lambda: os.listdir("/var/lib/espace-adherents")))
print(attempt(lambda: open("/var/lib/espace-adherents/master.key").read()))
print(attempt(lambda: open("/etc/made", "w")))
print(attempt(lambda: socket.create_connection(("127.0.0.1", PORT), timeout=5)))
print(attempt(lambda: os.listdir("/tmp") != None))
"""


@once
@needs_root
def test_started_as_its_unit_says_it_draws_and_reaches_no_key_no_data_and_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADHERENTS_MASTER_KEY", "a secret")
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    (data / "master.key").write_text("a secret")
    path = tmp_path / "drawing.sock"
    with (
        socket.create_server(("127.0.0.1", 0)) as elsewhere,
        socket.socket(socket.AF_UNIX) as listening,
    ):
        listening.bind(str(path))
        listening.listen(8)
        with started(UNIT, listening, data) as service:
            content = pdf(2)
            here = drawn(content)
            with asked(path):
                assert drawn(content) == here
                assert process.what_is_permitted() == Confined(True, True, True)
            facts = status_of(service.pid)
            assert set(facts["Uid"].split()) == set(facts["Gid"].split()) == {str(SOMEBODY)}
            assert facts["Groups"] == ""
            assert facts["NoNewPrivs"] == "1"
            given = Path(f"/proc/{service.pid}/environ").read_bytes()
            assert b"secret" not in given
            assert {entry.partition(b"=")[0] for entry in given.split(b"\0") if entry} <= {
                b"LISTEN_FDS",
                b"LISTEN_PID",
                b"LC_CTYPE",  # added by Python itself
            }
            inside = ["nsenter", f"--target={service.pid}", "--mount", "--net", *user_of()]
            code = PROBE.replace("PORT", str(elsewhere.getsockname()[1]))
            told = subprocess.run(
                [*inside, sys.executable, "-I", "-c", code],
                capture_output=True,
                text=True,
                timeout=60,
                cwd="/",
                env={},
            )
            assert told.stdout.split("\n")[1:] == ["refused", "refused", "refused", "True", ""], told.stderr
            assert told.stdout.split("\n")[0] in {"refused", "[]"}


@once
def test_each_client_has_a_process_and_a_memory_that_no_other_has(
    service: "subprocess.Popen[bytes]",
) -> None:
    content = pdf(SLOTS + 1)  # one page more than fits: each process waits for its client, and does not end
    with (
        Drawing("application/pdf", len(content)) as first,
        Drawing("application/pdf", len(content)) as second,
    ):
        drawings = [first, second]
        for drawing in drawings:
            assert drawing.feed([content]) == SLOTS + 1
            assert next(drawing.pages()).number == 1
        memories = [
            line.split()[4]
            for child in children_of(service.pid)
            for line in Path(f"/proc/{child}/maps").read_text().splitlines()
            if "memfd:pages" in line
        ]
        assert len(set(memories)) == len(memories) >= 2
    until(lambda: len(children_of(service.pid)) <= 1)  # but the one that waits for the next file


@once
def test_what_goes_wrong_is_told_as_a_process_of_ones_own_tells_it(
    service: "subprocess.Popen[bytes]",
) -> None:
    with pytest.raises(CannotBeDrawn) as refused:
        drawn(pdf(password="x"))
    assert refused.value.fault is Fault.ENCRYPTED
    with Drawing("application/pdf", 10, seconds=1) as drawing, pytest.raises(OutOfTime) as late:
        drawing._next()
    assert not late.value.computing
    with Drawing("application/pdf", 10, behind=True) as drawing:
        [busy] = [
            child
            for child in children_of(service.pid)
            if os.getpriority(os.PRIO_PROCESS, child) == process.BEHIND
        ]
        os.kill(busy, signal.SIGKILL)
        with pytest.raises(DrawingFailed) as died:
            drawing._next()
        assert not isinstance(died.value, OutOfTime | DrawingServiceAway)


@once
def test_a_service_that_is_killed_or_hangs_says_nothing_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "GRACE", 0.3)
    with serving(tmp_path) as (path, running), asked(path):
        with Drawing("application/pdf", 10, seconds=1) as drawing:
            os.kill(running.pid, signal.SIGSTOP)
            start = time.monotonic()
            with pytest.raises(DrawingServiceAway):
                drawing._next()
            assert time.monotonic() - start < 5
            os.kill(running.pid, signal.SIGCONT)
        assert len(drawn(pdf())) == 1
        with Drawing("application/pdf", 10) as drawing:
            for child in [running.pid, *children_of(running.pid)]:
                os.kill(child, signal.SIGKILL)
            with pytest.raises(DrawingServiceAway):
                drawing._next()
        until(lambda: not process.is_there())  # the system takes a moment to end what was killed
    assert process.is_there()


@once
def test_a_file_more_than_it_draws_at_once_waits_for_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, "--most", "1") as (path, _), asked(path):
        with Drawing("application/pdf", 10), monkeypatch.context() as meanwhile:
            meanwhile.setattr(client, "ANSWERS_WITHIN", 0.5)
            with pytest.raises(DrawingServiceAway):
                Drawing("application/pdf", 10)
        assert len(drawn(pdf())) == 1


@once
def test_it_starts_without_a_setting_and_leaves_another_ones_socket_alone(tmp_path: Path) -> None:
    adherents = [sys.executable, str(Path(sys.executable).with_name("adherents")), "serve_drawing"]
    with serving(tmp_path) as (path, _):
        second = subprocess.run(
            [*adherents, "--bind", f"unix://{path}"],
            capture_output=True,
            text=True,
            env={"ADHERENTS_DATA_DIR": "/proc/none"},
        )
        assert second.returncode == 1
        assert second.stderr == f"adherents: another process listens on {path}\n"
        assert path.stat().st_mode & 0o777 == 0o660
    assert not path.exists()
    without = subprocess.run(adherents, capture_output=True, text=True, env={})
    assert without.stderr.startswith("adherents: no socket was passed; --bind should be like unix:///run/")


@pytest.mark.django_db
def test_documents_wait_while_the_service_is_away_and_none_is_set_aside(
    member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = deposited(member, pdf())
    with asked(tmp_path / "nothing.sock"):
        assert draw_due() == 0
        document.refresh_from_db()
        assert (document.state, document.attempts) == (State.RECEIVED, 0)
        for _ in range(5):  # it goes away once the document is claimed
            Document.objects.update(next_attempt_at=timezone.now())
            [claimed] = Document.objects.claim_due(limit=1)
            treat(claimed)
        document.refresh_from_db()
        assert (document.state, document.set_aside, document.attempts) == (State.RECEIVED, "", 0)
        assert document.next_attempt_at is not None
    Document.objects.update(next_attempt_at=timezone.now())
    assert draw_due() == 1
    document.refresh_from_db()
    assert (document.state, document.page_count) == (State.CHECKED, 1)


def test_a_check_says_that_the_service_does_not_answer(
    tmp_path: Path, settings: pytest.FixtureRequest
) -> None:
    settings.IN_PRODUCTION = True  # type: ignore[attr-defined]
    settings.ADHERENTS_DRAWING_SERVICE = str(tmp_path / "nothing.sock")  # type: ignore[attr-defined]
    with asked(tmp_path / "nothing.sock"):
        [said] = checks.drawing(None)
    assert said.id == "adherents.W008"
    assert "ADHERENTS_DRAWING_URL" in str(said.hint)
