from collections.abc import Iterable
from functools import partial

from adherents.feed.models import Announcement
from adherents.feed.services import KEPT_FOR, forget, kept_from
from adherents.work.purging import Due, purge
from adherents.work.retention import BY_PURGE, Kept, impersonal, in_words, keeps


@purge
def announcements() -> Iterable[Due]:
    """The oldest end of the feed."""
    before = kept_from()  # asked once: it is looked for from the oldest on
    count = Announcement.objects.after(0).filter(position__lt=before).count()
    yield Due("feed", f"announced more than {KEPT_FOR.days} days ago", count, partial(forget, before))


@keeps
def kept_announcements() -> Iterable[Kept]:
    """What the insurer's systems may still ask for."""
    yield Kept(
        "Fil des événements : identifiants internes de l’adhérent et du document, codes, moments",
        ("feed.Announcement",),
        f"{in_words(KEPT_FOR)} après l’annonce",
        BY_PURGE,
    )


impersonal("feed.Epoch", "où en sont les positions du fil des événements, et depuis quelle restauration")
