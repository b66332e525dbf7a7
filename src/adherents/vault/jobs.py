from django.db.models import QuerySet

from adherents.inspection.rasteriser.process import kept_ready
from adherents.storage.services import write_erasures
from adherents.vault.models import Document, DrawingTurn, State
from adherents.vault.services.imprinting import make_imprints, make_imprints_lately
from adherents.vault.services.preparing import tell_what_waits
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.sweeping import sweep_forgotten
from adherents.vault.uploads.services import sweep_expired
from adherents.work.registry import backlog, sweep


@backlog("scanning", since="at", lane="drawings")
def to_scan() -> QuerySet[Document]:
    return Document.objects.to_scan()


@backlog("drawing", since="at", lane="drawings")
def to_draw() -> QuerySet[Document]:
    return Document.objects.to_draw().filter(slow=False)


@backlog("long_drawing", since="at", lane="long-drawings")
def to_draw_behind() -> QuerySet[Document]:
    return Document.objects.to_draw().filter(slow=True)


def _waits_to_be_drawn(row: object) -> bool:
    return isinstance(row, Document) and row.is_due and not row.slow


def _waits_behind(row: object) -> bool:
    return isinstance(row, Document) and row.is_due and row.slow


@sweep("vault.pages", lane="drawings", around=kept_ready, woken_by=_waits_to_be_drawn)
def draw() -> int:
    return draw_due()


@sweep("vault.pages.long", lane="long-drawings", woken_by=_waits_behind)
def draw_what_takes_long() -> int:
    return draw_due(limit=1, slow=True)


# A storage that hangs keeps no mail waiting: what asks it goes with the drawings.
@sweep("vault.forgotten", lane="drawings", every=30)
def forget() -> int:
    return sweep_forgotten()


@sweep("vault.erasures", lane="drawings", every=60)
def tell_of_erasures() -> int:
    return write_erasures()


@sweep("vault.uploads", lane="drawings", every=30)
def give_up_uploads() -> int:
    return sweep_expired()


@sweep("vault.turns", lane="drawings", every=3600)
def forget_turns() -> int:
    return DrawingTurn.forget_old() and 0


@sweep("vault.unsent", every=60)
def tell_of_unsent() -> int:
    return tell_what_waits()


def _is_checked(row: object) -> bool:
    return isinstance(row, Document) and row.state == State.CHECKED and row.next_attempt_at is None


# With what papers say: nobody waits for either, and no drawing waits for them.
@sweep("vault.imprints", lane="readings", woken_by=_is_checked)
def imprint() -> int:
    return make_imprints_lately()


# What waited before imprints were made, or while the storage was away: a fifth of the lane's time at most.
@sweep("vault.imprints.all", lane="readings", every=300)
def imprint_all() -> int:
    return make_imprints() and 0
