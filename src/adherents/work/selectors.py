"""Whether workers live, lane by lane, and what waits for them: read by health, by figures for machines and by the desk."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from adherents.work.models import Heartbeat
from adherents.work.registry import BACKLOGS, lanes

COUNTED_TO = 10_000  # rows: that many are many, and counting more would cost as much as doing them


@dataclass(frozen=True)
class LaneState:
    """`is_alive`: a worker that stays does this lane, or one that comes from time to time is not late. `workers`: that stay.

    `beat_at`: the last sign of life; None: never any.
    """

    lane: str
    is_alive: bool
    workers: int
    beat_at: datetime | None


@dataclass(frozen=True)
class BacklogState:
    """Rows of a kind that wait: how many (`COUNTED_TO` at most), and since when the oldest of them does (None: there is none)."""

    kind: str
    lane: str
    count: int
    since: datetime | None

    @property
    def age(self) -> timedelta:
        return timezone.now() - self.since if self.since else timedelta(0)


def lane_states() -> list[LaneState]:
    """Every lane, in the workers' order.

    One without a worker that stays is alive as long as `worker --once` comes as often as it did. Its runs do not count while the
    rows of a worker that died are there: a run by hand does not hide a death.
    """
    now, beats = timezone.now(), list(Heartbeat.objects.all())
    states = []
    for lane in lanes():
        mine = [beat for beat in beats if beat.lane == lane]
        alive = [beat for beat in mine if beat.alive_until > now]
        staying = sum(beat.stays for beat in alive)
        lost = any(beat.stays and beat not in alive for beat in mine)
        last = max((beat.beat_at for beat in mine), default=None)
        states.append(LaneState(lane, bool(staying or (alive and not lost)), staying, last))
    return states


def worker_is_away() -> bool:
    """Whether the work of any lane is done by nobody."""
    return not all(state.is_alive for state in lane_states())


def lease_counts() -> dict[str, int]:
    """Of each kind of rows that are held while they are worked on: how many are, among the oldest `COUNTED_TO` that wait."""
    counts = {}
    for kind, backlog in BACKLOGS.items():
        rows = backlog.rows()
        if "leased_until" in {field.name for field in rows.model._meta.get_fields()}:
            oldest = rows.order_by(backlog.since).values("pk")[:COUNTED_TO]
            held = rows.model._default_manager.filter(pk__in=oldest, leased_until__gt=timezone.now())
            counts[kind] = held.order_by().count()
    return counts


def backlog_states() -> list[BacklogState]:
    """Every kind, in the order in which the rooms registered theirs; in two short queries each."""
    found = []
    for kind, backlog in BACKLOGS.items():
        rows = backlog.rows()
        oldest = rows.order_by(backlog.since).values_list(backlog.since, flat=True).first()
        count = rows.order_by()[:COUNTED_TO].count() if oldest else 0
        found.append(BacklogState(kind, backlog.lane, count, oldest))
    return found
