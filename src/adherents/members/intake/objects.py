"""What a program says of a person, in the API's words, as a line of the insurer's file: the rest of the way is the same.

A line that is refused here is compared all the same, with what is wrong left out, so that all its reasons are told at once.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class ObjectForm:
    """The objects that stand for one kind of line. `keys` are in the order of the sheet's columns."""

    sheet: RegisterSheet
    keys: tuple[str, ...]
    birth_dates: frozenset[int]
    days: frozenset[int]

    def row(self, said: Mapping[str, Any], line: int = 1) -> Row:
        """The object as a line of the file. `""`, null and a key that is not there all mean empty."""
        reasons: list[RowReason] = []
        values = []
        for place, key in enumerate(self.keys):
            value = said.get(key)
            if value is None or value == "":
                values.append("")
                continue
            text, reason = self._text(place, value)
            if reason:
                reasons.append(RowReason(self.sheet.columns[place], reason))
            values.append(text)
        if len(said) > len(self.keys) or not said.keys() <= set(self.keys):
            reasons += _unknown(said.keys() - set(self.keys))
        return Row(line, tuple(values), whole=True, reasons=tuple(reasons))

    def _text(self, place: int, value: object) -> tuple[str, Any]:
        if type(value) is int and self.keys[place] == "rank":
            return str(value), None
        if not isinstance(value, str):
            return "", _NO_TEXT
        try:
            value.encode()
        except UnicodeEncodeError:  # half a character
            return "", _NO_TEXT
        if place not in self.birth_dates and place not in self.days:
            return value, None
        day = _ISO_DAY.fullmatch(value.strip())
        french = f"{day[3]}/{day[2]}/{day[1]}" if day else ""
        if place in self.birth_dates:
            return (french, None) if facts.birth_date_in(french) else ("", _NO_BIRTH_DATE)
        return (french, None) if facts.whole_day_in(french) else ("", _NO_DATE)

    def in_its_words(self, reasons: Iterable[RowReason]) -> list[RowReason]:
        """The reasons with each column of the file under the key that it has in an object."""
        called = dict(zip(self.sheet.columns, self.keys, strict=True))
        return [RowReason(called.get(column, column), message) for column, message in reasons]


def _unknown(keys: Iterable[str]) -> list[RowReason]:
    """What is no plain word may be a person's data, and is not repeated."""
    plain = sorted(key for key in keys if _KEY.fullmatch(key))
    return [RowReason(key, _UNKNOWN) for key in plain[:_UNKNOWN_AT_MOST]] or [RowReason("", _UNKNOWN)]


def _form(sheet: RegisterSheet, *keys: str) -> ObjectForm:
    days = {keys.index("start_date"), keys.index("end_date")}
    return ObjectForm(sheet, keys, frozenset({keys.index("birth_date")}), frozenset(days))


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
        said = from_json(text)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
