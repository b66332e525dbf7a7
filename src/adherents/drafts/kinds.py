"""The vocabulary of drafts, on one page: every form whose words are kept while they are typed."""

from enum import StrEnum


class DraftKind(StrEnum):
    # A member's. `about`: the document or the thread.
    MESSAGE = "message"
    REPLY = "reply"
    SENDING = "sending"  # the note that goes with files
    # An agent's. `about`: the document, the thread, the member, the answer kept ready, the act and its person, or the opinion.
    REFUSAL = "refuse"
    CORRECTION = "correct"
    ANSWER = "answer"
    NOTE = "note"
    FIRST_MESSAGE = "start"
    CANNED_ANSWER = "canned"
    REASON = "reason"
    OPINION = "opinion"


DECISIONS = (DraftKind.REFUSAL, DraftKind.CORRECTION)
