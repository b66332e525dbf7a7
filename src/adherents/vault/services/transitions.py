"""Where a document goes once its checks are done: taken in hand, answered.

From the first agent who takes it until the decision, its member reads « En cours », whether an agent holds it or not.
"""

import uuid

from django.db import connection
from django.utils import timezone

from adherents.database.transactions import needs_transaction
from adherents.vault.models import Document, State
from adherents.vault.origins import Origin

MOVES: dict[State, frozenset[State]] = {
    State.CHECKED: frozenset({State.IN_PROGRESS}),
    State.IN_PROGRESS: frozenset({State.IN_PROGRESS, State.ACCEPTED, State.REFUSED, State.INCOMPLETE}),
}
ANSWERED = frozenset({State.ACCEPTED, State.REFUSED, State.INCOMPLETE})


class CannotMove(Exception):
    """The document is not where it can go there from: taken back meanwhile, set aside, destroyed, or answered already."""


class AnsweredAlready(CannotMove):
    """Its member has sent another document instead: that one is treated."""


@needs_transaction
def set_state(*, document_id: uuid.UUID, state: State) -> Document:
    """Move a member's document on, in the caller's transaction, and give its row, locked.

    A member who takes it back at the same time waits for this, or is waited for. Raises `CannotMove`.
    """
    document = _locked(document_id)
    if state not in MOVES.get(State(document.state), ()):
        raise CannotMove
    if state == State.IN_PROGRESS and document.set_aside:
        raise CannotMove
    if document.state == state:
        return document
    return _moved(document, state)


@needs_transaction
def set_back(*, document_id: uuid.UUID) -> Document:
    """Make an answered document wait for another answer, in the caller's transaction: its member reads « En cours » again.

    Gives its row, locked. Raises `CannotMove`: destroyed, set aside, taken back or not answered; `AnsweredAlready`.
    """
    document = _locked(document_id)
    check_set_back(document)
    return _moved(document, State.IN_PROGRESS)


def check_set_back(document: Document) -> None:
    """Raise what `set_back` would, as far as this row says so: it holds until the row is locked, no longer."""
    if document.erased_at is not None or document.set_aside or document.state not in ANSWERED:
        raise CannotMove
    sent = Document.objects.with_answers().filter(pk=document.pk).values_list("answer_id", flat=True)
    if any(sent):
        raise AnsweredAlready


def _locked(document_id: uuid.UUID) -> Document:
    assert connection.in_atomic_block
    document: Document | None = (
        Document.objects.select_for_update(of=("self",))
        .select_related("member__account", "deposit")
        .filter(pk=document_id)
        .first()
    )
    if document is None or document.origin != Origin.MEMBER or document.erased_at is not None:
        raise CannotMove
    return document


def _moved(document: Document, state: State) -> Document:
    document.state, document.state_at = state, timezone.now()
    document.save(update_fields=["state", "state_at"])
    return document
