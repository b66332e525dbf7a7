"""Reading what the portal tells Prometheus, and receiving the traces that it sends."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from adherents.telemetry import tracing
from adherents.telemetry.exposition import exposed

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")


def values_in(text: str) -> dict[str, float]:
    """Each sample under its name and labels, as it is written: `name{label="value"}`."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            sample = SAMPLE.match(line)
            assert sample, line
            found[f"{sample[1]}{{{sample[2] or ''}}}"] = float(sample[3])
    return found


def now() -> dict[str, float]:
    """What this process tells, and those before it that had its folder."""
    return values_in(exposed()[0].decode())


class Risen:
    """What rose since this was made."""

    def __init__(self) -> None:
        self._before = now()

    def since(self, *, named: str) -> dict[str, float]:
        return {
            key.removeprefix(f"adherents_{named}"): value - self._before.get(key, 0)
            for key, value in now().items()
            if key.startswith(f"adherents_{named}{{") and value != self._before.get(key, 0)
        }


@dataclass(frozen=True)
class Part:
    """A span that arrived. `after`: the id of the one that it is a part of; "" for the first of its trace."""

    trace: str
    id: str
    after: str
    name: str
    about: dict[str, str]
    failed: bool


class Receiver:
    """An OTLP receiver: what a collector is to the portal. `raw`: all bytes that came."""

    def __init__(self) -> None:
        self.raw = b""
        self.spans: list[Part] = []
        self.resource: dict[str, str] = {}

    def take(self, body: bytes) -> None:
        self.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resource = _about(resource.resource.attributes)
            for scope in resource.scope_spans:
                for span in scope.spans:
                    ids = [value.hex() for value in (span.trace_id, span.span_id, span.parent_span_id)]
                    assert not span.events, "an event may hold an error's words"
                    self.spans.append(Part(*ids, span.name, _about(span.attributes), span.status.code == 2))

    def named(self, name: str) -> list[Part]:
        return [span for span in self.spans if span.name == name]

    def of(self, trace: str) -> list[str]:
        """The names of a trace's spans."""
        return [span.name for span in self.spans if span.trace == trace]


def _about(attributes: Any) -> dict[str, str]:
    return {pair.key: pair.value.string_value or str(pair.value.int_value) for pair in attributes}


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Traces are on, and sent to a receiver of its own."""
    receiver = Receiver()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            receiver.take(self.rfile.read(int(self.headers["Content-Length"])))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *given: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        tracing.begin(f"http://127.0.0.1:{server.server_port}", version="0")
        try:
            yield receiver
        finally:
            tracing.end()
            server.shutdown()
            thread.join()
