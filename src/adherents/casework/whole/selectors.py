"""What was sent together with a document, for the agent who treats it. Nothing is written."""

import uuid
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from adherents.accounts.models import Account
from adherents.casework.models import Availability, Item
from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.vault.models import Document
from adherents.vault.services.joining import is_to_join


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

    @property
    def joinable(self) -> list[Document]:
        """Those that the reader has in hand and that could become one with the document that is shown, itself among them."""
        shown = next((row for row in self.documents if row.is_shown and row.is_mine), None)
        if shown is None or not is_to_join(shown.document):
            return []
        person = shown.document.beneficiary_id
        mine = [row.document for row in self.documents if row.is_mine]
        return [document for document in mine if document.beneficiary_id == person and is_to_join(document)]


def whole_sending(document: Document, agent: Account) -> WholeSending:
    """What its member sent together with this document, and can still be opened, in their order. One query.

    What was joined or split is shown as what was made of it, but for the document itself.
    """
    sent = Document.objects.kept().filter(deposit=document.deposit_id).order_by("rank", "pk")
    sent = sent.filter(Q(joined_at=None, split_at=None) | Q(pk=document.pk))
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
