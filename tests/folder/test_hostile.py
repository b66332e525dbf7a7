"""Who may write into the folder gets nothing else by it, and stops nobody."""

import hashlib
import os
import socket
import stat
import threading
import tracemalloc
from contextlib import chdir, suppress
from pathlib import Path

import pytest

from adherents.folder import disk
from adherents.folder.endings import Ending
from adherents.folder.models import FolderBatch
from adherents.members.models import Member
from adherents.vault.models import Document
from tests.cast import CAMILLE
from tests.folder.exchange import Exchange, fin_of, index_of
from tests.members.importing import CAST
from tests.members.member_file import line_of
from tests.vault.conftest import pdf

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
SECRET = b"numero_adherent;a secret of this machine\n"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_bytes(SECRET)
    return file


def of_kind(kind: str, path: Path, secret: Path) -> None:
    path.unlink(missing_ok=True)
    if kind == "link":
        path.symlink_to(secret)
    elif kind == "hard link":
        path.hardlink_to(secret)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with (
            socket.socket(socket.AF_UNIX) as made,
            chdir(path.parent),
        ):  # the whole path may be too long for a socket
            made.bind(path.name)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero
    elif kind == "hole":
        with path.open("wb") as file:
            file.truncate(1 << 42)


KINDS = ["link", "hard link", "pipe", "socket", "folder", "device", "hole"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_plain_file_is_refused_in_words_and_moved_away_unread(
    exchange: Exchange, secret: Path, member: Member, kind: str
) -> None:
    said = fin_of({"nuit.csv": SECRET})
    (exchange.path / "members" / "nuit.fin").write_text(said)
    of_kind(kind, exchange.path / "members" / "nuit.csv", secret)
    exchange.put_register("bon", CAST)
    of_kind(kind, exchange.path / "members" / "seul.fin", secret)
    batch = exchange.put_papers("cartes", [(member.number, "rib", "", "", "a.pdf")], {"a.pdf": SECRET})
    of_kind(kind, batch / "a.pdf", secret)
    assert exchange.go() is Ending.REFUSED
    reports = [file.read_text() for file in exchange.path.glob("refused/*/rapport.txt")]
    assert len(reports) == 3
    for report in reports:
        assert any(words in report for words in ("fichier ordinaire", "second nom", "trop lourd"))
        assert "secret" not in report
    assert Member.objects.count() == 9  # the good batch was taken all the same
    assert not Document.objects.exists()
    assert exchange.files("members") == exchange.files("documents") == []
    assert secret.read_bytes() == SECRET


def test_a_folder_that_is_a_link_leads_nowhere(exchange: Exchange, tmp_path: Path, member: Member) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    content = index_of([])
    (elsewhere / "index.csv").write_bytes(content)
    (exchange.path / "documents" / "cartes").symlink_to(elsewhere)
    (exchange.path / "documents" / "cartes.fin").write_text(fin_of({"index.csv": content}))
    assert exchange.go() is Ending.REFUSED
    assert "n’est pas un dossier" in exchange.report()
    assert (elsewhere / "index.csv").exists()


def test_a_subfolder_that_was_replaced_by_a_link_stops_the_command_and_not_more(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "exchange", tmp_path / "elsewhere"
    path.mkdir()
    elsewhere.mkdir()
    (path / "done").symlink_to(elsewhere)
    with pytest.raises(disk.CannotUseFolder, match="done : ce n’est pas un dossier"):
        disk.ExchangeFolder(path)
    assert list(elsewhere.iterdir()) == []


def test_huge_lines_nuls_and_a_million_names_are_refused_in_little_memory(
    exchange: Exchange, member: Member
) -> None:
    def register(name: str, content: bytes) -> None:
        (exchange.path / "members" / f"{name}.csv").write_bytes(content)
        (exchange.path / "members" / f"{name}.fin").write_text(fin_of({f"{name}.csv": content}))

    header = ";".join(line_of(CAMILLE)).encode() + b"\r\n"
    register("longue", header + b"x" * (64 << 20) + b"\r\n")
    register("nuls", header + b"\x00" * 100_000 + b"\r\n")
    (exchange.path / "members" / "noms.fin").write_text("".join(f"{'0' * 64}  {n}\n" for n in range(14_000)))
    (exchange.path / "members" / "gros.fin").write_bytes(b"0" * (2 << 20))
    index = index_of([(member.number, "rib", "", "x" * 100_000, "a.pdf")])
    content = {"index.csv": index, "a.pdf": pdf()}
    batch = exchange.path / "documents" / "cartes"
    batch.mkdir()
    for name, held in content.items():
        (batch / name).write_bytes(held)
    (exchange.path / "documents" / "cartes.fin").write_text(fin_of(content))
    tracemalloc.start()
    try:
        ending = exchange.go()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert ending is Ending.REFUSED
    assert peak < 40 << 20
    assert Member.objects.count() == 1


def test_a_file_that_somebody_swaps_as_fast_as_they_can_never_leads_elsewhere(
    exchange: Exchange, secret: Path, member: Member
) -> None:
    """Between the good paper, a link, another paper and a pipe, while ten rounds look at it."""
    good, over = pdf(), threading.Event()
    secret.write_bytes(pdf(words="Secret"))
    other = exchange.path / "documents" / "other"

    def swap(file: Path) -> None:
        while not over.is_set():
            for make in (
                lambda: other.symlink_to(secret),
                lambda: os.mkfifo(other),
                lambda: other.write_bytes(b"%PDF-other"),
                lambda: other.write_bytes(good),
            ):
                with suppress(OSError):
                    other.unlink(missing_ok=True)  # to write to a pipe would wait for a reader
                    make()
                    other.rename(file)

    for number in range(10):
        over.clear()
        batch = exchange.put_papers(f"b{number}", [(member.number, "rib", "", "", "a.pdf")], {"a.pdf": good})
        thread = threading.Thread(target=swap, args=[batch / "a.pdf"])
        thread.start()
        try:
            assert exchange.go() in {Ending.WELL, Ending.REFUSED}
        finally:
            over.set()
            thread.join()
    assert {document.sha256 for document in Document.objects.all()} <= {hashlib.sha256(good).hexdigest()}
    assert secret.read_bytes() == pdf(words="Secret")


def test_names_that_nobody_can_read_are_left_and_said(exchange: Exchange) -> None:
    folder = os.fsencode(exchange.path / "members")
    for name in (
        b"\xff\xfe.fin",
        b"a\nb.fin",
        b" a.fin",
        "a\u202eb.fin".encode(),
        b"x" * 151 + b".fin",
        b".fin",
    ):
        Path(os.fsdecode(folder + b"/" + name)).write_text("x")
    assert exchange.go() is Ending.WELL
    assert not FolderBatch.objects.exists()


def test_what_cannot_be_read_or_moved_is_said_in_words_and_not_taken_twice(
    exchange: Exchange, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.put_register("nuit", CAST)
    opened = os.open

    def denied(path: object, *args: object, **options: object) -> int:
        if path == "nuit.csv":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", denied)
        assert exchange.go() is Ending.TROUBLE
    assert exchange.said == ["nuit.csv : le service n’a pas le droit d’y accéder."]
    renamed = os.rename

    def not_moved(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", not_moved)
        assert exchange.go() is Ending.TROUBLE
        assert exchange.go() is Ending.TROUBLE
    assert Member.objects.count() == 9
    assert FolderBatch.objects.count() == 1
    assert os.rename is renamed
    assert exchange.go() is Ending.WELL
    assert exchange.files("members") == []
    assert FolderBatch.objects.count() == 1


def test_a_full_disk_is_said_in_words_and_loses_nothing(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.put_register("nuit", CAST)

    def full(fd: int, content: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        assert exchange.go() is Ending.TROUBLE
    assert exchange.said == ["members-nuit.csv : il n’y a plus de place sur le disque."]
    assert not Member.objects.exists()
    written, count = os.write, []

    def full_for_the_report(fd: int, content: object) -> int:
        count.append(1)
        if len(count) > 1:
            raise OSError(28, "No space left on device")
        return written(fd, content)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full_for_the_report)
        assert exchange.go() is Ending.TROUBLE
    assert Member.objects.count() == 9
    assert exchange.go() is Ending.WELL
    assert "9 nouveaux" in exchange.report()
    assert FolderBatch.objects.count() == 1
