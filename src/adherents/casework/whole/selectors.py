"""What was sent together with a document, for the agent who treats it. Nothing is written."""

import uuid
from dataclasses import dataclass

from django.utils.translation import gettext as _

from adherents.accounts.models import Account
from adherents.casework.models import Availability, Item
from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.vault.models import Document


@dataclass(frozen=True)
class DocumentBeside:
    """A document of the sending that is on the screen. `state`: where it is; `small`: whether its first page can be seen."""

    document: Document
    item: Item | None
    state: str
    small: bool
    is_shown: bool
    is_mine: bool


@dataclass(frozen=True)
class WholeSending:
    """The sending that a document came in: `place` of `count`, and the documents that can be gone to before and after it."""

    number: str
    documents: list[DocumentBeside]
    place: int
    previous: uuid.UUID | None
    next: uuid.UUID | None

    @property
    def count(self) -> int:
        return len(self.documents)

    @property
    def left(self) -> list[uuid.UUID]:
        """Those that the reader has in hand and could accept at once: not where the kind is to be chosen first."""
        return [
            row.document.pk for row in self.documents if row.is_mine and row.document.kind != UNKNOWN_KIND
        ]


def whole_sending(document: Document, agent: Account) -> WholeSending:
    """What its member sent together with this document, and can still be opened, in their order. One query."""
    sent = Document.objects.kept().filter(deposit=document.deposit_id).order_by("rank", "pk")
    rows = [_beside(row, document, agent) for row in sent.select_related("item").defer("wrapped_key")]
    place = next((at for at, row in enumerate(rows) if row.is_shown), 0)
    before = [row.document.pk for row in rows[:place] if row.item]
    after = [row.document.pk for row in rows[place + 1 :] if row.item]
    return WholeSending(
        document.deposit.number,
        rows,
        place + 1,
        before[-1] if before else None,
        after[0] if after else None,
    )


def _beside(row: Document, shown: Document, agent: Account) -> DocumentBeside:
    item: Item | None = getattr(row, "item", None)
    where = item.availability if item else None
    mine = item is not None and where == Availability.IN_HAND and item.agent_id == agent.pk
    state = _("en main") if mine else where.label if where else row.desk_state[1]
    small = bool(row.page_count) and not row.set_aside and not row.unscanned
    return DocumentBeside(row, item, str(state), small, row.pk == shown.pk, mine)
