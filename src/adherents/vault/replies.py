"""What the service replied about a document. The room that decides is above this one, and registers here how it is read."""

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.ui import moments


@dataclass(frozen=True)
class Reply:
    """What the member was told of a document, and when. `words` are the agent's, written in `language`.

    `until`: the last day of a correction that was asked for; None for anything else. `asks`: another document is expected
    instead of this one. `by_signature`: accepted for the signature that it bears, by no agent.
    """

    at: datetime
    words: str = ""
    language: str = "fr"
    until: date | None = None
    asks: bool = True
    by_signature: bool = False

    @property
    def is_late(self) -> bool:
        return self.until is not None and timezone.localdate() > self.until

    @property
    def deadline(self) -> str:
        """« À envoyer avant le 02/12/2026. », and once that is over, in words; "" without a last day."""
        if self.until is None:
            return ""
        day = {"day": moments.day(self.until)}
        if self.is_late:
            return _("À envoyer dès que possible : nous l’attendions avant le %(day)s.") % day
        if self.until == timezone.localdate():
            return _("À envoyer aujourd’hui au plus tard.")
        return _("À envoyer avant le %(day)s.") % day


@dataclass(frozen=True)
class Reopened:
    """The reply of a document stands no more: when that was said, and by when another one is expected."""

    at: datetime
    expected_on: date


class Replied(Protocol):
    """A document, as far as this module knows it: the tables stand above it."""

    pk: Any
    reply: Reply | None


ReopenedSource = Callable[[uuid.UUID], Reopened | None]
Source = Callable[[Collection[uuid.UUID]], dict[uuid.UUID, Reply]]
SOURCES: list[Source] = []
REOPENED: list[ReopenedSource] = []


def source(function: Source) -> Source:
    """Register a function that gives what was replied about those of these documents that have a reply, in one query."""
    SOURCES.append(function)
    return function


def reopened_source(function: ReopenedSource) -> ReopenedSource:
    """Register a function that says whether a document waits for a new reply, in one query."""
    REOPENED.append(function)
    return function


def reopened(document_id: uuid.UUID) -> Reopened | None:
    """Whether this document, « En cours », waits for a new reply in the place of one that stands no more."""
    return next((found for read in REOPENED if (found := read(document_id)) is not None), None)


def add_replies(documents: Iterable[Replied]) -> None:
    """Set each document's `reply`, where there is one. A query for each source, whatever the number of documents."""
    shown = list(documents)
    if not shown:
        return
    replies = {
        key: reply for read in SOURCES for key, reply in read({document.pk for document in shown}).items()
    }
    for document in shown:
        document.reply = replies.get(document.pk)
