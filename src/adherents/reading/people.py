"""The people whose papers are read: what is on a paper is compared with them, and never typed from it.

Their file is the insurer's member file or beneficiaries' file (`docs/integrating.md`), as CSV, or the same columns as JSON.
"""

import csv
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from typing import Any

from adherents.members import names, near_names
from adherents.members.nir import normalise as normalise_nir

MOST_PEOPLE = 10_000
_CIVIL = frozenset(
    {
        "m",
        "mr",
        "mm",
        "mme",
        "mmes",
        "mlle",
        "melle",
        "monsieur",
        "madame",
        "mademoiselle",
        "messieurs",
        "mesdames",
        "dr",
        "me",
    }
)
_BETWEEN_NAMES = frozenset({"nee", "ne", "epouse", "epoux", "ep", "veuve"})
_AND = frozenset({"ou", "et"})
_COLUMNS = {
    "nir": ("nir",),
    "birth_name": ("nom_naissance", "birth_name", "nom", "name", "last_name", "family_name"),
    "usage_name": ("nom_usage", "usage_name"),
    "first_names": ("prenoms", "first_names", "prenom", "first_name", "given_names"),
}


class WrongPeople(Exception):
    """The file of people cannot be read; says why."""


class Likeness(StrEnum):
    SAME = "same"
    NEAR = "near"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Named:
    """A person of a contract: names as the insurer has them, the NIR compact or "" where it is unknown."""

    birth_name: str
    usage_name: str
    first_names: str
    nir: str = ""

    def __repr__(self) -> str:
        return "<Named>"


def people_in(data: bytes) -> list[Named]:
    """The people of a file. Raises `WrongPeople`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    lines = _objects(text) if text.lstrip()[:1] in {"[", "{"} else _rows(text)
    people = []
    for line in lines:
        person = Named(
            **{column: _value(line, headers) for column, headers in _COLUMNS.items() if column != "nir"},
            nir=normalise_nir(_value(line, _COLUMNS["nir"])),
        )
        if person.birth_name or person.usage_name or person.nir:
            people.append(person)
        if len(people) > MOST_PEOPLE:
            raise WrongPeople(f"more than {MOST_PEOPLE} people")
    if not people:
        raise WrongPeople(
            "nobody is in it: the columns are those of the member file (nir;nom_naissance;nom_usage;prenoms)"
        )
    return people


def _objects(text: str) -> list[dict[str, Any]]:
    try:
        if text.lstrip().startswith("["):
            read = json.loads(text)
        else:
            read = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise WrongPeople("not valid JSON") from error
    return [one for one in read if isinstance(one, dict)]


def _rows(text: str) -> Iterable[dict[str, Any]]:
    header = text.partition("\n")[0]
    delimiter = max(";,\t", key=header.count)
    try:
        return list(csv.DictReader(StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise WrongPeople("not a CSV file") from error


def _value(line: dict[str, Any], headers: Sequence[str]) -> str:
    for header in headers:
        value = line.get(header)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def likeness(text: str, people: Iterable[Named]) -> Likeness | None:
    """How a holder's name on a paper is like the nearest of these people; None where the text is no name.

    Of two holders (« M. OU MME »), one who is the person is enough. *near*: a slip of spelling, an initial, a name too many.
    """
    if re.search(r"[0-9\ufffd]", text):
        return None
    holders = _holders(text)
    if not holders or max(map(len, holders)) < 2:
        return None
    found = {_of_one(words, person) for words in holders for person in people}
    return next((degree for degree in Likeness if degree in found), Likeness.OTHER)


def _holders(text: str) -> list[list[str]]:
    """The names of each holder, in plain words. « M OU MME DUPONT JEAN » is one."""
    holders: list[list[str]] = [[]]
    for word in names.normalise(text).split():
        if word in _AND:
            holders.append([])
        elif word not in _BETWEEN_NAMES and (holders[-1] or word not in _CIVIL):
            holders[-1].append(word)  # « M » behind a name is an initial
    return [words for words in holders if words][:4]


def _of_one(words: Sequence[str], person: Named) -> Likeness:
    found = Likeness.OTHER
    for cut in range(1, len(words)):
        for family, given in ((words[:cut], words[cut:]), (words[cut:], words[:cut])):
            if _is_family(family, person) and names.same_first_name(" ".join(given), person.first_names):
                return Likeness.SAME
            if _is_near(family, given, person):
                found = Likeness.NEAR
    return found


def _is_family(words: Sequence[str], person: Named) -> bool:
    return names.same_person_name(" ".join(words), person.birth_name, person.usage_name)


def _is_near(family: Sequence[str], given: Sequence[str], person: Named) -> bool:
    typed = names.squeeze(" ".join(family))
    known = {names.squeeze(name) for name in (person.birth_name, person.usage_name) if name}
    if all(near_names.nearness(typed, name) is None for name in known):
        return False
    first = names.squeeze(names.first_given_name(person.first_names)) or "?"
    said = names.squeeze(" ".join(given))
    if len(said) == 1:
        return first.startswith(said)
    begins = names.squeeze(given[0])
    return near_names.nearness(said, first) is not None or near_names.nearness(begins, first) is not None
