from collections.abc import Iterable

from adherents.insurer.profile import profile
from adherents.messaging.services import retention
from adherents.ui.moments import day
from adherents.work.purging import Due, purge
from adherents.work.retention import BY_NOTHING, BY_PURGE, Kept, impersonal, keeps


@purge
def threads() -> Iterable[Due]:
    months, waiting = profile().messages.retention_months, retention.still_open()
    which = f"closed before {day(retention.over_since())} ({months} months)"
    if waiting:
        which += f"; {waiting} older one(s) never closed, kept"
    yield Due("message thread(s)", which, retention.over().count(), retention.erase_threads)


@purge
def circulars() -> Iterable[Due]:
    months = profile().messages.retention_months
    which = f"written before {day(retention.over_since())} ({months} months)"
    due = retention.circulars_over()
    yield Due("message(s) to many members", which, due.count(), retention.delete_circulars)


@keeps
def kept_circulars() -> Iterable[Kept]:
    """One message to many members."""
    yield Kept(
        "Messages à plusieurs adhérents (scellés), et à qui chacun est parti",
        ("messaging.Circular", "messaging.CircularCopy"),
        f"{profile().messages.retention_months} mois après avoir été écrits ; ce que chacun a reçu, comme sa conversation",
        BY_PURGE,
    )


@keeps
def kept_tallies() -> Iterable[Kept]:
    """What is counted of conversations."""
    yield Kept(
        "Chiffres des conversations, par semaine, par jour et par groupe : ils ne nomment personne ; un groupe d’un agent "
        "n’est vu que de lui",
        ("messaging.MessageTally", "messaging.MessageDayTally"),
        "sans limite",
        BY_NOTHING,
    )


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
