"""Passwords that everybody tries first: an offline list (zxcvbn's, made from breaches), and the plain variations of it."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from zxcvbn.frequency_lists import FREQUENCY_LISTS

_LEET = str.maketrans("@4310$57!", "aaeiossti")
_DECORATIONS = 5  # characters


@cache
def _words() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"]) | frozenset(FREQUENCY_LISTS["us_tv_and_film"][:2000])


def is_common(password: str) -> bool:
    """True for a listed password, one repeated, or one whose decorations (case, digits and signs at the ends) are all it has.

    A run of one character or of neighbours (« 123456789012 », « abcdefghijkl ») counts as common too.
    """
    lowered = password.casefold()
    if lowered in _words() or _is_run(lowered):
        return True
    repeated = re.fullmatch(r"(.{1,8}?)\1+(.{0,3})", lowered)
    if repeated:
        return True
    return any(core in _words() or core.translate(_LEET) in _words() for core in _cores(lowered))


def _cores(text: str) -> Iterator[str]:
    """What is left of a text without some of the digits and signs at its ends, five at most: a listed word may have its own."""
    before = len(text) - len(re.sub(r"^[^a-z]+", "", text))
    after = len(text) - len(re.sub(r"[^a-z]+$", "", text))
    for first in range(min(before, _DECORATIONS) + 1):
        for last in range(min(after, _DECORATIONS - first) + 1):
            core = text[first : len(text) - last]
            if len(core) >= 4:
                yield core


def _is_run(text: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return len(text) > 1 and len(steps) == 1 and steps <= {-1, 0, 1}
