"""Every type of event that the feed announces, on one page. Programs of others rely on these words: they never change."""

from enum import StrEnum


class EventType(StrEnum):
    MEMBER_CHANGED = "member.changed"
    ACCOUNT_OPENED = "account.opened"
    DOCUMENT_RECEIVED = "document.received"
    DOCUMENT_CHECKED = "document.checked"
    DOCUMENT_DECIDED = "document.decided"
    DOCUMENT_REOPENED = "document.reopened"
    DOCUMENT_TAKEN_BACK = "document.taken_back"
    DOCUMENT_ERASED = "document.erased"
    MESSAGE_RECEIVED = "message.received"
    DOCUMENT_SPLIT = "document.split"
    DOCUMENT_JOINED = "document.joined"
    DOCUMENT_REFILED = "document.refiled"
    DOCUMENT_RELOCATED = "document.relocated"
    READING_CONFIRMED = "reading.confirmed"
    READING_WITHDRAWN = "reading.withdrawn"
