"""The 2D-Docs of one document, each with what its signature is worth; values only where it is believed. Pure code."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from adherents.reading.codes import two_d_doc
from adherents.reading.codes.comparison import PageText, compared
from adherents.reading.codes.process import Corner, FoundCode
from adherents.reading.codes.trust import Trust, Worth
from adherents.reading.papers import ReadField

CODE = "code_2ddoc."  # and the identifier of a value in the specification
SIGNATURE = "signature"  # its one proof


@dataclass(frozen=True, slots=True)
class ReadCode:
    """`signer`: whose certificate it is; `paper`: what the code is of, in the specification's words; "" where it is not believed.

    `fields`: None where the signature is believed, and what it signs cannot be told apart.
    """

    page: int
    worth: Worth
    signer: str = ""
    paper: str = ""
    signed_on: date | None = None
    fields: tuple[ReadField, ...] | None = ()
    corners: tuple[Corner, ...] = ()
    sides: tuple[int, int] = (1, 1)  # of its page


def read_codes(
    found: Iterable[FoundCode],
    trust: Callable[[], Trust],
    texts: Mapping[int, PageText | None],
    *,
    today: date,
) -> list[ReadCode]:
    """The codes that mean to be 2D-Docs, one that comes again only where it stands first. `trust` is asked where there is one;
    `texts`: what the pages say, by their number.
    """
    meant: dict[bytes, FoundCode] = {}
    for one in found:
        if two_d_doc.is_meant(one.said):
            meant.setdefault(one.said, one)
    return [
        replace(_read(one, number, trust(), texts, today), corners=one.corners, sides=one.sides)
        for number, one in enumerate(meant.values(), start=1)
    ]


def _read(
    found: FoundCode, number: int, trust: Trust, texts: Mapping[int, PageText | None], today: date
) -> ReadCode:
    try:
        doc = two_d_doc.parse(found.said)
    except two_d_doc.CannotParse:
        return ReadCode(found.page, Worth.UNREADABLE)
    weighed = trust.weigh(doc, today=today)
    if weighed.worth != Worth.SIGNED:
        return ReadCode(found.page, weighed.worth)
    fields = None
    if doc.fields is not None:
        on_page = compared(doc.fields, texts.get(found.page))
        fields = tuple(
            ReadField(f"{CODE}{one.code}", one.value, found.page, (SIGNATURE,), on_page=how, of_code=number)
            for one, how in zip(doc.fields, on_page, strict=True)
            if one.value.strip()
        )
    return ReadCode(found.page, weighed.worth, weighed.signer, doc.paper, doc.signed_on, fields)
