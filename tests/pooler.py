"""A real PgBouncer in transaction mode, of Debian's package, with the file of deploy/pooler, before a PostgreSQL of the tests.

Each transaction goes to another session of the server than the one before (`server_round_robin`), so that what is left in a
session is never found again by luck.
"""

import atexit
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs, urlsplit, urlunsplit

import psycopg

from tests.ports import free_port

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
FILE = Path(__file__).parents[1] / "deploy" / "pooler" / "pgbouncer.ini"
SESSIONS = 4
STARTS_WITHIN = 10  # seconds


class PgBouncer:
    """`address`: that of the server's database, through the pooler. `kill`: gone at once; `start`: there again."""

    def __init__(self, server: str, **settings: str) -> None:
        assert PROGRAM is not None, "scripts/system-packages pgbouncer installs it"
        self._folder = Path(tempfile.mkdtemp(prefix="adherents-pool-"))
        self._folder.chmod(0o755)
        self.server, self.port = server, free_port()
        url = urlsplit(server)
        host = parse_qs(url.query).get("host", [url.hostname or ""])[0]
        to_server = f"host={host} port={url.port or parse_qs(url.query).get('port', ['5432'])[0]}"
        (self._folder / "users").write_text(f'"{url.username or "postgres"}" "{url.password or ""}"\n')
        ours = {
            "listen_port": str(self.port),
            "auth_type": "trust",
            "auth_file": str(self._folder / "users"),
            "unix_socket_dir": "",
            "server_round_robin": "1",
        }
        text = FILE.read_text()
        text = re.sub(r"(?m)^espace = .*$", f"* = {to_server}", text)
        for name, value in (ours | settings).items():
            text, changed = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
            text += "" if changed else f"{name} = {value}\n"
        (self._folder / "pgbouncer.ini").write_text(text)
        user = f"{url.username or 'postgres'}@"
        self.address = urlunsplit(("postgresql", f"{user}127.0.0.1:{self.port}", url.path, "", ""))
        self.start()

    def start(self) -> None:
        as_another = (
            ["-u", "pgserver"] if os.getuid() == 0 else []
        )  # it refuses to be root; the server's own user
        with (self._folder / "said").open("ab") as said:
            self._process = subprocess.Popen(
                [str(PROGRAM), *as_another, str(self._folder / "pgbouncer.ini")], stdout=said, stderr=said
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._listens():
            assert self._process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.02)

    @property
    def said(self) -> str:
        return (self._folder / "said").read_text()

    def open_sessions(self, database: str, number: int = SESSIONS) -> None:
        """As many sessions of the server from here on: it opens one only where all the others are taken."""
        address = urlunsplit(urlsplit(self.address)._replace(path=f"/{database}"))
        held = [psycopg.connect(address) for _ in range(number)]
        pids = {connection.execute("SELECT pg_backend_pid()").fetchone() for connection in held}
        for connection in held:
            connection.rollback()  # PgBouncer closes a session whose client leaves it in a transaction
            connection.close()
        assert len(pids) == number

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def __enter__(self) -> "PgBouncer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


def start(server: str) -> str:
    """Start one that stops with this process; the address of the server's database through it."""
    pooler = PgBouncer(server, default_pool_size="60", max_client_conn="1000")
    atexit.register(pooler.__exit__, None, None, None)
    return pooler.address
