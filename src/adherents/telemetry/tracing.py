"""Traces (OpenTelemetry): a request, its queries, its objects and its later work are one. Off unless `ADHERENTS_OTLP_URL` is set.

The words of a span are ours: a route, a table, the kind of an error. Neither paths, values nor an error's words leave. A trace is
begun by us, whatever a browser sends; the row of a later work carries it on (`work.models`), so that its worker goes on with it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from django.db import connections

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

LONGEST = 55  # characters of a W3C `traceparent`
_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+"?(\w+)', re.IGNORECASE)
_VERB = re.compile(r"\s*(\w+)")


class _Tracing:
    """`tracer` is None while traces are off."""

    provider: "TracerProvider | None" = None
    tracer: "Tracer | None" = None


_on = _Tracing()


def begin(url: str, *, version: str) -> None:
    """Send spans to the OTLP receiver at `url` (HTTP, such as http://127.0.0.1:4318) from now on; to none where it is "".

    To be called once, in a process that serves or works. What the receiver does not take is lost, and nothing waits for it.
    """
    if not url or _on.tracer is not None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    about = Resource.create({"service.name": "espace-adherents", "service.version": version})
    _on.provider = TracerProvider(resource=about)  # how many are kept is its own setting: OTEL_TRACES_SAMPLER
    exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=5)
    _on.provider.add_span_processor(BatchSpanProcessor(exporter))
    _on.tracer = _on.provider.get_tracer("adherents", version)


def end() -> None:
    """Send what was not sent yet."""
    if _on.provider is not None:
        _on.provider.shutdown()
    _on.provider = _on.tracer = None


@contextmanager
def trace(
    name: str, *, after: str = "", kind: str = "internal", **about: str | int
) -> Iterator["Span | None"]:
    """A span with all that is asked of the database within. `after`: the `traceparent` of what caused it; "": a new trace.

    None while traces are off. `about`: attributes, with « __ » for « . ».
    """
    if _on.tracer is None:
        yield None
        return
    from opentelemetry.trace import SpanKind

    with ExitStack() as opened:
        span = opened.enter_context(
            _on.tracer.start_as_current_span(
                name,
                context=_context_of(after),
                kind=SpanKind[kind.upper()],
                attributes=_attributes(about),
                record_exception=False,
                set_status_on_exception=False,
            )
        )
        opened.enter_context(_queries_told())
        opened.enter_context(_failure_told(span))
        yield span


def span(name: str, **about: str | int) -> AbstractContextManager[object]:
    """A part of the trace that is open in this thread; nothing where none is."""
    if _on.tracer is None or not traceparent():
        return nullcontext()
    return _part(name, about)


def traceparent() -> str:
    """What a row says of the trace that it was written in; "" outside of any."""
    if _on.tracer is None:
        return ""
    from opentelemetry.trace import get_current_span

    context = get_current_span().get_span_context()
    if not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def each_within(current: "Span", steps: Iterable[bytes]) -> Iterator[bytes]:
    """The steps of a long answer, each a part of its request's trace, whichever thread takes it."""
    from opentelemetry.trace import use_span

    taken = iter(steps)
    while True:
        with use_span(current, record_exception=False, set_status_on_exception=False), _queries_told():
            step = next(taken, None)
        if step is None:
            return
        yield step


@contextmanager
def _queries_told() -> Iterator[None]:
    with ExitStack() as opened:
        for connection in connections.all():
            opened.enter_context(connection.execute_wrapper(_query))
        yield


@contextmanager
def _part(name: str, about: dict[str, str | int]) -> Iterator["Span"]:
    assert _on.tracer is not None
    with (
        _on.tracer.start_as_current_span(
            name, attributes=_attributes(about), record_exception=False, set_status_on_exception=False
        ) as part,
        _failure_told(part),
    ):
        yield part


@contextmanager
def _failure_told(current: "Span") -> Iterator[None]:
    """The kind of an error and not its words: they may hold what somebody typed."""
    try:
        yield
    except Exception as error:
        mark_failed(current, type(error).__qualname__)
        raise


def mark_failed(current: "Span", kind: str) -> None:
    """`kind` of error: a class, or a status."""
    from opentelemetry.trace import StatusCode

    current.set_attribute("error.type", kind)
    current.set_status(StatusCode.ERROR)


def _attributes(about: dict[str, str | int]) -> dict[str, str | int]:
    return {name.replace("__", "."): value for name, value in about.items()}


def _context_of(after: str) -> Any:
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": after}, Context())


def _query(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """One question to the database: what it does, and in which table."""
    text = str(sql)
    verb, table = _VERB.match(text), _TABLE.search(text)
    operation = verb[1].upper() if verb else "SQL"
    about: dict[str, str | int] = {
        "db__system__name": context["connection"].vendor,
        "db__operation__name": operation,
        **({"db__collection__name": table[1]} if table else {}),
    }
    with span(" ".join([operation, *([table[1]] if table else [])]), **about):
        return execute(sql, params, many, context)
