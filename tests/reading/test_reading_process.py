"""The process that reads a text layer: confined, bounded, and nothing of it believed unchecked."""

import io
import os
import struct
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pikepdf
import pytest

from adherents.inspection.rasteriser import Fault
from adherents.reading.text_layer import LETTER, MOST_LETTERS, MOST_MEMORY, PAGE, process
from adherents.reading.text_layer.process import CannotBeRead, ReadingFailed, letter_pages, resident
from tests.reading.sheets import SPACED, say, sheet

pytestmark = pytest.mark.any_database
CONTENT = sheet(say(f"IBAN : {SPACED}"))
ONE = LETTER.pack(65, 0, 0, 8, 8, 0)


def instead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Another program in the place of the one that reads."""
    monkeypatch.setattr(process, "COMMAND", [sys.executable, "-I", "-c", code])


def saying(monkeypatch: pytest.MonkeyPatch, file: Path, said: bytes) -> None:
    file.write_bytes(said)
    instead(
        monkeypatch,
        f"import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write(open({str(file)!r}, 'rb').read())",
    )


def test_a_reader_that_never_ends_is_killed_at_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, "import time; time.sleep(600)")
    began = time.monotonic()
    with pytest.raises(ReadingFailed, match="its time was over"):
        letter_pages(CONTENT, seconds=1)
    assert time.monotonic() - began < 20


def test_a_reader_that_eats_memory_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the parent's watch it would say « nothing » after its sleep, and be believed."""
    instead(
        monkeypatch,
        f"import sys, time; eaten = b'x' * {MOST_MEMORY + 100_000_000}; time.sleep(15); sys.stdout.write('Z')",
    )
    with pytest.raises(ReadingFailed, match="it held too much memory"):
        letter_pages(CONTENT, seconds=60)


def test_how_a_reader_ended_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for code, how in (
        ("raise SystemExit(3)", "exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "exit code -9"),
    ):
        instead(monkeypatch, code)
        with pytest.raises(ReadingFailed, match=how):
            letter_pages(CONTENT)


def test_the_real_reader_may_not_have_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    instead(
        monkeypatch,
        "import sys\n"
        "from adherents.inspection.rasteriser.confinement import confine\n"
        "from adherents.reading.text_layer import MOST_MEMORY\n"
        "confine(memory=MOST_MEMORY, seconds=10)\n"
        "try:\n    bytearray(MOST_MEMORY)\nexcept MemoryError:\n    sys.stdout.write('Z')\n",
    )
    assert letter_pages(CONTENT) == []


def test_a_reader_that_is_killed_in_the_middle_gives_nothing_and_leaves_nothing() -> None:
    import psutil

    for wait in (0.0, 0.05, 0.1, 0.2, 0.3):
        seen: list[int] = []

        def kill(wait: float = wait, seen: list[int] = seen) -> None:
            ends = time.monotonic() + 20
            while not seen and time.monotonic() < ends:
                seen += [
                    child.pid
                    for child in psutil.Process().children()
                    if "text_layer" in " ".join(child.cmdline())
                ]
            time.sleep(wait)
            for pid in seen:
                with suppress(ProcessLookupError):  # it was faster
                    os.kill(pid, 9)

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            assert len(letter_pages(CONTENT)) == 1  # it was faster
        except ReadingFailed:
            pass
        except ProcessLookupError:
            pass
        killer.join()
        assert seen
        assert resident(seen[0]) == 0
    assert len(letter_pages(CONTENT)) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"X",
        b"P",
        b"E\xff",
        b"P" + PAGE.pack(2, 10, 10, 0, 0) + b"Z",
        b"P" + PAGE.pack(1, 0, 10, 0, 0) + b"Z",
        b"P" + PAGE.pack(1, 65000, 10, 0, 0) + b"Z",
        b"P" + PAGE.pack(1, 10, 10, 0, MOST_LETTERS + 1) + ONE * (MOST_LETTERS + 1) + b"Z",
        b"P" + PAGE.pack(1, 10, 10, 0, 2) + ONE + b"Z",
        b"P" + PAGE.pack(1, 10, 10, 0, 1) + LETTER.pack(0x110000, 0, 0, 1, 1, 0) + b"Z",
        b"P" + PAGE.pack(1, 10, 10, 0, 1) + LETTER.pack(0xD800, 0, 0, 1, 1, 0) + b"Z",
        b"P" + PAGE.pack(1, 10, 10, 0, 1) + LETTER.pack(65, 5, 0, 1, 1, 0) + b"Z",
        b"P" + PAGE.pack(1, 10, 10, 0, 1) + ONE,
    ],
    ids=range(13),
)
def test_nonsense_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: bytes) -> None:
    saying(monkeypatch, tmp_path / "said", said)
    with pytest.raises((ReadingFailed, CannotBeRead)):
        letter_pages(CONTENT)


def test_what_is_right_is_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The frames above are refused for what is wrong in them alone."""
    said = b"P" + PAGE.pack(1, 10, 10, 0, 2) + ONE + LETTER.pack(66, 8, 0, 16, 8, 1) + b"Z"
    saying(monkeypatch, tmp_path / "said", said)
    (page,) = letter_pages(CONTENT)
    assert [letter.sign for letter in page.letters] == ["A", "\ufffd"]
    assert struct.calcsize(LETTER.format) == LETTER.size


def test_an_encrypted_a_broken_and_a_large_file_are_said() -> None:
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(CONTENT)) as pdf:
        pdf.save(written, encryption=pikepdf.Encryption(owner="a", user="b"))
    for content, fault in (
        (written.getvalue(), Fault.ENCRYPTED),
        (b"%PDF-1.7 nothing", Fault.UNREADABLE),
        (bytes(process.MOST_BYTES + 1), Fault.TOO_LARGE),
    ):
        with pytest.raises(CannotBeRead) as refused:
            letter_pages(content)
        assert refused.value.fault == fault


def test_a_document_of_many_pages_is_read_at_its_beginning() -> None:
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(CONTENT)) as pdf:
        for _ in range(40):
            pdf.pages.append(pdf.pages[0])
        pdf.save(written)
    assert len(letter_pages(written.getvalue(), seconds=120)) == 20
