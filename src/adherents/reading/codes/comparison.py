"""What a signed code says, held against the page that it stands on. Pure code.

A signature proves the code and not the page: a genuine code may be pasted on another's paper. So each name, and each day, amount
or number that the page gives under its own label, is looked for among the words of the page. What the page has no label for is
not compared; on a page with few letters, or with letters that cannot be read for sure, nothing is. Whatever is compared is
whole: « 123,40 » is not in « 1 123,40 », nor « Martin » in « Martinez ». A word that was recognised on pixels may have wrong
letters: there names alone are compared, and one that is nearly the same is neither the same nor another one.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import cast

from adherents.members.names import normalise
from adherents.reading.codes.two_d_doc import SignedField
from adherents.reading.layout import PageLine, lines_of
from adherents.reading.papers import PageOfLetters

SAME, OTHER, NOT_COMPARED = "same", "other", ""
FEWEST_WORDS = 8  # a page with less says too little to differ from anything
NEARLY = 0.7  # of 1: words with that much in common may be one, read with a wrong letter or two
UNSURE = "\ufffd"
LINES_OF_A_LABEL = 3  # its own, and those on which what stands under it may be
CLOSE = 0.6  # of a word's height: the space in the middle of a number
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
_SHORT_DAY = re.compile(
    r"(?<![0-9/.\-])([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-]([0-9]{2})(?![0-9]|[/.\-][0-9])", re.ASCII
)
_NUMBER = re.compile(
    r"(?<![0-9.,])(?P<whole>[0-9]{1,3}(?:[ .\u00a0\u202f][0-9]{3})+|[0-9]+)(?:[.,](?P<cents>[0-9]{1,2}))?(?![0-9]|[.,][0-9])",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class PageText:
    """What a page says, in words without accents and case, a line each; and of each line its whole numbers, in hundredths.

    `sure`: of a text layer. `short_days`: days that are written with two digits of their year.
    """

    words: frozenset[str]
    said: str
    numbers: tuple[frozenset[int], ...]
    short_days: frozenset[str]
    sure: bool

    def __repr__(self) -> str:
        return "<PageText>"


def text_of(page: PageOfLetters, *, sure: bool) -> PageText | None:
    """None where the page says too little, or has letters of which nobody knows what they are."""
    lines = lines_of(page.letters)
    if sure and any(UNSURE in word.text for line in lines for word in line.words):
        return None
    raw = [" ".join(word.text for word in line.words) for line in lines]
    said = "\n".join(map(normalise, raw))
    words = frozenset(said.split())
    short = frozenset(day for text in raw for day in _short_days(text))
    numbers = tuple(frozenset(_numbers(line)) for line in lines)
    return PageText(words, said, numbers, short, sure) if len(words) >= FEWEST_WORDS else None


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
    if field.code in _AMOUNTS:
        return _amount_on(page, field.value, label)
    found = (
        _is_day_on(page, field)
        if field.code in _DAYS and _DAY.fullmatch(field.value)
        else _whole_on(page.said, _plain(field.value))
    )
    if found is not False:
        return SAME if found else NOT_COMPARED
    return OTHER if label.search(page.said.replace("\n", " ")) else NOT_COMPARED


def _names_on(page: PageText, field: SignedField, how_many: Callable[[Sequence[bool]], bool]) -> str:
    words = [word for word in normalise(field.value).split() if word not in _TITLES]
    if not words:
        return NOT_COMPARED
    found = [_word_on(page, word, is_begun=field.was_cut and word == words[-1]) for word in words]
    if how_many([one is True for one in found]):
        return SAME
    return NOT_COMPARED if how_many([one is not False for one in found]) else OTHER


def _word_on(page: PageText, word: str, *, is_begun: bool) -> bool | None:
    """None where it cannot be told."""
    if word in page.words or (is_begun and any(one.startswith(word) for one in page.words)):
        return True
    if page.sure:
        # « D’Hondt », and letters set apart.
        return len(word) > 3 and _whole_on(page.said, word)
    return None if any(SequenceMatcher(None, word, one).ratio() >= NEARLY for one in page.words) else False


def _whole_on(said: str, writing: str) -> bool | None:
    """Whether a page has this by itself, in one piece or in groups; None where groups beside it may belong to it."""
    if not writing:
        return None
    found: bool | None = False
    in_groups = "[ \n]?".join(map(re.escape, writing))
    for match in re.finditer(rf"(?<![0-9a-z]){in_groups}(?![0-9a-z])", said):
        before, behind = (
            said[: match.start()].split("\n")[-1].split(),
            said[match.end() :].split("\n", 1)[0].split(),
        )
        if match[0].isalnum() or not (_goes_on(writing[0], before[-1:]) or _goes_on(writing[-1], behind[:1])):
            return True
        found = None
    return found


def _goes_on(edge: str, beside: Sequence[str]) -> bool:
    """Whether the word beside something that ends so may be one more group of it."""
    return any(
        one.isdecimal() if edge.isdecimal() else len(one) == 1 and one.isalpha() and one not in _TITLES
        for one in beside
    )


def _amount_on(page: PageText, value: str, label: "re.Pattern[str]") -> str:
    """Where the page has the label it has the amount, on its line or on one of the two below. One that stands only elsewhere is
    another line's, and tells nothing.
    """
    signed = _NUMBER.fullmatch(value.strip().lstrip("+-"))
    lines = page.said.split("\n")
    places = [at for at, line in enumerate(lines) if label.search(line)]
    if signed is None or not places:
        return NOT_COMPARED
    cents = _hundredths(signed)
    if any(cents in numbers for at in places for numbers in page.numbers[at : at + LINES_OF_A_LABEL]):
        return SAME
    return NOT_COMPARED if any(cents in numbers for numbers in page.numbers) else OTHER


def _numbers(line: PageLine) -> Iterator[int]:
    """The whole numbers of a line: « 1 123,40 » is one, « 1 » in a column and « 123,40 » in the next are two."""
    text = line.words[0].text
    for before, word in pairwise(line.words):
        is_close = word.box.left - before.box.right <= CLOSE * word.box.height
        text += f" {word.text}" if is_close else f"\n{word.text}"
    return map(_hundredths, _NUMBER.finditer(text))


def _hundredths(number: "re.Match[str]") -> int:
    cents = (number["cents"] or "").ljust(2, "0")
    return int(re.sub(r"[^0-9]", "", number["whole"]) + cents)


def _is_day_on(page: PageText, field: SignedField) -> bool:
    year, month, day = map(int, cast("re.Match[str]", _DAY.fullmatch(field.value)).groups())
    written = rf"0?{day}[ ]0?{month}[ ]{year}|{day:02}{month:02}{year}|0?{day}(?:er)?[ ]{_MONTHS[month - 1]}[ ]{year}"
    if re.search(rf"(?<![0-9a-z])(?:{written})(?![0-9a-z])", page.said.replace("\n", " ")):
        return True
    return f"{day:02}{month:02}{year % 100:02}" in page.short_days


def _short_days(text: str) -> Iterator[str]:
    for day, month, year in _SHORT_DAY.findall(text):
        yield f"{int(day):02}{int(month):02}{year}"


def _plain(value: str) -> str:
    return normalise(value).replace(" ", "")
