"""Every variable of the environment: what it gives when it is right, the one line that it ends with when it is not."""

import base64
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from django.db.utils import ConnectionHandler, load_backend

from adherents.config import databases, environment
from adherents.config.environment import WrongSetting

ROOT = Path(__file__).resolve().parents[2]
KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("ADHERENTS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ADHERENTS_DATA_DIR", str(tmp_path))


READERS = {
    "BASE_URL": environment.base_url,
    "DATABASE_URL": databases.database,
    "DATABASE_READER_URL": databases.reader,
    "SQLITE_SYNCHRONOUS": databases.database,
    "CACHE_URL": environment.cache_url,
    "WORK_URL": environment.work_url,
    "EMAIL_URL": environment.mailer,
    "STORAGE_URL": environment.storage,
    "ANTIVIRUS_URL": environment.antivirus,
    "MASTER_KEY": environment.master_keys,
    "PROXIES": environment.proxies,
    "LOG_LEVEL": environment.log_level,
    "METRICS_TOKEN": environment.metrics_token,
    "METRICS_BIND": environment.metrics_bind,
    "OTLP_URL": environment.otlp_url,
    "DATA_DIR": environment.data_dir,
}
WRONG = [
    ("BASE_URL", "espace.example.org"),
    ("BASE_URL", "ftp://espace.example.org"),
    ("BASE_URL", "https://espace.example.org/portail"),
    ("BASE_URL", "https://me:pass-word@espace.example.org"),
    ("BASE_URL", "https://[::1"),
    ("BASE_URL", "https://espace.example.org:port"),
    ("DATABASE_URL", "oracle://me:pass-word@host/name"),
    ("DATABASE_URL", "postgresql://me:pass-word@host:five/name"),
    ("DATABASE_URL", "a file"),
    ("DATABASE_READER_URL", "postgresql://me:pass-word@standby/name"),  # beside SQLite
    ("DATABASE_READER_URL", "postgresql://me:pass-word@standby:five/name"),
    ("DATABASE_READER_URL", "sqlite:////folder/copy.sqlite3"),
    ("SQLITE_SYNCHRONOUS", "OFF"),
    ("CACHE_URL", "memcached://me:pass-word@host"),
    ("CACHE_URL", "valkey://"),
    ("CACHE_URL", "host:6379"),
    ("WORK_URL", "sqs://me:pass-word@host"),
    ("WORK_URL", "amqp://"),
    ("WORK_URL", "amqp://me:pass-word@host:five/"),
    ("EMAIL_URL", "relay.example.org"),
    ("EMAIL_URL", "smtp://me:pass-word@relay:twentyfive"),
    ("EMAIL_URL", "file://"),
    ("STORAGE_URL", "s3://me:pass-word@host"),
    ("STORAGE_URL", "gs://bucket"),
    ("STORAGE_URL", "file:///"),
    ("ANTIVIRUS_URL", "127.0.0.1:3310"),
    ("ANTIVIRUS_URL", "clamd://"),
    ("ANTIVIRUS_URL", "clamd://host:port"),
    ("ANTIVIRUS_URL", "clamd://me:pass-word@host:3310"),
    ("ANTIVIRUS_URL", "clamd://host/socket"),
    ("ANTIVIRUS_URL", "icap://host:1344"),
    ("MASTER_KEY", "pass-word"),
    ("MASTER_KEY", "clé"),
    ("MASTER_KEY", base64.b64encode(b"pass-word").decode()),
    ("MASTER_KEY", "/nowhere/master.key"),
    ("PROXIES", "one"),
    ("PROXIES", "-1"),
    ("PROXIES", "²"),
    ("LOG_LEVEL", "LOUD"),
    ("METRICS_TOKEN", "with a space"),
    ("METRICS_TOKEN", "é"),
    ("METRICS_BIND", "9100"),
    ("METRICS_BIND", "127.0.0.1"),
    ("METRICS_BIND", "127.0.0.1:9100/metrics"),
    ("METRICS_BIND", "127.0.0.1:port"),
    ("OTLP_URL", "127.0.0.1:4318"),
    ("OTLP_URL", "grpc://127.0.0.1:4317"),
    ("DATA_DIR", "/proc/nowhere"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_setting_is_named_in_one_line_that_repeats_no_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"ADHERENTS_{name}", value)
    with pytest.raises(WrongSetting) as refused:
        READERS[name]()
    message = str(refused.value)
    assert f"ADHERENTS_{name}" in message
    assert "\n" not in message
    assert "pass-word" not in message


def test_every_reader_is_tried_with_something_wrong() -> None:
    assert {name for name, _ in WRONG} == set(READERS)


def test_without_any_setting_everything_is_in_the_folder(tmp_path: Path) -> None:
    assert environment.base_url() == "http://127.0.0.1:8000"
    assert not environment.is_production()
    assert databases.database()["NAME"] == str(tmp_path / "adherents.sqlite3")
    assert environment.mailer().folder == str(tmp_path / "mails")
    assert environment.storage()[1]["location"] == str(tmp_path / "documents")
    assert environment.cache_url() == ""
    assert environment.proxies() == 0
    assert environment.log_level() == "INFO"
    assert environment.profile_path().name == "mese.toml"
    assert len(environment.secret_key()) >= 64
    assert [len(key) for key in environment.master_keys()] == [32]


@pytest.mark.parametrize(
    ("url", "production"),
    [
        ("https://espace.example.org", True),
        ("http://10.0.0.7:8000", True),
        ("https://espace.example.org:8443/", True),
        ("http://localhost:8123", False),
        ("http://[::1]:8000", False),
    ],
)
def test_whatever_is_not_this_machine_is_production(
    monkeypatch: pytest.MonkeyPatch, url: str, production: bool
) -> None:
    monkeypatch.setenv("ADHERENTS_BASE_URL", url)
    assert environment.base_url() == url.rstrip("/")
    assert environment.is_production() is production


def test_a_database_is_sqlite_or_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "ADHERENTS_DATABASE_URL", "postgresql://me:p%40ss@db.example.org:5433/portal?sslmode=verify-full"
    )
    options = databases.database()
    assert (options["ENGINE"], options["NAME"]) == ("django.db.backends.postgresql", "portal")
    assert (options["HOST"], options["PORT"], options["PASSWORD"]) == ("db.example.org", 5433, "p@ss")
    assert options["OPTIONS"] == {"sslmode": "verify-full", "connect_timeout": 5, "tcp_user_timeout": 10_000}
    monkeypatch.setenv("ADHERENTS_DATABASE_URL", "postgresql://me@db.example.org/portal?connect_timeout=20")
    assert int(databases.database()["OPTIONS"]["connect_timeout"]) == 20
    assert databases.configured().keys() == {"default"}


def test_a_reader_is_another_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADHERENTS_DATABASE_URL", "postgresql://me@db.example.org/portal")
    monkeypatch.setenv("ADHERENTS_DATABASE_READER_URL", "postgresql://me:p%40ss@standby.example.org/portal")
    options = databases.configured()["reader"]
    assert (options["HOST"], options["PASSWORD"]) == ("standby.example.org", "p@ss")
    assert options["OPTIONS"] == {"connect_timeout": 2, "tcp_user_timeout": 4_000}


@pytest.mark.parametrize(("given", "mode"), [("", 1), ("normal", 1), ("FULL", 2)])
def test_sqlite_waits_for_the_disk_where_it_is_told_to(
    monkeypatch: pytest.MonkeyPatch, django_db_blocker: Any, given: str, mode: int
) -> None:
    monkeypatch.setenv("ADHERENTS_SQLITE_SYNCHRONOUS", given)
    options = ConnectionHandler({"default": databases.database()}).settings["default"]
    opened = load_backend(options["ENGINE"]).DatabaseWrapper(options, "default")
    with django_db_blocker.unblock(), opened.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone() == (mode,)
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)
    opened.close()


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("valkey://cache:6379/1", "redis://cache:6379/1"),
        ("valkeys://cache", "rediss://cache"),
        ("redis://valkey:6379", "redis://valkey:6379"),
    ],
)
def test_valkey_and_redis_are_one(monkeypatch: pytest.MonkeyPatch, given: str, understood: str) -> None:
    monkeypatch.setenv("ADHERENTS_CACHE_URL", given)
    assert environment.cache_url() == understood


@pytest.mark.parametrize(
    ("given", "port", "tls", "ssl"),
    [
        ("smtp://relay.example.org", 25, False, False),
        ("smtp://me:a%2Fb@relay.example.org:587?starttls=1", 587, True, False),
        ("smtps://relay.example.org", 465, False, True),
    ],
)
def test_mail_goes_to_a_server(
    monkeypatch: pytest.MonkeyPatch, given: str, port: int, tls: bool, ssl: bool
) -> None:
    monkeypatch.setenv("ADHERENTS_EMAIL_URL", given)
    options = environment.mailer()
    assert (options.host, options.port, options.use_tls, options.use_ssl) == (
        "relay.example.org",
        port,
        tls,
        ssl,
    )
    assert options.password == ("a/b" if "me:" in given else "")


def test_documents_go_to_a_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADHERENTS_STORAGE_URL", "s3://id:se%2Fcret@s3.example.org/papers?region=fr-par")
    backend, options = environment.storage()
    assert backend == "storages.backends.s3.S3Storage"
    assert options["endpoint_url"] == "https://s3.example.org:443"
    assert (options["bucket_name"], options["secret_key"], options["region_name"]) == (
        "papers",
        "se/cret",
        "fr-par",
    )
    assert options["file_overwrite"] is False


def test_a_bucket_that_hangs_is_not_waited_for_by_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADHERENTS_STORAGE_URL", "s3://id:secret@s3.example.org/papers")
    client_config = environment.storage()[1]["client_config"]
    most = (client_config.connect_timeout + client_config.read_timeout) * client_config.retries[
        "total_max_attempts"
    ]
    assert most <= 60
    assert client_config.s3 == {"addressing_style": "path"}


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("", None),
        ("clamd://av.example.org:3311", ("av.example.org", 3311)),
        ("clamd://av.example.org/", ("av.example.org", 3310)),
        ("clamd://[::1]:3310", ("::1", 3310)),
        ("clamd:///run/clamav/clamd.ctl", "/run/clamav/clamd.ctl"),
    ],
)
def test_an_antivirus_is_a_port_or_a_socket(
    monkeypatch: pytest.MonkeyPatch, given: str, understood: object
) -> None:
    monkeypatch.setenv("ADHERENTS_ANTIVIRUS_URL", given)
    assert environment.antivirus() == understood


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("", ""),
        ("valkey://broker:6379/1", "redis://broker:6379/1"),
        ("valkeys://broker/1?ssl_cert_reqs=none", "rediss://broker/1?ssl_cert_reqs=none"),
        ("amqps://me:pass-word@broker/portal", "amqps://me:pass-word@broker/portal"),
    ],
)
def test_a_broker_is_valkey_or_rabbitmq(monkeypatch: pytest.MonkeyPatch, given: str, understood: str) -> None:
    monkeypatch.setenv("ADHERENTS_WORK_URL", given)
    assert environment.work_url() == understood


def test_a_broker_needs_celery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADHERENTS_WORK_URL", "valkey://broker/1")
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    with pytest.raises(WrongSetting, match=r"requirements/celery\.txt"):
        environment.work_url()


def test_several_master_keys_come_in_one_line_or_one_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = base64.b64encode(bytes(range(32, 64))).decode()
    monkeypatch.setenv("ADHERENTS_MASTER_KEY", f"{KEY},{other}")
    expected = [bytes(range(32)), bytes(range(32, 64))]
    assert environment.master_keys() == expected
    (tmp_path / "keys").write_text(f"{KEY}\n{other}\n")
    for path in (str(tmp_path / "keys"), f"file://{tmp_path / 'keys'}"):
        monkeypatch.setenv("ADHERENTS_MASTER_KEY", path)
        assert environment.master_keys() == expected


def test_processes_that_start_together_agree_on_one_secret(tmp_path: Path) -> None:
    contents: list[bytes] = []
    start = threading.Barrier(8)

    def process() -> None:
        start.wait()
        contents.append(environment.master_keys()[0])

    threads = [threading.Thread(target=process) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(contents)) == 1
    assert len(contents[0]) == 32
    assert [file.name for file in tmp_path.iterdir()] == ["master.key"]
    assert (tmp_path / "master.key").stat().st_mode & 0o077 == 0


def test_the_folder_is_its_owners_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ADHERENTS_DATA_DIR", str(tmp_path / "new" / "portal"))
    assert environment.data_dir().stat().st_mode & 0o777 == 0o700


def test_the_documentation_names_every_setting() -> None:
    source = Path(environment.__file__).read_text()
    settings = {f"ADHERENTS_{name}" for name in re.findall(r'\btext\(\s*"([A-Z_]+)"', source)}
    assert len(settings) >= 10
    pages = "".join(page.read_text() for page in [ROOT / "README.md", *ROOT.glob("docs/*.md")])
    assert {name for name in settings if not re.search(rf"\b{name}\b", pages)} == set()
