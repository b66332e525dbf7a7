"""A document as programs see it. The names of the fields and of the states are fixed."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from django.db.models import Q
from pydantic import BaseModel, Field

from adherents.api.resources import Cursor
from adherents.casework.models import Decision, Outcome
from adherents.crypto.rows import readable
from adherents.vault.models import Document, State
from adherents.vault.origins import Origin


class DocumentState(StrEnum):
    RECEIVED = "received"
    CHECKED = "checked"
    IN_PROGRESS = "in_progress"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    INCOMPLETE = "incomplete"
    SET_ASIDE = "set_aside"
    TAKEN_BACK = "taken_back"


class SaidWords(BaseModel):
    fr: str
    en: str


class DecisionMade(BaseModel):
    """A decision whose undo delay is over."""

    outcome: Literal["accept", "refuse", "correct"]
    reason: str
    words: SaidWords
    until: date | None


class DocumentResource(BaseModel):
    id: uuid.UUID
    member: str = Field(description="the number")
    kind: str
    state: DocumentState
    name: str
    content_type: str
    size: int | None
    sha256: str | None
    receipt: str
    received_at: datetime
    beneficiary_rank: int | None
    due_on: date | None
    decision: DecisionMade | None
    part_of: uuid.UUID | None
    pages: list[int] | None
    page_count: int | None = Field(description="null: not drawn yet")


class DocumentList(BaseModel):
    items: list[DocumentResource]
    next: Cursor


OUTCOMES: dict[str, Literal["accept", "refuse", "correct"]] = {
    Outcome.ACCEPTED: "accept",
    Outcome.REFUSED: "refuse",
    Outcome.INCOMPLETE: "correct",
}


def in_state(state: DocumentState) -> Q:
    """The rows of which `state_of` says so."""
    if state is DocumentState.TAKEN_BACK:
        return Q(state=State.WITHDRAWN)
    if state is DocumentState.SET_ASIDE:
        return Q(state=State.RECEIVED) & ~Q(set_aside="")
    if state is DocumentState.RECEIVED:
        return Q(state=State.RECEIVED, set_aside="")
    return Q(state=state.value)


def state_of(document: Document) -> DocumentState:
    if document.state == State.WITHDRAWN:
        return DocumentState.TAKEN_BACK
    if document.state == State.RECEIVED and document.set_aside:
        return DocumentState.SET_ASIDE
    return DocumentState(document.state)


def document_resource(document: Document, decisions: Mapping[uuid.UUID, Decision]) -> DocumentResource:
    """`document`: read with its deposit, its member, its beneficiary and its item. `decisions`: those that stand and settled."""
    decided = decisions.get(document.pk)
    return DocumentResource(
        id=document.pk,
        member=document.member.number,
        kind=document.kind,
        state=state_of(document),
        name=document.name,
        content_type=document.content_type,
        size=document.size if document.has_its_file else None,
        sha256=document.sha256 or None,
        receipt=document.deposit.number,
        received_at=document.at,
        beneficiary_rank=document.beneficiary.rank if document.beneficiary else None,
        due_on=_due_on(document),
        decision=decision_made(decided) if decided else None,
        part_of=None,
        pages=None,
        page_count=document.page_count,
    )


def _due_on(document: Document) -> date | None:
    """By when an agent should treat it; null where nothing has to be."""
    if document.origin != Origin.MEMBER or document.erased_at is not None:
        return None
    item = getattr(document, "item", None)
    return item.due_on if item else document.answer_expected_on


def decision_made(decision: Decision) -> DecisionMade:
    return DecisionMade(
        outcome=OUTCOMES[decision.outcome],
        reason=decision.reason,
        words=SaidWords(fr=readable(decision, "words_fr"), en=readable(decision, "words_en")),
        until=decision.until,
    )
