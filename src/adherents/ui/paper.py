"""PDF files by typst, from data alone. The same data gives the same bytes on every machine."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import typst

if TYPE_CHECKING:
    Standards = Sequence[typst.PDFStandard]

UNDRAWN = "\u25a1"
# What the fonts in typst's wheel have: Latin, Greek, Cyrillic, punctuation. The rest is drawn as squares.
_DRAWN = [
    (0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x17F), (0x386, 0x386), (0x388, 0x38A), (0x38C, 0x38C), (0x38E, 0x3A1), (0x3A3, 0x3CE),
    (0x400, 0x45F), (0x1E80, 0x1E85), (0x1EF2, 0x1EF3), (0x2010, 0x2015), (0x2018, 0x201E), (0x2020, 0x2022),
    (0x2026, 0x2026), (0x202F, 0x202F), (0x2030, 0x2030), (0x2039, 0x203A), (0x20AC, 0x20AC), (0x2116, 0x2116),
    (0x2122, 0x2122), (0x25A1, 0x25A1),
]  # fmt: skip
_LONG = re.compile(r"\S{40}")
_one_at_a_time = Lock()


def draw(sheet: Path, shown: dict[str, Any], *, standards: "Standards", at: datetime) -> bytes:
    """The PDF that the typst file `sheet` makes of `shown`, which it reads as JSON: no text of a person is ever markup."""
    with _one_at_a_time:
        drawn = _compiler(sheet).compile(
            format="pdf",
            sys_inputs={"shown": json.dumps(shown)},
            pdf_standards=list(standards),
            timestamp=int(at.timestamp()),
        )
    assert isinstance(drawn, bytes)
    return drawn


@cache
def _compiler(sheet: Path) -> typst.Compiler:
    """Fonts are read once; only those of the wheel, so that every machine draws the same."""
    return typst.Compiler(str(sheet), root=str(sheet.parent), ignore_system_fonts=True)


def drawable(text: str) -> str:
    """The text with a square in place of each character that the fonts lack."""
    return "".join(
        character if any(first <= ord(character) <= last for first, last in _DRAWN) else UNDRAWN
        for character in text
    )


def breakable(text: str) -> str:
    """The text with a place to break the line, of no width, in each word that is longer than a line."""
    return _LONG.sub("\\g<0>\u200b", text)


def groups(text: str, length: int = 8) -> list[str]:
    return [text[start : start + length] for start in range(0, len(text), length)]
