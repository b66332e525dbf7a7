"""Whether two lines of the register, one after the other under one number, are about one person. Pure code.

A number may be given again, and a sort may shift every row: a known number alone does not prove that the person is the same.
"""

from collections.abc import Callable
from dataclasses import dataclass

from adherents.members import names


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells two people apart: `birth_date` is AAAA-MM-JJ, names are as written. Anything may be empty."""

    birth_date: str
    birth_name: str
    first_names: str

    def __repr__(self) -> str:
        return "<Identity>"


def is_same_person(one: Identity, other: Identity, *, same_nir: Callable[[], bool]) -> bool:
    """Birth date, birth name and first given name agree (in G8's writing); or the NIR does, and the birth date or the
    first given name too: a child or a spouse may be under the holder's NIR.

    What is empty on one side proves nothing. `same_nir` is asked only where its answer matters.
    """
    same_day = bool(one.birth_date) and one.birth_date == other.birth_date
    same_first_name = names.share_first_name(one.first_names, other.first_names)
    born = names.squeeze(one.birth_name)
    if same_day and same_first_name and born and born == names.squeeze(other.birth_name):
        return True
    return (same_day or same_first_name) and same_nir()
