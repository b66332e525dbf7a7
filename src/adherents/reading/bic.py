"""The BIC of a bank, where its label names it and it is of the account's country. Pure code.

Eight capital letters may be any word (« NOUVELLE »), so a BIC is only believed beside « BIC » or « SWIFT ».
"""

import re
from collections.abc import Sequence

from schwifty import BIC
from schwifty.exceptions import SchwiftyException

from adherents.reading.labels import labelled
from adherents.reading.layout import PageLine
from adherents.reading.printed import ANY_LABEL

_LABEL = re.compile(
    r"(?:code\s+)?(?:B\.?I\.?C\b\.?|swift\b|bank\s+identif\w+\s+code)(?:\s*[-/(]*\s*(?:adresse\s+)?(?:swift|bic|code)\b\)?)*"
    r"(?:\s*\([^)]{0,40}\))?",
    re.IGNORECASE,
)
_SHAPE = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)


def bics_of(lines: Sequence[PageLine], *, countries: frozenset[str]) -> set[str]:
    """The different BICs that stand beside their label, compact; empty where one of them is of another country."""
    found = set()
    cells = [cell.text for line in lines for cell in line.cells]
    behind = [text[place.end() :].lstrip(" :.-") for text in cells for place in _LABEL.finditer(text)]
    beside = [value for values in labelled(lines, _LABEL, is_label=ANY_LABEL) for value in values[:3]]
    for text in (*behind, *beside):
        value = "".join(text.split())
        if _SHAPE.fullmatch(value) and _is_valid(value):
            found.add(value)
    return found if all(value[4:6] in countries for value in found) else set()


def _is_valid(value: str) -> bool:
    try:
        BIC(value, enforce_swift_compliance=True)
    except SchwiftyException:
        return False
    return True
