from collections.abc import Iterable

from adherents.insurer.profile import profile
from adherents.messaging.services import retention
from adherents.ui.moments import day
from adherents.work.purging import Due, purge


@purge
def threads() -> Iterable[Due]:
    months, waiting = profile().messages.retention_months, retention.still_open()
    which = f"closed before {day(retention.over_since())} ({months} months)"
    if waiting:
        which += f"; {waiting} older one(s) never closed, kept"
    yield Due("message thread(s)", which, retention.over().count(), retention.erase_threads)
