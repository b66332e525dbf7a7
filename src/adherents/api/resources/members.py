"""A member, and a person whom a member covers, as programs name them and see them. The names of the fields are fixed."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from adherents.api.resources import Cursor, Sent
from adherents.members.intake.compare import LineOutcome
from adherents.members.models import Beneficiary, Member, Person
from adherents.members.services.batch import LineAnswer

Text = Annotated[str | None, Field(description="empty and null both mean that there is none")]
Day = Annotated[str | None, Field(description="YYYY-MM-DD")]
BirthDate = Annotated[str | None, Field(description="YYYY-MM-DD, 00 for an unknown day or month")]
Nir = Annotated[
    str | None, Field(description="15 characters, key included. It is never read back but masked")
]
Relation = Annotated[str | None, Field(description="conjoint, enfant, ascendant or autre")]


class MemberSaid(Sent):
    """What a PUT leaves out is empty from then on; what a PATCH leaves out stays."""

    number: Text = None
    nir: Nir = None
    birth_name: Text = None
    usual_name: Text = None
    first_names: Text = None
    birth_date: BirthDate = None
    birth_department: Text = None
    email: Text = None
    phone: Text = None
    language: Text = None
    start_date: Day = None
    end_date: Day = None


class BeneficiarySaid(Sent):
    """What a PUT leaves out is empty from then on; what a PATCH leaves out stays."""

    number: Text = None
    rank: int | None = None
    nir: Nir = None
    birth_name: Text = None
    usual_name: Text = None
    first_names: Text = None
    birth_date: BirthDate = None
    relation: Relation = None
    start_date: Day = None
    end_date: Day = None


NUMBER_WORDS = "the number; `former:<id>` of a person whose number is another person's now"


class PersonResource(BaseModel):
    number: str = Field(description=NUMBER_WORDS)
    nir: str | None = Field(description="masked")
    birth_name: str | None
    usual_name: str | None
    first_names: str | None
    birth_date: str | None
    start_date: date | None
    end_date: date | None


class MemberResource(PersonResource):
    id: int = Field(description="what events name as `member/<id>`; it outlives the number")
    former_number: str | None = Field(description="the number that was theirs, and is another person's now")
    birth_department: str | None
    email: str | None = Field(description="where mails go: the member may have given it in the portal")
    phone: str | None
    language: str


class BeneficiaryResource(PersonResource):
    rank: int
    relation: str


class MemberWritten(BaseModel):
    """What a client that may write members and not read them is answered: nothing that it did not say."""

    number: str


class BeneficiaryWritten(MemberWritten):
    rank: int


class MemberList(BaseModel):
    items: list[MemberResource]
    next: Cursor


class WrongField(BaseModel):
    at: str = Field(description="the field; empty: the line as a whole")
    code: str = Field(description="`refused`, or `person_changed` where the line is another person's")
    message: str


class BatchLine(BaseModel):
    """What became of one line; `type` and `errors` where it is refused."""

    line: int
    number: str
    status: int
    outcome: Literal["created", "changed", "unchanged", "refused"]
    type: str | None = None
    errors: list[WrongField] | None = None


def _facts_of(person: Person) -> dict[str, object]:
    return {
        "nir": person.masked_nir or None,
        "birth_name": person.birth_name or None,
        "usual_name": person.usage_name or None,
        "first_names": person.first_names or None,
        "birth_date": person.birth_date or None,
        "start_date": person.start_date,
        "end_date": person.end_date,
    }


def member_resource(member: Member) -> MemberResource:
    facts = _facts_of(member) | {
        "id": member.pk,
        "number": member.number,
        "former_number": member.former_number,
        "birth_department": member.birth_department or None,
        "email": member.email or None,
        "phone": member.phone or None,
        "language": member.language,
    }
    return MemberResource.model_validate(facts)


def beneficiary_resource(person: Beneficiary) -> BeneficiaryResource:
    place = {"number": person.member.number, "rank": person.rank, "relation": person.relation}
    return BeneficiaryResource.model_validate(_facts_of(person) | place)


_STATUS: dict[LineOutcome, tuple[int, Literal["created", "changed", "unchanged", "refused"]]] = {
    LineOutcome.NEW: (201, "created"),
    LineOutcome.CHANGED: (200, "changed"),
    LineOutcome.GIVEN: (200, "changed"),
    LineOutcome.UNCHANGED: (200, "unchanged"),
    LineOutcome.REFUSED: (422, "refused"),
    LineOutcome.OTHER_PERSON: (409, "refused"),
}

_CODES = {LineOutcome.REFUSED: "refused", LineOutcome.OTHER_PERSON: "person_changed"}


def lines_of(answers: Iterable[LineAnswer], types: dict[int, str]) -> bytes:
    """The answers as lines of JSON. `types`: the type of the problem, by status."""
    return "".join(_line(answer, types) for answer in answers).encode()


def _line(answer: LineAnswer, types: dict[int, str]) -> str:
    status, outcome = _STATUS[answer.outcome]
    if not answer.reasons:  # nothing in it that JSON would write otherwise: of ten thousand lines, almost all
        return (
            f'{{"line":{answer.line},"number":"{answer.number}","status":{status},"outcome":"{outcome}"}}\n'
        )
    line = BatchLine(
        line=answer.line,
        number=answer.number,
        status=status,
        outcome=outcome,
        type=types.get(status),
        errors=[
            WrongField(at=field, code=_CODES[answer.outcome], message=str(message))
            for field, message in answer.reasons
        ],
    )
    return line.model_dump_json(exclude_none=True) + "\n"
