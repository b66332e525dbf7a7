"""The process that draws, from inside: it may read its file and write its pixels, whichever user starts it."""

import os
import platform
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from adherents.inspection.rasteriser import process
from adherents.inspection.rasteriser.process import Drawing, DrawingFailed, kept_ready
from adherents.inspection.rasteriser.system_calls import _MACHINES
from tests.vault.conftest import pdf

NOBODY = 65534
ATTEMPTS = """
import ctypes, fcntl, os, signal, socket, sys, threading
from adherents.inspection.rasteriser.confinement import confine
here, port, threads = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "threads"
spare, starter = os.dup(0), os.getuid()
confine(memory=1_500_000_000, seconds=10, threads=threads)
libc = ctypes.CDLL(None, use_errno=True)

def call(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)

def access(path):
    if not os.access(path, os.R_OK):
        raise OSError(path)

def reach():
    os.close(spare)
    socket.socket().connect(("127.0.0.1", port))

attempts = {
    "connect": reach,
    "a socket": lambda: socket.socket(),
    "a Unix socket": lambda: socket.socket(socket.AF_UNIX),
    "a raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "a pair of sockets": socket.socketpair,
    "look up a name": lambda: socket.getaddrinfo("example.org", 80),
    "read a file": lambda: open("/etc/passwd").read(),
    "read its own memory": lambda: open("/proc/self/mem", "rb"),
    "write a file": lambda: open(here + "/made", "w"),
    "write where anybody may": lambda: open("/tmp/adherents-confinement", "w"),
    "make a folder": lambda: os.mkdir(here + "/folder"),
    "delete a file": lambda: os.unlink(here + "/there"),
    "rename a file": lambda: os.rename(here + "/there", here + "/elsewhere"),
    "make a link": lambda: os.symlink("/etc", here + "/link"),
    "list a folder": lambda: os.listdir("/"),
    "a process": os.fork,
    "a program": lambda: os.execv("/bin/sh", ["sh", "-c", "exit"]),
    "a shell": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "a signal to its parent": lambda: os.kill(os.getppid(), 0),
    "trace its parent": lambda: call("ptrace", 16, os.getppid(), 0, 0),
    "be root": lambda: os.setresuid(0, 0, 0),
    "be its parent's user": lambda: os.setresuid(starter, starter, starter),
    "a signal to a thread": lambda: call("tgkill", os.getppid(), os.getppid(), 0),
    "a limit of its parent": lambda: call("prlimit", os.getppid(), 7, None, None),
    "a file's facts": lambda: os.stat(here + "/there"),
    "whether a file is there": lambda: access(here + "/there"),
    "a file's times": lambda: os.utime(here + "/there"),
    "a file's owner": lambda: os.lchown(here + "/there", -1, -1),
    "a file's attributes": lambda: os.listxattr(here + "/there"),
    "a file's own attribute": lambda: os.setxattr(here + "/there", "user.x", b"x"),
    "a disk's facts": lambda: os.statvfs("/"),
    "another folder": lambda: os.chdir("/"),
    "its own folder's name": os.getcwd,
    "its parent's memory": lambda: call("process_vm_readv", os.getppid(), None, 0, None, 0, 0),
    "its parent's priority": lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19),
    "its parent's processors": lambda: os.sched_setaffinity(os.getppid(), {0}),
    "a pipe": os.pipe,
    "memory that has a name": lambda: os.memfd_create("x"),
    "signals for what it has open": lambda: fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid()),
    "a namespace": lambda: call("unshare", 0x10000000),
    "a mount": lambda: call("mount", b"x", b"/", b"tmpfs", 0, None),
    "more memory": lambda: bytearray(2_000_000_000),
}
if not threads:
    attempts["a thread"] = lambda: threading.Thread(target=print).start()
for name, attempt in attempts.items():
    try:
        attempt()
    except (OSError, MemoryError, RuntimeError, LookupError):
        continue
    sys.stdout.write("done: " + name + "\\n")
sys.stdout.write("over " + repr(set(os.environ) - {"LC_CTYPE"}) + "\\n")
"""

as_others = pytest.mark.parametrize("as_nobody", [False, True], ids=["as who tests", "as nobody"])


def started_by(as_nobody: bool) -> list[str]:
    """What comes before a command, so that somebody without any right runs it."""
    if not as_nobody:
        return []
    if os.geteuid() != 0:
        pytest.skip("who tests is nobody special already")
    # An interpreter in root's own folder cannot be reached by others: they get the right to read it, and no other one.
    python = Path(sys.executable).resolve()
    closed = any(not folder.stat().st_mode & 0o001 for folder in (*python.parents, *Path(sys.prefix).parents))
    may = "-all,+dac_read_search" if closed else "-all"
    return [
        "setpriv",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        f"--inh-caps={may}",
        f"--ambient-caps={may}",
    ]


@as_others
@pytest.mark.parametrize("threads", ["threads", "none"])
def test_nothing_is_left_to_it(tmp_path: Path, as_nobody: bool, threads: str) -> None:
    (tmp_path / "there").touch()
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o077 if folder == tmp_path else folder.stat().st_mode | 0o011)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        completed = subprocess.run(
            [*started_by(as_nobody), sys.executable, "-I", "-c", ATTEMPTS, str(tmp_path), str(port), threads],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env={},
            timeout=60,
            text=True,
        )
    assert completed.stdout == "over set()\n", completed.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    assert not Path("/tmp/adherents-confinement").exists()


# By their names in the kernel: written by hand, beside the numbers of the filter.
LEFT = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13,
        "rt_sigprocmask": 14, "rt_sigreturn": 15, "readv": 19, "writev": 20, "sched_yield": 24, "mremap": 25, "madvise": 28,
        "nanosleep": 35, "getpid": 39, "exit": 60, "gettimeofday": 96, "sigaltstack": 131, "gettid": 186, "futex": 202,
        "restart_syscall": 219, "clock_gettime": 228, "clock_nanosleep": 230, "exit_group": 231, "set_robust_list": 273,
        "getrandom": 318, "membarrier": 324, "rseq": 334,
    },
    "aarch64": {
        "close": 57, "lseek": 62, "read": 63, "write": 64, "readv": 65, "writev": 66, "exit": 93, "exit_group": 94, "futex": 98,
        "set_robust_list": 99, "nanosleep": 101, "clock_gettime": 113, "clock_nanosleep": 115, "sched_yield": 124,
        "restart_syscall": 128, "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139,
        "gettimeofday": 169, "getpid": 172, "gettid": 178, "brk": 214, "munmap": 215, "mremap": 216, "mmap": 222,
        "mprotect": 226, "madvise": 233, "getrandom": 278, "membarrier": 283, "rseq": 293,
    },
}  # fmt: skip
EVERY_CALL = """
import ctypes, os, sys
from adherents.inspection.rasteriser.confinement import confine
left, threads = set(map(int, sys.argv[1].split(","))), sys.argv[2] == "threads"
confine(memory=1_500_000_000, seconds=10, threads=threads)
libc = ctypes.CDLL(None, use_errno=True)
for number in (*range(1100), *range(0x40000000, 0x40000000 + 600)):
    if number in left or number in {335, 336}:  # uretprobe, uprobe: no filter sees them, and the kernel kills who calls them
        continue
    ctypes.set_errno(0)
    if libc.syscall(number, 0, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() not in {1, 38 if number == 435 else 1}:
        print(number, ctypes.get_errno())
print("over")
"""


@as_others
@pytest.mark.parametrize("threads", ["threads", "none"])
def test_every_system_call_but_those_that_drawing_needs_is_refused_by_the_kernel(
    as_nobody: bool, threads: str
) -> None:
    left = ",".join(str(number) for number in LEFT[platform.machine()].values())
    completed = subprocess.run(
        [*started_by(as_nobody), sys.executable, "-I", "-c", EVERY_CALL, left, threads],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env={},
        timeout=60,
        text=True,
    )
    assert completed.stdout == "over\n", completed.stderr


@pytest.mark.parametrize("machine", _MACHINES)
def test_the_list_of_each_machine_is_the_one_that_is_claimed(machine: str) -> None:
    assert sorted(_MACHINES[machine].allowed) == sorted(LEFT[machine].values())


def test_no_two_drawings_are_the_same_user_nor_the_portals() -> None:
    """Where another user can be had: what takes one over reaches neither the portal nor another drawing."""
    if os.geteuid() != 0:
        pytest.skip("nobody special can become somebody else")
    content, users = pdf(), []
    with (
        Drawing("application/pdf", len(content)) as first,
        Drawing("application/pdf", len(content)) as second,
    ):
        for drawing in (first, second):
            drawing.feed([content])
            assert len(list(drawing.pages())) == 1
            status = Path(f"/proc/{drawing._child.process.pid}/status").read_text().splitlines()
            facts = dict(line.split(":", 1) for line in status)
            assert len(set(facts["Uid"].split())) == 1
            assert facts["Uid"].split() == facts["Gid"].split()
            assert facts["Groups"].split() == []
            assert {int(facts[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
            users.append(int(facts["Uid"].split()[0]))
            assert users[-1] > 60_000, "no user that somebody may have"
    assert len({os.getuid(), NOBODY, *users}) == 4


@as_others
@pytest.mark.parametrize("threads", [True, False])
def test_a_forbidden_opening_says_so_where_a_file_is_open_to_all(as_nobody: bool, threads: bool) -> None:
    """The kernel refuses it, and not only the right of the file: /dev/null is anybody's to write."""
    code = f"""
from adherents.inspection.rasteriser.confinement import confine
confine(memory=1_500_000_000, seconds=10, threads={threads})
try:
    open("/dev/null", "w")
except OSError as error:
    print(error.errno)
"""
    completed = subprocess.run(
        [*started_by(as_nobody), sys.executable, "-I", "-c", code],
        capture_output=True,
        env={},
        timeout=60,
        text=True,
    )
    assert completed.stdout.strip() in {"1", "24"}, (
        completed.stderr
    )  # EPERM by the filter; EMFILE by the limit


@as_others
def test_a_document_is_drawn_by_any_user_of_the_machine(tmp_path: Path, as_nobody: bool) -> None:
    code = """
import sys
from adherents.inspection.rasteriser.process import Drawing
content = sys.stdin.buffer.read()
with Drawing("application/pdf", len(content)) as drawing:
    assert drawing.feed([content]) == 2
    print([page.width for page in drawing.pages()])
"""
    completed = subprocess.run(
        [*started_by(as_nobody), sys.executable, "-I", "-c", code],
        input=pdf(2),
        capture_output=True,
        env={},
        timeout=60,
    )
    assert completed.stdout.decode().strip() == "[1241, 1241]", completed.stderr.decode()


def test_it_is_given_no_environment_and_no_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADHERENTS_MASTER_KEY", "a secret")
    with Drawing("application/pdf", 10) as drawing:
        at = Path(f"/proc/{drawing._child.process.pid}")
        _wait_until(lambda: b"adherents.inspection.rasteriser" in (at / "cmdline").read_bytes())
        assert (at / "environ").read_bytes() == b""
        assert (at / "cwd").readlink() == Path("/"), (
            "one of its own would stay behind a worker that is killed"
        )


STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
child = os.fork()
if child == 0:
    time.sleep(600)
sys.stdout.buffer.write(child.to_bytes(4, "big"))
sys.stdout.buffer.flush()
time.sleep(600)
"""


def test_it_is_killed_with_its_children_at_the_time_limit_whatever_signals_it_ignores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "COMMAND", [sys.executable, "-I", "-c", STUBBORN])
    start = time.monotonic()
    with Drawing("application/pdf", 10, seconds=2) as drawing:
        parent, child = drawing._child.process.pid, int.from_bytes(drawing._exactly(4), "big")
        assert os.getpgid(child) == parent, "one group"
        os.kill(parent, signal.SIGTERM)
        assert _lives(parent)
        with pytest.raises(DrawingFailed):
            drawing._next()
    assert 1.5 < time.monotonic() - start < 6
    _wait_until(lambda: not _lives(parent) and not _lives(child))


def test_leaving_early_kills_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", [sys.executable, "-I", "-c", STUBBORN])
    with Drawing("application/pdf", 10) as drawing:
        parent, child = drawing._child.process.pid, int.from_bytes(drawing._exactly(4), "big")
    _wait_until(lambda: not _lives(parent) and not _lives(child))


class TestKeptReady:
    """The process that a worker starts before it knows the file."""

    def drawn_by(self) -> int:
        """A file is drawn; by which process."""
        content = pdf()
        with Drawing("application/pdf", len(content)) as drawing:
            assert drawing.feed([content]) == 1
            assert len(list(drawing.pages())) == 1
            return drawing._child.process.pid

    def waiting(self) -> int:
        child = process._spare._child
        assert child is not None
        return child.process.pid

    def test_each_file_has_the_one_that_waited_and_no_two_the_same(self) -> None:
        with kept_ready():
            drawers = []
            for _ in range(3):
                waited = self.waiting()
                assert self.drawn_by() == waited
                assert not _lives(waited)
                drawers.append(waited)
            assert len(set(drawers)) == 3
            last = self.waiting()
            assert _lives(last)
        _wait_until(lambda: not _lives(last))
        assert process._spare._child is None

    def test_nobody_waits_where_nobody_keeps_one(self) -> None:
        self.drawn_by()
        assert process._spare._child is None

    def test_one_that_died_waiting_is_replaced(self) -> None:
        with kept_ready():
            died = self.waiting()
            os.kill(died, signal.SIGKILL)
            _wait_until(lambda: not _lives(died))
            assert self.drawn_by() != died

    def test_one_that_cannot_be_started_now_costs_the_file_before_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = pdf()
        with kept_ready(), Drawing("application/pdf", len(content)) as drawing:
            assert drawing.feed([content]) == 1
            assert len(list(drawing.pages())) == 1
            monkeypatch.setattr(process, "COMMAND", ["/no/such/program"])
        monkeypatch.undo()
        assert process._spare._child is None
        with kept_ready():
            self.drawn_by()

    def test_its_time_begins_with_its_file(self) -> None:
        with kept_ready():
            time.sleep(1.2)
            with Drawing("application/pdf", 10, seconds=1) as drawing:
                start = time.monotonic()
                with pytest.raises(DrawingFailed):
                    drawing._next()
            assert time.monotonic() - start > 0.8

    def test_it_ends_with_the_worker_that_is_killed(self) -> None:
        code = """
import sys, time
from adherents.inspection.rasteriser import process
with process.kept_ready():
    print(process._spare._child.process.pid, flush=True)
    time.sleep(600)
"""
        worker = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        with worker:
            assert worker.stdout is not None
            spare = int(worker.stdout.readline())
            assert _lives(spare)
            worker.kill()
        _wait_until(lambda: not _lives(spare))


def _lives(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _wait_until(done: object) -> None:
    deadline = time.monotonic() + 5
    while not done():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)
