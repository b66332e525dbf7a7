"""What `config/serving/worker.py` relies on in gunicorn and its documentation does not promise."""

import asyncio
import inspect
from collections import deque

from gunicorn.asgi.protocol import ASGIProtocol, BodyReceiver
from gunicorn.workers.gasgi import ASGIWorker


def test_a_connection_has_what_ours_overrides() -> None:
    for name, parameters in {
        "connection_made": ["self", "transport"],
        "_build_http_scope": ["self", "request", "sockname", "peername"],
        "_close_transport": ["self"],
        "_send_error_response": ["self", "status", "message", "extra_headers"],
        "data_received": ["self", "data"],
    }.items():
        assert list(inspect.signature(getattr(ASGIProtocol, name)).parameters) == parameters
    written = inspect.getsource(ASGIProtocol.__init__)
    for name in (
        "_body_receiver",
        "_closed",
        "_conn_lost_handled",
        "_current_request",
        "req_count",
        "transport",
    ):
        assert f"self.{name} = " in written, name


def test_a_body_can_be_told_that_it_broke_off() -> None:
    """The application is told at once, and what came and was not received is still there."""

    class Request:
        content_length, chunked = 10, False

    receiver = BodyReceiver(Request(), None)
    receiver.feed(b"12345")
    receiver.signal_disconnect()
    assert asyncio.run(receiver.receive()) == {"type": "http.disconnect"}
    assert receiver._chunks == deque([b"12345"])


def test_a_body_that_is_not_whole_ends_its_connection() -> None:
    """What follows would be read as the next request."""
    assert (
        "if receiver is not None and not receiver._complete:\n                    break"
        in inspect.getsource(ASGIProtocol._handle_connection)
    )


def test_the_worker_serves_as_ours_does() -> None:
    written = inspect.getsource(ASGIWorker._serve)
    assert "lambda: ASGIProtocol(self)" in written
    for kept in (
        "self.servers.append(server)",
        "self.notify()",
        "self.ppid != os.getppid()",
        "self._shutdown()",
    ):
        assert kept in written, kept
    assert "self.asgi = self.app.wsgi()" in inspect.getsource(ASGIWorker.load_wsgi)
