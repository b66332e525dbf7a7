"""What the vault stands on fails, on real parts: said in words, nothing lost, and the others are served meanwhile.

A full disk: `test_keeping.py`. An antivirus that is away: `test_antivirus.py`. Broken and slow connections:
`test_interrupted.py`.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from adherents.config.serving.exchanges import IN_MEMORY_BYTES
from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.vault.models import Document, Upload
from adherents.vault.refusals import FileRefusal
from adherents.vault.services.sweeping import sweep_forgotten
from adherents.vault.uploads import services as resuming
from tests import postgresql
from tests.cast import CAMILLE
from tests.journeys.running import Portal
from tests.vault import s3
from tests.vault.conftest import browser_of, deposited, pdf, send, upload
from tests.vault.tus_client import FILES, SEND, Phone

Text = Callable[[Any], str]
HURRIED = Config(
    connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}
)
# What is left of it once some of it came is more than the portal takes whole before it looks at it.
LARGE = pdf().replace(b"\n", b"\n%" + b"x" * (300_000 + 2 * IN_MEMORY_BYTES) + b"\n", 1)


class TestStorage:
    """An S3 server that refuses, and one that takes the question and never answers."""

    pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

    @pytest.fixture(autouse=True)
    def storage(self, objects_folder: Path, s3_storage: Any, settings: Any) -> None:
        self.client, self.bucket = s3_storage
        self.settings = settings

    def with_options(self, **options: Any) -> None:
        documents = self.settings.STORAGES["documents"]
        documents = documents | {"OPTIONS": documents["OPTIONS"] | options}
        self.settings.STORAGES = self.settings.STORAGES | {"documents": documents}

    def names(self) -> list[str]:
        return [entry["Key"] for entry in self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])]

    @contextmanager
    def hanging(self, server: s3.Server) -> Iterator[None]:
        """Hurried while it hangs, and no longer: a busy machine's healthy server may take its second."""
        patient = self.settings.STORAGES
        self.with_options(client_config=HURRIED)
        server.stop()
        try:
            yield
        finally:
            server.go_on()
            self.settings.STORAGES = patient

    def test_a_refusal_is_a_sentence_and_the_same_file_enters_afterwards(
        self, signed_in: Client, sentences: Text
    ) -> None:
        self.with_options(secret_key="of another")
        assert str(FileRefusal.NOT_KEPT.label) in sentences(send(signed_in, upload(pdf())))
        assert not Document.objects.exists()
        self.with_options(secret_key=s3.SECRET_KEY)
        assert send(signed_in, upload(pdf())).status_code == 302
        assert len(self.names()) == 1

    def test_a_file_on_its_way_waits_for_a_storage_that_refuses(self, member: Member) -> None:
        begun = resuming.begin_upload(member=member, name="releve.pdf", length=len(LARGE))
        half, rest = LARGE[:400_000], LARGE[400_000:]
        resuming.receive(member=member, upload_id=begun.pk, offset=0, length=len(half), chunks=[half])
        self.with_options(secret_key="of another")
        with pytest.raises(resuming.NotKept):
            resuming.receive(
                member=member, upload_id=begun.pk, offset=len(half), length=len(rest), chunks=[rest]
            )
        self.with_options(secret_key=s3.SECRET_KEY)
        assert resuming.progress(member=member, upload_id=begun.pk).offset == len(half)
        resuming.receive(member=member, upload_id=begun.pk, offset=len(half), length=len(rest), chunks=[rest])
        assert not Upload.objects.exists()

    def test_a_storage_that_hangs_is_given_up_and_what_it_does_later_is_swept(
        self, signed_in: Client, sentences: Text, s3_server: s3.Server
    ) -> None:
        with self.hanging(s3_server):
            assert str(FileRefusal.NOT_KEPT.label) in sentences(send(signed_in, upload(pdf())))
        assert not Document.objects.exists()
        [noted] = UnclaimedObject.objects.all()
        deadline = time.monotonic() + 20
        while self.names() != [noted.storage_name]:  # it had the request all along
            assert time.monotonic() < deadline
            time.sleep(0.05)
        UnclaimedObject.objects.update(at=timezone.now() - timedelta(days=2))
        assert sweep_forgotten() == 1
        assert not self.names()
        assert send(signed_in, upload(pdf())).status_code == 302

    def test_a_place_that_is_not_there_is_not_ready(self, tmp_path: Path) -> None:
        """A bucket that does not exist, one that does not let us in, a folder that cannot be: `check --connect` says it too.

        Pages are served all the same, and say it where a document is asked for.
        """

        def ready() -> tuple[int, str]:
            answer = Client().get("/pret/")
            return answer.status_code, "down" if "storage" in answer.json()["degraded"] else "ok"

        assert ready() == (200, "ok")
        call_command("check", "--tag=caches", "--connect")
        (tmp_path / "file").touch()
        folder = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
        folder_there = folder | {"OPTIONS": {"location": str(tmp_path / "made with the first object")}}
        nowhere = folder | {"OPTIONS": {"location": str(tmp_path / "file" / "documents")}}
        patient = self.settings.STORAGES
        self.settings.STORAGES = patient | {"documents": folder_there}
        assert ready() == (200, "ok")
        for wrong in ({"bucket_name": "nobody-made-it"}, {"secret_key": "of another"}, None):
            self.settings.STORAGES = patient
            if wrong:
                self.with_options(**wrong)
            else:
                self.settings.STORAGES = patient | {"documents": nowhere}
            assert ready() == (200, "down"), wrong
            with pytest.raises(CommandError):
                call_command("check", "--tag=caches", "--connect")

    def test_a_document_is_not_lost_while_its_storage_hangs(
        self, member: Member, sentences: Text, s3_server: s3.Server
    ) -> None:
        document = deposited(member, pdf())
        address = f"/adherent/documents/{document.pk}/telecharger/"
        with self.hanging(s3_server):
            answer = browser_of(member).get(address)
        assert answer.status_code == 503
        assert "Votre document n’est pas perdu." in sentences(answer)
        assert b"".join(browser_of(member).get(address).streaming_content) == pdf()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgresql.Server]:
    with postgresql.serving() as server:
        yield server


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, database: postgresql.Server) -> Iterator[Portal]:
    """On a PostgreSQL of its own, without a worker."""
    running = Portal(tmp_path_factory.mktemp("portal"))
    running.environment["ADHERENTS_DATABASE_URL"] = database.address
    try:
        running.start([CAMILLE], with_account=[CAMILLE], worker=False)
        yield running
    finally:
        running.stop()


def test_a_database_that_goes_in_the_middle_is_told_and_nothing_acknowledged_is_lost(
    portal: Portal, database: postgresql.Server
) -> None:
    phone = Phone(portal)
    path = phone.announce(LARGE)
    phone.begin(path, LARGE[:300_000], 0, announced=len(LARGE)).close()
    kept = phone.offset(path, past=0)
    with phone.begin(path, LARGE[kept : kept + 100_000], kept, announced=len(LARGE) - kept) as connection:
        phone.wait_until_held(path)
        database.stop()
        connection.sendall(LARGE[kept + 100_000 :])
        assert connection.recv(4096).startswith(b"HTTP/1.1 503 ")
    page = phone.page(SEND)
    assert "Le service ne répond pas pour le moment" in page
    assert "Vos documents et votre compte sont en sécurité." in page
    database.start()
    database.run("UPDATE vault_upload SET leased_until = NULL")  # half a minute passes
    assert phone.offset(path, past=0) == kept, "what was acknowledged, and no more"
    assert phone.bring(path, LARGE[kept:], kept) == 204
    status, receipt = phone.deposit(order=[path.removeprefix(FILES).strip("/")])
    assert (status, "/accuses/" in receipt) == (302, True)
    assert "everything is whole" in portal.run("verify_vault", "--pace=0")
