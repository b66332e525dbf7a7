"""What a program says of a person, in the API's words, as a line of the insurer's file: the rest of the way is the same.

A line that is refused here is compared all the same, with what is wrong left out, so that all its reasons are told at once.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic_core import from_json

from adherents.members.intake import facts
from adherents.members.intake.facts import RowReason
from adherents.members.intake.read import Row
from adherents.members.intake.sheets import BENEFICIARIES, MEMBERS, RegisterSheet

LONGEST_LINE = 1 << 16  # bytes of one object: a member's has some three hundred
_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_KEY = re.compile("[a-z_]{1,40}")
_UNKNOWN_AT_MOST = 5

_NO_OBJECT = _("Ce n’est pas un objet JSON.")
_TOO_LONG = _("Cette ligne est bien trop longue : ce n’est pas celle d’une personne.")
_NO_TEXT = _("Ce champ doit être un texte, ou null.")
_NO_DATE = _("Cette date n’existe pas : elle doit être écrite AAAA-MM-JJ.")
_NO_BIRTH_DATE = _("Cette date n’existe pas : elle doit être écrite AAAA-MM-JJ, 00 si inconnu.")
_UNKNOWN = _("Ce champ n’est pas connu.")


class _Date(NamedTuple):
    """A date among the keys: its place, how it is read ("" where it is none), and what is said then."""

    place: int
    read: Callable[[str], str]
    wrong: str | Promise


@dataclass(frozen=True, slots=True)
class ObjectForm:
    """The objects that stand for one kind of line. `keys` are in the order of the sheet's columns."""

    sheet: RegisterSheet
    keys: tuple[str, ...]
    dates: tuple[_Date, ...]
    known: frozenset[str]

    def row(self, said: Mapping[str, Any], line: int = 1) -> Row:
        """The object as a line of the file. `""`, null and a key that is not there all mean empty."""
        values = ["" if (value := said.get(key)) is None else value for key in self.keys]
        reasons: list[RowReason] = []
        if not _are_texts(
            values
        ):  # looked at one by one only where something is wrong, in a batch of ten thousand
            reasons += self._made_texts(values)
        if not said.keys() <= self.known:
            reasons += _unknown(said.keys() - self.known)
        for place, read, wrong in self.dates:
            if values[place] and not (french := read(values[place])):
                reasons.append(RowReason(self.sheet.columns[place], wrong))
                values[place] = ""
            elif values[place]:
                values[place] = french
        return Row(line, tuple(values), whole=True, reasons=tuple(reasons))

    def _made_texts(self, values: list[Any]) -> Iterator[RowReason]:
        for place, value in enumerate(values):
            if type(value) is int and self.keys[place] == "rank":
                values[place] = str(value)
            elif not _are_texts([value]):
                values[place] = ""
                yield RowReason(self.sheet.columns[place], _NO_TEXT)

    def in_its_words(self, reasons: Iterable[RowReason]) -> list[RowReason]:
        """The reasons with each column of the file under the key that it has in an object."""
        called = dict(zip(self.sheet.columns, self.keys, strict=True))
        return [RowReason(called.get(column, column), message) for column, message in reasons]


def _are_texts(values: list[Any]) -> bool:
    try:
        "".join(values).encode()
    except (TypeError, UnicodeEncodeError):  # something else, or half a character
        return False
    return True


@lru_cache(maxsize=8192)
def _day(text: str) -> str:
    """YYYY-MM-DD as the file writes it; "" where it is no date."""
    french = _in_french(text)
    return french if facts.whole_day_in(french) else ""


@lru_cache(maxsize=8192)
def _birth_day(text: str) -> str:
    french = _in_french(text)
    return french if facts.birth_date_in(french) else ""


def _in_french(text: str) -> str:
    day = _ISO_DAY.fullmatch(text.strip())
    return f"{day[3]}/{day[2]}/{day[1]}" if day else ""


def _unknown(keys: Iterable[str]) -> list[RowReason]:
    """What is no plain word may be a person's data, and is not repeated."""
    plain = sorted(key for key in keys if _KEY.fullmatch(key))
    return [RowReason(key, _UNKNOWN) for key in plain[:_UNKNOWN_AT_MOST]] or [RowReason("", _UNKNOWN)]


def _form(sheet: RegisterSheet, *keys: str) -> ObjectForm:
    dates = (
        _Date(keys.index("birth_date"), _birth_day, _NO_BIRTH_DATE),
        _Date(keys.index("start_date"), _day, _NO_DATE),
        _Date(keys.index("end_date"), _day, _NO_DATE),
    )
    return ObjectForm(sheet, keys, dates, frozenset(keys))


MEMBER_OBJECT = _form(
    MEMBERS,
    "number",
    "nir",
    "birth_name",
    "usual_name",
    "first_names",
    "birth_date",
    "birth_department",
    "email",
    "phone",
    "language",
    "start_date",
    "end_date",
)
BENEFICIARY_OBJECT = _form(
    BENEFICIARIES,
    "number",
    "rank",
    "nir",
    "birth_name",
    "usual_name",
    "first_names",
    "birth_date",
    "relation",
    "start_date",
    "end_date",
)


def rows_of(lines: Iterable[bytes], form: ObjectForm) -> Iterator[Row]:
    """Lines of JSON, one object each, blank ones left out. The first line is line 1."""
    empty = ("",) * len(form.keys)
    for line, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        if len(text) > LONGEST_LINE:
            yield Row(line, empty, whole=False, reasons=(RowReason("", _TOO_LONG),))
            continue
        said = _object(text)
        if said is None:
            yield Row(line, empty, whole=False, reasons=(RowReason("", _NO_OBJECT),))
        else:
            yield form.row(said, line)


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        said = from_json(text, cache_strings="keys")
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
