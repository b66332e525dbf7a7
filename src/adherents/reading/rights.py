"""An « attestation de droits » of the Assurance maladie: whose it is, and the days between which it holds. Pure code.

A day is taken only where its label says which one it is. Where two different days have the same label, none is given.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from adherents.members.nir import LENGTH, WrongNir, normalise, parse
from adherents.reading.layout import PageLine

EARLIEST, LATEST = date(1990, 1, 1), date(2099, 12, 31)
_DAY = r"(\d{1,2})\s?[/.\-]\s?(\d{1,2})\s?[/.\-]\s?(\d{4})"
_BETWEEN = r"[^0-9\ufffd]{0,40}?"
_PERIOD = re.compile(
    rf"(?:valable|valide|validit[ée]|p[ée]riode|droits?|ouverts?)\b{_BETWEEN}\bdu\s*:?\s*{_DAY}\s*(?:au|jusqu['’]au)\s*:?\s*{_DAY}",
    re.IGNORECASE | re.ASCII,
)
_FROM = re.compile(
    rf"(?:d[ée]but\s+(?:de\s+|des\s+|d['’])?(?:validit[ée]|droits?|p[ée]riode)|valable\s+(?:[àa]\s+compter|[àa]\s+partir)\s+du"
    rf"|droits?\s+ouverts?\s+(?:depuis\s+le|[àa]\s+compter\s+du|[àa]\s+partir\s+du))\s*:?\s*{_DAY}",
    re.IGNORECASE | re.ASCII,
)
_UNTIL = re.compile(
    rf"(?:fin\s+(?:de\s+|des\s+|d['’])?(?:validit[ée]|droits?|p[ée]riode)|(?:valable|valide|ouverts?|droits?)\s+jusqu['’]?\s?au)"
    rf"\s*:?\s*{_DAY}",
    re.IGNORECASE | re.ASCII,
)
_MOST_WORDS_OF_NIR = 10
_KEY_IS_SAID = re.compile(r"cl[ée]:?", re.IGNORECASE)


def days_of(lines: Sequence[PageLine]) -> dict[str, str]:
    """`valid_from` and `valid_until` as ISO dates, each where its label stands beside it and no other day has that label."""
    found: dict[str, set[date | None]] = {"valid_from": set(), "valid_until": set()}
    for line in lines:
        text = " ".join(word.text for word in line.words)
        for period in _PERIOD.finditer(text):
            found["valid_from"].add(_day(period.groups()[:3]))
            found["valid_until"].add(_day(period.groups()[3:]))
        for code, label in (("valid_from", _FROM), ("valid_until", _UNTIL)):
            found[code] |= {_day(day.groups()) for day in label.finditer(text)}
    if None in found["valid_from"] | found["valid_until"]:
        return {}
    days = {code: next(iter(each)) for code, each in found.items() if len(each) == 1}
    first, last = days.get("valid_from"), days.get("valid_until")
    if first and last and first > last:
        return {}
    return {code: day.isoformat() for code, day in days.items() if day}


def _day(parts: Sequence[str]) -> date | None:
    day, month, year = map(int, parts)
    try:
        read = date(year, month, day)
    except ValueError:
        return None
    return read if EARLIEST <= read <= LATEST else None


def nirs_of(lines: Sequence[PageLine]) -> Iterator[str]:
    """Each NIR with its key that stands on a line by itself or behind words: its key, its month and its place are right."""
    for line in lines:
        for place in range(len(line.words)):
            text = ""
            for word in line.words[place : place + _MOST_WORDS_OF_NIR]:
                if text and _KEY_IS_SAID.fullmatch(word.text):
                    continue
                text += word.text
                if len(text) >= LENGTH:
                    break
            number = normalise(text) if text.isascii() else ""
            if len(number) == LENGTH and _is_right(number):
                yield number


def _is_right(number: str) -> bool:
    try:
        parse(number)
    except WrongNir:
        return False
    return True
