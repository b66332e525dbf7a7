"""Invoices and statements of benefits that nobody ever received, school certificates, and papers that look like them.

As in `stress.reading_papers` a seed makes a paper with the truth beside it. Of a trap the truth holds less than is printed: a
total that its lines do not make up, a bill that is not paid.
"""

import random
from collections.abc import Callable, Sequence

from reportlab.pdfbase import pdfmetrics

from stress.reading_papers import STREETS, TOWNS, Paper, Sheet, invented_owner
from stress.reading_school import certificate, printed_day

WORDS = {
    "facture_optique": (
        ["OPTIQUE DU PORT", "Les Opticiens Réunis", "Vision Plus Optique"],
        ["Monture Lune 52", "Verre droit unifocal", "Verre gauche", "Traitement antireflet", "Supplément amincissement", "Étui"],
    ),
    "facture_dentaire": (
        ["Cabinet dentaire des Halles", "Dr MOREL, chirurgien-dentiste", "SELARL DENTAIRE OUEST"],
        ["Couronne céramique", "Détartrage", "Inlay-core", "Radio rétroalvéolaire", "Dévitalisation", "Composite 2 faces"],
    ),
    "facture_soins": (
        ["Cabinet infirmier du Lac", "Dr PETIT, médecin généraliste", "Centre de kinésithérapie"],
        ["Consultation", "Séance de rééducation", "Majoration dimanche", "Pansement complexe", "Déplacement", "Électrocardio"],
    ),
}  # fmt: skip
TOTALS = [
    "Total", "TOTAL", "Total TTC", "Montant total", "TOTAL GÉNÉRAL", "Total des honoraires", "Montant total TTC",
    "Total facture",
]  # fmt: skip
PAID = [
    "Facture acquittée", "ACQUITTÉE", "Facture acquittée le 12/03/2026", "Acquittée par carte bancaire",
    "Note d'honoraires acquittée",
]  # fmt: skip
NOT_PAID = [
    "Facture non acquittée", "NON ACQUITTÉE", "Facture à acquitter", "Merci de joindre la facture acquittée à votre demande",
    "Ne vaut pas facture acquittée", "Facture acquittée : non", "Une fois acquittée, cette facture sera remboursée",
    "Cette facture n'est pas acquittée", "Facture acquittée ?", "Acquittée   non", "non   acquittée",
]  # fmt: skip
DAY_LABELS = [
    "Date de facture : {}", "Facture du {}", "Date de facturation {}", "Date d'émission : {}", "Fait à Rennes, le {}",
    "Éditée le {}", "Date : {}", "Établie le {}",
]  # fmt: skip
Style = Callable[[int], str]


def _comma(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"


def _euro(cents: int) -> str:
    return f"{_spaced(cents)} €"


def _spaced(cents: int) -> str:
    return f"{cents // 100:,}".replace(",", " ") + f",{cents % 100:02d}"


def _in_letters(cents: int) -> str:
    return f"{_comma(cents)} EUR"


def _point(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


STYLES: list[Style] = [_comma, _euro, _spaced, _in_letters, _point]


class Table:
    """A table of amounts whose columns end, or begin, at the same place."""

    def __init__(self, sheet: Sheet, style: Style, chance: random.Random) -> None:
        self.sheet, self.style, self.to_the_right = sheet, style, chance.random() < 0.8
        self.y = 640.0
        self.step = chance.choice([1.4, 1.8, 2.4]) * sheet.size

    def row(self, label: str, cells: Sequence[tuple[float, int | str]], *, x: float = 50) -> None:
        self.sheet.say(x, self.y, label)
        for right, value in cells:
            text = self.style(value) if isinstance(value, int) else value
            wide = pdfmetrics.stringWidth(text, self.sheet.font, self.sheet.size)
            self.sheet.say(right - wide if self.to_the_right else right - 58, self.y, text)
        self.y -= self.step


def _some_lines(chance: random.Random, names: list[str]) -> list[tuple[str, int]]:
    count = chance.randrange(2, 7)
    return [
        (chance.choice(names), chance.choice([chance.randrange(150, 99_999), chance.randrange(1, 400) * 100]))
        for _ in range(count)
    ]


def invoice(seed: int) -> Paper:
    chance = random.Random(f"invoice {seed}")
    kind = list(WORDS)[seed % 3]
    owner, sheet, style = invented_owner(chance), Sheet(chance), chance.choice(STYLES)
    sheet.size = min(sheet.size, 10)
    houses, names = WORDS[kind]
    sheet.say(50, 800, chance.choice(houses))
    sheet.say(50, 785, chance.choice(STREETS))
    sheet.say(50, 771, f"{chance.choice(TOWNS)}   Tél. 02 99 12 34 56")
    sheet.say(
        60,
        735,
        chance.choice(["FACTURE", f"FACTURE N° F{seed:05d}", "Facture", f"Note d'honoraires n° {seed}"]),
        size=14,
    )
    printed, iso = printed_day(chance)
    sheet.say(50, 710, chance.choice(DAY_LABELS).format(printed))
    sheet.say(320, 760, f"{owner.birth_name.upper()} {owner.first_names}")
    sheet.say(50, 690, "Patient : " + f"{owner.first_names} {owner.birth_name}, né(e) le 04/05/1961")
    lines = _some_lines(chance, names)
    total = sum(cents for _, cents in lines)
    table = Table(sheet, style, chance)
    truth = {"date": iso}
    shape = INVOICES[seed // 3 % len(INVOICES)]
    if shape(table, chance, lines, total):
        truth["total"] = _point(total)
    stamp = chance.random()
    if stamp < 0.4:
        sheet.say(chance.choice([50, 300]), 150, chance.choice(PAID))
        truth["paid"] = "yes"
    elif stamp < 0.7:
        sheet.say(50, 150, chance.choice(NOT_PAID))
    if shape is _with_something_left:
        truth.pop("paid", None)
    sheet.say(50, 60, "SARL au capital de 8 000,00 € - SIRET 123 456 789 00012 - TVA FR12345678901", size=7)
    said = kind if truth.keys() & {"total", "paid"} else None
    drawn_only = frozenset({"total"} if shape is _one_line_and_its_payments else ())
    return Paper(f"invoice {shape.__name__.strip('_')}", sheet.content(), owner, said, truth, drawn_only)


Lines = list[tuple[str, int]]


def _one_column(table: Table, chance: random.Random, lines: Lines, total: int) -> bool:
    table.row("Désignation", [(500, "Montant")])
    for label, cents in lines:
        table.row(label, [(500, cents)])
    table.row(chance.choice(TOTALS), [(500, total)])
    return True


def _each_with_its_number(table: Table, chance: random.Random, lines: Lines, total: int) -> bool:
    table.row("Désignation", [(300, "Qté"), (400, "Prix unitaire"), (520, "Montant TTC")])
    for label, cents in lines:
        table.row(label, [(300, "1"), (400, cents), (520, cents)])
    table.row("", [(520, total)])
    table.y += table.step
    table.row(chance.choice(TOTALS), [], x=330)
    return True


def _with_parts(table: Table, chance: random.Random, lines: Lines, total: int) -> bool:
    table.row("Acte", [(290, "Montant"), (370, "Part AMO"), (450, "Part AMC"), (540, "Reste")])
    parts = [(cents, cents * 3 // 10, cents * 5 // 10) for _, cents in lines]
    for (label, _), (cents, first, second) in zip(lines, parts, strict=True):
        table.row(label[:18], [(290, cents), (370, first), (450, second), (540, cents - first - second)])
    sums = [sum(part[at] for part in parts) for at in range(3)]
    table.row("Total", [(290, sums[0]), (370, sums[1]), (450, sums[2]), (540, sums[0] - sums[1] - sums[2])])
    return True


def _with_tax(table: Table, chance: random.Random, lines: Lines, total: int) -> bool:
    tax = total // 6
    table.row("Désignation", [(500, "Montant TTC")])
    for label, cents in lines:
        table.row(label, [(500, cents)])
    table.y -= 10
    table.row("Total HT", [(500, total - tax)], x=330)
    table.row("TVA 20 %", [(500, tax)], x=330)
    table.row("Total TTC", [(500, total)], x=330)
    return True


def _dotted(table: Table, chance: random.Random, lines: Lines, total: int) -> bool:
    for label, cents in lines:
        table.row(f"{label} {'.' * 20}", [(400, cents)])
    table.row(f"{chance.choice(TOTALS)} :", [(400, total)])
    return True


def _with_something_left(table: Table, chance: random.Random, lines: Lines, total: int) -> bool:
    _one_column(table, chance, lines, total)
    paid = total // 3
    table.row("Part sécurité sociale", [(500, paid)])
    table.row("Reste à payer", [(500, total - paid)])
    return True


def _one_line_and_its_payments(table: Table, chance: random.Random, lines: Lines, total: int) -> bool:
    table.row("Acte", [(500, "Montant")])
    table.row(lines[0][0], [(500, total)])
    table.row("Total", [(500, total)])
    paid = total // 3
    table.row("Tiers payant assurance maladie", [(500, paid)])
    table.row("Réglé par carte bancaire", [(500, total - paid)])
    return True


def _one_line(table: Table, chance: random.Random, lines: Lines, total: int) -> bool:
    table.row("Acte", [(500, "Montant")])
    table.row(lines[0][0], [(500, total)])
    table.row("Total", [(500, total)])
    return False


def _a_total_that_is_wrong(table: Table, chance: random.Random, lines: Lines, total: int) -> bool:
    return not _one_column(table, chance, lines, total + chance.choice([-100, 9, 90, 100, 1000]))


def _two_totals(table: Table, chance: random.Random, lines: Lines, total: int) -> bool:
    """Each of its own lines: none of them is the total of the paper."""
    _one_column(table, chance, lines, total)
    table.y -= 10
    table.row("Supplément", [(500, 4900)])
    table.row("Divers", [(500, total)])
    table.row("Total", [(500, total + 4900)])
    return False


def _francs(table: Table, chance: random.Random, lines: Lines, total: int) -> bool:
    _one_column(table, chance, lines, total)
    table.row("Montants en CHF", [])
    return False


INVOICES = [
    _one_column, _each_with_its_number, _with_parts, _with_tax, _dotted, _with_something_left, _one_line_and_its_payments,
    _one_line,
    _a_total_that_is_wrong, _two_totals, _francs,
]  # fmt: skip


def statement(seed: int) -> Paper:
    chance = random.Random(f"statement {seed}")
    owner, sheet, style = invented_owner(chance), Sheet(chance), chance.choice(STYLES[:4])
    sheet.size = min(sheet.size, 9)
    title = chance.choice(
        [
            "Relevé de prestations",
            "RELEVÉ DE REMBOURSEMENTS",
            "Décompte de prestations",
            "Votre relevé de remboursements",
        ]
    )
    sheet.say(60, 790, title, size=14)
    sheet.say(50, 760, f"{owner.birth_name.upper()} {owner.first_names}")
    printed, iso = printed_day(chance)
    sheet.say(
        50,
        740,
        chance.choice(["Date du relevé : {}", "Édité le {}", "Établi le {}", "Fait le {}"]).format(printed),
    )
    sheet.say(50, 722, "Période du 01/01/2026 au 31/03/2026")
    lines = [(name, cents) for name, cents in _some_lines(chance, WORDS["facture_soins"][1])]
    paid = [cents * 7 // 10 for _, cents in lines]
    table = Table(sheet, style, chance)
    truth = {"date": iso}
    wrong = chance.random() < 0.15
    total = sum(paid) + (110 if wrong else 0)
    name = "statement"
    match seed % 4:
        case 0:
            table.row("Acte", [(300, "Dépense"), (380, "Base"), (430, "Taux"), (530, "Montant remboursé")])
            for (label, cents), back in zip(lines, paid, strict=True):
                table.row(label, [(300, cents), (380, cents), (430, "70 %"), (530, back)])
            table.row("Total remboursé", [(530, total)])
        case 1:
            table.row("Acte", [(300, "Dépense"), (400, "Base"), (530, "Remboursé")])
            for (label, cents), back in zip(lines, paid, strict=True):
                table.row(label, [(300, cents), (400, cents), (530, back)])
            whole = sum(cents for _, cents in lines)
            table.row("Total", [(300, whole), (400, whole), (530, total)])
        case 2:
            for (label, _), back in zip(lines, paid, strict=True):
                table.row(f"12/02/2026 {label}", [(480, back)])
            table.row("Total versé", [(480, total)])
        case _:
            table.row("Acte", [(300, "Dépense"), (530, "Montant versé")])
            for (label, cents), back in zip(lines, paid, strict=True):
                table.row(label, [(300, cents), (530, back)])
            table.row("Total", [(530, total)])
    if not wrong:
        truth["total"] = _point(total)
    sheet.say(50, 90, "Ce montant a été viré le 14/04/2026 sur votre compte.", size=8)
    return Paper(name, sheet.content(), owner, None if wrong else "releve_prestations", truth)


def quote(seed: int) -> Paper:
    """It adds up, and is no bill: « devis », « pro forma », an order; or a letter that speaks of a bill or a certificate."""
    chance = random.Random(f"quote {seed}")
    owner, sheet = invented_owner(chance), Sheet(chance)
    title = [
        "DEVIS N° 12",
        "FACTURE PRO FORMA",
        "BON DE COMMANDE",
        "Rappel : votre facture acquittée",
        "Demande de certificat de scolarité",
    ][seed % 5]
    sheet.say(60, 790, title, size=14)
    sheet.say(60, 760, "Fait le 12/03/2026")
    sheet.say(
        60,
        740,
        "Joignez la facture acquittée, ou un certificat de scolarité pour l'année scolaire 2026-2027.",
        size=8,
    )
    lines = _some_lines(chance, WORDS["facture_optique"][1])
    _one_column(Table(sheet, _comma, chance), chance, lines, sum(cents for _, cents in lines))
    return Paper("no bill", sheet.content(), owner, None)


def bill(seed: int) -> Paper:
    """Of a seed always the same: of ten papers five are invoices, two statements, two certificates, one nothing of the kind."""
    which = [
        invoice,
        invoice,
        statement,
        certificate,
        invoice,
        invoice,
        statement,
        certificate,
        invoice,
        quote,
    ][seed % 10]
    return which(seed // 10 * 5 + seed % 10)
