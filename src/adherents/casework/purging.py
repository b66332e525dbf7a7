from collections.abc import Iterable

from adherents.casework.services import forgetting
from adherents.insurer.profile import profile
from adherents.work.purging import Due, purge


@purge
def threads() -> Iterable[Due]:
    months, waiting = profile().messages.retention_months, forgetting.still_open()
    said = f"closed before {forgetting.over_since():%d/%m/%Y} ({months} months)"
    if waiting:
        said += f"; {waiting} older one(s) never closed, kept"
    yield Due("message thread(s)", said, forgetting.over().count(), forgetting.erase_threads)
