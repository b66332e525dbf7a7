from collections.abc import Iterable

from adherents.insurer.profile import profile
from adherents.messaging.services import retention
from adherents.ui.moments import day
from adherents.work.purging import Due, purge
from adherents.work.retention import BY_PURGE, Kept, impersonal, keeps


@purge
def threads() -> Iterable[Due]:
    months, waiting = profile().messages.retention_months, retention.still_open()
    which = f"closed before {day(retention.over_since())} ({months} months)"
    if waiting:
        which += f"; {waiting} older one(s) never closed, kept"
    yield Due("message thread(s)", which, retention.over().count(), retention.erase_threads)


@keeps
def kept_threads() -> Iterable[Kept]:
    """What messages keep."""
    yield Kept(
        "Conversations, messages et notes internes (scellés), avec leurs pièces jointes",
        ("messaging.Thread", "messaging.Message", "messaging.Attachment"),
        f"{profile().messages.retention_months} mois après la fermeture ; jamais tant qu’elles sont ouvertes",
        BY_PURGE,
    )


impersonal("messaging.CannedAnswer", "les réponses types du service")
