"""Papers that nobody ever received: RIBs of thirteen layouts, attestations de droits, and papers that look like them.

A seed makes a paper, always the same one, with the truth beside it: what a reader may say of it, and nothing else.
"""

import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import reportlab
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from adherents.members.nir import key_of

FAMILIES = [
    "Dupont",
    "Lefèvre",
    "Le Goff",
    "Martin-Garnier",
    "D’Haene",
    "Benaïssa",
    "Nguyen",
    "Ó Briain",
    "Müller",
    "Roux",
]
GIVEN = ["Jean", "Marie Ève", "Camille", "Jean-François", "Chloé", "Anne", "Karim", "Odette", "Zoé", "Luc"]
BICS = [
    "AGRIFRPP882",
    "BNPAFRPPXXX",
    "PSSTFRPPLIL",
    "SOGEFRPP",
    "CRLYFRPP",
    "CMCIFR2A",
    "CEPAFRPP751",
    "REVOFRP2",
]
STREETS = ["12 RUE DES LILAS", "4 BIS AV DU GENERAL LECLERC", "RESIDENCE LES PINS", "LE BOURG"]
TOWNS = ["75011 PARIS", "29200 BREST", "97400 SAINT DENIS", "38000 GRENOBLE"]
_LETTER_VALUES = {letter: 1 + at % 9 for at, letter in enumerate("ABCDEFGHI")}
_LETTER_VALUES |= {letter: 1 + at for at, letter in enumerate("JKLMNOPQR")}
_LETTER_VALUES |= {letter: 2 + at for at, letter in enumerate("STUVWXYZ")}


@dataclass(frozen=True)
class Owner:
    birth_name: str
    first_names: str
    nir: str

    @property
    def line(self) -> str:
        return f"70100001;{self.nir};{self.birth_name};;{self.first_names}"


@dataclass(frozen=True)
class Rib:
    bank: str
    branch: str
    number: str
    key: str
    country: str = "FR"

    @property
    def bban(self) -> str:
        return self.bank + self.branch + self.number + self.key

    @property
    def iban(self) -> str:
        digits = "".join(str(int(sign, 36)) for sign in f"{self.bban}{self.country}00")
        return f"{self.country}{98 - int(digits) % 97:02d}{self.bban}"

    @property
    def spaced(self) -> str:
        return " ".join(self.iban[at : at + 4] for at in range(0, 27, 4))


@dataclass
class Paper:
    """`truth`: every value that may be said of it, by its code. `drawn_only`: those that may not be said of a picture of it."""

    name: str
    content: bytes
    owner: Owner
    kind: str | None
    truth: dict[str, str] = field(default_factory=dict)
    drawn_only: frozenset[str] = frozenset()


def rib_key(bank: str, branch: str, number: str) -> str:
    """Digit by digit, as a bank does it by hand: another way than the reader's."""
    digits = "".join(str(_LETTER_VALUES.get(sign, sign)) for sign in bank + branch + number + "00")
    rest = 0
    for digit in digits:
        rest = (rest * 10 + int(digit)) % 97
    return f"{97 - rest:02d}"


def invented_rib(chance: random.Random) -> Rib:
    bank, branch = f"{chance.randrange(10000, 99999)}", f"{chance.randrange(0, 99999):05d}"
    number = f"{chance.randrange(10**11):011d}"
    if chance.random() < 0.25:
        number = number[:7] + chance.choice("ACEMRXZ") + number[8:]
    return Rib(bank, branch, number, rib_key(bank, branch, number), "MC" if chance.random() < 0.03 else "FR")


def invented_owner(chance: random.Random) -> Owner:
    sex, year, month = chance.choice("12"), chance.randrange(30, 99), chance.randrange(1, 13)
    number = (
        f"{sex}{year:02d}{month:02d}{chance.choice(['75', '29', '38', '69'])}{chance.randrange(1, 500):03d}"
    )
    number += f"{chance.randrange(1, 900):03d}"
    return Owner(chance.choice(FAMILIES), chance.choice(GIVEN), f"{number}{key_of(number):02d}")


def printed_holder(chance: random.Random, owner: Owner) -> tuple[str, str]:
    """What is printed as the holder's name, and how it is like the owner's."""
    family, given = owner.birth_name, owner.first_names
    choice = chance.random()
    civility = chance.choice(["M ", "MME ", "M. ", "Mme ", ""])
    if choice < 0.5:
        return f"{civility}{family.upper()} {given.upper()}", "same"
    if choice < 0.7:
        return f"{civility}{given} {family}", "same"
    if choice < 0.8:
        return f"M. OU MME {family.upper()} {given.upper()}", "same"
    if choice < 0.9:
        return f"{civility}{family.upper()} {given[0].upper()}", "near"
    return f"{civility}ZIMMERMANN PATRICE", "other"


class Sheet:
    """A page that is being drawn, in one font."""

    def __init__(self, chance: random.Random) -> None:
        self._written = io.BytesIO()
        self.canvas = Canvas(self._written, pagesize=A4, invariant=1)
        self.font, self.size = chance.choice(_fonts()), chance.choice([8, 9, 10, 11, 12])
        self.canvas.setFont(self.font, self.size)

    def say(self, x: float, y: float, text: str, *, size: float = 0) -> float:
        """Where the text ends."""
        size = size or self.size
        self.canvas.setFont(self.font, size)
        self.canvas.drawString(x, y, text)
        return x + pdfmetrics.stringWidth(text, self.font, size)

    def box(self, x: float, y: float, width: float, height: float) -> None:
        self.canvas.rect(x, y, width, height)

    def content(self) -> bytes:
        self.canvas.save()
        return self._written.getvalue()


def _fonts() -> list[str]:
    if "Vera" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont("Vera", str(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf")))
    return ["Helvetica", "Times-Roman", "Courier", "Vera"]


def _cells(
    sheet: Sheet, rib: Rib, y: float, *, above: bool = False, boxes: bool = True, first: str = ""
) -> None:
    x = 60.0
    columns = [
        ("Code banque", rib.bank),
        ("Code guichet", rib.branch),
        ("N° de compte", rib.number),
        ("Clé RIB", rib.key),
    ]
    if first:
        columns.insert(0, ("Domiciliation", first))
    for label, value in columns:
        wide = max(pdfmetrics.stringWidth(text, sheet.font, sheet.size) for text in (label, value)) + 24
        sheet.say(x, y if not above else y - 15, label, size=sheet.size - 1)
        sheet.say(x, y - 15 if not above else y, value)
        if boxes:
            sheet.box(x - 5, y - 22, wide - 4, 36)
        x += wide


def _row(sheet: Sheet, rib: Rib) -> None:
    _cells(sheet, rib, 680)
    sheet.say(60, 630, f"IBAN : {rib.spaced}")


def _row_without_boxes(sheet: Sheet, rib: Rib) -> None:
    sheet.say(60, 680, f"IBAN   {rib.spaced}")
    _cells(sheet, rib, 640, boxes=False)


def _stacked(sheet: Sheet, rib: Rib) -> None:
    for at, (label, value) in enumerate(
        (
            ("Code banque", rib.bank),
            ("Code guichet", rib.branch),
            ("Numéro de compte", rib.number),
            ("Clé RIB", rib.key),
        )
    ):
        sheet.say(60, 690 - 16 * at, f"{label} : {value}")
    sheet.say(60, 610, f"IBAN : {rib.spaced}")


def _inline(sheet: Sheet, rib: Rib) -> None:
    sheet.canvas.setFont(sheet.font, 8)
    sheet.say(
        40,
        690,
        f"Banque : {rib.bank} Guichet : {rib.branch} N° compte : {rib.number} Clé : {rib.key}",
        size=8,
    )
    sheet.say(40, 660, f"IBAN (International Bank Account Number) : {rib.iban}", size=8)


def _narrow_header(sheet: Sheet, rib: Rib) -> None:
    sheet.say(60, 690, "Banque Guichet N° compte Clé")
    sheet.say(60, 675, f"{rib.bank} {rib.branch} {rib.number} {rib.key}")
    sheet.say(60, 640, "IBAN")
    sheet.say(60, 625, rib.spaced)


def _groups_in_boxes(sheet: Sheet, rib: Rib) -> None:
    sheet.say(60, 692, "IBAN")
    for at, group in enumerate(rib.spaced.split()):
        sheet.say(62 + at * 60, 670, group)
        sheet.box(58 + at * 60, 664, 56, 18)
    _cells(sheet, rib, 620, boxes=False)


def _compact(sheet: Sheet, rib: Rib) -> None:
    _cells(sheet, rib, 680)
    sheet.say(60, 630, f"IBAN: {rib.iban}")


def _labels_above(sheet: Sheet, rib: Rib) -> None:
    sheet.say(60, 680, "IBAN", size=7)
    sheet.say(60, 666, rib.spaced)


def _values_above(sheet: Sheet, rib: Rib) -> None:
    _cells(sheet, rib, 680, above=True)
    sheet.say(60, 630, f"IBAN : {rib.spaced}")


def _grid(sheet: Sheet, rib: Rib) -> None:
    for at, (label, value) in enumerate(
        (
            ("Code banque", rib.bank),
            ("Code guichet", rib.branch),
            ("N° de compte", rib.number),
            ("Clé RIB", rib.key),
        )
    ):
        x, y = 60 + 200 * (at % 2), 690 - 36 * (at // 2)
        sheet.say(x, y, label, size=8)
        sheet.say(x, y - 13, value)
    sheet.say(60, 610, f"IBAN : {rib.spaced}")


def _domiciliation_first(sheet: Sheet, rib: Rib) -> None:
    sheet.size = 8
    _cells(sheet, rib, 680, first="BANQUE DU PONT")
    sheet.say(60, 630, f"IBAN : {rib.spaced}")


def _a_sign_in_a_box(sheet: Sheet, rib: Rib) -> None:
    sheet.say(60, 692, "IBAN")
    for at, sign in enumerate(rib.iban):
        sheet.say(62 + at * 17, 670, sign)
        sheet.box(58 + at * 17, 664, 15, 18)


def _two_lines(sheet: Sheet, rib: Rib) -> None:
    end = sheet.say(60, 680, "IBAN : ")
    groups = rib.spaced.split()
    sheet.say(end, 680, " ".join(groups[:4]))
    sheet.say(end, 680 - 1.3 * sheet.size, " ".join(groups[4:]))


LAYOUTS: list[Callable[[Sheet, Rib], None]] = [
    _row, _row_without_boxes, _stacked, _inline, _narrow_header, _groups_in_boxes, _compact, _labels_above, _values_above, _grid,
    _domiciliation_first, _a_sign_in_a_box, _two_lines,
]  # fmt: skip


def rib_paper(seed: int) -> Paper:
    chance = random.Random(seed)
    layout = LAYOUTS[seed % len(LAYOUTS)]
    owner, rib, sheet = invented_owner(chance), invented_rib(chance), Sheet(chance)
    title = chance.choice(
        [
            "RELEVÉ D'IDENTITÉ BANCAIRE",
            "Relevé d’Identité Bancaire (RIB)",
            "R.I.B.",
            "Vos coordonnées bancaires",
        ]
    )
    sheet.say(60, 790, title, size=14)
    holder, like = printed_holder(chance, owner)
    where = chance.randrange(3)
    if where == 0:
        sheet.say(60, 750, f"Titulaire du compte : {holder}")
    elif where == 1:
        sheet.say(60, 760, "Titulaire du compte", size=8)
        sheet.say(60, 747, holder)
        sheet.say(60, 734, chance.choice(STREETS))
        sheet.say(60, 721, chance.choice(TOWNS))
    else:
        sheet.say(60, 750, "Titulaire")
        sheet.say(200, 750, holder)
    layout(sheet, rib)
    bic = chance.choice(BICS)
    if rib.country == "MC":
        bic = "BARCMCMX"
    if chance.random() < 0.5:
        sheet.say(
            60,
            560,
            f"{chance.choice(['BIC', 'Code BIC', 'BIC (Bank Identifier Code)', 'BIC/SWIFT'])} : {bic}",
        )
    else:
        sheet.say(60, 570, "BIC", size=8)
        sheet.say(60, 557, bic)
    sheet.say(
        60,
        500,
        "Ce relevé est destiné à être remis, sur leur demande, à vos créanciers ou débiteurs.",
        size=8,
    )
    sheet.say(60, 488, "(virements, paiement de quittances, prélèvements, etc.)", size=8)
    truth = {"iban": rib.iban, "bic": bic, "holder": like}
    return Paper(f"rib {layout.__name__.strip('_')}", sheet.content(), owner, "rib", truth)


def rights_paper(seed: int) -> Paper:
    chance = random.Random(seed)
    owner, sheet = invented_owner(chance), Sheet(chance)
    first = f"{chance.randrange(1, 29):02d}/{chance.randrange(1, 13):02d}/{chance.randrange(2024, 2027)}"
    last = f"{first[:6]}{int(first[6:]) + 1}"
    sheet.say(
        60,
        790,
        chance.choice(["ATTESTATION DE DROITS", "Attestation de droits à l’assurance maladie"]),
        size=14,
    )
    nir = owner.nir
    cuts = (0, 1, 3, 5, 7, 10, 13, 15)
    grouped = " ".join(nir[start:end] for start, end in pairwise(cuts))
    printed = chance.choice([nir, grouped, f"{grouped[:-3]} clé {nir[13:]}", f"{nir[:13]} {nir[13:]}"])
    sheet.say(60, 740, f"N° de sécurité sociale : {printed}")
    sheet.say(60, 720, f"{owner.birth_name.upper()} {owner.first_names}")
    sheet.say(60, 700, f"Régime : 01   Caisse gestionnaire : {chance.randrange(1, 99):02d}1   Centre : 0000")
    match seed % 3:
        case 0:
            sheet.say(60, 670, f"Attestation valable du {first} au {last}")
        case 1:
            sheet.say(60, 670, f"Période de droits : du {first} au {last}")
        case _:
            sheet.say(60, 670, f"Date de début des droits : {first}")
            sheet.say(60, 655, f"Date de fin des droits : {last}")
    made = f"{chance.randrange(1, 28):02d}/01/2026"
    sheet.say(60, 600, f"Fait le {made}, le directeur")
    truth = {"nir": nir, "valid_from": iso(first), "valid_until": iso(last), "date": iso(made)}
    return Paper("attestation de droits", sheet.content(), owner, "attestation_secu", truth)


def other_paper(seed: int) -> Paper:
    """An invoice, a mandate or a statement, which have accounts and dates that are nobody's answer."""
    chance = random.Random(seed)
    owner, rib, sheet = invented_owner(chance), invented_rib(chance), Sheet(chance)
    title = chance.choice(
        ["FACTURE N° 2026-118", "Mandat de prélèvement SEPA", "Relevé de prestations santé", "DEVIS"]
    )
    sheet.say(60, 790, title, size=14)
    sheet.say(60, 740, f"Consultation du 12/03/2026 : {chance.randrange(20, 90)},00 €")
    sheet.say(60, 700, "Règlement par virement : coordonnées bancaires")
    sheet.say(60, 680, f"IBAN {rib.spaced}   BIC {chance.choice(BICS)}")
    sheet.say(60, 640, f"{owner.birth_name} {owner.first_names}")
    return Paper("another paper", sheet.content(), owner, None)


def iso(day: str) -> str:
    return "-".join(reversed(day.split("/")))


def paper(seed: int) -> Paper:
    """Of a seed always the same: of ten papers seven are RIBs, two attestations, one something else."""
    if seed % 10 < 7:
        return rib_paper(seed)
    return rights_paper(seed) if seed % 10 < 9 else other_paper(seed)
