from collections.abc import Iterable

from adherents.insurer.profile import profile
from adherents.messaging.services import retention
from adherents.work.purging import Due, purge


@purge
def threads() -> Iterable[Due]:
    months, waiting = profile().messages.retention_months, retention.still_open()
    said = f"closed before {retention.over_since():%d/%m/%Y} ({months} months)"
    if waiting:
        said += f"; {waiting} older one(s) never closed, kept"
    yield Due("message thread(s)", said, retention.over().count(), retention.erase_threads)
