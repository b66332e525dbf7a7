"""Threads with members: the list, one, a first message, an answer."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query
from ninja.responses import Status

from adherents.api.converters import NUMBER
from adherents.api.cursors import ITEMS, cursor, moment_and_id, position
from adherents.api.decorators import LOCATED, Routes, caller_of, look_at
from adherents.api.problems import Problem, Refused, invalid
from adherents.api.resources.threads import (
    MessageSent,
    MessageWritten,
    ThreadList,
    ThreadResource,
    ThreadSent,
    thread_resource,
    thread_summary,
)
from adherents.api.scopes import Scope
from adherents.api.views.found import member_or_refused
from adherents.messaging import selectors
from adherents.messaging.models import Message, Thread
from adherents.messaging.services import threads as service
from adherents.vault.models import Document

routes = Routes("threads")
LIST = "threads"
CANNOT = [Problem.ACCOUNT_CLOSED, Problem.CANNOT_ATTACH, Problem.THREAD_CLOSED, Problem.SOMETHING_NEW]
_PROBLEMS = {
    service.SomethingNew: Problem.SOMETHING_NEW,
    service.ThreadClosed: Problem.THREAD_CLOSED,
    service.MemberAccountClosed: Problem.ACCOUNT_CLOSED,
    service.CannotAttach: Problem.CANNOT_ATTACH,
}


@routes.add(
    "GET",
    "threads",
    scope=Scope.MESSAGES_READ,
    name="threads.list",
    response=ThreadList,
    refuses=[Problem.BAD_CURSOR],
)
def threads(
    request: HttpRequest,
    member: Annotated[str, Query(max_length=40, description="a number, or `former:<id>`")] = "",
    cursor: Annotated[str, Query(max_length=300)] = "",
) -> ThreadList:
    """The threads in the order in which they were opened, a hundred at a time."""
    after = moment_and_id(position(cursor, LIST, (str, str)))
    rows = selectors.threads_after(after=after, limit=ITEMS + 1, member=member)
    shown = rows[:ITEMS]
    return ThreadList(
        items=[thread_summary(row) for row in shown], next=_next(shown[-1]) if len(rows) > ITEMS else None
    )


def _next(last: Thread) -> str:
    return cursor(LIST, last.opened_at.isoformat(), str(last.pk))


def _thread_or_refused(thread_id: uuid.UUID) -> Thread:
    found: Thread | None = Thread.objects.select_related("member").filter(pk=thread_id).first()
    if found is None:
        raise Refused(Problem.NOT_FOUND)
    return found


@routes.add(
    "GET",
    "threads/{uuid:thread_id}",
    scope=Scope.MESSAGES_READ,
    name="threads.read",
    response=ThreadResource,
)
def thread(request: HttpRequest, thread_id: uuid.UUID) -> ThreadResource:
    """One thread with what was said in it. An agent who follows it still finds it unread."""
    found = _thread_or_refused(thread_id)
    look_at(request, thread_id)
    service.read_by_agent(agent=caller_of(request).account, thread=found)
    return _resource(found)


def _resource(thread: Thread) -> ThreadResource:
    return thread_resource(thread, selectors.conversation(Message.objects.of(thread).for_the_member()))


@routes.add(
    "POST",
    f"members/{{{NUMBER}:number}}/threads",
    scope=Scope.MESSAGES_WRITE,
    name="threads.open",
    response={201: ThreadResource},
    refuses=CANNOT,
    extra=LOCATED,
)
def open_thread(
    request: HttpRequest,
    response: HttpResponse,
    number: Annotated[str, Path(max_length=80)],
    sent: ThreadSent,
) -> Status[ThreadResource]:
    """Write to a member first. No agent follows the thread: the first one who answers will."""
    member = member_or_refused(number)
    document = None
    if sent.document is not None:
        document = Document.objects.of(member).filter(pk=sent.document).first()
        if document is None:
            raise invalid("document", "unknown")
    with _refusals():
        opened = service.start(
            agent=caller_of(request).account,
            member=member,
            subject=sent.subject.strip(),
            body=sent.words,
            document=document,
            papers=_papers(sent.attachments),
        )
    look_at(request, opened.pk)
    response["Location"] = f"/api/v1/threads/{opened.pk}"
    return Status(201, _resource(_thread_or_refused(opened.pk)))


@routes.add(
    "POST",
    "threads/{uuid:thread_id}/messages",
    scope=Scope.MESSAGES_WRITE,
    name="threads.write",
    response={201: ThreadResource | MessageWritten},
    refuses=CANNOT,
)
def write(
    request: HttpRequest, thread_id: uuid.UUID, sent: MessageSent
) -> Status[ThreadResource | MessageWritten]:
    """Answer in a thread: its member is told by mail. `after` makes sure that nothing is answered unread.

    The thread is shown to a client that may read it.
    """
    found = _thread_or_refused(thread_id)
    look_at(request, thread_id)
    after = sent.after
    if after is None:
        after = selectors.last_of(list(Message.objects.of(found)))
    with _refusals():
        service.answer(
            agent=caller_of(request).account,
            thread_id=thread_id,
            body=sent.words,
            after=after,
            papers=_papers(sent.attachments),
        )
    if Scope.MESSAGES_READ not in caller_of(request).scopes:
        return Status(201, MessageWritten(id=thread_id))
    return Status(201, _resource(_thread_or_refused(thread_id)))


def _papers(ids: Sequence[uuid.UUID]) -> list[Document]:
    """Raises `Refused`: one of them is none, or is named twice."""
    papers = list(Document.objects.filter(pk__in=ids).defer("wrapped_key"))
    if len(papers) != len(ids):
        raise invalid("attachments", "unknown")
    return papers


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except service.Unfilled as error:
        raise invalid("words", "unfilled") from error
    except service.MessageRefused as error:
        raise Refused(_PROBLEMS.get(type(error), Problem.CONFLICT)) from error
