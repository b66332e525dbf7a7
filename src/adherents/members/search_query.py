"""What an agent typed in the one box of the desk: a number, a telephone, a birth date or year, a NIR, an address, names, or
several of these.

Pure code: what it may mean is said here, who it is about is asked of the register.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from django.utils import timezone

from adherents.members import names, near_names, nir
from adherents.members.name_forms import BORN, TITLES
from adherents.members.phones import forms_of
from adherents.ui.typed import bare, unlabelled, without_separators

PAIR_LETTERS = 2
PAIR_LENGTH = 32
FIRST_LENGTH = 32
MOST_WORDS = 6
_EARLIEST_BIRTH = 1890
_DAY = re.compile(r"(?<!\d)(\d{1,2}) ?([/.-]) ?(\d{1,2}) ?\2 ?(\d{4}|\d{2})(?!\d)")
_DAY_SPACED = re.compile(r"(?<!\d)(\d{1,2})( )(\d{1,2}) (\d{4})(?!\d)")
_DAY_UNBROKEN = re.compile(r"(?<!\S)(\d{2})()(\d{2})(\d{4})(?!\S)")
_DAY_BACKWARDS = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_DAY_IN_WORDS = re.compile(r"(?<!\d)(\d{1,2})(er)?\s+([^\W\d]{3,})\.?\s+(\d{4}|\d{2})(?!\d)", re.IGNORECASE)
_BIRTH_YEAR = re.compile(r"(?<!\S)(18[5-9]\d|19\d\d|20\d\d)(?!\S)")
_SAID_BEFORE_A_BIRTH = re.compile(r"(?<!\S)n[ée]+(?:\(e\)|\.e)?\s+(?:le|en)(?!\S)", re.IGNORECASE)
_NUMBER = re.compile(r"(?=.*[0-9])[A-Z0-9][A-Z0-9._/-]*")
_MONTHS = [
    ("janvier", "january"), ("fevrier", "february"), ("mars", "march"), ("avril", "april"), ("mai", "may"), ("juin", "june"),
    ("juillet", "july"), ("aout", "august"), ("septembre", "september"), ("octobre", "october"), ("novembre", "november"),
    ("decembre", "december"),
]  # fmt: skip


def normalise_number(text: str) -> str:
    """A n° adhérent as the register writes it: upper case, no space nor invisible mark (G1)."""
    return bare(text).upper()


def search_key(name: str, first_names: str) -> str:
    """What the desk searches: the name and then the first names, without what does not matter in either. 240
    at most.
    """
    return (names.squeeze(name) + names.squeeze(first_names))[:240] if name else ""


def pair_key(name: str, first_names: str) -> str:
    """The first letters of the name and the first names: « du camillerose ». It finds « dup cam » among a million."""
    return _pair(names.squeeze(name), names.squeeze(first_names)) if name else ""


def first_key(first_names: str) -> str:
    """The first names alone, without what does not matter in them: « camillerose »."""
    return names.squeeze(first_names)[:FIRST_LENGTH]


@dataclass(frozen=True, slots=True)
class SearchKeys:
    """All that a person is found by, from their names."""

    birth_key: str
    usage_key: str
    birth_pair: str
    usage_pair: str
    first_key: str
    birth_sound: str
    usage_sound: str


def search_keys(birth_name: str, usage_name: str, first_names: str) -> SearchKeys:
    return SearchKeys(
        birth_key=search_key(birth_name, first_names),
        usage_key=search_key(usage_name, first_names),
        birth_pair=pair_key(birth_name, first_names),
        usage_pair=pair_key(usage_name, first_names),
        first_key=first_key(first_names),
        birth_sound=near_names.sound_key(birth_name, first_names),
        usage_sound=near_names.sound_key(usage_name, first_names),
    )


def _pair(name: str, first_name: str) -> str:
    return f"{name[:PAIR_LETTERS]} {first_name}"[:PAIR_LENGTH]


@dataclass(frozen=True, slots=True)
class NamePair:
    """The beginning of a name and of a first name, squeezed: « dup », « cam »."""

    name: str
    first_name: str

    @property
    def pairs(self) -> list[str]:
        """How a `pair_key` may begin that this fits: one text, or one a second letter where a single one was typed."""
        if len(self.name) >= PAIR_LETTERS:
            return [_pair(self.name, self.first_name)]
        return [_pair(self.name + letter, self.first_name) for letter in ("", *"abcdefghijklmnopqrstuvwxyz")]

    def fits(self, key: str, pair: str) -> bool:
        """Whether a person with this `search_key` and this `pair_key` may be meant."""
        return key.startswith(self.name) and any(pair.startswith(beginning) for beginning in self.pairs)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Everything that a text may mean; empty where it cannot.

    `plain_number`: the number without the dots and dashes in it. `phones`: a telephone number in each form that a file may
    have it in. `days`: AAAA-MM-JJ, two of them where the century is anybody's guess. `year`: of a birth, beside names.
    `words`: of names, normalised.
    """

    number: str = ""
    plain_number: str = ""
    phones: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    year: str = ""
    nir: str = ""
    address: str = ""
    words: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "<SearchQuery>"

    def __bool__(self) -> bool:
        """Whether it may mean anybody at all."""
        return any((self.number, self.phones, self.days, self.nir, self.address, self.name))

    @property
    def untitled(self) -> "SearchQuery | None":
        """The same without an « M » before a name, which may have been a title and not the beginning of a name."""
        is_title = self.words[:1] == ("m",) and len(self.words) > 1
        return replace(self, words=self.words[1:]) if is_title else None

    @property
    def name(self) -> str:
        """All the words as one name: `legoff`, or `dupontcam`. Nothing for a single letter."""
        whole = "".join(self.words)
        return whole if len(whole) > 1 else ""

    @property
    def name_pairs(self) -> list[NamePair]:
        """« dup cam » as name and first name, in either order, wherever the one ends and the other begins."""
        return list(dict.fromkeys(self._each_pair()))

    def _each_pair(self) -> Iterator[NamePair]:
        for place in range(1, len(self.words)):
            start, end = "".join(self.words[:place]), "".join(self.words[place:])
            yield NamePair(start, end)
            yield NamePair(end, start)

    def names(self, key: str, pair: str) -> bool:
        """Whether the words may be the name of a person with these keys."""
        whole = bool(self.name) and key.startswith(self.name)
        return whole or any(name_pair.fits(key, pair) for name_pair in self.name_pairs)


def parse(text: str) -> SearchQuery:
    """What `text` may mean. A whole NIR or an address is nothing else; eight digits may be a number and a date.

    « n° » before a number and « Mme » before a name are passed over.
    """
    text = unlabelled("".join(character if character.isprintable() else " " for character in text)).strip()
    if "@" in text:
        return SearchQuery(address="".join(text.lower().split()))
    number = normalise_number(text)
    number = number if _NUMBER.fullmatch(number) else ""
    if phones := forms_of(text):
        return SearchQuery(number=number, plain_number=without_separators(number), phones=phones)
    if whole := _nir_in(text):
        return SearchQuery(nir=whole, number=number, plain_number=number)
    text = _SAID_BEFORE_A_BIRTH.sub(" ", text)
    days, rest = _days_in(text)
    if days and rest.strip():
        number = ""
    # « 03-05-1954 » is a day, and not a number.
    plain = number if days else without_separators(number)
    year, rest = _year_in(rest) if not days else ("", rest)
    if year:
        number = plain = ""
    return SearchQuery(number=number, plain_number=plain, days=days, year=year, words=_words_in(rest))


def _words_in(text: str) -> tuple[str, ...]:
    """The words of names. A title goes where a name follows it; « M » alone may be a name's beginning, « M. » is not."""
    words = names.normalise(re.sub(r"(?<!\S)[Mm]\.", " ", text)).split()
    while len(words) > 1 and words[0] in _TITLES:
        words = words[1:]
    return tuple(words[:MOST_WORDS])


_TITLES = (TITLES | BORN) - {"m"}


def _year_in(text: str) -> tuple[str, str]:
    """The year of a birth beside names, and the text without it. A year alone is none: it may begin a number."""
    match = _BIRTH_YEAR.search(text)
    if match is None:
        return "", text
    rest = f"{text[: match.start()]} {text[match.end() :]}"
    return (match[1], rest) if names.squeeze(rest) else ("", text)


def _nir_in(text: str) -> str:
    """The fifteen characters of a NIR, however it is spaced; its key is worked out where it was left out."""
    bare = nir.normalise(text)
    if len(bare) == nir.LENGTH - 2 and bare[:5].isdecimal() and bare[7:].isdecimal():
        try:
            bare += f"{nir.key_of(bare):02d}"
        except ValueError:
            return ""
    return bare if nir.is_valid(bare) else ""


def _days_in(text: str) -> tuple[tuple[str, ...], str]:
    """The birth date in a text, and the text without it."""
    for shape in (_DAY_BACKWARDS, _DAY, _DAY_SPACED, _DAY_IN_WORDS, _DAY_UNBROKEN):
        match = shape.search(text)
        if not match:
            continue
        if shape is _DAY_BACKWARDS:
            year, month, day = match.groups()
        else:
            day, _, month, year = match.groups()
        if days := _days(day, month, year):
            return days, f"{text[: match.start()]} {text[match.end() :]}"
    return (), text


def _days(day: str, month: str, year: str) -> tuple[str, ...]:
    number = int(month) if month.isdecimal() else _month_called(month)
    if number is None or not (day.isascii() and day.isdecimal()):
        return ()
    today = timezone.localdate()
    years = [int(year)] if len(year) == 4 else [1900 + int(year), 2000 + int(year)]
    days = []
    for whole in years:
        try:
            born = date(whole, number or 1, int(day) or 1)  # 00: what the file does not know
        except ValueError:
            continue
        if whole >= _EARLIEST_BIRTH and born <= today:
            days.append(f"{whole:04d}-{number:02d}-{int(day):02d}")
    return tuple(days)


def _month_called(word: str) -> int | None:
    """« févr. » → 2; None for what no single month begins with."""
    begins = names.squeeze(word)
    months = {
        place
        for place, called in enumerate(_MONTHS, start=1)
        if any(name.startswith(begins) for name in called)
    }
    return months.pop() if len(months) == 1 else None
