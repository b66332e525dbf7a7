"""The figures that machines read of the database and of the engines (`telemetry.readings`)."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from adherents.casework.models import Age, Filters, Item
from adherents.telemetry import engines
from adherents.telemetry.readings import gauge, reading
from adherents.telemetry.watching import release
from adherents.work.selectors import COUNTED_TO, backlog_states, lane_states, lease_counts


@reading("build", of_rows=False)
def build() -> Iterator[Metric]:
    yield gauge("build_info", "The version that runs; always 1", version=[([release()], 1)])


@reading("engines", of_rows=False)
def engines_up() -> Iterator[Metric]:
    health = engines.last_look()
    up = [([name], name not in health.away) for name in health.looked_at]
    yield gauge("engine_up", "Whether a part that the portal stands on does its work", engine=up)


@reading("backlogs")
def backlogs() -> Iterator[Metric]:
    states = [([state.kind, state.lane], state) for state in backlog_states()]
    rows = [(labels, state.count) for labels, state in states]
    yield gauge("backlog_rows", f"Rows of a kind that wait, {COUNTED_TO} at most", kind__lane=rows)
    ages = [(labels, state.age.total_seconds()) for labels, state in states]
    yield gauge("backlog_oldest_seconds", "How long the oldest row of a kind has waited", kind__lane=ages)


@reading("promises")
def promises() -> Iterator[Metric]:
    waiting = Item.objects.waiting()
    due = [
        ([age.value], len(waiting.matching(Filters(age=age)).values_list("pk")[:COUNTED_TO]))
        for age in (Age.LATE, Age.TODAY)
    ]
    words = f"Documents that wait for an agent and were promised for an earlier day, or for today, {COUNTED_TO} at most"
    yield gauge("promises_due", words, when=due)


@reading("leases")
def leases() -> Iterator[Metric]:
    held = [([kind], count) for kind, count in lease_counts().items()]
    words = f"Rows of a kind that a worker or an agent holds, of the oldest {COUNTED_TO}"
    yield gauge("leases", words, kind=held)


@reading("lanes")
def lanes() -> Iterator[Metric]:
    states = lane_states()
    alive = [([state.lane], state.is_alive) for state in states]
    yield gauge("lane_alive", "Whether the work of a lane is done by somebody", lane=alive)
    yield gauge(
        "lane_workers",
        "Workers that stay with a lane",
        lane=[([state.lane], state.workers) for state in states],
    )
