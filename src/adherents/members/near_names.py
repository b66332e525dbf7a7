"""Names that sound alike, or differ by a slip of the fingers: « Dupond » for Dupont, « Lefevre » for Lefebvre. Pure code.

The register keeps a key of consonants (`sound_key`), which names that are near each other share; which of those people are
meant is compared here. French is what it knows: a name of another language has a key like any other, and fewer neighbours.
"""

import re
from functools import lru_cache

from adherents.members import names

KEY_LENGTH = 48
_SHORT = 5  # letters; in a longer name two of them may be wrong
_VOWELS = "aeiou"
# In their order, on lower-case letters without accents.
_RULES = [
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"y", "i"),
        (r"ph", "f"),
        (r"(?:sch|sh|ch)(?=[rln])", "k"),
        (r"sch|sh|ch", "x"),
        (r"gn", "n"),
        (r"g(?=ea|eo)", "j"),
        (r"gu(?=[ei])", "G"),
        (r"g(?=[ei])", "j"),
        (r"sc(?=[ei])|c(?=[ei])", "s"),
        (r"ck|cq|qu|[ckq](?=u?)", "k"),
        (r"w", "v"),
        (r"z", "s"),
        (r"h", ""),
        (r"b(?=v)", ""),  # Lefebvre
        (r"m(?=[bp])", "n"),
        (r"(?<=[aeiou])ul[tdx]s?$", "u"),  # Renault, Renauld, Arnould
        (r"e?aux?$", "o"),
        (r"er$|ez$|et$", "e"),
        # What is written and not said: Dupont, Deschamps, Leclercq, Dubois.
        (r"(?<=[nrlm])[tdspxgk]+$|(?<=[aeiou])[tdsx]+$", ""),
        (r"G", "g"),
        (r"(.)\1+", r"\1"),
    )
]
_SAID_ALIKE = [
    (re.compile(pattern), instead)
    for pattern, instead in ((r"e?au", "o"), (r"ai|ei|oe", "e"), (r"e", ""), (r"ou", "u"))
]


@lru_cache(maxsize=8192)
def _spoken(squeezed: str) -> str:
    """The letters that are said, in one writing."""
    said = squeezed
    for pattern, instead in _RULES:
        said = pattern.sub(instead, said)
    return said or squeezed


@lru_cache(maxsize=8192)
def _consonants(squeezed: str) -> str:
    said = _spoken(squeezed)
    first = "a" if said[:1] in set(_VOWELS) else said[:1]
    return re.sub(r"(.)\1+", r"\1", first + "".join(letter for letter in said[1:] if letter not in _VOWELS))


def sound_key(name: str, first_names: str) -> str:
    """What the register keeps: « dpn kml » for Dupont, Camille. Empty without a family name."""
    family, given = names.squeeze(name), names.squeeze(names.first_given_name(first_names))
    return f"{_consonants(family)} {_consonants(given)}"[:KEY_LENGTH] if family else ""


def beginning_of_key(name: str, first_name: str = "") -> str:
    """How the key of a person begins who is called so; both squeezed. Without a first name, any may follow."""
    return f"{_consonants(name)} {_consonants(first_name)}"[:KEY_LENGTH]


def distance(one: str, other: str, *, most: int) -> int:
    """How many letters differ, are missing, too many, or have changed places with the next one.

    More than `most` is `most` + 1.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, start=1):
        last, before, row = before, row, [place]
        for at, there in enumerate(other, start=1):
            cost = min(before[at] + 1, row[at - 1] + 1, before[at - 1] + (letter != there))
            if last and at > 1 and letter == other[at - 2] and one[place - 2] == there:
                cost = min(cost, last[at - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


@lru_cache(maxsize=8192)
def nearness(typed: str, name: str) -> int | None:
    """How far a name is from what was typed, both squeezed: 0 for the same, 1 or 2; None where it is not near.

    Two writings that are said alike are near, however they differ: « filip » and « philippe ».
    """
    if typed == name:
        return 0
    most = 1 if min(len(typed), len(name)) <= _SHORT else 2
    apart = distance(typed, name, most=most)
    if apart <= most:
        return apart
    return 2 if _said(typed) == _said(name) else None


def _said(squeezed: str) -> str:
    said = _spoken(squeezed)
    for pattern, instead in _SAID_ALIKE:
        said = pattern.sub(instead, said)
    return said
