"""Each call to the place of objects, as those who watch the portal see it: counted, and a part of its request's trace."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from adherents.storage.objects.contract import NoSuchObject
from adherents.telemetry import metrics, tracing


@contextmanager
def told(operation: str) -> Iterator[None]:
    """Around one call."""
    began, outcome = time.perf_counter(), "failed"
    try:
        with tracing.span(f"object {operation}"):
            yield
        outcome = "ok"
    except NoSuchObject:
        outcome = "missing"
        raise
    finally:
        metrics.OBJECTS.labels(operation, outcome).observe(time.perf_counter() - began)
