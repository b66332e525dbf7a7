"""The register: members, and those whom they cover."""

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
from adherents.api.decorators import VERSIONED, Routes, caller_of, look_at
from adherents.api.problems import Problem, Refused
from adherents.api.resources.members import (
    BeneficiaryResource,
    BeneficiarySaid,
    BeneficiaryWritten,
    MemberList,
    MemberResource,
    MemberSaid,
    MemberWritten,
    beneficiary_resource,
    member_resource,
)
from adherents.api.scopes import Scope
from adherents.api.views.found import register_busy
from adherents.desk.services.consulting import consult
from adherents.members import selectors
from adherents.members.intake.compare import LineOutcome
from adherents.members.intake.last_files import RegisterBusy
from adherents.members.models import Beneficiary, Member, Person
from adherents.members.services import one_person
from adherents.members.versions import ANY, version_of

routes = Routes("members")
LIST = "members"
_ETAG = re.compile(r'(?:W/)?"[!#-~]{0,100}"')
_ONE, _COVERED = f"members/{{{NUMBER}:number}}", f"members/{{{NUMBER}:number}}/beneficiaries/{{rank}}"
_IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "description": "The ETag that you read: 412 where the person was changed since.",
    "schema": {"type": "string"},
}
MemberAnswer = MemberResource | MemberWritten
BeneficiaryAnswer = BeneficiaryResource | BeneficiaryWritten
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
            raise register_busy() from error
        except one_person.NobodyThere as error:
            raise Refused(Problem.NOT_FOUND) from error
        except one_person.PersonChanged as error:
            raise Refused(Problem.PERSON_CHANGED, str(error.message)) from error
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
    found = selectors.member_readable(number)
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
) -> tuple[LineOutcome, Member]:
    """Do it, and give what is there then, of one moment."""
    with transaction.atomic(), _refusals():
        outcome = write()
        member = _member(number)
    look_at(request, member.subject)
    _etag(response, member)
    return outcome, member


def _shown_member(request: HttpRequest, member: Member) -> MemberResource | MemberWritten:
    """To who may read it."""
    return member_resource(member) if _may_read(request) else MemberWritten(number=member.number)


def _may_read(request: HttpRequest) -> bool:
    return Scope.MEMBERS_READ in caller_of(request).scopes


def _look_at_the_rest(request: HttpRequest, member: Member) -> None:
    """The answer to a PATCH shows what was not said in it: as a GET, its member reads of it."""
    if _may_read(request):
        consult(agent=caller_of(request).account, member=member)


def _written_beneficiary(
    request: HttpRequest, response: HttpResponse, number: str, rank: str, write: Callable[[], LineOutcome]
) -> tuple[LineOutcome, Beneficiary]:
    with transaction.atomic(), _refusals():
        outcome = write()
        person = _beneficiary(number, rank)
    look_at(request, person.member.subject)
    _etag(response, person)
    return outcome, person


def _shown_beneficiary(request: HttpRequest, person: Beneficiary) -> BeneficiaryResource | BeneficiaryWritten:
    if _may_read(request):
        return beneficiary_resource(person)
    return BeneficiaryWritten.model_validate({"number": person.member.number, "rank": person.rank})


@routes.add(
    "GET",
    "members",
    scope=Scope.MEMBERS_READ,
    name="members.list",
    response=MemberList,
    refuses=[Problem.BAD_CURSOR],
)
def members(
    request: HttpRequest,
    cursor: Annotated[str, Query(max_length=300)] = "",
    member_id: Annotated[
        int | None,
        Query(alias="id", ge=1, le=2**63 - 1, description="this one alone: `member/<id>` of an event"),
    ] = None,
) -> MemberList:
    """All members, those who are ended too, a hundred at a time, in an order that does not change. Whose number is another
    person's now is given by `id` alone.

    The journal says from which id to which they were given. With `id`, the member reads in their history that it was looked at.
    """
    after = position(cursor, LIST, (int,))
    rows = selectors.members_after(int(after[0]) if after else 0, limit=ITEMS + 1, only=member_id)
    shown = rows[:ITEMS]
    if member_id is not None:
        for row in shown:
            consult(agent=caller_of(request).account, member=row)
    if shown:
        first, last = shown[0], shown[-1]
        look_at(request, first.subject if first == last else f"{first.subject}-{last.pk}")
    return MemberList(
        items=[member_resource(row) for row in shown],
        next=cursor_after(LIST, shown[-1].pk) if len(rows) > ITEMS else None,
    )


@routes.add(
    "GET",
    _ONE,
    scope=Scope.MEMBERS_READ,
    name="members.read",
    response=MemberResource,
    extra=VERSIONED,
)
def member(request: HttpRequest, response: HttpResponse, number: Number) -> MemberResource:
    """A member, also one who is ended, or by `former:<id>` one whose number is another person's now. The NIR is masked.

    The member reads in their history that it was looked at.
    """
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
    response={200: MemberAnswer, 201: MemberAnswer},
    refuses=_WRITING,
    extra={"parameters": [_IF_MATCH]} | VERSIONED,
)
def put(request: HttpRequest, response: HttpResponse, number: Number, said: MemberSaid) -> Any:
    """Name a member, new or known, with all that is said of them: what is left out is empty from now on."""
    outcome, member = _written_member(
        request,
        response,
        number,
        lambda: one_person.put_member(
            number=number, said=_said(said), versions=_versions(request), actor=caller_of(request).actor
        ),
    )
    return Status(201 if outcome is LineOutcome.NEW else 200, _shown_member(request, member))


@routes.add(
    "PATCH",
    _ONE,
    scope=Scope.MEMBERS_WRITE,
    name="members.change",
    response=MemberAnswer,
    refuses=[*_WRITING, Problem.ENDED],
    extra={"parameters": [_IF_MATCH]} | VERSIONED,
)
def change(request: HttpRequest, response: HttpResponse, number: Number, said: MemberSaid) -> MemberAnswer:
    """Change some facts of a member; what is left out stays. The whole is shown to a client that may read it."""
    _, member = _written_member(
        request,
        response,
        number,
        lambda: one_person.change_member(
            number=number, said=_said(said), versions=_versions(request), actor=caller_of(request).actor
        ),
    )
    _look_at_the_rest(request, member)
    return _shown_member(request, member)


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
    extra=VERSIONED,
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
    response={200: BeneficiaryAnswer, 201: BeneficiaryAnswer},
    refuses=[*_WRITING, Problem.ENDED],
    extra={"parameters": [_IF_MATCH]} | VERSIONED,
)
def put_covered(
    request: HttpRequest, response: HttpResponse, number: Number, rank: Rank, said: BeneficiarySaid
) -> Any:
    """Name a person whom a member covers, new or known: what is left out is empty from now on."""
    outcome, person = _written_beneficiary(
        request,
        response,
        number,
        rank,
        lambda: one_person.put_beneficiary(**_place(request, number, rank), said=_said(said)),
    )
    return Status(201 if outcome is LineOutcome.NEW else 200, _shown_beneficiary(request, person))


@routes.add(
    "PATCH",
    _COVERED,
    scope=Scope.MEMBERS_WRITE,
    name="beneficiaries.change",
    response=BeneficiaryAnswer,
    refuses=[*_WRITING, Problem.ENDED],
    extra={"parameters": [_IF_MATCH]} | VERSIONED,
)
def change_covered(
    request: HttpRequest, response: HttpResponse, number: Number, rank: Rank, said: BeneficiarySaid
) -> BeneficiaryAnswer:
    """Change some facts of a person whom a member covers; what is left out stays.

    The whole is shown to a client that may read it.
    """
    _, person = _written_beneficiary(
        request,
        response,
        number,
        rank,
        lambda: one_person.change_beneficiary(**_place(request, number, rank), said=_said(said)),
    )
    _look_at_the_rest(request, person.member)
    return _shown_beneficiary(request, person)


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
