"""The register: members, those whom they cover, and many members at once."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from ninja import Path, Query
from ninja.responses import Status

from adherents.api.converters import NUMBER
from adherents.api.cursors import ITEMS, position
from adherents.api.cursors import cursor as cursor_after
from adherents.api.decorators import IDEMPOTENCY_KEY, Routes, caller_of, is_visible, look_at
from adherents.api.handlers import type_of
from adherents.api.problems import Problem, Refused
from adherents.api.resources.members import (
    BeneficiaryResource,
    BeneficiarySaid,
    MemberList,
    MemberResource,
    MemberSaid,
    beneficiary_resource,
    lines_of,
    member_resource,
)
from adherents.api.scopes import Scope
from adherents.api.services.answers import AnotherRequest, name_of
from adherents.api.services.batches import put_members_once
from adherents.desk.services.consulting import consult
from adherents.members import selectors
from adherents.members.intake.compare import LineOutcome
from adherents.members.intake.last_files import RegisterBusy
from adherents.members.models import Beneficiary, Member, Person
from adherents.members.services import one_person
from adherents.members.services.batch import LINES_AT_MOST, TooManyLines, TooManyOthersInBatch, put_members
from adherents.members.versions import ANY, version_of

routes = Routes("members")
LIST = "members"
BUSY_SECONDS = 10
BATCH_BYTES = 8 * 1024 * 1024
NDJSON = "application/x-ndjson"
_ETAG = re.compile(r'(?:W/)?"[!#-~]{0,100}"')
_ONE, _COVERED = f"members/{{{NUMBER}:number}}", f"members/{{{NUMBER}:number}}/beneficiaries/{{rank}}"
_IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "description": "The ETag that you read: 412 where the person was changed since.",
    "schema": {"type": "string"},
}
_WRITING = [Problem.PERSON_CHANGED, Problem.PRECONDITION_FAILED]

Number = Annotated[str, Path(max_length=80)]
Rank = Annotated[str, Path(max_length=10, description="1 to 99")]


@contextmanager
def _refusals() -> Iterator[None]:
    """What the register refuses, as problems, in English as all that the API says."""
    with translation.override("en"):
        try:
            yield
        except RegisterBusy as error:
            raise _busy() from error
        except one_person.NobodyThere as error:
            raise Refused(Problem.NOT_FOUND) from error
        except one_person.PersonChanged as error:
            raise Refused(Problem.PERSON_CHANGED) from error
        except one_person.Ended as error:
            raise Refused(Problem.ENDED) from error
        except one_person.ChangedSince as error:
            raise Refused(Problem.PRECONDITION_FAILED) from error
        except one_person.WrongFacts as error:
            faults = [
                {"in": "body", "at": field, "code": "refused", "message": str(message)}
                for field, message in error.fields
            ]
            raise Refused(Problem.INVALID, more={"errors": faults}) from error


def _busy() -> Refused:
    headers = {"Retry-After": str(BUSY_SECONDS)}
    return Refused(Problem.UNAVAILABLE, "The register is being written.", headers=headers)


def _versions(request: HttpRequest) -> Collection[str] | None:
    """Of « If-Match ». A weak one, or what is none, is the version of nobody."""
    header = request.headers.get("If-Match")
    if header is None:
        return None
    if header.strip() == ANY:
        return [ANY]
    named = [tag.strip('"') for tag in _ETAG.findall(header) if not tag.startswith("W/")]
    return [version for version in named if version != ANY]  # « "*" » in quotes is one version, and nobody's


def _etag(response: HttpResponse, person: Person) -> None:
    response["ETag"] = f'"{version_of(person)}"'


def _said(said: MemberSaid | BeneficiarySaid) -> dict[str, Any]:
    return said.model_dump(exclude_unset=True)


def _member(number: str) -> Member:
    """Raises `Refused`: the register has nobody under this number."""
    found = selectors.member_numbered(number)
    if found is None:
        raise Refused(Problem.NOT_FOUND)
    return found


def _beneficiary(number: str, rank: str) -> Beneficiary:
    found = selectors.beneficiary_ranked(number, rank)
    if found is None:
        raise Refused(Problem.NOT_FOUND)
    return found


def _written_member(
    request: HttpRequest, response: HttpResponse, number: str, write: Callable[[], LineOutcome]
) -> tuple[LineOutcome, MemberResource]:
    """Do it, and show what is there then, of one moment."""
    with transaction.atomic(), _refusals():
        outcome = write()
        member = _member(number)
    look_at(request, member.subject)
    _etag(response, member)
    return outcome, member_resource(member)


def _written_beneficiary(
    request: HttpRequest, response: HttpResponse, number: str, rank: str, write: Callable[[], LineOutcome]
) -> tuple[LineOutcome, BeneficiaryResource]:
    with transaction.atomic(), _refusals():
        outcome = write()
        person = _beneficiary(number, rank)
    look_at(request, person.member.subject)
    _etag(response, person)
    return outcome, beneficiary_resource(person)


@routes.add(
    "GET",
    "members",
    scope=Scope.MEMBERS_READ,
    name="members.list",
    response=MemberList,
    refuses=[Problem.BAD_CURSOR],
)
def members(request: HttpRequest, cursor: Annotated[str, Query(max_length=300)] = "") -> MemberList:
    """All members, those who are ended too, a hundred at a time, in an order that does not change."""
    after = position(cursor, LIST, (int,))
    rows = selectors.members_after(int(after[0]) if after else 0, limit=ITEMS + 1)
    shown = rows[:ITEMS]
    return MemberList(
        items=[member_resource(row) for row in shown],
        next=cursor_after(LIST, shown[-1].pk) if len(rows) > ITEMS else None,
    )


@routes.add(
    "POST",
    "members/batch",
    scope=Scope.MEMBERS_WRITE,
    name="members.batch",
    refuses=[Problem.PERSONS_CHANGED],
    media_type=NDJSON,
    reads_itself=True,
    repeats_itself=True,
    extra={
        "requestBody": {
            "required": True,
            "content": {NDJSON: {"schema": {"type": "string"}}},
        },
    },
)
def batch(request: HttpRequest, dry: bool = False) -> HttpResponse:
    """Put many members, one a line of JSON, 10,000 lines and 8 MiB at most. The answer has a line for each line, in their order:
    `line`, `number`, `status` as a PUT would have, `outcome`, and `type` and `errors` where the line is refused.

    A refused line stops no other, and nobody is ended. With `dry=true`, nothing is changed. Under an `Idempotency-Key`, each line
    that was answered gets that answer again.
    """
    lines = _lines(request)
    caller = caller_of(request)
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is not None and not is_visible(key):
        raise Refused(Problem.BAD_IDEMPOTENCY_KEY)
    with translation.override("en"):
        try:
            if key is None or dry:
                answers = put_members(lines=lines, dry=dry, actor=caller.actor)
            else:
                name = name_of(method="POST", path=request.path, key=key)
                answers = put_members_once(client=caller.client, actor=caller.actor, name=name, lines=lines)
        except RegisterBusy as error:
            raise _busy() from error
        except TooManyLines as error:
            raise Refused(Problem.TOO_LARGE, f"At most {LINES_AT_MOST} lines.") from error
        except TooManyOthersInBatch as error:
            raise Refused(Problem.PERSONS_CHANGED) from error
        except AnotherRequest as error:
            raise Refused(Problem.IDEMPOTENCY_KEY_REUSED) from error
        types = {problem.status: type_of(problem) for problem in (Problem.PERSON_CHANGED, Problem.INVALID)}
        return HttpResponse(lines_of(answers, types), content_type=NDJSON)


def _lines(request: HttpRequest) -> list[bytes]:
    """The body, to its end: one that was cut off on the way is not worked on."""
    length = request.headers.get("Content-Length") or "0"
    announced = int(length) if length.isdecimal() else 0
    body = bytearray()
    while len(body) <= BATCH_BYTES and (chunk := request.read(1 << 16)):
        body += chunk
    if len(body) > BATCH_BYTES:
        raise Refused(Problem.TOO_LARGE, f"At most {BATCH_BYTES} bytes.")
    if len(body) < announced:
        raise Refused(Problem.BAD_REQUEST, "The body was cut off.")
    if body.count(b"\n") > 2 * LINES_AT_MOST:  # blank ones are not counted as lines, within reason
        raise Refused(Problem.TOO_LARGE, f"At most {LINES_AT_MOST} lines.")
    return bytes(body).split(b"\n")


@routes.add(
    "GET",
    _ONE,
    scope=Scope.MEMBERS_READ,
    name="members.read",
    response=MemberResource,
)
def member(request: HttpRequest, response: HttpResponse, number: Number) -> MemberResource:
    """A member, also one who is ended. The NIR is masked. The member reads in their history that it was looked at."""
    found = _member(number)
    consult(agent=caller_of(request).account, member=found)
    look_at(request, found.subject)
    _etag(response, found)
    return member_resource(found)


@routes.add(
    "PUT",
    _ONE,
    scope=Scope.MEMBERS_WRITE,
    name="members.put",
    response={200: MemberResource, 201: MemberResource},
    refuses=_WRITING,
    extra={"parameters": [_IF_MATCH]},
)
def put(request: HttpRequest, response: HttpResponse, number: Number, said: MemberSaid) -> Any:
    """Name a member, new or known, with all that is said of them: what is left out is empty from now on."""
    outcome, resource = _written_member(
        request,
        response,
        number,
        lambda: one_person.put_member(
            number=number, said=_said(said), versions=_versions(request), actor=caller_of(request).actor
        ),
    )
    return Status(201 if outcome is LineOutcome.NEW else 200, resource)


@routes.add(
    "PATCH",
    _ONE,
    scope=Scope.MEMBERS_WRITE,
    name="members.change",
    response=MemberResource,
    refuses=[*_WRITING, Problem.ENDED],
    extra={"parameters": [_IF_MATCH]},
)
def change(request: HttpRequest, response: HttpResponse, number: Number, said: MemberSaid) -> MemberResource:
    """Change some facts of a member; what is left out stays."""
    return _written_member(
        request,
        response,
        number,
        lambda: one_person.change_member(
            number=number, said=_said(said), versions=_versions(request), actor=caller_of(request).actor
        ),
    )[1]


@routes.add(
    "DELETE",
    _ONE,
    scope=Scope.MEMBERS_WRITE,
    name="members.end",
    response={204: None},
    refuses=[Problem.PRECONDITION_FAILED],
    extra={"parameters": [_IF_MATCH]},
)
def end(request: HttpRequest, number: Number) -> Any:
    """End a member today, and those whom the member covers. Nothing is deleted, and a PUT names them again."""
    with _refusals():
        one_person.end_member(number=number, versions=_versions(request), actor=caller_of(request).actor)
    return Status(204, None)


@routes.add(
    "GET",
    _COVERED,
    scope=Scope.MEMBERS_READ,
    name="beneficiaries.read",
    response=BeneficiaryResource,
)
def beneficiary(
    request: HttpRequest, response: HttpResponse, number: Number, rank: Rank
) -> BeneficiaryResource:
    """A person whom a member covers. The NIR is masked."""
    found = _beneficiary(number, rank)
    consult(agent=caller_of(request).account, member=found.member)
    look_at(request, found.member.subject)
    _etag(response, found)
    return beneficiary_resource(found)


@routes.add(
    "PUT",
    _COVERED,
    scope=Scope.MEMBERS_WRITE,
    name="beneficiaries.put",
    response={200: BeneficiaryResource, 201: BeneficiaryResource},
    refuses=[*_WRITING, Problem.ENDED],
    extra={"parameters": [_IF_MATCH]},
)
def put_covered(
    request: HttpRequest, response: HttpResponse, number: Number, rank: Rank, said: BeneficiarySaid
) -> Any:
    """Name a person whom a member covers, new or known: what is left out is empty from now on."""
    outcome, resource = _written_beneficiary(
        request,
        response,
        number,
        rank,
        lambda: one_person.put_beneficiary(**_place(request, number, rank), said=_said(said)),
    )
    return Status(201 if outcome is LineOutcome.NEW else 200, resource)


@routes.add(
    "PATCH",
    _COVERED,
    scope=Scope.MEMBERS_WRITE,
    name="beneficiaries.change",
    response=BeneficiaryResource,
    refuses=[*_WRITING, Problem.ENDED],
    extra={"parameters": [_IF_MATCH]},
)
def change_covered(
    request: HttpRequest, response: HttpResponse, number: Number, rank: Rank, said: BeneficiarySaid
) -> BeneficiaryResource:
    """Change some facts of a person whom a member covers; what is left out stays."""
    return _written_beneficiary(
        request,
        response,
        number,
        rank,
        lambda: one_person.change_beneficiary(**_place(request, number, rank), said=_said(said)),
    )[1]


@routes.add(
    "DELETE",
    _COVERED,
    scope=Scope.MEMBERS_WRITE,
    name="beneficiaries.end",
    response={204: None},
    refuses=[Problem.PRECONDITION_FAILED],
    extra={"parameters": [_IF_MATCH]},
)
def end_covered(request: HttpRequest, number: Number, rank: Rank) -> Any:
    """End the cover of a person today. Nothing is deleted."""
    with _refusals():
        one_person.end_beneficiary(**_place(request, number, rank))
    return Status(204, None)


def _place(request: HttpRequest, number: str, rank: str) -> Mapping[str, Any]:
    """Who is meant, what they must still be, and who says it."""
    return {
        "number": number,
        "rank": rank,
        "versions": _versions(request),
        "actor": caller_of(request).actor,
    }
