"""What two engines of different families say of one paper: which runs of words the second one is asked for, and what is proven by
either, or by both. Pure code.

The second is asked only where the first one's letters prove nothing. A value that proves itself counts, whichever engine read it;
where they prove different values for one place, none does. A BIC or a day, in which nothing says that a letter is wrong, is said
where both engines read the same in the same run.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from adherents.reading import papers, printed, school
from adherents.reading.boxes import printed_forms
from adherents.reading.crops import MOST_CROPS
from adherents.reading.layout import PageLine, lines_of
from adherents.reading.papers import RECOGNISED, ReadField, ReadPaper
from adherents.reading.people import Named
from adherents.reading.text_layer.process import LetterPage, LetterRun, SeenLetter

AGREED = "agreed"
MORE = {
    papers.RIB: frozenset({"iban", "bic", "holder"}),
    papers.RIGHTS: frozenset({"nir", "valid_from", "valid_until", "date"}),
    school.CERTIFICATE: frozenset({"person", "school_year", "date"}),
}
_OF_BILLS = frozenset({"total", "date"})
_IN_BOTH = frozenset({"bic", "valid_from", "valid_until", "date"})
# Of these a second one that is printed otherwise makes the first doubtful: the letters of one engine are not to hide it.
_ALONE = frozenset({"total", "school_year"})
_DOUBTFUL = "\ufffd"
_NUMBERS = frozenset({"iban", "nir", "valid_from", "valid_until", "date", "total", "school_year"})
_BANK_CODE = re.compile(r"[A-Z]{4}[A-Z0-9]{2,7}", re.ASCII)
_AN_AMOUNT = re.compile(r"[0-9]*[.,]?[0-9]{2}(?:€|EUR)?", re.ASCII)
_NAMES = frozenset({"holder", "person"})


_ACCOUNT_LABEL = re.compile(r"IBAN\W*", re.ASCII)
_LONG = 6  # times as long as high: the direction of such a run is that of the lines around it
_SIGN = 40  # quarters of a pixel: a sign of a word that stands in no place
_ROW = 50  # heights of a label, that a row of boxes under it may be long


@dataclass(frozen=True, slots=True)
class Reread:
    """A run of a page, and the letters that the second engine reads there. Of a run in which the first one found nothing (its
    `count` is 0) they are one word, that stands in no place of the page.
    """

    page: int
    run: LetterRun
    letters: tuple[SeenLetter, ...]

    @property
    def text(self) -> str:
        return "".join(letter.sign for letter in self.letters)


def asked_for(pages: Sequence[LetterPage], people: Sequence[Named]) -> dict[int, list[LetterRun]]:
    """The runs of each page (by its number) that the second engine is asked for; none where nothing is missing, or the paper is
    of no kind that is known. Those that the first engine is in doubt of come first.
    """
    kind = papers.kind_said(pages)
    if kind is None:
        return {}
    proven = papers.read(pages, people, recognised=True).fields
    missing = MORE.get(kind, _OF_BILLS) - {field.code for field in proven}
    if not people:
        missing -= _NAMES
    values = [re.sub(r"[^0-9A-Z]", "", field.value) for field in proven if field.code not in _NAMES]
    asked = {}
    for page in pages:
        texts = {run: _text(page, run) for run in page.runs}
        wanted = [run for run, text in texts.items() if _may_hold(text, missing) and not _is_of(text, values)]
        wanted.sort(key=lambda run: (_DOUBTFUL not in texts[run], run.first))
        if missing and wanted:
            asked[page.number] = sorted(wanted[:MOST_CROPS], key=lambda run: run.first)
        if "iban" in missing and not printed.places_of(_laid(pages)):
            rows = [_row_under(page, run) for run, text in texts.items() if _ACCOUNT_LABEL.fullmatch(text)]
            asked[page.number] = [*rows[:1], *asked.get(page.number, [])][:MOST_CROPS]
    return {number: runs for number, runs in asked.items() if runs}


def _row_under(page: LetterPage, label: LetterRun) -> LetterRun:
    """Where a row of boxes with a sign in each may stand under « IBAN »: the first engine finds nothing in it."""
    corners = [complex(*label.corners[at : at + 2]) for at in range(0, 8, 2)]
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    near = [run for run in page.runs if abs(_along(run)) > _LONG * abs(down)] or [label]
    beside = min(near, key=lambda run: abs(complex(*run.corners[:2]) - corners[0]))
    along = _along(beside) / max(abs(_along(beside)), 1) * abs(down)
    start = corners[3] + 0.1 * down - 0.6 * along
    end = start + _ROW * along
    row = (start, end, end + 2 * down, start + 2 * down)
    places = (min(max(round(place), 0), 0xFFFF) for one in row for place in (one.real, one.imag))
    return LetterRun(tuple(places), label.first, 0)


def _along(run: LetterRun) -> complex:
    return complex(*run.corners[2:4]) - complex(*run.corners[:2])


def _text(page: LetterPage, run: LetterRun) -> str:
    return "".join(letter.sign for letter in page.letters[run.first : run.first + run.count])


def _may_hold(text: str, missing: Iterable[str]) -> bool:
    """Whether a run may have one of these values, or a part of one."""
    codes = frozenset(missing)
    if _DOUBTFUL in text or (codes & _NAMES and not any(sign.isdecimal() for sign in text)):
        return True
    if codes & _NUMBERS and any(sign.isdecimal() for sign in text):
        return bool(codes - _IN_BOTH) or not _AN_AMOUNT.fullmatch(text)
    return "bic" in codes and bool(_BANK_CODE.search(text))


def _is_of(text: str, values: Iterable[str]) -> bool:
    """Whether a run holds what is proven already, or a part of it."""
    compact = re.sub(r"[^0-9A-Z]", "", text)
    return len(compact) >= 4 and any(compact in value or value in compact for value in values)


def both(pages: Sequence[LetterPage], reread: Sequence[Reread], people: Sequence[Named]) -> ReadPaper:
    """What is proven on the pages by the first engine's letters, by the second's, and by both together."""
    first = papers.read(pages, people, recognised=True)
    if not reread:
        return first
    unsure = [one for one in reread if _DOUBTFUL in _text(pages[one.page - 1], one.run)]
    # A run that the first engine is sure of is not made worse: a label has no value, and may be read by either.
    everywhere = _with(pages, [one for one in reread if _DOUBTFUL not in one.text or one in unsure])
    in_doubt = _with(pages, unsure)
    second = [field for field in _proven(pages, everywhere, people) if field.code not in _ALONE]
    fields = _without_contradiction([first.fields, second, _proven(pages, in_doubt, people)])
    accounts = [field.value for field in fields if field.code == "iban"]
    # A BIC needs its account, which may be the second engine's alone.
    with_accounts = _with(pages, [one for one in reread if not one.run.count or _is_of(one.text, accounts)])
    fields += _in_both(pages, with_accounts, everywhere, reread, people)
    order = [field.code for field in papers.read(everywhere, people).fields]
    fields.sort(key=lambda field: order.index(field.code) if field.code in order else len(order))
    kind = papers.kind_said(pages) if any(field.code != "date" for field in fields) else ""
    return ReadPaper(kind or "", tuple(fields))


def _with(pages: Sequence[LetterPage], reread: Sequence[Reread]) -> list[LetterPage]:
    """The pages, with the second engine's letters in these runs; below all others those that the first one had not found."""
    instead = {(one.page, one.run.first): one.letters for one in reread if one.run.count}
    more = {one.page: one.letters for one in reread if not one.run.count}
    return [
        replace(page, letters=(*_letters(page, instead), *_below(page, more.get(page.number, ()))), runs=())
        for page in pages
    ]


def _letters(
    page: LetterPage, instead: Mapping[tuple[int, int], tuple[SeenLetter, ...]]
) -> Iterable[SeenLetter]:
    for run in page.runs:
        own = page.letters[run.first : run.first + run.count]
        yield from instead.get((page.number, run.first), own)


def _below(page: LetterPage, letters: Sequence[SeenLetter]) -> Iterable[SeenLetter]:
    """These as one word under the page."""
    top = page.height + _SIGN
    for at, letter in enumerate(letters):
        yield SeenLetter(letter.sign, _SIGN * at, top, _SIGN * (at + 1), top + 2 * _SIGN)


def _proven(
    pages: Sequence[LetterPage], other: Sequence[LetterPage], people: Sequence[Named]
) -> Sequence[ReadField]:
    """What the other letters prove by themselves. All accounts or none: none where an account that was there is one no more."""
    fields = papers.read(other, people, recognised=True).fields
    if printed.places_of(_laid(other)) < printed.places_of(_laid(pages)):
        return [field for field in fields if field.code != "iban"]
    return fields


def _laid(pages: Sequence[LetterPage]) -> list[tuple[int, list[PageLine]]]:
    return [(page.number, lines_of(page.letters)) for page in pages]


def _without_contradiction(readings: Iterable[Sequence[ReadField]]) -> list[ReadField]:
    """Each value once, the first reading's proofs before the others'; none of a code for which two readings have other values."""
    found: dict[str, dict[frozenset[str], list[ReadField]]] = {}
    for reading in readings:
        for code in dict.fromkeys(field.code for field in reading):
            own = [field for field in reading if field.code == code]
            found.setdefault(code, {}).setdefault(frozenset(field.value for field in own), own)
    return [field for each in found.values() if len(each) == 1 for own in each.values() for field in own]


def _in_both(
    pages: Sequence[LetterPage],
    first: Sequence[LetterPage],
    second: Sequence[LetterPage],
    reread: Sequence[Reread],
    people: Sequence[Named],
) -> list[ReadField]:
    """A BIC, a day: where either engine's letters give the same, and stand in one run that both have read."""
    fields = {(field.code, field.value): field for field in papers.read(first, people).fields}
    others = {(field.code, field.value) for field in papers.read(second, people).fields}
    runs = [(_text(pages[one.page - 1], one.run), one.text) for one in reread]
    return [
        replace(field, proofs=(RECOGNISED, AGREED, *field.proofs[1:]))
        for key, field in fields.items()
        if field.code in _IN_BOTH
        and key in others
        and any(_holds(field, one) and _holds(field, other) for one, other in runs)
    ]


def _holds(field: ReadField, text: str) -> bool:
    compact = re.sub(r"[^0-9a-z]", "", text.lower())
    return any(form.lower() in compact for form in printed_forms(field))
