"""What messages keep: threads and what is said in them, messages to many, ready answers, and what is counted of them."""

from adherents.messaging.models.conversations import (
    LONGEST_BODY,
    LONGEST_SUBJECT,
    Attachment,
    CannedAnswer,
    Circular,
    CircularCopy,
    CircularQuerySet,
    Message,
    MessageQuerySet,
    Thread,
    ThreadQuerySet,
)
from adherents.messaging.models.figures import MessageDayTally, MessageTally

__all__ = [
    "LONGEST_BODY",
    "LONGEST_SUBJECT",
    "Attachment",
    "CannedAnswer",
    "Circular",
    "CircularCopy",
    "CircularQuerySet",
    "Message",
    "MessageDayTally",
    "MessageQuerySet",
    "MessageTally",
    "Thread",
    "ThreadQuerySet",
]
