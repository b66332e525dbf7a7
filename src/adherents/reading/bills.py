"""Invoices and statements of benefits: the total that their lines make up, and « acquittée ». Pure code.

A total is said where at least two lines above it, in its own column, add up to it to the cent; or where the one line above it is
equal to it, and what was paid and what is left below it add up to it. Two totals that differ give none.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adherents.reading.labels import below
from adherents.reading.layout import Box, PageCell, PageLine
from adherents.reading.money import MoneyLine, PrintedAmount, is_other_money, money_lines

STATEMENT, OPTICAL, DENTAL, CARE = (
    "releve_prestations",
    "facture_optique",
    "facture_dentaire",
    "facture_soins",
)
MOST_LINES = 200  # above a total
_STATEMENT_IS_SAID = re.compile(
    r"^(?:(?:votre |vos )?(?:releve|decompte)s? (?:de |de vos |des )?(?:prestations?|remboursements?)\b|"
    r"detail de vos (?:remboursements|versements)\b)"
)
_INVOICE_IS_SAID = re.compile(r"^(?:facture\b|note d honoraires\b|feuille d honoraires\b)")
_NO_BILL = re.compile(
    r"^(?:devis\b|avoir\b|bon de commande\b|estimation\b|simulation\b)|\bpro ?forma\b|\ba reporter\b|"
    r"\bfacture (?:d avoir|(?:est )?annulee)\b"
)
_FAMILIES = {
    OPTICAL: re.compile(r"\b(?:opti(?:que|ciens?|ciennes?)|lunettes?|monture|verres?|lentilles?)\b"),
    DENTAL: re.compile(r"\b(?:dentaires?|dentiste|orthodont\w*|couronne|detartrage|implant\w*)\b"),
    CARE: re.compile(
        r"\b(?:infirmier\w*|kinesitherap\w*|osteopath\w*|medecin|pharmacie|radiologie|laboratoire|orthophonist\w*|podologue|"
        r"psychologue|hospitalisation)\b"
    ),
}
_ANY_CARE = re.compile(
    r"\b(?:consultations?|soins?|docteur|seances?)\b"
)  # dentists and opticians say these too
_TOTAL = re.compile(
    r"(?:montant )?total(?: (?:general|ttc|facture|de la (?:facture|note)|(?:des? )?(?:honoraires|soins|actes)|en))*|montant ttc"
)
_PAID_BACK = re.compile(
    r"(?:montant )?total (?:des )?(?:rembourse\w*|verses?|versements?|paye|prestations)(?: (?:par l assurance maladie|en))?"
    r"|(?:montant )?total (?:qui vous est|que nous vous avons) (?:rembourse|verse)"
)
_TO_PAY = re.compile(
    r"(?:(?:total|net|montant|reste|solde|somme) (?:net )?(?:a payer|a regler|du|due))(?: ttc| en)*"
)
_LEFT = re.compile(
    r"(?:net|reste|solde|montant) (?:a (?:votre )?charge|a payer|a regler|du)\b.*|solde|reste(?: du)?"
)
_PAYMENT = re.compile(
    r"(?:acompte|arrhes|deja (?:regle|paye)|regle(?:ment)?|paye|paiement|part |amo\b|amc\b|tiers payant|mutuelle|carte|cheque|"
    r"especes|virement|securite sociale|assurance maladie).*"
)
_BEFORE_TAX = re.compile(r"(?:montant |sous )?(?:total )?(?:montant )?(?:ht|hors taxes?)|sous total(?: ht)?")
_BACK_COLUMN = re.compile(r"rembours|verse|montant paye")
_WHOLE_COLUMN = re.compile(r"montant|honoraires|prix|ttc|total|depense")
_PART_COLUMN = re.compile(
    r"\bpart\b|\bamo\b|\bamc\b|\brembours|\bbase\b|\bsecu|\bmutuelle|\breste\b|\bunitaire|\bp u\b|\bht\b|\btva\b|\bremise"
)
_PAID = re.compile(
    r"(?:(?:la |cette )?(?:facture|note d honoraires) )?acquittee?"
    r"(?: (?:ce jour|integralement|en totalite|pour solde|par (?:cb|carte(?: bancaire)?|cheque|virement|especes)|"
    r"le [0-9]{1,2} [0-9]{1,2} [0-9]{4}))*"
)
_PAID_IS_NAMED = re.compile(r"acquit")
_NEGATES = re.compile(
    r"\b(?:non|pas|ni|si|sera|etre|a|encore|la|une fois)$"
)  # right before it, or at the end of the line above
_ANSWERS_NO = re.compile(r"(?:oui )?non\b|pas\b|sous reserve\b")
_TAKEN_OFF = re.compile(r"\b(?:remises?|rabais|ristournes?|reductions?|escompte|geste commercial)\b")
_OWES = re.compile(r"(?:reste|restant|solde) (?:a payer|a regler|du|due)|solde")


@dataclass(frozen=True, slots=True)
class ProvenTotal:
    """In cents. `proofs`: `sum` of two lines or more, or `line` and `payments`."""

    cents: int
    proofs: tuple[str, ...]
    lines: int

    def __repr__(self) -> str:
        return "<ProvenTotal>"


def kind_said(said: Sequence[str]) -> str | None:
    """The kind that the titles say, "" for an invoice of no one kind; None where it is no bill."""
    if any(_NO_BILL.search(text) for text in said):
        return None
    invoice = any(_INVOICE_IS_SAID.match(text) for text in said)
    if any(_STATEMENT_IS_SAID.match(text) for text in said):
        return STATEMENT if not invoice else None
    if not invoice:
        return None
    families = {kind for kind, words in _FAMILIES.items() if any(words.search(text) for text in said)}
    if not families and any(_ANY_CARE.search(text) for text in said):
        return CARE
    return families.pop() if len(families) == 1 else ""


def total_of(
    pages: Sequence[tuple[int, Sequence[PageLine]]], *, statement: bool
) -> tuple[ProvenTotal, int] | None:
    """The one total of a paper that is proven, and its page; None where it is not, or where another total is printed."""
    if any(is_other_money(lines) for _, lines in pages):
        return None
    found: dict[int, tuple[ProvenTotal, int]] = {}
    printed: set[int] = set()
    for number, lines in pages:
        for cents, proven in _totals_on(money_lines(lines), statement=statement):
            printed.add(cents)
            if proven is not None:
                found.setdefault(cents, (proven, number))
    if len(found) != 1 or printed != set(found):
        return None
    return next(iter(found.values()))


def _totals_on(lines: Sequence[MoneyLine], *, statement: bool) -> Iterator[tuple[int, ProvenTotal | None]]:
    """Each total that the page prints in cents, proven or not."""
    ranked = [
        [place for place, line in enumerate(lines) if _is(label, line)]
        for label in _labels(statement=statement)
    ]
    places = next((each for each in ranked if each), [])
    for place in places:
        amount = _amount_of_whole(lines, place, statement=statement)
        if amount is None or (not statement and _goes_on(lines[place + 1 :], amount.cents)):
            yield (
                -1,
                None,
            )  # one that cannot be told from others beside it, or is not the last word: nothing is said
            continue
        yield amount.cents, _proven(lines, place, amount)


def _goes_on(lines: Sequence[MoneyLine], total: int) -> bool:
    """Whether something is still taken off the total below it, or more than it is to pay."""
    return any(
        (_TAKEN_OFF.search(line.label) and any(one.cents for one in line.amounts))
        or (_is(_TO_PAY, line) and any(one.cents > total for one in line.amounts))
        for line in lines
    )


def _labels(*, statement: bool) -> "list[re.Pattern[str]]":
    """From what is surely the total to what is one where nothing else is."""
    if statement:
        return [_PAID_BACK, _TOTAL]
    return [_TOTAL, _TO_PAY]


def _is(label: "re.Pattern[str]", line: MoneyLine) -> bool:
    return bool(line.amounts) and bool(label.fullmatch(line.label) or label.fullmatch(line.near))


def _amount_of_whole(lines: Sequence[MoneyLine], place: int, *, statement: bool) -> PrintedAmount | None:
    """The amount of a total's line that is the paper's total: the only one, or the one whose column says so."""
    amounts = lines[place].amounts
    if len(amounts) == 1 and not (statement and not _is(_PAID_BACK, lines[place])):
        return amounts[0]
    chosen = []
    for amount in amounts:
        above = _column_above(lines, place, amount)
        if not above:
            continue
        header = _header(lines, above[-1][0], amount.box)
        if statement:
            fits = bool(_BACK_COLUMN.search(header))
        else:
            fits = bool(_WHOLE_COLUMN.search(header)) and not _PART_COLUMN.search(header)
        if fits:
            chosen.append(amount)
    if len(amounts) == 1 and not chosen and _one_column(lines[:place]):
        return amounts[0]
    return chosen[0] if len(chosen) == 1 else None


def _one_column(lines: Sequence[MoneyLine]) -> bool:
    return all(len(line.amounts) <= 1 for line in lines)


def _column_above(
    lines: Sequence[MoneyLine], place: int, amount: PrintedAmount
) -> list[tuple[int, PrintedAmount]]:
    """The amounts above a total in its column, the nearest first, each with its line's place; another total ends them."""
    found: list[tuple[int, PrintedAmount]] = []
    box = amount.box
    for above in range(place - 1, max(place - MOST_LINES, 0) - 1, -1):
        line = lines[above]
        here = [one for one in line.amounts if one.box.shares_columns_with(box)]
        if not here:
            continue
        if _is(_TOTAL, line) or _is(_PAID_BACK, line) or _is(_TO_PAY, line):
            break
        found.append((above, here[-1]))
        box = here[-1].box
        if _is(_BEFORE_TAX, line):
            break
    return found


def _header(lines: Sequence[MoneyLine], first: int, box: Box) -> str:
    """The words over a column: on the line above its first amount, and on the one above that."""
    said = []
    for line in lines[max(first - 2, 0) : first]:
        said += [cell.said for cell in line.line.cells if cell.box.shares_columns_with(box)]
    return " ".join(said)


def _proven(lines: Sequence[MoneyLine], place: int, amount: PrintedAmount) -> ProvenTotal | None:
    if amount.cents <= 0:
        return None
    above = [one for _, one in _column_above(lines, place, amount)]
    if not above and _one_column(lines[: place + 1]):
        above = [one for line in lines[:place] if not _is(_TOTAL, line) for one in line.amounts]
    parts = [one.cents for one in above if one.cents]
    if len(parts) >= 2 and sum(parts) == amount.cents:
        return ProvenTotal(amount.cents, ("sum",), len(parts))
    if parts == [amount.cents] and _is_paid_below(lines[place + 1 :], amount.cents):
        return ProvenTotal(amount.cents, ("line", "payments"), 1)
    return None


def _is_paid_below(lines: Sequence[MoneyLine], total: int) -> bool:
    """Whether what was paid and what is left add up to the total: each on a line of its own that says so."""
    paid, left = list[int](), list[int]()
    for line in lines:
        if len(line.amounts) != 1:
            continue
        cents = abs(line.amounts[0].cents)
        if _LEFT.fullmatch(line.label) or _LEFT.fullmatch(line.near):
            left.append(cents)
        elif _PAYMENT.fullmatch(line.label) or _PAYMENT.fullmatch(line.near):
            paid.append(cents)
    return bool(paid) and len(left) <= 1 and sum(paid) + sum(left) == total


def is_paid(pages: Sequence[tuple[int, Sequence[PageLine]]]) -> int | None:
    """The page on which « acquittée » stands by itself; None where it is negated or wished for, or anything is still to pay."""
    where: int | None = None
    for number, lines in pages:
        if any(_is(_OWES, line) and any(one.cents for one in line.amounts) for line in money_lines(lines)):
            return None
        before = ""
        for at, line in enumerate(lines):
            for place, cell in enumerate(line.cells):
                if _PAID_IS_NAMED.search(cell.said):
                    after = line.cells[place + 1].said if place + 1 < len(line.cells) else ""
                    if not _says_paid(cell) or _NEGATES.search(before) or _ANSWERS_NO.match(after):
                        return None
                    if any(_ANSWERS_NO.match(under.said) for under in below(lines[at + 1 :], cell.box)):
                        return None  # the head of a column, or a question
                    where = where or number
                before = cell.said
    return where


def _says_paid(cell: PageCell) -> bool:
    return bool(_PAID.fullmatch(cell.said)) and not re.search(r"[?\ufffd]", cell.text)
