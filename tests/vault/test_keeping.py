"""Keeping: never a clear byte on the disk, bounded memory, a full disk, and S3 instead of a folder."""

import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone
from PIL import Image

from adherents.inspection.rasteriser.process import kept_ready
from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.storage.objects import NoSuchObject, begin, delete_object, fresh_name, open_object
from adherents.storage.reading import Altered, clear_bytes, verify
from adherents.vault.models import Document, State
from adherents.vault.refusals import FileRefusal
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.viewing import page_image
from tests.vault.conftest import browser_of, deposited, objects_in, pdf, picture, send, upload

Text = Callable[[Any], str]
MARKER = b"une phrase que personne ne doit lire sur le disque "


class Watched(io.BytesIO):
    """A request's body that lets look around each time a part of it is read."""

    def __init__(self, content: bytes, look: Callable[[], None]) -> None:
        super().__init__(content)
        self._look = look
        self._reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self._reads += 1
        if self._reads % 4 == 0:
            self._look()
        return super().read(size)


@pytest.mark.django_db
def test_no_clear_byte_is_on_the_disk_during_an_upload_or_after_it(
    member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objects_folder: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    content = pdf().replace(b"\n", b"\n%" + MARKER * 60_000 + b"\n", 1)
    seen: list[int] = []

    def look() -> None:
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        seen.append(len(files))
        for path in files:
            assert MARKER not in path.read_bytes(), path

    body = encode_multipart(BOUNDARY, {"kind": "rib", "files": upload(content, "secret.pdf")})
    answer = browser_of(member).generic(
        "POST",
        "/adherent/documents/envoyer/",
        **{
            "CONTENT_TYPE": MULTIPART_CONTENT,
            "wsgi.input": Watched(body, look),
            "CONTENT_LENGTH": str(len(body)),
        },
    )
    assert answer.status_code == 302
    assert max(seen) >= 1, "the object was being written while we looked"
    look()
    document = Document.objects.get()
    assert b"".join(clear_bytes(document)) == content
    draw_due()
    look()
    assert not list(temporary.iterdir())


@pytest.mark.django_db
def test_a_full_disk_is_told_and_nothing_half_kept_remains(
    signed_in: Client, sentences: Text, objects_folder: Path
) -> None:
    large = pdf().replace(b"\n", b"\n%" + b"x" * 3_000_000 + b"\n", 1)
    with disk_full_after(1 << 20):
        answer = send(signed_in, upload(pdf(), "petit.pdf"), upload(large, "gros.pdf"))
    page = sentences(signed_in.get(answer["Location"]))
    assert f"gros.pdf {FileRefusal.NOT_KEPT.label}" in page
    assert [document.name for document in Document.objects.all()] == ["petit.pdf"]
    assert len(objects_in(objects_folder)) == 1
    assert not UnclaimedObject.objects.exists()
    assert send(signed_in, upload(large, "gros.pdf")).status_code == 302


@pytest.mark.django_db
def test_a_disk_that_is_full_when_pages_are_kept_puts_them_off(member: Member, time_machine: Any) -> None:
    time_machine.move_to(timezone.now())
    photo = io.BytesIO()
    Image.effect_noise((1600, 1600), 200).save(photo, "JPEG", quality=50)
    document = deposited(member, photo.getvalue(), "photo.jpg")
    with kept_ready(), disk_full_after(1 << 18):  # which counts for the memory of a new process's pages too
        assert draw_due() == 1
    document.refresh_from_db()
    assert (document.state, document.set_aside, document.pages.count()) == (State.RECEIVED, "", 0)
    time_machine.shift(3600)
    assert draw_due() == 1
    document.refresh_from_db()
    assert (document.state, document.pages.count()) == (State.CHECKED, 1)


@contextmanager
def disk_full_after(size: int) -> Iterator[None]:
    """No file can grow past this number of bytes: writing more fails, as on a disk that has no more room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.django_db
def test_a_deposit_that_fails_in_the_database_leaves_no_object(
    signed_in: Client, objects_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adherents.vault.services import deposit

    def fails(*_: object) -> None:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(deposit.mails, "deposit_arrived", fails)
    with pytest.raises(RuntimeError):
        send(signed_in, upload(pdf()))
    assert not objects_in(objects_folder)
    assert not Document.objects.exists()
    assert not UnclaimedObject.objects.exists()


@pytest.mark.django_db
def test_a_connection_lost_in_the_middle_leaves_nothing(member: Member, objects_folder: Path) -> None:
    body = encode_multipart(BOUNDARY, {"kind": "rib", "files": upload(pdf(30) + b"%" * 600_000, "a.pdf")})

    cut: list[int] = []

    class Cut(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 300_000:
                cut.append(len(objects_in(objects_folder)))
                raise OSError("connection reset")
            return super().read(size)

    client = browser_of(member, raise_request_exception=False)
    client.generic(
        "POST",
        "/adherent/documents/envoyer/",
        **{"CONTENT_TYPE": MULTIPART_CONTENT, "wsgi.input": Cut(body), "CONTENT_LENGTH": str(len(body))},
    )
    assert cut[0] == 1, "it was half written when the connection broke"
    assert not objects_in(objects_folder)
    assert not Document.objects.exists()
    assert not UnclaimedObject.objects.exists()


def test_memory_does_not_grow_with_the_file() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "ADHERENTS_DATA_DIR": folder,
            "ADHERENTS_BASE_URL": "http://testserver",
            "ADHERENTS_LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "adherents.config.settings",
            "BENCH": "vault",
        }
        code = "import bench.vault as vault, json; vault.ROUNDS = 1; import bench.run; bench.run.main()"
        completed = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            check=True,
            text=True,
            timeout=120,
        ).stdout
    growth = [json.loads(line) for line in completed.splitlines() if "mebibytes" in line]
    assert growth[0]["mebibytes"] <= 16


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_two_deposits_at_once_never_get_one_number(member: Member) -> None:
    from django.db import connection

    failures: list[Exception] = []

    def one() -> None:
        try:
            deposited(member, pdf())
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    numbers = [document.deposit.number for document in Document.objects.select_related("deposit")]
    assert len(set(numbers)) == 8


class TestOnS3:
    """The same vault on a real S3 server."""

    pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

    @pytest.fixture(autouse=True)
    def storage(self, objects_folder: Path, s3_storage: Any) -> None:
        self.client, self.bucket = s3_storage

    def names(self) -> list[str]:
        return [entry["Key"] for entry in self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])]

    def uploads(self) -> list[Any]:
        return list(self.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", []))

    def test_a_document_is_sent_drawn_and_read_back(self, signed_in: Client, member: Member) -> None:
        content = pdf(2).replace(
            b"\n", b"\n%" + os.urandom(12_000_000).hex().encode()[:12_000_000] + b"\n", 1
        )
        assert send(signed_in, upload(content), upload(picture("HEIF"), "IMG_1.HEIC")).status_code == 302
        large = Document.objects.get(content_type="application/pdf")
        assert (
            b"".join(signed_in.get(f"/adherent/documents/{large.pk}/telecharger/").streaming_content)
            == content
        )
        assert draw_due() == 2
        large.refresh_from_db()
        assert large.page_count == 2
        assert page_image(large, 2).startswith(b"\xff\xd8\xff")
        assert len(self.names()) == 2 + 2 + 1 + 2, "files, pages of the one and of the other, thumbnails"
        assert not self.uploads()

    def test_a_refused_file_leaves_neither_object_nor_upload(
        self, signed_in: Client, sentences: Text
    ) -> None:
        answer = send(signed_in, upload(pdf() + b"%" * (21 << 20), "trop.pdf"))
        assert str(FileRefusal.TOO_LARGE.label) in sentences(answer)
        assert not self.names()
        assert not self.uploads()

    def test_an_altered_or_missing_object_gives_nothing(self, member: Member) -> None:
        document = deposited(member, pdf())
        kept = self.client.get_object(Bucket=self.bucket, Key=document.storage_name)["Body"].read()
        self.client.put_object(Bucket=self.bucket, Key=document.storage_name, Body=kept[:-1] + b"x")
        with pytest.raises(Altered):
            verify(document)
        self.client.delete_object(Bucket=self.bucket, Key=document.storage_name)
        with pytest.raises(Altered):
            verify(document)

    def test_an_upload_that_was_left_is_swept(self) -> None:
        name = fresh_name()
        writer = begin(name)
        writer.write(b"x" * (6 << 20))
        assert len(self.uploads()) == 1
        delete_object(name)
        assert not self.uploads()
        with pytest.raises(NoSuchObject):
            open_object(name)

    def test_a_server_that_is_away_is_a_sentence(
        self, signed_in: Client, sentences: Text, settings: Any
    ) -> None:
        options = settings.STORAGES["documents"]["OPTIONS"] | {
            "endpoint_url": "http://127.0.0.1:9",
            "client_config": _impatient(),
        }
        away = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
        settings.STORAGES = settings.STORAGES | {"documents": away}
        answer = send(signed_in, upload(pdf()))
        assert str(FileRefusal.NOT_KEPT.label) in sentences(answer)


def _impatient() -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=1, read_timeout=1, retries={"max_attempts": 1}, s3={"addressing_style": "path"}
    )
