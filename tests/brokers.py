"""A real RabbitMQ, of Debian's package, that a test can freeze, kill and start again at the same address.

`tests/engines.py` has Valkey's.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from tests.ports import free_port

SCRIPTS = next(iter(sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin"))), None)
STARTS_WITHIN = 90  # seconds, on a busy machine


class RabbitMQ:
    """`stop`: frozen, it takes connections and never answers. `kill`: gone at once. `start`: another, empty."""

    def __init__(self) -> None:
        assert SCRIPTS is not None, "scripts/system-packages rabbitmq installs it"
        self._folder = Path(tempfile.mkdtemp(prefix="adherents-mq-"))
        self.port, between_nodes, self._names = (free_port() for _ in range(3))
        self.address = f"amqp://guest:guest@127.0.0.1:{self.port}/"
        self._environment = os.environ | {
            "HOME": str(self._folder),  # Erlang's cookie
            "RABBITMQ_NODENAME": f"adherents{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(between_nodes),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._names),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_CONF_ENV_FILE": str(self._folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "none"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        # The node would start one that stays.
        self._directory = subprocess.Popen(
            ["epmd", "-port", str(self._names), "-address", "127.0.0.1"], env=self._environment
        )
        self.start()

    def start(self) -> None:
        with (self._folder / "said").open("ab") as said:
            self._process = subprocess.Popen(
                [f"{SCRIPTS}/rabbitmq-server"],
                env=self._environment,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._greets():
            assert time.monotonic() < deadline, (self._folder / "said").read_text()
            assert self._process.poll() is None, (self._folder / "said").read_text()
            time.sleep(0.2)

    def stop(self) -> None:
        os.killpg(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.killpg(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _greets(self) -> bool:
        """It listens before it lets anybody in: a handshake that begins says that it does."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as connection:
                connection.settimeout(5)
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return bool(connection.recv(1))
        except OSError:
            return False

    def __enter__(self) -> "RabbitMQ":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self.kill()
        self._directory.terminate()
        self._directory.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
