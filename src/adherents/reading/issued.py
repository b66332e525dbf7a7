"""The day of a paper: when it was made, where a label says so. Pure code.

Papers are full of days (of birth, of care, of payment). One is that of the paper only behind « Fait le », « Date de facture » and
the like; two that differ give none.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from adherents.reading.layout import PageLine

EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
_SPELT = "|".join(name.replace("é", "[ée]").replace("û", "[ûu]") for name in MONTHS)
_PLAIN_MONTHS = {
    name.replace("é", "e").replace("û", "u"): number for number, name in enumerate(MONTHS, start=1)
}
_DAY = (
    r"(?:(?P<day>[0-9]{1,2})\s?[/.\-]\s?(?P<month>[0-9]{1,2})\s?[/.\-]\s?(?P<year>[0-9]{4})(?![0-9/.\-]*[0-9])"
    rf"|(?P<said_day>[0-9]{{1,2}})(?:er)?\s*(?P<said_month>{_SPELT})\s*(?P<said_year>[0-9]{{4}})(?![0-9]))"
)
_LABELS = (
    r"date\s+(?:de\s+(?:la\s+|cette\s+)?facture|de\s+facturation|d['’]\s?[ée]mission|d['’]\s?[ée]dition|d['’]\s?[ée]tablissement|"
    r"du\s+(?:relev[ée]|d[ée]compte|document|certificat))\s*:?",
    r"(?:[ée]dit|[ée]tabli|[ée]mis|d[ée]livr)[ée]*e?s?\s+le\s*:?",
    r"fait\s+(?:(?:à|a)\s+[^0-9,]{2,40},?\s+)?le\s*:?",
    r"^(?:facture|note\s+d['’]\s?honoraires|relev[ée]|d[ée]compte)(?:\s+de\s+prestations|\s+de\s+remboursements?)?"
    r"(?:\s+n\s?[°º]\s?:?\s?[\w\-/]+)?\s+du",
    r"^date\s*:",
)
_ISSUED = [re.compile(rf"{label}\s*{_DAY}", re.IGNORECASE) for label in _LABELS]
_PERIOD = re.compile(r"\s*(?:au|jusqu)\b", re.IGNORECASE)


def issued_on(pages: Sequence[tuple[int, Sequence[PageLine]]]) -> tuple[str, int] | None:
    """The day on which a paper was made, as an ISO date, and the page that says so; None without a label or of two days."""
    found: dict[date | None, int] = {}
    for number, lines in pages:
        for line in lines:
            for day in _days_in(line):
                found.setdefault(day, number)
    if len(found) != 1:
        return None
    [(day, number)] = found.items()
    return (day.isoformat(), number) if day else None


def _days_in(line: PageLine) -> Iterator[date | None]:
    for text in {" ".join(word.text for word in line.words), *(cell.text for cell in line.cells)}:
        for label in _ISSUED:
            for place in label.finditer(text):
                if not _PERIOD.match(text[place.end() :]):
                    yield _day(place)


def _day(found: "re.Match[str]") -> date | None:
    # Of letters alone « ı » and « ſ » are an i and an s: no month is spelt with them.
    spelt = (found["said_month"] or "").lower().replace("é", "e").replace("û", "u")
    month = found["month"] or _PLAIN_MONTHS.get(spelt, 0)
    try:
        day = date(
            int(found["year"] or found["said_year"]), int(month), int(found["day"] or found["said_day"])
        )
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None
