"""What somebody says of themselves at « Première connexion », and whether it is a member (G8). Pure code."""

from dataclasses import dataclass
from typing import Protocol

from adherents.members import names, nir


@dataclass(frozen=True, slots=True)
class Claim:
    """The form of « Première connexion », as typed except for the date.

    `birth_date` is `AAAA-MM-JJ` with zeros where unknown. Anything may be wrong in the rest: it then matches
    nobody.
    """

    nir: str
    birth_date: str
    department: str
    name: str
    first_name: str

    def __repr__(self) -> str:
        return "<Claim>"


class Person(Protocol):
    """What the register says of somebody."""

    birth_name: str
    usage_name: str
    first_names: str
    birth_date: str
    birth_department: str


def is_about(claim: Claim, person: Person) -> bool:
    """Whether the claim, whose NIR is already known to be this person's, agrees with the register in all the rest."""
    return (
        bool(person.birth_date)
        and claim.birth_date == person.birth_date
        and _department_agrees(claim, person)
        and names.same_person_name(claim.name, person.birth_name, person.usage_name)
        and names.same_first_name(claim.first_name, person.first_names)
    )


def _department_agrees(claim: Claim, person: Person) -> bool:
    """The département on file, or the one in the NIR under any of its names."""
    try:
        claimed = nir.normalise_department(claim.department)
        in_nir = nir.departments_of(claim.nir, birth_year=int(person.birth_date[:4]))
    except ValueError:
        return False
    return nir.same_department(claimed, person.birth_department) or claimed in in_nir
