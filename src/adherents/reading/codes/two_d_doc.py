"""What a 2D-Doc says, by the specification of France Titres (ANTS), as text (« mode C40 »), versions 1 to 4. Pure code.

A header, data, `US`, a signature in base 32. Data are identifiers of two signs, each with its value; where the length of a value
varies, it ends with `GS`, or with `RS` if it was cut. What may follow the signature (`GS` and an annex) is not signed, and is not
read. The identifiers, their lengths and their names are the tables of `tddoc`. Whether a code can be believed is another question
(`trust`).
"""

import base64
import re
from dataclasses import dataclass
from datetime import date, time, timedelta

from tddoc import data_definition as tables

GS, RS, US = "\x1d", "\x1e", "\x1f"
EPOCH = date(2000, 1, 1)
NO_DATE = "FFFF"
KNOWN_PERIMETER = 1  # the one that the tables hold
MOST_FIELDS = 80
_BEGINS = re.compile(rb"DC0[1-9]|\xdc")
_HEADER = re.compile(
    r"DC(?P<version>0[1-4])(?P<authority>[A-Z0-9]{4})(?P<certificate>[A-Z0-9]{4})(?P<issued>[0-9A-F]{4})(?P<signed>[0-9A-F]{4})"
    r"(?P<paper>[A-Z0-9]{2})"
)
_PERIMETER = re.compile(r"[0-9]{2}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_SIGNATURE = re.compile(r"[A-Z2-7]+")
SIGNATURE_BYTES = {103: 64, 154: 96, 212: 132}  # its length in base 32, and the bytes that are meant
_SAID = re.compile(r"[\x20-\x7e]*")
_MARKS = re.compile(r"[ '/.,@-]")
_EIGHT_DIGITS = re.compile(r"[0-9]{8}")
_PERIMETERS = frozenset({KNOWN_PERIMETER})


class CannotParse(Exception):
    """It begins like a 2D-Doc, and is not one that can be read."""


@dataclass(frozen=True, slots=True)
class SignedField:
    """`code`: its identifier, two signs. `value`: days as ISO dates, else as it is signed. `was_cut`: too long for its place."""

    code: str
    name: str
    value: str
    was_cut: bool = False

    def __repr__(self) -> str:
        return f"<SignedField {self.code}>"


@dataclass(frozen=True, slots=True)
class TwoDDoc:
    """`authority`, `certificate`: their names, four signs each. `paper`: what it is, in words; "" where the tables do not know.

    `fields`: None where the tables do not know them all. `signed`: the bytes that the signature is of; `signature`: r and s.
    """

    authority: str
    certificate: str
    signed_on: date | None
    paper: str
    fields: tuple[SignedField, ...] | None
    signed: bytes
    signature: bytes

    def __repr__(self) -> str:
        return f"<TwoDDoc {self.authority} {self.certificate}>"


def name_of(identifier: str) -> str:
    """What the specification calls a value, in its French words; the identifier itself where the tables do not know it."""
    known = tables.c40.perimeters[KNOWN_PERIMETER].datatypes.get(identifier)
    return str(known[1].name) if known else identifier


def papers() -> dict[str, str]:
    """What a code can be of: the specification's types, two signs each, and their words."""
    return {code: _words_of(paper) for code, paper in tables.c40.perimeters[KNOWN_PERIMETER].doctypes.items()}


def _words_of(paper: tables.Doctype) -> str:
    return f"{paper.user_type} ({paper.emitter_type})"


def is_meant(said: bytes) -> bool:
    """Whether a code means to be a 2D-Doc: any other code on a page, such as a web address, says nothing here."""
    return _BEGINS.match(said) is not None


def parse(said: bytes) -> TwoDDoc:
    """Raises `CannotParse`."""
    try:
        text = said.decode("ascii")
    except UnicodeDecodeError as error:
        raise CannotParse("not a text") from error
    header = _HEADER.match(text)
    if header is None:
        raise CannotParse("no header")
    perimeter, ends = KNOWN_PERIMETER, header.end()
    if header["version"] >= "03":
        perimeter, ends = int(_must(_PERIMETER, text, ends)), ends + 2
    if header["version"] >= "04":
        _must(_COUNTRY, text, ends)
        ends += 2
    whole, separator, behind = text.partition(US)
    if not separator or len(whole) < ends:
        raise CannotParse("no signature")
    paper = (
        tables.c40.perimeters[perimeter].doctypes.get(header["paper"]) if perimeter in _PERIMETERS else None
    )
    return TwoDDoc(
        authority=header["authority"],
        certificate=header["certificate"],
        signed_on=_day(header["signed"]),
        paper=_words_of(paper) if paper else "",
        fields=_fields(whole[ends:], perimeter),
        signed=whole.encode("ascii"),
        signature=_signature(behind.partition(GS)[0]),
    )


def _must(pattern: "re.Pattern[str]", text: str, at: int) -> str:
    found = pattern.match(text, at)
    if found is None:
        raise CannotParse("no header")
    return found.group()


def _day(code: str) -> date | None:
    return None if code == NO_DATE else EPOCH + timedelta(days=int(code, 16))


def _signature(text: str) -> bytes:
    """r and s. One writing only: bits that base 32 leaves over must be 0."""
    if len(text) not in SIGNATURE_BYTES or not _SIGNATURE.fullmatch(text):
        raise CannotParse("no signature")
    decoded = base64.b32decode(text + "=" * (-len(text) % 8))
    if len(decoded) != SIGNATURE_BYTES[len(text)] or base64.b32encode(decoded).decode().rstrip("=") != text:
        raise CannotParse("no signature")
    return decoded


def _fields(text: str, perimeter: int) -> tuple[SignedField, ...] | None:
    """None where an identifier is not in the tables: what follows it cannot be told apart."""
    if perimeter not in _PERIMETERS:
        return None
    known = tables.c40.perimeters[perimeter].datatypes
    fields: list[SignedField] = []
    while text:
        if text[:2] not in known or len(fields) == MOST_FIELDS:
            return None
        _, definition = known[text[:2]]
        value, was_cut, rest = _cut_off(text[2:], definition)
        if not _SAID.fullmatch(value):
            raise CannotParse("signs that no value has")
        if definition.fixed is None and not _has_only_its_signs(value, definition.encoding):
            return None  # it goes on into the next one, whose beginning nothing marks
        fields.append(SignedField(text[:2], definition.name, _as_said(value, definition), was_cut))
        text = rest
    return tuple(fields)


def _cut_off(text: str, definition: tables.Definition) -> tuple[str, bool, str]:
    """The value that a text begins with, whether it was cut, and what follows it."""
    if definition.fixed is not None:
        if len(text) < definition.fixed:
            raise CannotParse("a value too short")
        rest = text[definition.fixed :]
        return text[: definition.fixed], False, rest[1:] if rest[:1] == GS else rest
    most = definition.encoding.size_max
    if isinstance(definition.encoding, tables.EORI) and (number := tables.EORI.allowed_format.match(text)):
        most = number.end()  # letters end it, and some issuers rely on that
    ends = next((at for at, sign in enumerate(text) if sign in {GS, RS}), len(text))
    if most is not None and ends > most:
        return text[:most], False, text[most:]
    return text[:ends], text[ends : ends + 1] == RS, text[ends + 1 :]


def _has_only_its_signs(value: str, encoding: tables.Format) -> bool:
    """Letters and digits as its table says; marks between them are taken as they come."""
    allowed: re.Pattern[str] | None = getattr(encoding, "allowed_format", None)
    return allowed is None or allowed.fullmatch(_MARKS.sub("", value)) is not None


def _as_said(value: str, definition: tables.Definition) -> str:
    """Days as ISO dates where they are days of the calendar; all else as it is signed, with the zeros that fill it up."""
    encoding = definition.encoding
    try:
        if isinstance(encoding, tables.Date4):
            return (EPOCH + timedelta(days=int(value, 16))).isoformat()
        if _EIGHT_DIGITS.fullmatch(value) and definition.name.startswith("Date"):
            return _written_day(value).isoformat()
        if isinstance(encoding, tables.JJMMAAAAHHMM):
            at = time(int(value[8:10]), int(value[10:12]))
            return f"{_written_day(value).isoformat()}T{at.isoformat('minutes')}"
    except ValueError:
        return value
    return value


def _written_day(value: str) -> date:
    """Of JJMMAAAA. Raises `ValueError`."""
    return date(int(value[4:8]), int(value[2:4]), int(value[:2]))
