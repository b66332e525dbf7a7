"""Each refusal that a program may meet, by its code. `type` of the answer ends with it, and never changes (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, NamedTuple


class Refusal(NamedTuple):
    status: int
    title: str


class Problem(Enum):
    """The code is the name in lower case with hyphens. A new one is added here; none is ever renamed."""

    BAD_REQUEST = Refusal(400, "The request cannot be read.")
    BAD_IDEMPOTENCY_KEY = Refusal(400, "An Idempotency-Key is 1 to 255 visible ASCII characters.")
    BAD_CURSOR = Refusal(400, "This cursor was not given by this list.")
    NOT_AUTHENTICATED = Refusal(401, "No key, or a key that opens nothing.")
    FORBIDDEN = Refusal(403, "This is not allowed.")
    MISSING_SCOPE = Refusal(403, "This client has not the scope that is needed.")
    WRONG_NETWORK = Refusal(403, "This client may not call from this address.")
    NOT_FOUND = Refusal(404, "There is no such thing here.")
    METHOD_NOT_ALLOWED = Refusal(405, "This method is not for this address.")
    NOT_ACCEPTABLE = Refusal(406, "The answer has no such form.")
    TOO_SLOW = Refusal(408, "The request did not arrive in time.")
    CONFLICT = Refusal(409, "This cannot be done in the state that it is in.")
    NOT_CHECKED = Refusal(409, "The document has not been checked yet. Try again later.")
    SET_ASIDE = Refusal(409, "The document was set aside: it cannot be opened.")
    IN_HAND = Refusal(409, "An agent has the document in hand, or it is kept for one.")
    ALREADY_DECIDED = Refusal(409, "This document waits for no decision.")
    SEVERAL_FILES = Refusal(409, "The document is several files: ask for those of its `originals`.")
    PERSON_CHANGED = Refusal(409, "This number is another person's.")
    PERSONS_CHANGED = Refusal(
        409, "Many numbers are other persons': the lines may be shifted. Nothing was changed."
    )
    ENDED = Refusal(409, "This person is ended. A PUT names them again.")
    SOMETHING_NEW = Refusal(409, "A message has come that you have not read.")
    THREAD_CLOSED = Refusal(409, "This thread is closed.")
    ACCOUNT_CLOSED = Refusal(409, "The member's account is closed: nobody would read it.")
    CANNOT_ATTACH = Refusal(
        409, "A document that is attached is the insurer's, of this member, and in no other message."
    )
    IN_PROGRESS = Refusal(409, "The same request is being worked on.")
    IDEMPOTENCY_KEY_REUSED = Refusal(409, "This Idempotency-Key was used for another request.")
    GONE = Refusal(410, "It is not there any more.")
    POSITION_GONE = Refusal(410, "What follows this position is not there any more.")
    LENGTH_REQUIRED = Refusal(411, "Say how long the body is (Content-Length): it is not taken in chunks.")
    PRECONDITION_FAILED = Refusal(412, "It was changed since you read it.")
    TOO_LARGE = Refusal(413, "The request is too large.")
    UNSUPPORTED_MEDIA_TYPE = Refusal(415, "The body is not of the type that this address takes.")
    INVALID = Refusal(422, "Some values are not as they should be.")
    FILE_REFUSED = Refusal(422, "The file is refused.")
    TOO_MANY_REQUESTS = Refusal(429, "Too many requests in a short time.")
    SERVER_ERROR = Refusal(500, "Something broke here. It is logged.")
    ALTERED = Refusal(500, "The document is no longer as it arrived: nothing of it is given.")
    UNAVAILABLE = Refusal(503, "A part of the portal does not answer. Try again later.")

    @property
    def code(self) -> str:
        return self.name.lower().replace("_", "-")

    @property
    def status(self) -> int:
        return self.value.status

    @property
    def title(self) -> str:
        return self.value.title


@dataclass
class Refused(Exception):
    """A call is refused. `detail`: a sentence about this very case; `headers`: of the answer; `more`: other members."""

    problem: Problem
    detail: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.problem.code


Fault = Literal[
    "unknown", "exactly_one", "unfilled", "no_such_reason", "too_many_reasons", "no_words", "day_is_past", "day_too_late",
    "not_with_accept", "not_with_refuse", "extra_forbidden",
]  # fmt: skip
FAULTS: dict[Fault, str] = {
    "unknown": "There is none that is called so here.",
    "exactly_one": "One is sent, neither more nor fewer.",
    "unfilled": "A blank of the template is still in these words.",
    "no_such_reason": "The profile has no such reason for this kind and this outcome.",
    "too_many_reasons": "One decision has five reasons at most.",
    "no_words": "Tell the member in French why, and what to do: English is sent beside the French, never alone.",
    "day_is_past": "The day must be later than today.",
    "day_too_late": "The day must be within a year.",
    "not_with_accept": "What is accepted has neither reason, nor words, nor day: leave it empty.",
    "not_with_refuse": "What is refused is asked for by no day: leave it empty.",
    "extra_forbidden": "There is no such field here.",
}


def invalid(at: str, code: Fault, *, where: str = "body") -> Refused:
    """One value is not as it should be, though it is of the right type: `at`, as « words/fr »."""
    fault = {"in": where, "at": at, "code": code, "message": FAULTS[code]}
    return Refused(Problem.INVALID, more={"errors": [fault]})


_OF_A_STATUS = {
    400: Problem.BAD_REQUEST,
    401: Problem.NOT_AUTHENTICATED,
    403: Problem.FORBIDDEN,
    404: Problem.NOT_FOUND,
    405: Problem.METHOD_NOT_ALLOWED,
    408: Problem.TOO_SLOW,
    409: Problem.CONFLICT,
    410: Problem.GONE,
    411: Problem.LENGTH_REQUIRED,
    412: Problem.PRECONDITION_FAILED,
    413: Problem.TOO_LARGE,
    415: Problem.UNSUPPORTED_MEDIA_TYPE,
    422: Problem.INVALID,
    429: Problem.TOO_MANY_REQUESTS,
    503: Problem.UNAVAILABLE,
}


def problem_of(status: int) -> Problem:
    """What an answer of this status says where nothing more is known. A redirection leads a program nowhere: 404."""
    if 300 <= status < 400:
        return Problem.NOT_FOUND
    return _OF_A_STATUS.get(status, Problem.BAD_REQUEST if status < 500 else Problem.SERVER_ERROR)
