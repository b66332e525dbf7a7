"""What the vault's tests share: a member signed in, files of every kind, a folder of their own for the objects."""

import io
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen import canvas

from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.vault.models import Deposit, Document, PendingFile
from adherents.vault.services import budget, sending
from adherents.vault.services.deposit import Form
from adherents.vault.services.receiving import FormFiles, UploadBatch
from tests.cast import CAMILLE, JEAN_FRANCOIS
from tests.factories import open_account
from tests.vault import s3
from tests.vault.clamd import Clamd

pillow_heif.register_heif_opener()


@pytest.fixture(autouse=True)
def objects_folder(settings: Any, tmp_path: Path) -> Path:
    """Where this test's objects go."""
    folder = tmp_path / "documents"
    documents = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(folder), "directory_permissions_mode": 0o700},
    }
    settings.STORAGES = settings.STORAGES | {"documents": documents}
    return folder


@pytest.fixture(autouse=True)
def time_to_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine takes longer than the worker's short while for what it draws at once elsewhere: that is not the point here.
    Who tests the lanes sets it."""
    monkeypatch.setattr(budget, "QUICK_SECONDS", 30)


@pytest.fixture
def member(db: None) -> Member:
    return Member.objects.get(account=open_account(CAMILLE))


@pytest.fixture
def other_member(db: None) -> Member:
    return Member.objects.get(account=open_account(JEAN_FRANCOIS))


@pytest.fixture
def signed_in(member: Member) -> Client:
    return browser_of(member)


def browser_of(member: Member, **options: Any) -> Client:
    client = Client(**options)
    assert member.account is not None
    client.force_login(member.account)
    return client


def pdf(pages: int = 1, *, password: str | None = None, words: str = "Relevé") -> bytes:
    written = io.BytesIO()
    drawn = canvas.Canvas(written, pagesize=A4, encrypt=password, invariant=1)
    for number in range(1, pages + 1):
        drawn.drawString(100, 700, f"{words} {number}")
        drawn.showPage()
    drawn.save()
    return written.getvalue()


def picture(kind: str = "JPEG", size: tuple[int, int] = (400, 200), *, orientation: int = 1) -> bytes:
    """Blue on the left, red on the right; EXIF says how it was held, and where."""
    image = Image.new("RGB", size, (255, 0, 0))
    image.paste((0, 0, 255), (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825).update({1: "N", 2: (45.0, 11.0, 12.0), 3: "E", 4: (5.0, 43.0, 1.0)})
    image.info["exif"] = exif.tobytes()  # the HEIC encoder turns it into the container's own rotation
    written = io.BytesIO()
    image.save(written, kind, exif=exif.tobytes())
    return written.getvalue()


def upload(content: bytes, name: str = "releve.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/octet-stream")


SENDING = "5e0d1c6a-9a54-4b5e-8a0e-6f4d2b7c1a01"  # one that a page prepares
FIRST, SECOND = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))  # and two that two pages prepare


def send(
    client: Client,
    *files: SimpleUploadedFile,
    kind: str = "rib",
    sending: object = None,
    order: Sequence[object] = (),
    **fields: str,
) -> Any:
    """« Envoyer », with files and with those that wait (`order`: their ids), from their page, or from a new one."""
    there = PendingFile.objects.filter(pk__in=[key for key in order if key != "nonsense"]).first()
    sending = sending or (there.sending_id if there else uuid.uuid4())
    posted = {"kind": kind, **fields, "files": list(files), "order": [str(key) for key in order]}
    return client.post(f"/adherent/documents/envoyer/?sending={sending}", posted)


def waiting() -> list[object]:
    """The ids of all that arrived and waits."""
    return list(PendingFile.objects.order_by("at", "pk").values_list("pk", flat=True))


def deposited(
    member: Member, content: bytes, name: str = "releve.pdf", *, answers: Document | None = None
) -> Document:
    """A document in the vault, without the web."""
    intake = UploadBatch()
    incoming = intake.begin(name)
    incoming.write(content)
    intake.end()
    assert not intake.refused, intake.refused[0].sentence
    made = sending.send(
        acting=on_own_file(member),
        sending_id=uuid.uuid4(),
        form=Form("rib", answers=answers),
        files=FormFiles(intake.take()),
    )
    document: Document = Document.objects.get(deposit=made)
    return document


@pytest.fixture
def deposit(member: Member) -> Deposit:
    return deposited(member, pdf(), "Relevé d’été.pdf").deposit


def objects_in(folder: Path) -> list[Path]:
    """Without the erasure list, which stays."""
    files = (path for path in folder.rglob("*") if path.is_file()) if folder.exists() else ()
    return sorted(path for path in files if path.relative_to(folder).parts[0] != "erasures")


@pytest.fixture
def sentences() -> Callable[[Any], str]:
    """A page's text without its tags."""

    def text_of(response: Any) -> str:
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())

    return text_of


@pytest.fixture(scope="session")
def running_clamd() -> Iterator[Clamd]:
    """One real clamd for all the tests that leave it running."""
    clamd = Clamd()
    try:
        clamd.start()
        yield clamd
    finally:
        clamd.end()


@pytest.fixture
def clamd(running_clamd: Clamd, settings: Any) -> Clamd:
    """The portal has this antivirus."""
    settings.ADHERENTS_ANTIVIRUS = running_clamd.address
    return running_clamd


@pytest.fixture
def own_clamd(settings: Any) -> Iterator[Clamd]:
    """A clamd to kill, to freeze and to start again."""
    clamd = Clamd()
    settings.ADHERENTS_ANTIVIRUS = clamd.address
    try:
        clamd.start()
        yield clamd
    finally:
        clamd.end()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.Server]:
    """A real S3 server."""
    with s3.serving(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def s3_storage(s3_server: s3.Server, settings: Any) -> Any:
    """The vault on S3, in a bucket of its own; gives the client and the bucket."""
    client, bucket = s3.new_bucket(s3_server.endpoint)
    options = {
        "access_key": s3.ACCESS_KEY,
        "secret_key": s3.SECRET_KEY,
        "region_name": "us-east-1",
        "endpoint_url": s3_server.endpoint,
        "addressing_style": "path",
        "bucket_name": bucket,
        "file_overwrite": False,
    }
    documents = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"documents": documents}
    return client, bucket
