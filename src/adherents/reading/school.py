"""A school certificate: its school year, and whether its pupil is a person of the contract. Pure code.

A year is two that follow each other (« 2026-2027 ») behind the words « année scolaire » or « année universitaire ». The pupil's
name is compared and never typed; that of who signs is not looked at.
"""

import re
from collections.abc import Iterator, Sequence

from adherents.members.names import normalise
from adherents.reading.layout import PageLine
from adherents.reading.people import Likeness, Named, likeness

CERTIFICATE = "certificat_scolarite"
FIRST, LAST = 2000, 2098
_IS_SAID = re.compile(
    r"^(?:certificat|attestation) ?(?:de ?scolarite|d ?inscription|de ?presence ?scolaire|de ?poursuite ?d ?etudes)\b"
)
_NO_CERTIFICATE = re.compile(
    r"\b(?:radiation|exeat|n est (?:pas|plus)|ne (?:sera|poursuit|suit)|a quitte|cesse|demissionn\w*|sous reserve|"
    r"pre ?inscription|demande de certificat)\b"
)
_YEAR = re.compile(
    r"ann[ée]e\s+(?:scolaire|universitaire)[\s:,(]*([0-9\ufffd]{4})\s*[-–—/]\s*([0-9\ufffd]{4})"
    r"(?P<more>\)?\s*(?:et|puis|ou|à|au|[,;/&+])\s*(?:de\s+)?[0-9\ufffd]{4}\s*[-–—/]\s*[0-9\ufffd]{4})?",
    re.IGNORECASE,
)
_PUPIL = re.compile(
    r"(?:nom\s+(?:et\s+pr[ée]noms?|pr[ée]noms?)(?:\s+de\s+l['’]\s?(?:[ée]l[èe]ve|[ée]tudiante?|enfant|apprentie?))?\s*:"
    r"|(?:l['’]\s?)?(?:[ée]l[èe]ve|[ée]tudiante?|enfant|apprentie?|[ée]tudiante?\(e\))\s*:?"
    r"|(?:certifi|attest)\w*(?:,?\s+par\s+la\s+pr[ée]sente,?)?\s+que\s*:?)\s*",
    re.IGNORECASE,
)
_SAYS_WHO = re.compile(
    r"^(?:l['’]\s?)?(?:[ée]l[èe]ve|[ée]tudiante?|enfant|apprentie?|le jeune|la jeune)(?:\(e\))?\s*:?\s*",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"[,;:(]|\s+(?:n[ée]e?(?:\s*\(e\)|\(e\))?|est|a|inscrite?|r[ée]guli[èe]rement|demeurant|pour|en|dont|classe|date)\s|\n",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?:[^\W\d_]|[.'’ \-])+")
_SMALL = frozenset({"de", "du", "des", "la", "le", "d", "da", "dos", "ben", "el", "al", "et", "van", "von"})


def is_certificate(said: Sequence[str]) -> bool:
    """Whether the page's lines, in plain words, are those of a certificate that somebody is enrolled."""
    return any(_IS_SAID.match(text) for text in said) and not any(
        _NO_CERTIFICATE.search(text) for text in said
    )


def school_year_of(pages: Sequence[tuple[int, Sequence[PageLine]]]) -> tuple[str, int] | None:
    """« 2026-2027 » and its page; None where none is labelled, where two differ, or where they do not follow each other."""
    found: dict[str, int] = {}
    for number, lines in pages:
        for year in _YEAR.finditer(_text(lines, " ")):
            if year["more"]:
                return None  # one of several years: the others have no label of their own
            found.setdefault(f"{year[1]}-{year[2]}", number)
    if len(found) != 1:
        return None
    [(years, number)] = found.items()
    first, last = years.split("-")
    follows = years.isascii() and FIRST <= int(first) <= LAST and int(last) == int(first) + 1
    return (years, number) if follows else None


def pupil_of(
    pages: Sequence[tuple[int, Sequence[PageLine]]], people: Sequence[Named]
) -> tuple[Likeness, int] | None:
    """How the pupil's name is like those of these people, and its page; None without a name, or of two that compare otherwise."""
    found: dict[Likeness, int] = {}
    for number, lines in pages:
        for name in _pupils(_text(lines, "\n")):
            if people and (degree := likeness(name, people)) is not None:
                found.setdefault(degree, number)
    return next(iter(found.items())) if len(found) == 1 else None


def _text(lines: Sequence[PageLine], between: str) -> str:
    return between.join(" ".join(word.text for word in line.words) for line in lines)


def _pupils(text: str) -> Iterator[str]:
    for label in _PUPIL.finditer(text):
        if label.start() and (text[label.start() - 1].isalnum()):
            continue
        rest = _SAYS_WHO.sub("", text[label.end() : label.end() + 120].lstrip(), count=1)
        name = _ENDS.split(f"{rest}\n", maxsplit=1)[0].strip()
        if _is_a_name(name):
            yield name


def _is_a_name(text: str) -> bool:
    """Two words or more with a capital each, but for « de » and the like."""
    if not _NAME.fullmatch(text):
        return False
    words = [word for word in text.split() if normalise(word) not in _SMALL]
    return 2 <= len(words) <= 7 and all(word[:1].isupper() or word[1:2] in {"'", "’"} for word in words)
