"""Where each key of a TOML text stands, so that a wrong value can be shown by its line."""

import tomllib
from collections.abc import Iterator
from typing import Any

Place = tuple[str | int, ...]


def line_of_each_key(text: str) -> dict[Place, int]:
    """Map the path of every key and table of a valid TOML text to its line (from 1); () is line 1.

    An entry of an array of tables has its index in its path: `("documents", "kinds", 2, "fr")`.
    """
    lines = text.splitlines()
    line_numbers: dict[Place, int] = {(): 1}
    counts: dict[Place, int] = {}
    table: Place = ()
    at = 0
    while at < len(lines):
        stripped = lines[at].strip()
        if not stripped or stripped.startswith("#"):
            at += 1
            continue
        size = _statement_size(lines, at)
        parsed = tomllib.loads("\n".join(lines[at : at + size]))
        if stripped.startswith("["):
            table = _header(parsed, counts, repeated=stripped.startswith("[["))
            for end in range(1, len(table) + 1):
                line_numbers.setdefault(table[:end], at + 1)
        else:
            for place in _places(parsed):
                line_numbers.setdefault(table + place, at + 1)
        at += size
    return line_numbers


def line_of(place: Place, line_numbers: dict[Place, int]) -> int:
    """The line of a key, or of the nearest thing around it that the text has."""
    while place not in line_numbers:
        place = place[:-1]
    return line_numbers[place]


def _statement_size(lines: list[str], start: int) -> int:
    """How many lines the statement that begins at `start` takes: a text or an array may span several."""
    for size in range(1, len(lines) - start + 1):
        try:
            tomllib.loads("\n".join(lines[start : start + size]))
        except tomllib.TOMLDecodeError:
            continue
        return size
    return 1


def _header(parsed: dict[str, Any], counts: dict[Place, int], *, repeated: bool) -> Place:
    place: Place = ()
    inner: Any = parsed
    while isinstance(inner, dict) and inner:
        key, inner = next(iter(inner.items()))
        place += (key,)
        last = not isinstance(inner, dict) or not inner
        if place in counts and not (last and repeated):
            place += (counts[place],)
    if repeated:
        counts[place] = counts.get(place, -1) + 1
        place += (counts[place],)
    return place


def _places(value: Any, under: Place = ()) -> Iterator[Place]:
    if under:
        yield under
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, inner in items:
        yield from _places(inner, (*under, key))
