"""Everything that is counted where it happens, in one list: what a name means, and which values its label has.

A label has few values, all of them ours: never what a person typed. Names end as Prometheus asks (`_total`, `_seconds`).
`readings` has the figures that are read when they are asked for.
"""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram

from adherents.telemetry import counted as counted  # before any of them is made: it says where they are kept

# Nothing is collected from it: what every process counted is (`counted.of_all_processes`).
_REGISTRY = CollectorRegistry()
_TO_BEGIN_WITH: list[tuple[Counter, tuple[str, ...]]] = []
QUICK = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
LONG = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


def _counter(name: str, words: str, *, label: str, known: Iterable[str] = ()) -> Counter:
    counter = Counter(f"adherents_{name}", words, [label], registry=_REGISTRY)
    _TO_BEGIN_WITH.append((counter, tuple(known)))
    return counter


def _histogram(name: str, words: str, *labels: str, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(f"adherents_{name}", words, labels, buckets=buckets, registry=_REGISTRY)


REQUESTS = _histogram(
    "request_seconds", "Seconds to an answer, by route and class of status", "route", "status", buckets=QUICK
)
SIGN_INS = _counter(
    "sign_ins_total",
    "How attempts to sign in ended",
    label="outcome",
    known=("signed_in", "refused", "locked", "expired", "second_factor_refused"),
)
DEPOSITS = _counter(
    "deposits_total", "Deposits that were acknowledged", label="origin", known=("member", "message", "answer")
)
MAILS = _counter(
    "mails_total", "How attempts to send a mail ended", label="outcome", known=("sent", "put_off", "given_up")
)
DRAWINGS = _counter(
    "drawings_total",
    "How attempts to draw a document ended",
    label="outcome",
    known=("drawn", "set_aside", "put_off"),
)
DRAWING = _histogram("drawing_seconds", "Seconds with a document: scan and drawing", "lane", buckets=LONG)
SCANS = _counter(
    "scans_total",
    "What the antivirus said of a file",
    label="outcome",
    known=("clean", "infected", "away", "slow", "too_large", "failed"),
)
LIMITS = _counter("limits_hit_total", "Requests refused by a rate limit", label="action")
ENGINE_FAILURES = _counter(
    "engine_failures_total",
    "Failures of a part that the portal stands on",
    label="engine",
    known=("database", "reader", "storage", "cache", "antivirus", "mail"),
)
READS = _counter(
    "reads_total",
    "Who answered what the reader may answer: itself, or the database where the reader was behind or away",
    label="by",
    known=("reader", "behind", "away"),
)
OBJECTS = _histogram(
    "object_seconds", "Seconds of one call to the storage", "operation", "outcome", buckets=QUICK
)
SWEEPS = _histogram("sweep_seconds", "Seconds of one run of a sweep", "sweep", "outcome", buckets=LONG)
LEASES_ENDED = _counter(
    "leases_ended_total",
    "Items that came back because their agent's time was over",
    label="kind",
    known=("queue",),
)


def begin() -> None:
    """Each known value is there from the start, as 0: a rise from nothing is one that Prometheus does not see."""
    for counter, known in _TO_BEGIN_WITH:
        for value in known:
            counter.labels(value)


def status_class(status: int) -> str:
    """« 2xx »."""
    return f"{status // 100}xx"
