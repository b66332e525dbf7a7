"""Documents: the list, one, its bytes and its pages, the decision, the word that it is stored over there."""

import uuid
from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Query
from pydantic import AwareDatetime

from adherents.api import selectors
from adherents.api.cursors import ITEMS, cursor, position
from adherents.api.decorators import Routes, look_at
from adherents.api.problems import Problem, Refused
from adherents.api.resources.documents import (
    DocumentList,
    DocumentResource,
    DocumentState,
    document_resource,
)
from adherents.api.scopes import Scope
from adherents.vault.models import Document

routes = Routes("documents")
LIST = "documents"


@routes.add(
    "GET",
    "documents",
    scope=Scope.DOCUMENTS_READ,
    name="documents.list",
    response=DocumentList,
    refuses=[Problem.BAD_CURSOR],
)
def documents(
    request: HttpRequest,
    state: DocumentState | None = None,
    kind: Annotated[str, Query(max_length=40)] = "",
    member: Annotated[str, Query(max_length=40, description="a number")] = "",
    since: Annotated[AwareDatetime | None, Query(description="received then or later")] = None,
    cursor: Annotated[str, Query(max_length=300)] = "",
) -> DocumentList:
    """The documents in the order in which they came, a hundred at a time."""
    rows = selectors.documents_after(
        after=_after(cursor), limit=ITEMS + 1, state=state, kind=kind, member=member, since=since
    )
    shown = rows[:ITEMS]
    decisions = selectors.settled_decisions(shown)
    return DocumentList(
        items=[document_resource(row, decisions) for row in shown],
        next=_next(shown[-1]) if len(rows) > ITEMS else None,
    )


def _next(last: Document) -> str:
    return cursor(LIST, last.at.isoformat(), str(last.pk))


def _after(text: str) -> tuple[datetime, uuid.UUID] | None:
    said = position(text, LIST, (str, str))
    if not said:
        return None
    try:
        at, pk = datetime.fromisoformat(str(said[0])), uuid.UUID(str(said[1]))
    except ValueError as error:
        raise Refused(Problem.BAD_CURSOR) from error
    if at.tzinfo is None:
        raise Refused(Problem.BAD_CURSOR)
    return at, pk


def document_or_refused(document_id: uuid.UUID) -> Document:
    """Raises `Refused`: there is none."""
    found: Document | None = selectors.documents().filter(pk=document_id).first()
    if found is None:
        raise Refused(Problem.NOT_FOUND)
    return found


@routes.add(
    "GET",
    "documents/{uuid:document_id}",
    scope=Scope.DOCUMENTS_READ,
    name="documents.read",
    response=DocumentResource,
)
def document(request: HttpRequest, document_id: uuid.UUID) -> DocumentResource:
    """One document. What was erased stays readable here, as a proof."""
    found = document_or_refused(document_id)
    look_at(request, document_id)
    return document_resource(found, selectors.settled_decisions([found]))
