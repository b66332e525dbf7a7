"""A thread between a member and the service, as programs see it. The service's own notes are never in it."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from adherents.api.resources import Cursor, Sent, SentId
from adherents.api.resources.members import NUMBER_WORDS
from adherents.messaging.models import LONGEST_BODY, LONGEST_SUBJECT, Message, Thread

MOST_ATTACHED = 20
Words = Annotated[str, Field(min_length=1, max_length=LONGEST_BODY, pattern=r"\S")]
Attachments = Annotated[
    list[SentId], Field(max_length=MOST_ATTACHED, description="documents of the insurer, by id")
]


class ThreadSummary(BaseModel):
    id: uuid.UUID
    member: str = Field(description=NUMBER_WORDS)
    subject: str
    document: uuid.UUID | None = Field(description="what it is about")
    opened_at: datetime
    last_at: datetime
    closed_at: datetime | None
    waits_since: datetime | None = Field(description="since when the member waits for an answer")


class MessageResource(BaseModel):
    id: int
    at: datetime
    written_by: Literal["member", "service"]
    words: str
    attachments: list[uuid.UUID]


class ThreadResource(ThreadSummary):
    messages: list[MessageResource]


class MessageWritten(BaseModel):
    """What a client that may write messages and not read them is answered."""

    id: uuid.UUID = Field(description="of the thread")


class ThreadList(BaseModel):
    items: list[ThreadSummary]
    next: Cursor


class ThreadSent(Sent):
    subject: Annotated[
        str,
        Field(min_length=1, max_length=LONGEST_SUBJECT, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"),
    ]
    words: Words
    attachments: Attachments = []
    document: SentId | None = Field(
        default=None, description="one of the member's documents, which it is about"
    )


class MessageSent(Sent):
    words: Words
    attachments: Attachments = []
    after: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="the last message that you read: refused where a later one has come"
    )


def thread_summary(thread: Thread) -> ThreadSummary:
    return ThreadSummary(
        id=thread.pk,
        member=thread.member.number,
        subject=thread.shown_subject,
        document=thread.document_id,
        opened_at=thread.opened_at,
        last_at=thread.last_at,
        closed_at=thread.closed_at,
        waits_since=thread.waits_since,
    )


def thread_resource(thread: Thread, messages: Iterable[Message]) -> ThreadResource:
    """`messages`: for the member, each with its attachments."""
    said = [
        MessageResource(
            id=message.pk,
            at=message.at,
            written_by="member" if message.from_member else "service",
            words=message.shown_body,
            attachments=[attachment.document_id for attachment in message.attachments.all()],
        )
        for message in messages
    ]
    return ThreadResource(**thread_summary(thread).model_dump(), messages=said)
