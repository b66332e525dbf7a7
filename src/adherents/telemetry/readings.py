"""Figures that are read when they are asked for: what waits, who lives, which engine answers. Most are questions to the database.

A room registers its own in `config.readings`. All are asked together, at most once in a few seconds for each process, however
often it is scraped; none is asked while the database is away.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import close_old_connections, connection
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from adherents.telemetry import engines
from adherents.telemetry.outages import Part, is_noted

FRESH_FOR = 5.0  # seconds
Read = Callable[[], Iterable[Metric]]
log = logging.getLogger("adherents.metrics")


@dataclass(frozen=True)
class GaugeReading:
    """`of_rows`: it asks the database."""

    read: Read
    of_rows: bool


READINGS: dict[str, GaugeReading] = {}


def reading(name: str, *, of_rows: bool = True) -> Callable[[Read], Read]:
    """Register a function that reads figures."""

    def register(read: Read) -> Read:
        READINGS[name] = GaugeReading(read, of_rows)
        return read

    return register


def gauge(name: str, words: str, **values: Iterable[tuple[Sequence[str], float]]) -> Metric:
    """A figure of the moment. `values`: under the names of its labels, joined by « __ », each value with theirs."""
    ((labels, found),) = values.items()
    family = GaugeMetricFamily(f"adherents_{name}", words, labels=labels.split("__"))
    for of, value in found:
        family.add_metric(of, value)
    return family


class _Last:
    """What was read last, and when. One thread asks for all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at = float("-inf")
        self._read: list[Metric] = []

    def read(self) -> list[Metric]:
        with self._lock:
            if time.monotonic() - self._at > FRESH_FOR:
                self._read = list(_ask_all())
                self._at = time.monotonic()
            return self._read

    def forget(self) -> None:
        """A test's first line."""
        self._at = float("-inf")


_last = _Last()
last_read, forget = _last.read, _last.forget


def _ask_all() -> Iterator[Metric]:
    failed = GaugeMetricFamily(
        "adherents_reading_failed", "Whether a figure could not be read", labels=["reading"]
    )
    is_away = Part.DATABASE in engines.last_look().away
    for name, reading in READINGS.items():
        found: list[Metric] = []
        lost = is_away and reading.of_rows
        if not lost:
            try:
                found = list(reading.read())
            except Exception as error:
                lost = True
                if not is_noted(error):
                    log.exception("figures were not read", extra={"reading": name})
        yield from found
        failed.add_metric([name], lost)
    yield failed
    if not connection.in_atomic_block:
        close_old_connections()
