"""Where each process of this machine keeps what it counts, so that any of them can tell the sum (prometheus_client's multiprocess
mode, with what it lacks).

A folder (`ADHERENTS_METRICS_DIR`) has a few files for each process that counted something, named at random: two containers may
have one process number. A process holds a lock on one of them as long as it lives. What a dead one counted is added to one file,
so that the folder does not grow with every restart. Where there is no folder or no room, a process counts for itself only.
"""

# mypy: allow-untyped-calls
import fcntl
import logging
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from prometheus_client import values
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.values import MultiProcessValue, MutexValue

KINDS = {"counter": 1 << 18, "histogram": 1 << 21}  # bytes of each file
GONE = "gone"  # what dead processes counted
log = logging.getLogger("adherents.metrics")


class _Process:
    """This process, as the folder knows it."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        self.name = secrets.token_hex(8)
        self._held: IO[bytes] | None = None
        self._alone = False

    def go_on_as_a_child(self) -> None:
        """A process that was forked counts in files of its own, which are there before its first count."""
        had_joined = self._held is not None
        self.begin_anew()
        if had_joined:
            self.joins()

    def joins(self) -> bool:
        """Whether it counts in the folder. Its files are made at the first count, with all their room: a page of a file that the
        disk has no room for would end the process when it is written to."""
        if self._held is None and not self._alone:
            try:
                self._held = self._join(Path(settings.ADHERENTS_METRICS_DIR))
            except OSError as error:
                self._alone = True
                log.warning("what this process counts is seen by itself only", extra={"error": str(error)})
        return self._held is not None

    def _join(self, folder: Path) -> IO[bytes]:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # where the library looks for it
        with _alone_in(folder):
            held = (folder / f"{self.name}.lock").open("wb")
            try:
                fcntl.flock(held, fcntl.LOCK_EX)
                for kind, size in KINDS.items():
                    _make(folder / f"{kind}_{self.name}.db", size)
            except OSError:
                held.close()
                raise
        return held


_process = _Process()
os.register_at_fork(after_in_child=lambda: _process.go_on_as_a_child())
_Shared: Any = MultiProcessValue(lambda: _process.name)


def _value(*given: Any, **named: Any) -> Any:
    """One number of one process. What two threads add is added."""
    return (_Shared if _process.joins() else MutexValue)(*given, **named)


values.ValueClass = _value


def of_all_processes() -> Iterable[Metric]:
    """What the processes of this machine have counted, those that are gone too."""
    if not _process.joins():
        return []
    folder = Path(settings.ADHERENTS_METRICS_DIR)
    with _alone_in(folder):
        for lock in folder.glob("*.lock"):
            if lock.stem != _process.name and lock.stem != "folder":
                _add_if_dead(lock)
        return list(MultiProcessCollector.merge([str(file) for file in folder.glob("*_*.db")]))


def _add_if_dead(lock: Path) -> None:
    with lock.open("rb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        for kind, size in KINDS.items():
            file = lock.with_name(f"{kind}_{lock.stem}.db")
            try:
                _add(file, lock.with_name(f"{kind}_{GONE}.db"), size)
            except (OSError, RuntimeError, ValueError) as error:  # cut by a machine that stopped, or no room
                log.warning("what a process counted is lost", extra={"error": type(error).__name__})
            file.unlink(missing_ok=True)
        lock.unlink(missing_ok=True)


def _add(file: Path, to: Path, size: int) -> None:
    if not to.exists():
        _make(to, size)
    gone = MmapedDict(str(to))
    try:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file)):
            gone.write_value(key, gone.read_value(key)[0] + value, 0.0)
    finally:
        gone.close()


def _make(file: Path, size: int) -> None:
    with file.open("xb") as made:
        try:
            os.posix_fallocate(made.fileno(), 0, size)
        except OSError:
            with suppress(OSError):
                file.unlink()
            raise


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """No other process comes, reads or tidies meanwhile. Each does so for a few milliseconds."""
    with (folder / "folder.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)  # closing does not, where a process was forked meanwhile
