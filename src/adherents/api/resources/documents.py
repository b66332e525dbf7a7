"""A document as programs see it. The names of the fields and of the states are fixed."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from django.db.models import Q
from pydantic import BaseModel, Field

from adherents.api.resources import Cursor, MaybeDay, Sent
from adherents.api.resources.members import NUMBER_WORDS
from adherents.casework.models import Decision, Outcome
from adherents.crypto.rows import readable
from adherents.vault.models import LONGEST_REFERENCE, UNANSWERED, Acknowledgement, Document, State
from adherents.vault.origins import BY_MESSAGE, Origin

WORDS_CHARACTERS = 1500  # as the desk's form


class DocumentState(StrEnum):
    RECEIVED = "received"
    CHECKED = "checked"
    IN_PROGRESS = "in_progress"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    INCOMPLETE = "incomplete"
    SET_ASIDE = "set_aside"
    TAKEN_BACK = "taken_back"


class DocumentChannel(StrEnum):
    """How it came. An agent deposited what did not come by the portal."""

    PORTAL = "portal"
    POST = "post"
    COUNTER = "counter"
    MAIL = "mail"
    MESSAGE = "message"
    DESK = "desk"


class SaidWords(BaseModel):
    fr: str
    en: str


class DecisionMade(BaseModel):
    """A decision whose undo delay is over."""

    outcome: Literal["accept", "refuse", "correct"]
    reason: str = Field(description="the first of `reasons`; empty where it is accepted")
    reasons: list[str] = Field(description="all of them, codes of the profile")
    words: SaidWords
    until: date | None


class DocumentResource(BaseModel):
    id: uuid.UUID
    member: str = Field(description=NUMBER_WORDS)
    kind: str
    state: DocumentState
    name: str
    content_type: str
    size: int | None
    sha256: str | None
    receipt: str
    received_at: datetime
    channel: DocumentChannel | None = Field(
        description="null: the insurer put it in the vault, or an agent attached it to a message"
    )
    received_on: date | None = Field(
        description="the day on which it came by post, at the counter or by mail, or for another file (`desk`); "
        "null: by the portal, at `received_at`"
    )
    beneficiary_rank: int | None
    due_on: date | None
    decision: DecisionMade | None = Field(
        description="the one that stands; null: none, or it was reopened and another one is expected (`document.reopened`)"
    )
    part_of: uuid.UUID | None = Field(
        description="what was sent, of which an agent made several: `content`, `size` and `sha256` are those of the whole"
    )
    pages: list[int] | None = Field(description="of a part: which pages of that it is, from 1")
    split: bool = Field(
        description="an agent made several of it: its parts are decided, and it is not any more"
    )
    originals: list[uuid.UUID] | None = Field(
        description="of what an agent made of several that were sent: these, in the order of its pages. It has no `content`: "
        "`size` and `sha256` are null, `content_type` is theirs, or empty where they are of several types"
    )
    joined_into: uuid.UUID | None = Field(
        description="an agent made this one of it and of others: that is decided, and it is not any more"
    )
    relocated: bool = Field(
        description="an agent filed it with another member, where a copy is decided: it is not any more"
    )
    page_count: int | None = Field(description="null: not drawn yet")


class DocumentList(BaseModel):
    items: list[DocumentResource]
    next: Cursor


class SentWords(Sent):
    """What the member reads: the French, or both languages. Both empty: the words of the reason in the profile."""

    fr: Annotated[str | None, Field(max_length=WORDS_CHARACTERS)] = None
    en: Annotated[str | None, Field(max_length=WORDS_CHARACTERS)] = None


class DecisionSent(Sent):
    """What is decided. `reason`: a code of the profile for this kind; none where it is accepted. `reasons`: one or several,
    in its place or with it.

    What is not said may be left out, or be empty or null, as it is in the decision of a document.
    """

    outcome: Literal["accept", "refuse", "correct"]
    reason: Annotated[str | None, Field(max_length=40)] = None
    reasons: Annotated[list[Annotated[str, Field(max_length=40)]] | None, Field(max_length=20)] = None
    words: SentWords | None = None
    until: MaybeDay = Field(default=None, description="of a correction: the day by which it is asked for")

    @property
    def codes(self) -> list[str]:
        """Its reasons, each once, in the order in which they were sent."""
        sent = [self.reason or "", *(self.reasons or [])]
        return list(dict.fromkeys(code for code in sent if code))


class DecisionTaken(DecisionMade):
    """An agent can undo it at the desk until then; the member is told when it settles."""

    settles_at: datetime


class AcknowledgementSent(Sent):
    reference: Annotated[
        str, Field(min_length=1, max_length=LONGEST_REFERENCE, pattern=r"^[^\x00-\x1f\x7f]+$")
    ]


class AcknowledgementResource(BaseModel):
    document: uuid.UUID
    reference: str
    at: datetime


OUTCOMES: dict[str, Literal["accept", "refuse", "correct"]] = {
    Outcome.ACCEPTED: "accept",
    Outcome.REFUSED: "refuse",
    Outcome.INCOMPLETE: "correct",
}


# A paper of the insurer's waits for nobody: it is accepted once it could be opened, as its member sees it.
_UNOPENED = Q(origin=Origin.INSURER, state=State.ACCEPTED, checked_at=None)


def in_state(state: DocumentState) -> list[Q]:
    """The rows of which `state_of` says so: all that one of these conditions has, each found by an index of its own."""
    if state is DocumentState.TAKEN_BACK:
        return [Q(state=State.WITHDRAWN)]
    if state is DocumentState.SET_ASIDE:
        return [
            found & ~Q(set_aside="")
            for found in (*(Q(state=state) for state in sorted(UNANSWERED)), _UNOPENED)
        ]
    if state is DocumentState.RECEIVED:
        return [found & Q(set_aside="") for found in (Q(state=State.RECEIVED), _UNOPENED)]
    if state is DocumentState.ACCEPTED:
        return [Q(state=State.ACCEPTED) & ~_UNOPENED]
    found = Q(state=state.value)
    return [found & Q(set_aside="") if state.value in UNANSWERED else found]


def state_of(document: Document) -> DocumentState:
    if document.state == State.WITHDRAWN:
        return DocumentState.TAKEN_BACK
    unopened = document.origin == Origin.INSURER and document.checked_at is None
    opens_later = unopened and document.state == State.ACCEPTED
    if document.set_aside and (opens_later or document.state in UNANSWERED):
        return DocumentState.SET_ASIDE
    if opens_later:
        return DocumentState.RECEIVED
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
        size=document.original.size if document.original.has_its_file else None,
        sha256=document.original.sha256 or None,
        receipt=document.deposit.number,
        received_at=document.at,
        channel=_channel(document),
        received_on=document.deposit.received_on,
        beneficiary_rank=document.beneficiary.rank if document.beneficiary else None,
        due_on=_due_on(document),
        decision=decision_made(decided) if decided else None,
        part_of=document.part_of_id,
        pages=document.original_pages or None,
        split=document.split_at is not None,
        originals=[sent.pk for sent in document.joined_documents] or None,
        joined_into=document.joined_into_id,
        relocated=document.relocated_at is not None,
        page_count=document.page_count,
    )


def _channel(document: Document) -> DocumentChannel | None:
    if document.is_from_insurer:
        return None
    code = BY_MESSAGE if document.origin == Origin.MESSAGE else document.channel
    return DocumentChannel(code or "portal")


def _due_on(document: Document) -> date | None:
    """By when an agent should treat it; null where nothing has to be."""
    if (
        document.origin != Origin.MEMBER
        or document.erased_at is not None
        or document.state == State.WITHDRAWN
    ):
        return None
    item = getattr(document, "item", None)
    return item.due_on if item else document.answer_expected_on


def decision_made(decision: Decision) -> DecisionMade:
    return DecisionMade(
        outcome=OUTCOMES[decision.outcome],
        reason=decision.reason,
        reasons=decision.reasons,
        words=SaidWords(fr=readable(decision, "words_fr"), en=readable(decision, "words_en")),
        until=decision.until,
    )


def decision_taken(decision: Decision) -> DecisionTaken:
    return DecisionTaken(**decision_made(decision).model_dump(), settles_at=decision.undone_before)


def acknowledgement_resource(row: Acknowledgement) -> AcknowledgementResource:
    return AcknowledgementResource(document=row.document_id, reference=row.reference, at=row.at)
