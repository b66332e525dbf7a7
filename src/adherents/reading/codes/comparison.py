"""What a signed code says, held against the page that it stands on. Pure code.

A signature proves the code and not the page: a genuine code may be pasted on another's paper. So each name, and each day, amount
or number that the page gives under its own label, is looked for among the words of the page. What the page has no label for is
not compared; on a page with few letters, or with letters that cannot be read for sure, nothing is. A word that was recognised on
pixels may have wrong letters: there names are compared as words that are nearly the same, and nothing else is.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from adherents.members.names import normalise
from adherents.reading.codes.two_d_doc import SignedField
from adherents.reading.layout import lines_of
from adherents.reading.papers import PageOfLetters

SAME, OTHER, NOT_COMPARED = "same", "other", ""
FEWEST_WORDS = 8  # a page with less says too little to differ from anything
NEARLY = 0.7  # of 1: words with that much in common may be one, read with a wrong letter or two
UNSURE = "\ufffd"
# Whole names, which a page that bears such a code prints; and names of which it may print one and not another.
_NAMES = frozenset(
    [
        "10",
        "12",
        "13",
        "14",
        "16",
        "17",
        "30",
        "46",
        "48",
        "4G",
        "4N",
        "5Q",
        "5R",
        "6G",
        "72",
        "73",
        "80",
        "87",
        "F1",
        "I3",
        "L0",
    ]
)
_ONE_OF = (frozenset({"62", "63", "64"}), frozenset({"B2", "B3", "B4"}))
_FIRST_NAMES = frozenset(["60", "61", "81", "B0", "B1", "F0", "I4", "L1"])
_TITLES = frozenset(
    ["m", "mr", "mme", "mlle", "melle", "mm", "mmes", "monsieur", "madame", "mademoiselle", "et", "ou", "dr"]
)
_BORN = r"\bnee? le\b|date de naissance"
# Where the page has this, it says the value beside it, in its own words.
_LABELS = {
    code: re.compile(label)
    for codes, label in (
        ("18", r"(?:numero|n|no) (?:de |de la )?facture|facture (?:n|no|numero)\b"),
        ("1D", r"(?:montant|total|net) (?:a payer|ttc)|total (?:de la )?facture"),
        ("31", r"\biban\b"),
        ("32", r"\bbic\b"),
        ("40 47 49", r"(?:numero|n|no) fiscal"),
        ("41", r"revenu fiscal de reference"),
        ("44", r"reference de l avis"),
        ("45", r"revenus de (?:l annee )?\d{4}|annee des revenus"),
        ("4A", r"mise en recouvrement"),
        ("4V", r"impot sur le revenu net"),
        ("4W", r"reste a payer|montant restant a payer"),
        ("50", r"\bsiret\b"),
        ("58", r"net imposable"),
        ("5A", r"salaire brut|brut du mois"),
        ("5C", r"net a payer|salaire net"),
        ("69 75 B7 F2 L2", _BORN),
    )
    for code in codes.split()
}
_AMOUNTS = frozenset(
    ["1D", "38", "39", "41", "4D", "4E", "4I", "4J", "4V", "4W", "4X", "4Z", "58", "59", "5A", "5B", "5C"]
)
_MONTHS = [
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
]
_DAYS = frozenset(["4A", "69", "75", "B7", "F2", "L2"])  # a number of an invoice may look like a day
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


@dataclass(frozen=True, slots=True)
class PageText:
    """What a page says: its words without accents and case; all of it; and that without spaces. `sure`: of a text layer."""

    words: frozenset[str]
    said: str
    joined: str
    sure: bool

    def __repr__(self) -> str:
        return "<PageText>"


def text_of(page: PageOfLetters, *, sure: bool) -> PageText | None:
    """None where the page says too little, or has letters of which nobody knows what they are."""
    lines = lines_of(page.letters)
    if sure and any(UNSURE in word.text for line in lines for word in line.words):
        return None
    said = " ".join(normalise(" ".join(word.text for word in line.words)) for line in lines)
    words = frozenset(said.split())
    return PageText(words, said, said.replace(" ", ""), sure) if len(words) >= FEWEST_WORDS else None


def compared(fields: Sequence[SignedField], page: PageText | None) -> list[str]:
    """For each value whether the page has it (`SAME`), has another one (`OTHER`), or is not compared."""
    if page is None:
        return [NOT_COMPARED for _ in fields]
    found = [_on(page, field) for field in fields]
    for group in _ONE_OF:
        of_group = [at for at, field in enumerate(fields) if field.code in group]
        if any(found[at] == SAME for at in of_group):
            found = [NOT_COMPARED if at in of_group and one == OTHER else one for at, one in enumerate(found)]
    return found


def _on(page: PageText, field: SignedField) -> str:
    if field.code in _NAMES or any(field.code in group for group in _ONE_OF):
        return _names_on(page, field, all)
    if field.code in _FIRST_NAMES:
        return _names_on(page, field, any)
    label = _LABELS.get(field.code)
    if label is None or not page.sure or not field.value.strip():
        return NOT_COMPARED
    if any(_is_written(writing, page) for writing in _writings(field)):
        return SAME
    return OTHER if label.search(page.said) else NOT_COMPARED


def _names_on(page: PageText, field: SignedField, how_many: Callable[[Sequence[bool]], bool]) -> str:
    words = [word for word in normalise(field.value).split() if word not in _TITLES]
    if not words:
        return NOT_COMPARED
    found = [_word_on(page, word, is_begun=field.was_cut and word == words[-1]) for word in words]
    return SAME if how_many(found) else OTHER


def _word_on(page: PageText, word: str, *, is_begun: bool) -> bool:
    if word in page.words or (is_begun and any(one.startswith(word) for one in page.words)):
        return True
    if page.sure:
        return len(word) > 3 and word in page.joined  # « D’Hondt », and letters set apart
    return any(SequenceMatcher(None, word, one).ratio() >= NEARLY for one in page.words)


def _is_written(writing: str, page: PageText) -> bool:
    if not writing.isdecimal():
        return writing in page.joined
    spaced = " ?".join(writing)
    return re.search(rf"(?<!\d){spaced}(?!\d)", page.said) is not None


def _writings(field: SignedField) -> list[str]:
    """How a page may print the value, without spaces and marks."""
    if field.code in _DAYS and (day := _DAY.fullmatch(field.value)):
        year, month, number = map(int, day.groups())
        named = f"{_MONTHS[month - 1]}{year}"
        return [
            f"{number:02}{month:02}{year}",
            f"{number:02}{month:02}{year % 100:02}",
            f"{number}{named}",
            f"{number}er{named}",
        ]
    if field.code in _AMOUNTS:
        whole, _, cents = field.value.strip().replace(".", ",").partition(",")
        whole = whole.lstrip("0") or "0"
        return [whole + cents.ljust(2, "0"), *([whole] if not cents.strip("0") else [])]
    return [normalise(field.value).replace(" ", "")]
