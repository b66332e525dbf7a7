"""A portal that stops answers what was brought to it: the kernel takes connections that no process has accepted yet."""

import asyncio
import socket
from types import SimpleNamespace

import pytest

from adherents.config.serving import worker
from adherents.config.serving.worker import PortalWorker

pytestmark = pytest.mark.any_database


class Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"taken")
        transport.close()


def test_connections_that_the_kernel_holds_are_taken_before_the_socket_closes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "Connection", lambda served_by: Answering())

    async def stop(listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Answering, sock=listening)
        brought.extend(socket.create_connection(listening.getsockname(), timeout=10) for _ in range(20))
        await PortalWorker._take_what_came(SimpleNamespace(loop=loop), listening)  # type: ignore[arg-type]
        server.close()
        await asyncio.sleep(0.05)

    brought: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        listening.setblocking(False)
        asyncio.run(stop(listening))
    assert [client.recv(10) for client in brought] == [b"taken"] * 20
    for client in brought:
        client.close()
