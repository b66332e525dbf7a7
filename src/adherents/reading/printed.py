"""The bank accounts that a page prints: as an IBAN, and as the cells of a RIB (banque, guichet, compte, clé). Pure code.

All accounts of a paper are proven, or none is given: a reader of one of two cannot know that it is the right one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from adherents.reading import iban
from adherents.reading.iban import BankAccount
from adherents.reading.labels import labelled
from adherents.reading.layout import Box, PageLine, Word

MOST_ACCOUNTS = 4  # of one paper: a list of accounts is nobody's RIB
SPELT_OUT = 12  # signs in a row that each stand alone
MOST_WORDS = 400  # of one line
_BEGINS = re.compile(r"(?:IBAN\s*:?)?\s*([A-Z]{2}[0-9]{2}[0-9A-Z]*)", re.ASCII)
_FRENCH = re.compile(r"(?:FR|MC)[0-9]{2}", re.ASCII)
_MOSTLY_DIGITS = 16  # of the 23 characters behind FR76: such a text is meant as an IBAN
_CELLS_ARE_THERE = re.compile(r"\bguichet\b|\bcle rib\b|\bcode banque\b")
_LABELS = {
    "bank": re.compile(r"(?:code\s+)?(?:banque|[ée]tablissement)\b|c/?\s*[ée]tab", re.IGNORECASE),
    "branch": re.compile(r"(?:code\s+)?guichet\b|c/?\s*guichet", re.IGNORECASE),
    "number": re.compile(
        r"(?:n\s*[°ºo]\.?|num[ée]ro)\s*(?:de\s+)?compte\b|n/\s*compte\b|compte\b(?:\s*n\s*[°ºo])?",
        re.IGNORECASE,
    ),
    "key": re.compile(r"cl[ée]\b(?:\s+rib\b)?|c/\s*rib\b", re.IGNORECASE),
}
_SHAPES = {
    "bank": re.compile(r"[0-9]{5}", re.ASCII),
    "branch": re.compile(r"[0-9]{5}", re.ASCII),
    "number": re.compile(r"(?=(?:[A-Z]*[0-9]){4})[0-9A-Z]{11}", re.ASCII),
    "key": re.compile(r"[0-9]{2}", re.ASCII),
}
ANY_LABEL = re.compile(
    r"(?:code|banque|[ée]tablissement|guichet|n\s*[°ºo]\.?\s|num[ée]ro|compte|cl[ée]\b|iban|bic\b|swift|domiciliation|titulaire|"
    r"devise|adresse|agence|identifiant|bank|account|intitul[ée])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PrintedAccount:
    """An account, and the first page that has it. `in_cells`: the cells of a RIB on that page are equal."""

    account: BankAccount
    page: int
    in_cells: bool


@dataclass
class Printed:
    """What a page prints: accounts that prove themselves, and whether anything there makes them doubtful."""

    accounts: list[BankAccount] = field(default_factory=list)
    doubtful: bool = False
    places: int = 0  # of which each is an account, or is meant as one


def accounts_of(pages: Sequence[tuple[int, Sequence[PageLine]]]) -> list[PrintedAccount]:
    """All accounts of a paper, once each with the first page that has it; none where one of them is doubtful."""
    found: dict[str, PrintedAccount] = {}
    for number, lines in pages:
        printed = _printed_as_iban(lines)
        if printed.doubtful:
            return []
        cells = _printed_in_cells(lines, printed.accounts)
        if cells is None:
            return []
        for account in printed.accounts:
            found.setdefault(account.text, PrintedAccount(account, number, account.bban in cells))
    if len(found) > MOST_ACCOUNTS:
        return []
    return list(found.values())


def places_of(pages: Sequence[tuple[int, Sequence[PageLine]]]) -> int:
    """How many places of a paper are an account or are meant as one, proven or not."""
    return sum(_printed_as_iban(lines).places for _, lines in pages)


def _printed_as_iban(lines: Sequence[PageLine]) -> Printed:
    printed = Printed()
    for number, line in enumerate(lines):
        here = _in_line(line, lines[number + 1] if number + 1 < len(lines) else None)
        printed.accounts += here.accounts
        printed.doubtful |= here.doubtful
        printed.places += here.places
    return printed


def _in_line(line: PageLine, after: PageLine | None) -> Printed:
    printed = Printed()
    words = _spelt_out_together(line.words[:MOST_WORDS])
    for place, word in enumerate(words):
        begins = _BEGINS.fullmatch(_trimmed(word.text))
        if not begins:
            # A letter that cannot be read, or is of another script, in the place of one of an IBAN.
            if _FRENCH.search(word.text) and _is_meant_as_iban(words[place:]):
                printed.doubtful, printed.places = True, printed.places + 1
            continue
        text, rest = begins[1], words[place + 1 :]
        account = _account(text, rest) or _account_on_two_lines(text, word, rest, after)
        if account is not None:
            printed.accounts.append(account)
            printed.places += 1
        elif _is_meant_as_iban(words[place:]) or _is_foreign(text, rest):
            printed.doubtful, printed.places = True, printed.places + 1
    return printed


def _spelt_out_together(words: Sequence[Word]) -> list[Word]:
    """The words, but signs that stand alone in many boxes of one make one word."""
    together: list[Word] = []
    for alone, run in groupby(words, key=lambda word: len(word.text) == 1):
        group = list(run)
        if alone and len(group) >= SPELT_OUT:
            box = Box(group[0].box.left, group[0].box.top, group[-1].box.right, group[-1].box.bottom)
            together.append(Word("".join(word.text for word in group), box))
        else:
            together += group
    return together


def _trimmed(text: str) -> str:
    return text.rstrip(".,;)")


def _account(text: str, rest: Sequence[Word]) -> BankAccount | None:
    joined = _joined(text, rest, iban.LENGTH)
    return iban.proven(joined) if joined else None


def _joined(text: str, rest: Sequence[Word], length: int) -> str:
    """Words put together to exactly this length; "" where a word goes beyond it."""
    for word in rest:
        if len(text) >= length:
            break
        text += word.text
    text = _trimmed(text)
    return text if len(text) == length else ""


def _account_on_two_lines(
    text: str, word: Word, rest: Sequence[Word], after: PageLine | None
) -> BankAccount | None:
    """An IBAN that goes on under its own beginning."""
    if after is None or after.box.top - word.box.bottom > word.box.height:
        return None
    under = [one for one in after.words if one.box.left >= word.box.left - word.box.height]
    text += "".join(one.text for one in rest)
    if len(text) >= iban.LENGTH or not _FRENCH.match(text):
        return None
    return _account(text, under)


def _is_meant_as_iban(words: Sequence[Word]) -> bool:
    """FR or MC, and mostly digits behind it: one that does not prove itself was altered, cut or not read right."""
    text = "".join(word.text for word in words[:30])
    begins = _FRENCH.search(text)
    if not begins:
        return False
    behind = text[begins.end() : begins.end() + 23]
    return sum(sign.isdecimal() or sign == "\ufffd" for sign in behind) >= _MOSTLY_DIGITS


def _is_foreign(text: str, rest: Sequence[Word]) -> bool:
    for word in (*rest, None):
        if text[:2] not in iban.COUNTRIES and iban.is_any_countrys(_trimmed(text)):
            return True
        if word is None or len(text) > iban.LONGEST:
            break
        text += word.text
    return False


def _printed_in_cells(lines: Sequence[PageLine], accounts: Sequence[BankAccount]) -> set[str] | None:
    """The accounts, as BBANs, that the cells repeat; None where cells say anything else, or are there and cannot be read."""
    rows = set()
    for line in lines:
        for bban, as_cells in _rows_in(line):
            if iban.rib_key_is_right(bban):
                rows.add(bban)
            elif as_cells:
                return None
    bbans = {account.bban for account in accounts}
    if rows - bbans:
        return None
    beside = _beside_labels(lines)
    for part, values in beside.items():
        if values - {getattr(account, part) for account in accounts}:
            return None
    if not any(_CELLS_ARE_THERE.search(line.said) for line in lines):
        return rows
    by_labels = {
        account.bban
        for account in accounts
        if all(getattr(account, part) in beside[part] for part in _LABELS)
    }
    if bbans - rows - by_labels:
        return None
    return rows | by_labels


def _rows_in(line: PageLine) -> Iterator[tuple[str, bool]]:
    """Runs of words that make up 23 characters of a RIB, and whether each of its four parts is a word of its own."""
    words = line.words[:MOST_WORDS]
    for place in range(len(words)):
        if place and _BEGINS.fullmatch(words[place - 1].text):
            continue  # these are the IBAN itself
        joined, ends = "", list[int]()
        for word in words[place : place + 12]:
            joined += word.text
            ends.append(len(joined))
            if len(joined) >= 23:
                break
        if len(joined) == 23 and _SHAPES["bank"].match(joined) and joined.isascii() and joined.isalnum():
            yield joined, {5, 10, 21, 23} <= set(ends)


def _beside_labels(lines: Sequence[PageLine]) -> dict[str, set[str]]:
    """What stands behind, beside or under « Code banque », « Code guichet », « N° de compte » and « Clé RIB »."""
    found: dict[str, set[str]] = {part: set() for part in _LABELS}
    cells = [cell for line in lines for cell in line.cells]
    for part, label in _LABELS.items():
        for cell in cells:
            behind = (cell.text[place.end() :].lstrip(" :.") for place in label.finditer(cell.text))
            found[part] |= {value for text in behind if (value := _first_value(text, _SHAPES[part]))}
        for values in labelled(lines, label, is_label=ANY_LABEL):
            for value in values:
                first = _first_value(value, _SHAPES[part])
                if first:
                    found[part].add(first)
                    break
    return found


def _first_value(text: str, shape: "re.Pattern[str]") -> str:
    """The value that a text begins with: words put together until they have the shape."""
    joined = ""
    for word in text.split()[:8]:
        joined += word
        if shape.fullmatch(joined):
            return joined
    return ""
