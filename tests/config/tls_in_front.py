"""TLS in front of a real server that was built without it: the handshake is real, and what passes behind it too."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.config.certificates import Certificate


@contextmanager
def tls_in_front(port: int, shown: Certificate, *, postgresql: bool = False) -> Iterator[int]:
    """The port on which the server at `port` is reached over TLS, for as long as the block lasts. `postgresql`: as it is asked
    there, by eight bytes before the handshake.
    """
    context = shown.context()

    def serve(line: socket.socket) -> None:
        with suppress(OSError), line:
            if postgresql:
                assert len(line.recv(8)) == 8
                line.sendall(b"S")
            with (
                context.wrap_socket(line, server_side=True) as outside,
                socket.create_connection(("127.0.0.1", port)) as inside,
            ):
                back = threading.Thread(target=_pass_on, args=[inside, outside], daemon=True)
                back.start()
                _pass_on(outside, inside)
                back.join(2)

    def accept() -> None:
        with suppress(OSError):
            while True:
                line, _ = listener.accept()
                line.settimeout(20)
                threading.Thread(target=serve, args=[line], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield int(listener.getsockname()[1])
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
