"""One portal, called by one key: each method is one address of the API."""

import base64
import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, BinaryIO, Self
from urllib.parse import quote

import httpx

from espace_adherents.problems import Problem, Unreachable
from espace_adherents.records import (
    BatchAnswer,
    Beneficiary,
    ConfirmedValue,
    Decision,
    Document,
    Event,
    Events,
    Member,
    Put,
    Thread,
)

TRIES = 5
LONGEST_WAIT = 60.0  # seconds, whatever the portal asks for
BATCH_LINES = 10_000  # the most that one call takes
_SECOND = "espace_adherents.second"  # of an answer: a try before it may have been done
_MAYBE = " (it may have been done: read, and compare)"
_chance = secrets.SystemRandom()  # programs that failed together do not come back together
AGAIN = {429, 502, 503, 504}  # the portal, or a proxy before it, may answer otherwise in a moment
UNSURE = {502, 504}  # of a proxy: the portal may have done it all the same
UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
)  # after anything else it may have done it too


class Portal:
    """The API of the portal at `base` (`https://adherents.example.org`), called with `key`.

    Every method raises `Problem` when the portal refuses, and `Unreachable` when it does not answer. A call that fails for a
    moment is made again, up to `tries` times: a POST bears one `Idempotency-Key` for all of them, so it works once. A call with
    `if_match` whose answer is lost is not made again: it would be refused as stale though it was done. `Unreachable` says so.
    """

    def __init__(
        self,
        base: str,
        *,
        key: str,
        timeout: float = 60,
        tries: int = TRIES,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._tries, self._sleep = tries, sleep
        self._http = httpx.Client(
            base_url=f"{base.rstrip('/')}/api/v1/",
            headers={"Authorization": f"Bearer {key}", "Accept": "application/json"},
            timeout=timeout,
            transport=transport,
        )

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Members

    def members(self) -> Iterator[Member]:
        """Everybody in the register."""
        return map(Member.of, self._listed("members"))

    def member(self, number: str) -> Member:
        answer = self._call("GET", _path("members", number))
        return Member.of(answer.json(), etag=answer.headers.get("ETag", ""))

    def member_of(self, subject: str) -> Member | None:
        """Whom an event names: `member/12` as its `subject`, or as the `member` of its `data`."""
        found = self._listed("members", {"id": subject.removeprefix("member/")})
        return next(map(Member.of, found), None)

    def put_member(self, member: Member, *, if_match: str = "") -> Put:
        """Add the member, or replace what is known of them. `if_match`: only if they are still as of that `etag`."""
        return self._put(_path("members", member.number), member.as_json(), if_match)

    def change_member(self, number: str, *, if_match: str = "", **facts: str) -> Put:
        """Change these facts and no other."""
        answer = self._call("PATCH", _path("members", number), json=facts, headers=_if_match(if_match))
        return Put(created=False, etag=answer.headers.get("ETag", ""))

    def end_member(self, number: str, *, if_match: str = "") -> None:
        """Their last day is today. Nothing is erased."""
        self._call("DELETE", _path("members", number), headers=_if_match(if_match))

    def beneficiary(self, number: str, rank: int) -> Beneficiary:
        answer = self._call("GET", _path("members", number, "beneficiaries", str(rank)))
        return Beneficiary.of({"rank": rank} | answer.json(), etag=answer.headers.get("ETag", ""))

    def put_beneficiary(self, number: str, beneficiary: Beneficiary, *, if_match: str = "") -> Put:
        path = _path("members", number, "beneficiaries", str(beneficiary.rank))
        return self._put(path, beneficiary.as_json(), if_match)

    def end_beneficiary(self, number: str, rank: int, *, if_match: str = "") -> None:
        path = _path("members", number, "beneficiaries", str(rank))
        self._call("DELETE", path, headers=_if_match(if_match))

    def batch(self, members: Iterable[Member], *, dry: bool = False) -> Iterator[BatchAnswer]:
        """Many members at once, however many: an answer a line, in their order. `dry`: say what would change, and change nothing.

        Memory does not grow with their number: 10,000 go at a time.
        """
        begun = 0
        for lines in _pieces(json.dumps(member.as_json(), ensure_ascii=False) for member in members):
            answer = self._post(
                "members/batch",
                params={"dry": "true"} if dry else {},
                content="".join(f"{line}\n" for line in lines).encode(),
                headers={"Content-Type": "application/x-ndjson", "Accept": "application/x-ndjson"},
            )
            for told in answer.text.splitlines():
                yield BatchAnswer.of(json.loads(told), begun)
            begun += len(lines)

    # Documents

    def documents(self, **only: str) -> Iterator[Document]:
        """Documents in the order in which they came; `only`: `state`, `kind`, `member`, `since`."""
        return map(Document.of, self._listed("documents", only))

    def document(self, document: str) -> Document:
        return Document.of(self._call("GET", _path("documents", document)).json())

    def content(self, document: str) -> bytes:
        """The original, compared with its digest: whole, or `Unreachable`."""
        for _ in range(self._tries):
            answer = self._call("GET", _path("documents", document, "content"), headers={"Accept": "*/*"})
            if answer.headers.get("Repr-Digest") == _digest(answer.content):
                return answer.content
        raise Unreachable(f"document {document}: what came is not what was sent")

    def page(self, document: str, number: int) -> bytes:
        """The image of a page, from 1."""
        path = _path("documents", document, "pages", str(number))
        return self._call("GET", path, headers={"Accept": "*/*"}).content

    def readings(self, document: str) -> list[ConfirmedValue]:
        """What the portal read on it and an agent confirmed."""
        told = self._call("GET", _path("documents", document, "readings")).json()
        return [ConfirmedValue.of(value) for value in told["items"]]

    def decide(self, document: str, decision: Decision) -> None:
        """As an agent does at the desk, the moments in which it can be undone included."""
        self._post(_path("documents", document, "decision"), json=decision.as_json())

    def acknowledge(self, document: str, *, reference: str) -> None:
        """It is stored over there, under this reference: agents see it."""
        self._post(_path("documents", document, "acknowledgement"), json={"reference": reference})

    def deposit(
        self, number: str, file: BinaryIO, *, kind: str, name: str, beneficiary_rank: int | None = None
    ) -> Document:
        """Put a paper of the insurer's into the member's vault."""
        said = {"kind": kind, "name": name}
        if beneficiary_rank is not None:
            said["beneficiary_rank"] = str(beneficiary_rank)
        content = file.read()  # a second try sends it again
        path = _path("members", number, "documents")
        return Document.of(self._post(path, data=said, files={"file": (name, content)}).json())

    def receipt(self, number: str) -> dict[str, Any]:
        """What was acknowledged under a receipt's number."""
        return dict(self._call("GET", _path("receipts", number)).json())

    # Messages

    def threads(self, *, member: str = "") -> Iterator[Thread]:
        return map(Thread.of, self._listed("threads", {"member": member} if member else {}))

    def thread(self, thread: str) -> Thread:
        return Thread.of(self._call("GET", _path("threads", thread)).json())

    def write(self, number: str, *, subject: str, words: str, attachments: Sequence[str] = ()) -> Thread:
        """Begin a conversation with a member; `attachments`: identifiers of documents in their vault."""
        said = {"subject": subject, "words": words, "attachments": list(attachments)}
        return Thread.of(self._post(_path("members", number, "threads"), json=said).json())

    def answer(self, thread: str, *, words: str, attachments: Sequence[str] = ()) -> None:
        said = {"words": words, "attachments": list(attachments)}
        self._post(_path("threads", thread, "messages"), json=said)

    # Events

    def events(self, after: str = "") -> Events:
        """What happened since `after`, the `next` of the reading before; "" is the oldest that is kept.

        `Problem` with status 410: the position is older than what is kept, or the portal was restored. Its member `start` is
        where to go on.
        """
        told = self._call("GET", "events", params={"after": after} if after else {}).json()
        return Events([Event.of(one) for one in told["items"]], told["next"])

    def follow(self, after: str = "", *, pause: float = 5, ends: bool = False) -> Iterator[Events]:
        """The feed from there on, a piece at a time. Nothing new: look again after `pause` seconds, or end if `ends`.

        Keep `next` once a piece is worked through: after a crash, `follow(next)` misses nothing.
        """
        while True:
            piece = self.events(after)
            after = piece.next
            if piece.items:
                yield piece
            elif ends:
                return
            else:
                self._sleep(pause)

    # How a call is made

    def _listed(self, path: str, only: dict[str, str] | None = None) -> Iterator[dict[str, Any]]:
        said = dict(only or {})
        while True:
            told = self._call("GET", path, params=said).json()
            yield from told["items"]
            if told["next"] is None:
                return
            said["cursor"] = told["next"]

    def _put(self, path: str, said: dict[str, str], if_match: str) -> Put:
        answer = self._call("PUT", path, json=said, headers=_if_match(if_match))
        created = answer.status_code == 201
        return Put(
            created=None if _is_second(answer) and not created else created,
            etag=answer.headers.get("ETag", ""),
        )

    def _post(self, path: str, *, headers: dict[str, str] | None = None, **sent: Any) -> httpx.Response:
        key = {"Idempotency-Key": str(uuid.uuid4())}
        return self._call("POST", path, headers=(headers or {}) | key, **sent)

    def _call(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """The answer. Tried again where that can change it; each try waits longer, or as long as the portal says."""
        unsure, only_once = False, "If-Match" in (sent.get("headers") or {})
        for number in range(1, self._tries + 1):
            wait = min(0.5 * 2**number, LONGEST_WAIT) * _chance.uniform(0.5, 1)
            try:
                answer = self._http.request(method, path, **sent)
            except httpx.TransportError as error:
                unsure = unsure or not isinstance(error, UNSENT)
                if number == self._tries or (unsure and only_once):
                    raise Unreachable(f"{method} {path}: {error}{_MAYBE if unsure else ''}") from error
            else:
                if answer.is_success:
                    answer.extensions[_SECOND] = unsure
                    return answer
                unsure = unsure or answer.status_code in UNSURE
                if unsure and only_once and answer.status_code in AGAIN:
                    raise Unreachable(f"{method} {path}: {answer.status_code}{_MAYBE}")
                problem = Problem.of(answer)
                passes = answer.status_code in AGAIN or problem.code == "in-progress"
                if not passes or number == self._tries:
                    raise problem
                wait = _asked_to_wait(answer, wait)
            self._sleep(wait)
        raise AssertionError("a portal is tried at least once")


def _path(*parts: str) -> str:
    """Each part is one part, whatever it holds: a number may have a slash in it."""
    return "/".join(quote(part, safe="") for part in parts)


def _is_second(answer: httpx.Response) -> bool:
    return bool(answer.extensions.get(_SECOND))


def _if_match(etag: str) -> dict[str, str]:
    return {"If-Match": etag} if etag else {}


def _asked_to_wait(answer: httpx.Response, otherwise: float) -> float:
    """Seconds, by `Retry-After` where it is a number of them."""
    asked = answer.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_WAIT) if asked.isdecimal() else otherwise


def _digest(content: bytes) -> str:
    """As `Repr-Digest` says it (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def _pieces(lines: Iterable[str]) -> Iterator[list[str]]:
    piece: list[str] = []
    for line in lines:
        piece.append(line)
        if len(piece) == BATCH_LINES:
            yield piece
            piece = []
    if piece:
        yield piece
