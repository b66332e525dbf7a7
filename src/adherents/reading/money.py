"""Amounts in euros on the lines of a page, in cents, with where they stand and the words before them. Pure code.

An amount is printed with its cents (« 1 234,56 »): a number without them may be a quantity, a code or a year.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from adherents.members.names import normalise
from adherents.reading.layout import Box, PageLine, Word

MOST_WORDS = 400  # of one line
LARGEST = 100_000_00  # cents: more is no bill of a member
_AMOUNT = re.compile(
    r"([-−–]?)([0-9]{1,3}(?:[ .][0-9]{3})+|[0-9]{1,6})[,.]([0-9]{2})(?:€|EUR|E)?\*{0,2}", re.ASCII
)
_THOUSANDS = re.compile(r"[-−–]?[0-9]{1,3}", re.ASCII)
_HUNDREDS = re.compile(r"[0-9]{3}[,.][0-9]{2}(?:€|EUR)?", re.ASCII)
_NOT_AN_AMOUNT = re.compile(r"%|(?:g|mm|cm|kg|km|ml|dpt|x|h)\b", re.IGNORECASE)  # behind the number
_CURRENCY = re.compile(r"(?: (?:e|eur|euro|euros))+$")
_OTHER_MONEY = re.compile(r"\b(?:chf|usd|gbp|xpf|cfp|francs?)\b|[$£]", re.IGNORECASE)
_CLOSE = 0.6  # of a word's height: the space in the middle of a number


@dataclass(frozen=True, slots=True)
class PrintedAmount:
    """In cents; taken away where it is below zero."""

    cents: int
    box: Box

    def __repr__(self) -> str:
        return "<PrintedAmount>"


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """A line of a page with its amounts from the left.

    `label`: the plain words before the first of them. `near`: those of them that stand in the last cell.
    """

    line: PageLine
    amounts: tuple[PrintedAmount, ...]
    label: str
    near: str

    def __repr__(self) -> str:
        return f"<MoneyLine {len(self.amounts)}>"


def money_lines(lines: Sequence[PageLine]) -> list[MoneyLine]:
    """Each line of the page, with the amounts that it has."""
    return [_money_line(line) for line in lines]


def is_other_money(lines: Sequence[PageLine]) -> bool:
    """Whether anything on the page is counted in another currency than the euro."""
    return any(_OTHER_MONEY.search(cell.text) for line in lines for cell in line.cells)


def _money_line(line: PageLine) -> MoneyLine:
    words = _whole_numbers(line.words[:MOST_WORDS])
    amounts, before = list[PrintedAmount](), len(words)
    for place, word in enumerate(words):
        behind = words[place + 1].text if place + 1 < len(words) else ""
        if (cents := _cents(word.text)) is None or _NOT_AN_AMOUNT.match(behind):
            continue
        before = min(before, place)
        amounts.append(PrintedAmount(cents, word.box))
    label = words[:before]
    near = label[-1:]
    for word in reversed(label[:-1]):
        if near[0].box.left - word.box.right > 0.9 * min(near[0].box.height, word.box.height):
            break
        near = [word, *near]
    return MoneyLine(line, tuple(amounts), _plain(label), _plain(near))


def _plain(words: Sequence[Word]) -> str:
    return _CURRENCY.sub("", normalise(" ".join(word.text for word in words)))


def _whole_numbers(words: Sequence[Word]) -> list[Word]:
    """The words, but « 1 » and « 234,56 » beside it are one."""
    whole: list[Word] = []
    for word in words:
        before = whole[-1] if whole else None
        if (
            before is not None
            and _THOUSANDS.fullmatch(before.text)
            and _HUNDREDS.fullmatch(word.text)
            and word.box.left - before.box.right <= _CLOSE * word.box.height
        ):
            box = Box(
                before.box.left,
                min(before.box.top, word.box.top),
                word.box.right,
                max(before.box.bottom, word.box.bottom),
            )
            whole[-1] = Word(f"{before.text} {word.text}", box)
        else:
            whole.append(word)
    return whole


def _cents(text: str) -> int | None:
    found = _AMOUNT.fullmatch(text.lstrip(":=").removeprefix("€"))
    if found is None:
        return None
    sign, euros, cents = found.groups()
    total = int(re.sub(r"[ .]", "", euros)) * 100 + int(cents)
    if total > LARGEST:
        return None
    return -total if sign else total
