"""What a person says about themselves at « Première connexion », and whether it is a member (G8). Pure code."""

from dataclasses import dataclass
from typing import Protocol

from adherents.accounts import policy
from adherents.members import name_forms, nir


@dataclass(frozen=True, slots=True)
class Claim:
    """The form of « Première connexion », as typed except for the date.

    `birth_date` is `AAAA-MM-JJ` with zeros where unknown. Anything may be wrong in the rest: then no
    member matches.
    """

    nir: str
    birth_date: str
    department: str
    name: str
    first_name: str

    @property
    def person(self) -> str:
        """The person who is meant, however the claim writes it: a person who guesses one NIR after another cannot vary this."""
        return f"{self.birth_date} {name_forms.first_letters(self.first_name)}"

    def __repr__(self) -> str:
        return "<Claim>"


class ClaimedPerson(Protocol):
    """What the register says about a person."""

    birth_name: str
    usage_name: str
    first_names: str
    birth_date: str
    birth_department: str


def is_about(claim: Claim, person: ClaimedPerson) -> bool:
    """Whether the claim, whose NIR is already known to be this person's, agrees with the register in all the rest."""
    return (
        bool(person.birth_date)
        and policy.same_birth_date(claim.birth_date, person.birth_date)
        and _department_agrees(claim, person)
        and name_forms.same_family_name(claim.name, person.birth_name, person.usage_name)
        and name_forms.same_given_name(claim.first_name, person.first_names)
    )


def _department_agrees(claim: Claim, person: ClaimedPerson) -> bool:
    """The département on file, or the one in the NIR under any of its names."""
    try:
        claimed = nir.normalise_department(claim.department)
        in_nir = nir.departments_of(claim.nir, birth_year=int(person.birth_date[:4]))
    except ValueError:
        return False
    return nir.same_department(claimed, person.birth_department) or claimed in in_nir
