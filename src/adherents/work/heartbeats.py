"""How long a sign of life counts, and when a worker that comes from time to time is expected again."""

from datetime import datetime, timedelta

BEATS_EVERY = 10.0  # seconds
TRIES_AGAIN_AFTER = 2.0  # seconds, while the database is away
COUNTS_FOR = timedelta(seconds=40)  # a beat may be late by thirty seconds on a busy machine
LOST_KEPT_FOR = timedelta(days=1)
ONCE = "once"  # the name of all the runs of `worker --once`
FIRST_PACE = timedelta(hours=1)  # until a second run has shown how far apart they are
LEAST_PACE = timedelta(seconds=150)
LONGEST_PACE = timedelta(hours=25)  # once a night, and summer time


def expected_again(before: datetime | None, alive_until: datetime | None, now: datetime) -> datetime:
    """Until when a run at `now` counts: twice the time since the run before.

    A run by hand soon after one from cron halves that at most. `alive_until`: what the run before was counted until.
    """
    if before is None or alive_until is None:
        return now + FIRST_PACE
    pace = max(now - before, (alive_until - before) / 4, LEAST_PACE)
    return now + 2 * min(pace, LONGEST_PACE)
