"""Where each key of a TOML text stands, so that a wrong value can be shown by its line."""

import tomllib
from collections.abc import Iterator
from typing import Any

KeyPath = tuple[str | int, ...]


def line_of_each_key(text: str) -> dict[KeyPath, int]:
    """Map the path of every key and table of a valid TOML text to its line (from 1); () is line 1.

    An entry of an array of tables has its index in its path: `("documents", "kinds", 2, "fr")`.
    """
    lines = text.splitlines()
    line_numbers: dict[KeyPath, int] = {(): 1}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
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
            for key_path in _key_paths(parsed):
                line_numbers.setdefault(table + key_path, at + 1)
        at += size
    return line_numbers


def line_of(key_path: KeyPath, line_numbers: dict[KeyPath, int]) -> int:
    """The line of a key, or of the nearest thing around it that the text has."""
    while key_path not in line_numbers:
        key_path = key_path[:-1]
    return line_numbers[key_path]


def _statement_size(lines: list[str], start: int) -> int:
    """How many lines the statement that begins at `start` takes: a text or an array may span several."""
    for size in range(1, len(lines) - start + 1):
        try:
            tomllib.loads("\n".join(lines[start : start + size]))
        except tomllib.TOMLDecodeError:
            continue
        return size
    return 1


def _header(parsed: dict[str, Any], counts: dict[KeyPath, int], *, repeated: bool) -> KeyPath:
    key_path: KeyPath = ()
    inner: Any = parsed
    while isinstance(inner, dict) and inner:
        key, inner = next(iter(inner.items()))
        key_path += (key,)
        last = not isinstance(inner, dict) or not inner
        if key_path in counts and not (last and repeated):
            key_path += (counts[key_path],)
    if repeated:
        counts[key_path] = counts.get(key_path, -1) + 1
        key_path += (counts[key_path],)
    return key_path


def _key_paths(value: Any, under: KeyPath = ()) -> Iterator[KeyPath]:
    if under:
        yield under
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, inner in items:
        yield from _key_paths(inner, (*under, key))
