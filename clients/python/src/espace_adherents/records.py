"""What goes to the portal and what comes from it, by the names that the API fixes.

The portal may add members to an object within v1: what is not known here is left out, so that an older client goes on working.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from typing import Any, Self


def _known(kind: type[Any], told: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name for one in fields(kind)}
    return {name: value for name, value in told.items() if name in names}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@dataclass(frozen=True, kw_only=True)
class _Person:
    """Dates are `YYYY-MM-DD`, `00` where unknown in a date of birth; "" is empty. The NIR comes back masked."""

    nir: str = ""
    birth_name: str = ""
    usual_name: str = ""
    first_names: str = ""
    birth_date: str = ""
    start_date: str = ""
    end_date: str = ""
    etag: str = field(default="", compare=False)

    @classmethod
    def of(cls, told: Mapping[str, Any], etag: str = "") -> Self:
        facts: dict[str, Any] = {name: value or "" for name, value in _known(cls, told).items()}
        return cls(**facts | {"etag": etag})


@dataclass(frozen=True, kw_only=True)
class Member(_Person):
    """A line of the register. `id`, which the portal gives, is the one of `member/<id>` in an event.

    `number` is `former:<id>` of who had a number that is another person's now (`former_number`).
    """

    number: str
    birth_department: str = ""
    email: str = ""
    phone: str = ""
    language: str = "fr"
    id: int | None = field(default=None, compare=False)
    former_number: str = field(default="", compare=False)

    def as_json(self) -> dict[str, str]:
        said = asdict(self)
        del said["etag"], said["id"], said["former_number"]
        return said


@dataclass(frozen=True, kw_only=True)
class Beneficiary(_Person):
    """Somebody whom a member covers, named by the member's number and a rank."""

    rank: int
    relation: str = ""

    def as_json(self) -> dict[str, str]:
        said = asdict(self)
        del said["etag"], said["rank"]
        return said


@dataclass(frozen=True)
class Put:
    """`created`: the record was new; None: an answer was lost, and whether this call made it cannot be told."""

    created: bool | None
    etag: str


@dataclass(frozen=True)
class BatchAnswer:
    """What became of one line of a batch; `line` counts from 1; `status` is what a PUT would have had.

    `code` and `errors`: why it was refused.
    """

    line: int
    number: str
    status: int
    outcome: str
    code: str
    errors: list[Mapping[str, Any]]

    @classmethod
    def of(cls, told: Mapping[str, Any], begun: int = 0) -> Self:
        """`begun`: how many lines came before this batch."""
        code = str(told.get("type") or "").rsplit("/", 1)[-1]
        errors = list(told.get("errors") or [])
        return cls(
            begun + told["line"], told.get("number") or "", told["status"], told["outcome"], code, errors
        )


@dataclass(frozen=True, kw_only=True)
class ConfirmedValue:
    """What was read on a document. `page` counts from 1; `proofs`: why the portal believes it, beside the agent who said so."""

    code: str
    value: str
    page: int
    proofs: Sequence[str]
    confirmed_at: datetime

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        return cls(**_known(cls, told) | {"confirmed_at": _moment(told["confirmed_at"])})


@dataclass(frozen=True, kw_only=True)
class Decision:
    """`outcome`: accept, refuse or correct. `reasons`: codes of the profile; `reason`: the first of them, or the only one.
    `words`: `{"fr": …, "en": …}`.
    """

    outcome: str
    reason: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    until: date | None = None
    reasons: Sequence[str] = ()

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        return cls(**_known(cls, told) | {"until": _day(told.get("until"))})

    def as_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"outcome": self.outcome}
        if self.reason:
            said["reason"] = self.reason
        if self.reasons:
            said["reasons"] = list(self.reasons)
        if self.words:
            said["words"] = dict(self.words)
        if self.until:
            said["until"] = self.until.isoformat()
        return said


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document of a member's vault. `member` is the number."""

    id: str
    member: str
    kind: str
    state: str
    name: str
    content_type: str
    size: int | None
    sha256: str | None
    receipt: str
    received_at: datetime
    beneficiary_rank: int | None = None
    due_on: date | None = None
    decision: Decision | None = None
    part_of: str | None = None
    split: bool = False
    originals: list[str] | None = None
    joined_into: str | None = None
    relocated: bool = False
    pages: list[int] | None = None
    page_count: int | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        decision = told.get("decision")
        return cls(
            **_known(cls, told)
            | {
                "received_at": _moment(told["received_at"]),
                "due_on": _day(told.get("due_on")),
                "decision": Decision.of(decision) if decision else None,
            }
        )


@dataclass(frozen=True)
class Event:
    """One thing that happened. `subject`: `document/<id>`, `member/<internal id>` or `thread/<id>`."""

    id: str
    type: str
    at: datetime
    subject: str
    data: Mapping[str, Any]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        return cls(str(told["id"]), told["type"], _moment(told["at"]), told["subject"], told["data"])


@dataclass(frozen=True)
class Events:
    """A piece of the feed. Keep `next`: it is where the next reading begins."""

    items: list[Event]
    next: str


@dataclass(frozen=True)
class Message:
    """One message of a thread, as the portal tells it."""

    told: Mapping[str, Any]

    @property
    def words(self) -> str:
        return str(self.told.get("words", ""))


@dataclass(frozen=True)
class Thread:
    """A conversation between a member and the insurer."""

    id: str
    member: str
    subject: str
    messages: list[Message]
    told: Mapping[str, Any]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        messages = [Message(one) for one in told.get("messages") or []]
        return cls(str(told["id"]), str(told.get("member", "")), str(told.get("subject", "")), messages, told)
