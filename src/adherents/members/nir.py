"""The NIR (numéro de Sécurité sociale): read it, check it, say which départements it stands for, show it
masked.

Pure code. Sources: décret n° 82-103, art. 4 (composition); INSEE's code officiel géographique (places); the
key is `97 - n mod 97`, where n is the first 13 characters with Corsica's letters taken away.

A NIR may serve several people and several people may have had the same one: it is never a key.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import NoReturn

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.ui.typed import bare

LENGTH = 15

# The reform of 10 July 1964 came into force on 1 January 1968: Seine (75) and Seine-et-Oise (78) were
# divided, and the numbers 91 to 95, which had been Algeria's and Morocco's, were given to the new
# départements.
_REFORM = 1968
# Corsica became 2A and 2B on 1 January 1976.
_CORSICA_DIVIDED = 1976

_SEINE = frozenset({"75", "92", "93", "94"})
_SEINE_ET_OISE = frozenset({"78", "91", "92", "93", "94", "95"})
_CORSICA = frozenset({"20", "2A", "2B"})
_ABROAD = "99"
# INSEE's country codes (after 99) of the countries that had départements of their own before.
_FORMER_DEPARTMENTS = {
    "352": frozenset({"91", "92", "93", "94"}),  # Algérie
    "350": frozenset({"95"}),  # Maroc
    "351": frozenset({"96"}),  # Tunisie
}
# Overseas collectivities that have changed numbers: Saint-Barthélemy and Saint-Martin left Guadeloupe,
# Mayotte was 985.
_OVERSEAS_RENUMBERED = {
    "971": frozenset({"977", "978"}),
    "977": frozenset({"971"}),
    "978": frozenset({"971"}),
    "985": frozenset({"976"}),
    "976": frozenset({"985"}),
}

_SEXES = frozenset("123478")
# What is put between two digits; `bare` takes away what is not seen.
_SEPARATORS = re.compile(r"[.\-_/]+")
_SHAPE = re.compile(r"[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{8}", re.ASCII)
_CORSICA_AS_NUMBER = {"2A": "19", "2B": "18"}


class WrongNir(ValueError):
    """A text that is no NIR. `code` is short and stable, `message` is for people; neither holds a digit of it."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Nir:
    """A NIR that was checked, in parts. `department` has two characters, or three overseas (97x, 98x)."""

    text: str
    sex: str
    year: int
    month: int
    department: str
    commune: str
    order: str
    key: str

    def __str__(self) -> str:
        return mask(self.text)

    def __repr__(self) -> str:
        return f"<Nir {mask(self.text)}>"


def normalise(text: str) -> str:
    """Upper case, without the spaces, dots and dashes that people put between the groups. Checks nothing."""
    return _SEPARATORS.sub("", bare(text)).upper()


def parse(text: str) -> Nir:
    """The parts of a NIR given with its key, however it is spaced. Raises `WrongNir`."""
    number = normalise(text)
    if len(number) == LENGTH - 2 and number[:5].isdecimal():
        _refuse("no_key", _("Il manque la clé : les deux derniers chiffres du numéro de Sécurité sociale."))
    if len(number) != LENGTH:
        _refuse("length", _("Le numéro de Sécurité sociale compte 15 caractères, clé comprise."))
    if not _SHAPE.fullmatch(number):
        _refuse(
            "characters",
            _("Le numéro de Sécurité sociale ne contient que des chiffres, ou 2A ou 2B pour la Corse."),
        )
    if int(number[13:]) != key_of(number):
        _refuse(
            "key", _("La clé (les deux derniers chiffres) ne correspond pas au numéro de Sécurité sociale.")
        )
    if number[0] not in _SEXES:
        _refuse("sex", _("Le numéro de Sécurité sociale commence par 1, 2, 3, 4, 7 ou 8."))
    month = int(number[3:5])
    # 20 and above: the month of birth is not known to the civil registry. People have such numbers.
    if not 1 <= month <= 12 and month < 20:
        _refuse("month", _("Le mois de naissance du numéro de Sécurité sociale n’existe pas."))
    year = int(number[1:3])
    department, commune = _place(number, year)
    if number[10:13] == "000":
        _refuse("order", _("Le numéro d’ordre du numéro de Sécurité sociale n’existe pas."))
    return Nir(number, number[0], year, month, department, commune, number[10:13], number[13:])


def is_valid(text: str) -> bool:
    try:
        parse(text)
    except WrongNir:
        return False
    return True


def key_of(number: str) -> int:
    """The key (1 to 97) of a normalised NIR, from its first 13 characters.

    In Corsica's numbers, 2A counts as 20 less 1,000,000 and 2B as 20 less 2,000,000: the same as writing 19
    and 18.
    """
    place = number[5:7]
    return 97 - int(number[:5] + _CORSICA_AS_NUMBER.get(place, place) + number[7:13]) % 97


def _place(number: str, year: int) -> tuple[str, str]:
    """The département and the commune (or country), refused where no such place has ever been in a NIR."""
    department = number[5:7]
    width = 3 if department in {"97", "98"} else 2
    department, commune = number[5 : 5 + width], number[5 + width : 10]
    if department == "00":
        _refuse_place()
    # A two-digit year is of this century or of the last: no living person was born before 1900.
    if department == "20" and year >= _CORSICA_DIVIDED - 1900:
        _refuse_place()
    if department == "96" and year >= _REFORM - 1900:
        _refuse_place()
    if not commune.strip("0") or int(commune) > (90 if width == 3 else 990):
        _refuse_place()
    return department, commune


def _refuse_place() -> NoReturn:
    _refuse("place", _("Le lieu de naissance du numéro de Sécurité sociale n’existe pas."))


def _refuse(code: str, message: str | Promise) -> NoReturn:
    raise WrongNir(code, message)


def departments_of(nir: Nir | str, *, birth_year: int | None = None) -> frozenset[str]:
    """The départements of birth that agree with this NIR (G8), as `normalise_department` writes them.

    A NIR keeps the number that the place had on the day of birth, while people say the one it has today: 75
    and 78 for what has become the 91 to 95, 20 for the two Corsicas, 91 to 96 for Algeria, Morocco and
    Tunisia, which are also « 99 », abroad. `birth_year` (four digits) settles the century; without it, a year
    that may be the last century's is taken as such.
    """
    parts = parse(nir) if isinstance(nir, str) else nir
    year = birth_year if birth_year is not None else 1900 + parts.year
    own = parts.department
    accepted = {own}
    if len(own) == 3:
        accepted |= {own[:2]} | _OVERSEAS_RENUMBERED.get(own, frozenset())
    if year < _REFORM:
        if own == "75":
            accepted |= _SEINE
        elif own == "78":
            accepted |= _SEINE_ET_OISE
        elif "91" <= own <= "96":
            accepted.add(_ABROAD)
        elif own == _ABROAD:
            accepted |= _FORMER_DEPARTMENTS.get(parts.commune, frozenset())
    if own in _CORSICA and year < _CORSICA_DIVIDED:
        accepted |= _CORSICA if own == "20" else {"20"}
    return frozenset(accepted)


_FRANCE = "99100"  # INSEE's code of the country


def is_of_sex(parts: Nir, *, male: bool) -> bool:
    """Whether the NIR says this sex (1, 3 and 7 are men's)."""
    return (parts.sex in "137") == male


def is_of_birth_place(parts: Nir, *, commune: str, country: str, birth_year: int) -> bool:
    """Whether the NIR says this place: INSEE's code of the commune ("" abroad) and of the country, five characters each.

    A place that changed its département kept its last three digits. False too where the two cannot be compared.
    """
    place = parts.text[5:10]
    if country != _FRANCE:
        former = _FORMER_DEPARTMENTS.get(country[2:], frozenset()) if birth_year < _REFORM else frozenset()
        return country[:2] == _ABROAD and (country == place or parts.department in former)
    if len(commune) != len(place) or place[:2] == _ABROAD:
        return False
    changed = commune[:2] in departments_of(parts, birth_year=birth_year) and len(parts.department) == 2
    return commune == place or (changed and commune[:2] != place[:2] and commune[2:] == place[2:])


_DEPARTMENT = re.compile(r"0[1-9]|[1-8][0-9]|9[0-9]|2[AB]|9[78][0-9]", re.ASCII)


def normalise_department(text: str) -> str:
    """« 1 », « 01 », « 2a », « 971 », « 075 » as 01, 01, 2A, 971, 75. Raises `ValueError` for what is no
    département.
    """
    code = normalise(text)
    if len(code) == 3 and code[0] == "0":
        code = code[1:]
    code = code.rjust(2, "0")
    if not _DEPARTMENT.fullmatch(code):
        raise ValueError("department")
    return code


def same_department(claimed: str, on_file: str) -> bool:
    """Whether two normalised départements are the same; « 97 » is any of the 97x, as in the first two digits
    of a NIR.
    """
    if not claimed or not on_file:
        return False
    if claimed == on_file:
        return True
    short, long = sorted((claimed, on_file), key=len)
    return short in {"97", "98"} and long.startswith(short)


def spaced(text: str) -> str:
    """« 2 90 02 75 112 001 23 »: a whole NIR as the Vitale card prints it. No screen shows it unasked."""
    number = normalise(text)
    cuts = (0, 1, 3, 5, 7, 10, 13, LENGTH)
    return " ".join(number[start:end] for start, end in pairwise(cuts))


def mask(text: str) -> str:
    """« 2 90 02 •• ••• ••• •• »: sex, year and month stay, which tell two people apart without giving the
    number away.
    """
    number = normalise(text)
    if len(number) != LENGTH:
        return "• •• •• •• ••• ••• ••"
    return f"{number[0]} {number[1:3]} {number[3:5]} •• ••• ••• ••"
