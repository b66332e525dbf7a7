from collections.abc import Iterable

from adherents.drafts.models import KEPT_FOR, Draft
from adherents.work.purging import Due, purge, rows
from adherents.work.retention import BY_PURGE, BY_USE, Kept, in_words, keeps


@purge
def drafts() -> Iterable[Due]:
    """Delete the drafts that no one continued."""
    yield rows("drafts", f"untouched for {KEPT_FOR.days} days", Draft.objects.over())


@keeps
def kept_drafts() -> Iterable[Kept]:
    """What drafts keep."""
    yield Kept(
        "Brouillons : mots tapés et non envoyés (scellés)",
        ("drafts.Draft",),
        f"l’envoi, la décision ou la fermeture du compte ; {in_words(KEPT_FOR)} sans changement au plus",
        f"{BY_USE}, ou {BY_PURGE}",
    )
