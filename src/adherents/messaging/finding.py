"""What a search for conversations asks for. Their subjects and words are sealed: nothing here looks for a word."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

NO_DOCUMENT = "no-document"  # as a kind: about no document. No code of a profile has a hyphen.


class ThreadState(TextChoices):
    """Where a conversation stands."""

    WAITING = "waiting", _("À répondre")
    ANSWERED = "answered", _("Répondues")
    CLOSED = "closed", _("Fermées")


@dataclass(frozen=True)
class ThreadPlace:
    """Where a page of them ends: the moment of the last message, and the thread."""

    at: datetime
    thread: uuid.UUID


@dataclass(frozen=True)
class ThreadsWanted:
    """Which conversations: of these members, about a kind of document, in a state, followed or answered by an agent, whose last
    message is from `since` on and before `until`. What is not said narrows nothing.
    """

    members: tuple[int, ...] = ()
    kind: str = ""
    state: str = ""
    agent: int | None = None
    answered_by: int | None = None
    since: datetime | None = None
    until: datetime | None = None
