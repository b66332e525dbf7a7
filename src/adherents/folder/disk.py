"""The folder on the disk, as somebody else writes to it: nothing there is followed, believed or waited for.

Each subfolder is opened once, and every file through it, by its plain name. A file is a regular one with one name, or it is
refused; how long it may be is said before it is read. What is private to the portal lies in `.adherents`.
"""

import errno
import fcntl
import os
import shutil
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.utils.translation import gettext as _

MEMBERS, BENEFICIARIES, DOCUMENTS = "members", "beneficiaries", "documents"
DECISIONS, ORIGINALS, DONE, REFUSED = "decisions", "originals", "done", "refused"
INCOMING = (MEMBERS, BENEFICIARIES, DOCUMENTS)
OUTGOING = (DECISIONS, ORIGINALS, DONE, REFUSED)
PRIVATE = ".adherents"
SPOOL, OUTBOX, LOCK = "spool", "outbox", "lock"
LONGEST_NAME = 150  # bytes: a batch's name stands behind its number in the name of a folder
LONGEST_FILE_NAME = 255
MOST_ENTRIES = 20_000  # of one subfolder: what is beyond is looked at when these are gone
CHUNK = 1 << 20


class CannotUseFolder(Exception):
    """The folder, or a part of it, cannot be used, in words. Nothing was done."""


class LeftAlone(Exception):
    """Something cannot be read or written now, in words. It is left as it is, and tried again. `name`: of the file."""

    def __init__(self, words: str, name: str = "") -> None:
        super().__init__(f"{name} : {words}" if name else words)
        self.words = words


class UnfitFile(Exception):
    """A file is none that may be taken, in words for who sent it."""


def is_plain(name: str, *, longest: int = LONGEST_FILE_NAME) -> bool:
    """Whether a name has neither path nor leading dot in it, nor what nobody sees (controls, marks that turn a line round)."""
    return (
        0 < len(name.encode(errors="surrogateescape")) <= longest
        and not name.startswith((".", " "))
        and not name.endswith((".", " "))
        and not set(name) & {"/", "\\"}
        and not any(unicodedata.category(letter)[0] == "C" for letter in name)
        and not any(letter.isspace() and letter != " " for letter in name)
    )


def one_form(name: str) -> str:
    """« é » as one letter, however it is written: some systems write it as two, and nobody sees which."""
    return unicodedata.normalize("NFC", name)


class ExchangeFolder:
    """The folder, opened. Use as a context manager; one process at a time has it (`take_lock`)."""

    def __init__(self, path: Path) -> None:
        """Makes what is missing in it. Raises `CannotUseFolder`."""
        self.path = path
        self._fds: dict[str, int] = {}
        try:
            root = self._open("", str(path), parent=None)
            for name in (*INCOMING, *OUTGOING, PRIVATE):
                _make(name, 0o700 if name == PRIVATE else 0o770 if name in INCOMING else 0o750, parent=root)
                self._open(name, name, parent=root)
            for name in (SPOOL, OUTBOX):
                _make(name, 0o700, parent=self[PRIVATE])
                self._open(name, name, parent=self[PRIVATE])
            if len({os.fstat(fd).st_dev for fd in self._fds.values()}) > 1:
                raise CannotUseFolder(
                    _("%(folder)s : ses dossiers ne sont pas sur le même disque.") % {"folder": path}
                )
            self._lock = os.open(
                LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=self[PRIVATE]
            )
        except OSError as error:
            self.close()
            raise CannotUseFolder(f"{error.filename or path} : {_in_words(error)}") from error
        except CannotUseFolder:
            self.close()
            raise

    def __enter__(self) -> "ExchangeFolder":
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._lock)
        self.close()

    def __getitem__(self, name: str) -> int:
        """The descriptor of a subfolder; of the folder itself under the empty name."""
        return self._fds[name]

    def close(self) -> None:
        for fd in self._fds.values():
            os.close(fd)
        self._fds.clear()

    def _open(self, name: str, path: str, *, parent: int | None) -> int:
        follow = 0 if parent is None else os.O_NOFOLLOW
        self._fds[name] = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | follow, dir_fd=parent)
        return self._fds[name]

    def take_lock(self) -> bool:
        """False: another process has this folder. The kernel gives the lock back, however this process ends."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    @property
    def identity(self) -> str:
        """The same for who has the lock of this very folder."""
        found = os.fstat(self._lock)
        return f"{found.st_dev:x}.{found.st_ino:x}"

    def path_of(self, subfolder: str, name: str) -> Path:
        """A path that leads into the opened subfolder, wherever it was moved meanwhile."""
        return Path(f"/proc/self/fd/{self[subfolder]}") / name


def names_in(fd: int) -> list[str]:
    """In their order; `MOST_ENTRIES` at most. Raises `LeftAlone`."""
    found: list[str] = []
    with told("."), os.scandir(fd) as entries:
        for entry in entries:
            found.append(entry.name)
            if len(found) == MOST_ENTRIES:
                break
    return sorted(found)


def is_there(name: str, fd: int) -> bool:
    try:
        os.lstat(name, dir_fd=fd)
    except FileNotFoundError:
        return False
    return True


@contextmanager
def subfolder(name: str, fd: int) -> Iterator[int]:
    """A folder in a folder. Raises `UnfitFile`, `FileNotFoundError` or `LeftAlone`."""
    with told(name):
        found = os.lstat(name, dir_fd=fd)
        if not stat.S_ISDIR(found.st_mode):
            raise UnfitFile(_("%(name)s : n’est pas un dossier.") % {"name": name})
        opened = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
    try:
        yield opened
    finally:
        os.close(opened)


def read(name: str, fd: int, *, most: int) -> Iterator[bytes]:
    """The bytes of a file, `most` at most. Raises `UnfitFile`, also at the end, `FileNotFoundError` or `LeftAlone`."""
    opened = _open_regular(name, fd, most)
    try:
        count = 0
        while True:
            with told(name):
                chunk = os.read(opened, CHUNK)
            if not chunk:
                return
            count += len(chunk)
            if count > most:
                raise too_large(name, most)
            yield chunk
    finally:
        os.close(opened)


def _open_regular(name: str, fd: int, most: int) -> int:
    """A pipe, a device or a link is not even opened; who puts one there meanwhile waits in vain (`O_NONBLOCK`)."""
    with told(name):
        _check_regular(name, os.lstat(name, dir_fd=fd), most)
        opened = os.open(
            name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=fd
        )
    try:
        _check_regular(name, os.fstat(opened), most)
    except UnfitFile:
        os.close(opened)
        raise
    return opened


def _check_regular(name: str, found: os.stat_result, most: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise UnfitFile(
            _("%(name)s : n’est pas un fichier ordinaire (un lien, un dossier, un tube).") % {"name": name}
        )
    if found.st_nlink != 1:
        raise UnfitFile(_("%(name)s : le fichier a un second nom (lien dur).") % {"name": name})
    if found.st_size > most:
        raise too_large(name, most)


def too_large(name: str, most: int) -> UnfitFile:
    size = f"{most >> 20} Mo" if most >> 20 else f"{most >> 10} Ko"
    return UnfitFile(
        _("%(name)s : le fichier est trop lourd, %(most)s au plus.") % {"name": name, "most": size}
    )


@contextmanager
def told(name: str) -> Iterator[None]:
    """What the system refuses, in words. Raises `LeftAlone`, `UnfitFile` of a link, or `FileNotFoundError` as it came."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.ENOTDIR}:
            words = _("%(name)s : n’est pas un fichier ordinaire (un lien, un dossier, un tube).")
            raise UnfitFile(words % {"name": name}) from error
        raise LeftAlone(_in_words(error), name) from error


def _in_words(error: OSError) -> str:
    known = {
        errno.EACCES: _("le service n’a pas le droit d’y accéder."),
        errno.EPERM: _("le service n’a pas le droit d’y accéder."),
        errno.ENOENT: _("il n’y a rien de ce nom."),
        errno.ENOTDIR: _("ce n’est pas un dossier."),
        errno.ELOOP: _("ce n’est pas un dossier, mais un lien."),
        errno.ENOSPC: _("il n’y a plus de place sur le disque."),
        errno.EDQUOT: _("il n’y a plus de place sur le disque."),
        errno.EROFS: _("on ne peut pas y écrire."),
    }
    return known.get(error.errno or 0, error.strerror or "")


def write(name: str, fd: int, chunks: Iterator[bytes], *, mode: int) -> None:
    """A new file, on the disk when this returns; nothing is left where it fails. Raises `LeftAlone`, or what `chunks` does."""
    with told(name), suppress(FileNotFoundError):
        os.unlink(name, dir_fd=fd)
    try:
        with told(name):
            made = os.open(
                name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=fd
            )
        try:
            for chunk in chunks:
                with told(name):
                    _write_all(made, chunk)
            with told(name):
                os.fchmod(made, mode)
                os.fsync(made)
        finally:
            os.close(made)
    except BaseException:
        with suppress(OSError):
            os.unlink(name, dir_fd=fd)
        raise


def _write_all(fd: int, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[os.write(fd, left) :]


def move(name: str, fd: int, new_fd: int, *, over: bool = False) -> None:
    """Give what is there, whatever it is, its place. Where it is not there, it was moved already. Raises `LeftAlone`.

    Not `over` what has that place: what lies here then came later, and stays.
    """
    with told(name):
        if is_there(name, fd) and (over or not is_there(name, new_fd)):
            os.rename(name, name, src_dir_fd=fd, dst_dir_fd=new_fd)
            os.fsync(new_fd)


def make_folder(name: str, fd: int, *, mode: int) -> None:
    """Raises `LeftAlone`."""
    with told(name):
        _make(name, mode, parent=fd)
        os.fsync(fd)


def _make(name: str, mode: int, *, parent: int) -> None:
    """One that is there keeps the rights that it has. The group is the parent's where that one says so (its setgid bit), which no
    call of ours sets: services may not.
    """
    before = os.umask(0)
    try:
        with suppress(FileExistsError):
            os.mkdir(name, mode, dir_fd=parent)
    finally:
        os.umask(before)


def remove(name: str, fd: int) -> None:
    """A file, or a folder with all in it; no link is followed. What is gone already is gone. Raises `LeftAlone`."""
    with told(name), suppress(FileNotFoundError):
        if stat.S_ISDIR(os.lstat(name, dir_fd=fd).st_mode):
            shutil.rmtree(name, dir_fd=fd)
        else:
            os.unlink(name, dir_fd=fd)
        os.fsync(fd)


def age_seconds(name: str, fd: int, now: float) -> float:
    """Since it came, or was written to; 0 where it is gone. Nobody can choose this moment, as they can that of the content."""
    try:
        return now - os.lstat(name, dir_fd=fd).st_ctime
    except FileNotFoundError:
        return 0.0
