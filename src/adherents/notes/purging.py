from collections.abc import Iterable

from adherents.insurer.profile import profile
from adherents.notes.services import retention
from adherents.ui.moments import day
from adherents.work.purging import Due, purge
from adherents.work.retention import BY_PURGE, Kept, keeps


@purge
def notes() -> Iterable[Due]:
    months = profile().messages.retention_months
    which = f"written before {day(retention.over_since())} ({months} months), or of an erased document"
    yield Due("internal note(s)", which, retention.notes_over().count(), retention.erase_notes)
    yield Due("opinion(s)", which, retention.opinions_over().count(), retention.erase_opinions)


@keeps
def kept_notes() -> Iterable[Kept]:
    """What agents write for each other."""
    yield Kept(
        "Notes internes sur un adhérent ou un document, appels (avec qui, quand), avis demandés entre agents (scellés)",
        ("notes.Note", "notes.Opinion"),
        f"{profile().messages.retention_months} mois après leur écriture, et jamais plus que leur document",
        BY_PURGE,
    )
