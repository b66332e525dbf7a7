"""Who FranceConnect says that a person is, and whether it is a member. Pure code.

The *identité pivot*: the State’s own words of a birth. All of it must agree with the register and with the NIR on file.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from adherents.members import name_forms, names, nir
from adherents.members.claims import ClaimedPerson

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_PLACE = re.compile(r"[0-9][0-9AB][0-9]{3}", re.ASCII)


class NoPivot(ValueError):
    """What came is no whole identity."""


class OnFile(ClaimedPerson, Protocol):
    """What the register says about a person, the NIR included."""

    nir: str


@dataclass(frozen=True, slots=True)
class Pivot:
    """`first_names`: all of them, separated by spaces. `birth_date`: AAAA-MM-JJ, with 01 for a month or a day that the State
    does not know. `commune`, `country`: INSEE’s codes; no commune abroad.
    """

    birth_name: str
    first_names: str
    birth_date: str
    male: bool
    commune: str
    country: str

    def __repr__(self) -> str:
        return "<Pivot>"

    @property
    def days_on_file(self) -> set[str]:
        """The birth date, in each way that the register may write it: it has 00 for what it does not know."""
        year, month, day = self.birth_date.split("-")
        months = {month} | ({"00"} if month == "01" else set())
        days = {day} | ({"00"} if day == "01" else set())
        return {f"{year}-{one}-{other}" for one in months for other in days if one != "00" or other == "00"}

    def is_about(self, person: OnFile) -> bool:
        """Whether all of it agrees. Never for a person without a NIR on file, or whose place of birth cannot be compared."""
        return (
            person.birth_date in self.days_on_file
            and name_forms.same_family_name(self.birth_name, person.birth_name, "")
            and self._first_names_agree(person.first_names)
            and self._nir_agrees(person.nir)
        )

    def _first_names_agree(self, on_file: str) -> bool:
        """One has the first name, or all the names, of the other: insurers often keep the first one alone (G8)."""
        return names.same_first_name(self.first_names, on_file) or names.same_first_name(
            on_file, self.first_names
        )

    def _nir_agrees(self, on_file: str) -> bool:
        try:
            read = nir.parse(on_file)
        except nir.WrongNir:
            return False
        return nir.is_of_sex(read, male=self.male) and nir.is_of_birth_place(
            read, commune=self.commune, country=self.country, birth_year=int(self.birth_date[:4])
        )


def pivot_of(claims: Mapping[str, Any]) -> Pivot:
    """From the claims of a signed userinfo. Raises `NoPivot` where one is missing or has no sense."""
    said = dict(_texts(claims))
    if said["gender"] not in {"male", "female"} or not _DATE.fullmatch(said["birthdate"]):
        raise NoPivot("gender or birthdate")
    if not _PLACE.fullmatch(said["birthcountry"]) or not (
        said["birthplace"] == "" or _PLACE.fullmatch(said["birthplace"])
    ):
        raise NoPivot("place")
    if not names.squeeze(said["family_name"]) or not names.squeeze(said["given_name"]):
        raise NoPivot("names")
    return Pivot(
        birth_name=said["family_name"],
        first_names=said["given_name"],
        birth_date=said["birthdate"],
        male=said["gender"] == "male",
        commune=said["birthplace"],
        country=said["birthcountry"],
    )


def _texts(claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("family_name", "given_name", "birthdate", "gender", "birthplace", "birthcountry"):
        value = claims.get(name)
        if not isinstance(value, str) or len(value) > 240:
            raise NoPivot(name)
        yield name, value
