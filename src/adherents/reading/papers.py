"""What a paper says, each value with its proofs. A value without a proof is not there. Pure code.

The kinds are those of the insurer's profile: RIBs, attestations de droits, invoices, statements of benefits, school certificates.
A paper that is none of them gives nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from adherents.reading import bic, bills, rights, school
from adherents.reading.issued import issued_on
from adherents.reading.labels import labelled
from adherents.reading.layout import PageLine, PlacedLetter, lines_of
from adherents.reading.people import Likeness, Named, likeness
from adherents.reading.printed import ANY_LABEL, accounts_of

RIB, RIGHTS = "rib", "attestation_secu"
KNOWN = frozenset({RIB, RIGHTS, school.CERTIFICATE, bills.STATEMENT, bills.OPTICAL, bills.DENTAL, bills.CARE})
_RIB_IS_SAID = re.compile(
    r"identite bancaire|identite postal|\br i b\b|\brib\b|coordonnees bancaires|references? bancaires?|titulaire|"
    r"informations bancaires|account (?:holder|owner)|\bguichet\b"
)
# These print an account as well, and it is that of the person to be paid.
_OTHER_PAPER = re.compile(
    r"^(?:facture|note d honoraires|devis|mandat de prelevement|mandat sepa|releve de prestations|releve de compte|decompte|"
    r"bulletin de|attestation de droits|avis d|echeancier|appel de cotisation|net a payer|total\b|montant total|reste a payer)"
)
_RIGHTS_ARE_SAID = re.compile(r"attestation de droits")
_HOLDER = re.compile(
    r"(?:nom\s+(?:et\s+pr[ée]noms?\s+)?du\s+titulaire(?:\s+du\s+compte)?|titulaires?(?:\s+du\s+compte)?|intitul[ée]\s+du\s+compte|"
    r"account\s+(?:holder|owner)(?:\s+name)?)(?:\s*\([^)]{0,40}\))?(?:\s*/\s*account\s+\w+)?",
    re.IGNORECASE,
)
_CIVIL = re.compile(r"(?:M\.|MR|MME|MLLE|Monsieur|Madame|Mademoiselle)\s", re.IGNORECASE)
DRAWN, RECOGNISED = (
    "drawn",
    "recognised",
)  # letters of a text layer that are seen; letters recognised on pixels


@dataclass(frozen=True, slots=True)
class ReadField:
    """A value, the page it stands on (from 1), and what proves it. Of a signed code: how the page compares, and which code of the
    paper it is (from 1; 0 for a value that no code says).
    """

    code: str
    value: str
    page: int
    proofs: tuple[str, ...]
    on_page: str = ""
    of_code: int = 0

    def __repr__(self) -> str:
        return f"<ReadField {self.code}>"


@dataclass(frozen=True, slots=True)
class ReadPaper:
    """`kind`: what the paper is by what was read on it, a code of the profile; "" where nothing proves it."""

    kind: str
    fields: tuple[ReadField, ...]


NOTHING = ReadPaper("", ())


class PageOfLetters(Protocol):
    @property
    def number(self) -> int: ...
    @property
    def letters(self) -> Sequence[PlacedLetter]: ...


def read(pages: Iterable[PageOfLetters], people: Sequence[Named], *, recognised: bool = False) -> ReadPaper:
    """What the pages of one paper say, compared with the people of its contract.

    Of letters that were `recognised` on pixels only that is said which a wrong letter would undo: an IBAN, a NIR, the same name,
    a total of several lines, two years that follow each other.
    """
    if recognised:
        read_paper = _read(pages, people)
        fields = tuple(
            replace(one, proofs=(RECOGNISED, *one.proofs[1:]))
            for one in read_paper.fields
            if _undone_by_a_letter(one)
        )
        return ReadPaper(read_paper.kind if fields else "", fields)
    return _read(pages, people)


def _undone_by_a_letter(field: ReadField) -> bool:
    if field.code in {"holder", "person"}:
        return field.value == Likeness.SAME
    return field.code in {"iban", "nir", "school_year"} or "sum" in field.proofs


def kind_said(pages: Iterable[PageOfLetters]) -> str | None:
    """The kind that the words of a paper say, whether or not a value on it is proven; None of one that is not known."""
    return _kind_of([line.said for page in pages for line in lines_of(page.letters)])


def _kind_of(said: Sequence[str]) -> str | None:
    bill = bills.kind_said(said)
    if bill is not None:
        return bill
    if school.is_certificate(said):
        return school.CERTIFICATE
    if any(_RIGHTS_ARE_SAID.search(text) for text in said):
        return RIGHTS
    if any(_RIB_IS_SAID.search(text) for text in said) and not any(_OTHER_PAPER.match(text) for text in said):
        return RIB
    return None


def _read(pages: Iterable[PageOfLetters], people: Sequence[Named]) -> ReadPaper:
    laid = [(page.number, lines_of(page.letters)) for page in pages]
    kind = _kind_of([line.said for _, lines in laid for line in lines])
    if kind is None:
        return NOTHING
    if kind == school.CERTIFICATE:
        fields = _fields_of_certificate(laid, people)
        proven = any(field.code != "date" for field in fields)
        return ReadPaper(kind if proven else "", tuple(fields))
    if kind in (RIB, RIGHTS):
        fields = (_fields_of_rib if kind == RIB else _fields_of_rights)(laid, people)
        return ReadPaper(kind if fields else "", tuple(fields))
    return _read_bill(laid, kind)


def _fields_of_rib(laid: Sequence[tuple[int, list[PageLine]]], people: Sequence[Named]) -> list[ReadField]:
    """The accounts that are proven, their BIC, and how their holder's name compares; nothing without an account."""
    accounts = accounts_of(laid)
    fields = [
        ReadField(
            "iban",
            one.account.text,
            one.page,
            (DRAWN, "mod97", "rib_key", "bank_code", *(["cells"] if one.in_cells else [])),
        )
        for one in accounts
    ]
    if not fields:
        return []
    countries = frozenset(one.account.country for one in accounts)
    found: dict[str, int] = {}
    for number, lines in laid:
        for value in bic.bics_of(lines, countries=countries):
            found.setdefault(value, number)
    if len(found) == 1:
        fields += [
            ReadField("bic", value, page, (DRAWN, "label", "shape", "country"))
            for value, page in found.items()
        ]
    if people:
        fields += _holder(laid, people)
    return fields


def _holder(laid: Sequence[tuple[int, list[PageLine]]], people: Sequence[Named]) -> list[ReadField]:
    """How the name beside « Titulaire » compares with the people; without a label, only a line that is a person's name counts."""
    found: dict[Likeness, int] = {}
    for number, lines in laid:
        for texts in labelled(lines, _HOLDER, is_label=ANY_LABEL):
            degrees = [degree for text in texts[:2] if (degree := likeness(text, people)) is not None]
            if degrees:
                found.setdefault(min(degrees, key=list(Likeness).index), number)
    if len(found) > 1:
        return []  # two names under two labels: which of them holds the account is not said
    for degree, number in found.items():
        return [ReadField("holder", degree.value, number, (DRAWN, "label", "compared"))]
    for number, lines in laid:
        cells = {cell.text: likeness(cell.text, people) for line in lines for cell in line.cells}
        others = [text for text, degree in cells.items() if degree != Likeness.SAME and _CIVIL.match(text)]
        if Likeness.SAME in cells.values() and not others:
            return [ReadField("holder", Likeness.SAME.value, number, (DRAWN, "compared"))]
    return []


def _fields_of_rights(laid: Sequence[tuple[int, list[PageLine]]], people: Sequence[Named]) -> list[ReadField]:
    known = {person.nir for person in people if person.nir}
    nirs: dict[str, int] = {}
    days: dict[str, set[tuple[str, int]]] = {}
    for number, lines in laid:
        for nir in rights.nirs_of(lines):
            if nir in known:
                nirs.setdefault(nir, number)
        for code, day in rights.days_of(lines).items():
            days.setdefault(code, set()).add((day, number))
    fields = [
        ReadField("nir", nir, page, (DRAWN, "key", "calendar", "place", "person"))
        for nir, page in nirs.items()
    ]
    for code, each in sorted(days.items()):
        if len({day for day, _ in each}) == 1:
            day, page = min(each, key=lambda one: one[1])
            fields.append(ReadField(code, day, page, (DRAWN, "label", "calendar")))
    return fields + (_issued(laid) if fields else [])


def _issued(laid: Sequence[tuple[int, list[PageLine]]]) -> list[ReadField]:
    found = issued_on(laid)
    return [ReadField("date", found[0], found[1], (DRAWN, "label", "calendar"))] if found else []


def _read_bill(laid: Sequence[tuple[int, list[PageLine]]], kind: str) -> ReadPaper:
    """A day by itself proves no kind: a letter about an invoice has one too."""
    fields = []
    statement = kind == bills.STATEMENT
    if (found := bills.total_of(laid, statement=statement)) is not None:
        total, page = found
        value = f"{total.cents // 100}.{total.cents % 100:02d}"
        fields.append(ReadField("total", value, page, (DRAWN, "label", *total.proofs)))
    if not statement and (paid_on := bills.is_paid(laid)) is not None:
        fields.append(ReadField("paid", "yes", paid_on, (DRAWN, "not_negated")))
    return ReadPaper(kind if fields else "", (*fields, *_issued(laid)))


def _fields_of_certificate(
    laid: Sequence[tuple[int, list[PageLine]]], people: Sequence[Named]
) -> list[ReadField]:
    fields = []
    if (pupil := school.pupil_of(laid, people)) is not None:
        fields.append(ReadField("person", pupil[0].value, pupil[1], (DRAWN, "label", "compared")))
    if (years := school.school_year_of(laid)) is not None:
        fields.append(ReadField("school_year", years[0], years[1], (DRAWN, "label", "consecutive")))
    return fields + _issued(laid)
