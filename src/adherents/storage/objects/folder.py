"""A folder on this machine's disk."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from django.core.files.storage import FileSystemStorage

from adherents.storage.objects.contract import NoSuchObject, ObjectWriter, StorageFailed

WRITE_BEHIND_BYTES = 4 << 20  # how much the kernel may owe the disk while the rest still arrives
LEAST_FREE_BYTES = 64 << 20  # what a document, its pages and the rows about them may take at once
PART_SUFFIX = ".part"  # of a file that is still being written


class Folder:
    """The folder of a Django storage."""

    def __init__(self, storage: FileSystemStorage) -> None:
        self._storage = storage

    def begin(self, name: str) -> ObjectWriter:
        return _FolderWriter(self._path(name), self._storage.directory_permissions_mode or 0o700)

    def open(self, name: str) -> BinaryIO:
        with _failures_as_ours():
            try:
                return self._path(name).open("rb")
            except FileNotFoundError as error:
                raise NoSuchObject(name) from error

    def delete(self, name: str) -> None:
        path = self._path(name)
        with _failures_as_ours():
            _part(path).unlink(missing_ok=True)
            path.unlink(missing_ok=True)

    def size(self, name: str) -> int | None:
        with _failures_as_ours():
            try:
                return self._path(name).stat().st_size
            except FileNotFoundError:
                return None

    def is_begun(self, name: str) -> bool:
        return _part(self._path(name)).exists()

    def probe(self) -> None:
        """A folder that is not there yet is made with the first object: what it will be made in is looked at."""
        folder = _there(Path(self._storage.base_location))
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            raise StorageFailed(f"{folder} cannot be written to")

    def make(self) -> None:
        """The folder is made with the first object."""

    def names(self, under: str = "") -> Iterator[tuple[str, bool]]:
        with _failures_as_ours():
            for name in _files_under(str(Path(self._storage.base_location) / under), under):
                yield name.removesuffix(PART_SUFFIX), not name.endswith(PART_SUFFIX)

    def _path(self, name: str) -> Path:
        return Path(self._storage.path(name))


def need_room(folder: Path) -> None:
    """Raises `StorageFailed` where the disk of this folder, or of the one it will be made in, has no room for a document."""
    folder = _there(folder)
    with _failures_as_ours():
        disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < LEAST_FREE_BYTES:
        raise StorageFailed(f"{folder} is on a disk that is full")


def _there(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


@contextmanager
def _failures_as_ours() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFailed(str(error)) from error


def _files_under(folder: str, prefix: str) -> Iterator[str]:
    """The files' paths below `folder`. A folder that vanishes meanwhile has none."""
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files_under(entry.path, f"{prefix}{entry.name}/")
            else:
                yield prefix + entry.name


def _part(path: Path) -> Path:
    return path.with_name(path.name + PART_SUFFIX)


class _FolderWriter:
    """A file beside its final name: flushed, then given that name, which it never takes from another."""

    def __init__(self, path: Path, folder_mode: int) -> None:
        self.closed = False
        self._path, self._part = path, _part(path)
        self._written = self._flushing = 0
        self._named = False
        try:
            _make_folders(path.parent, folder_mode)
            self._file = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageFailed(str(error)) from error
        self._open = True

    def writable(self) -> bool:
        return True

    def write(self, chunk: bytes) -> int:
        if not self._open:  # aborted: the cipher may still want to write its last segment
            return len(chunk)
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self._written += len(chunk)
        if self._written - self._flushing >= WRITE_BEHIND_BYTES:
            _start_flushing(self._file, self._flushing, self._written - self._flushing)
            self._flushing = self._written
        return len(chunk)

    def close(self) -> None:
        self.closed = True

    def commit(self) -> None:
        try:
            os.fsync(self._file)
            self._release()
            os.link(self._part, self._path)
            self._named = True
            self._part.unlink()
            _flush_folder(self._path.parent)
        except OSError as error:
            self.abort()
            raise StorageFailed(str(error)) from error

    def abort(self) -> bool:
        self._release()
        try:
            self._part.unlink(missing_ok=True)
        except OSError:
            return False
        return not self._named

    def _release(self) -> None:
        if self._open:
            self._open = False
            os.close(self._file)


def _make_folders(folder: Path, mode: int) -> None:
    """Make the folder and its parents, and flush each new name to disk."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        with suppress(FileExistsError):
            path.mkdir(mode=mode)
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _start_flushing(descriptor: int, start: int, length: int) -> None:
    """Let the kernel begin to write what came, so that the final flush has little left to wait for."""
    with suppress(OSError, AttributeError):
        os.posix_fadvise(descriptor, start, length, os.POSIX_FADV_DONTNEED)
