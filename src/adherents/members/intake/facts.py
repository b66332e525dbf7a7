"""One line of the file: the facts that it states, or why it is refused. Pure code but for the keys that seal
the NIR.

Reasons never echo a value: a refused line is told by its number, its member, the column and why.
"""

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.crypto.index import blind_index
from adherents.members import nir
from adherents.members.intake import encodings
from adherents.members.intake.read import RowReason as RowReason
from adherents.members.models import NIR_PURPOSE, Beneficiary, Member, Relation
from adherents.members.search_query import normalise_number, search_keys
from adherents.ui.typed import shown

LANGUAGES = ("fr", "en")
_NAME_LENGTH = 120
_EMAIL_LENGTH = 254  # of a mailbox that mail can reach (RFC 5321); `validate_email` lets 320 pass
_EARLIEST_BIRTH = 1850
_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9._/-]{0,31}")
_RANK = re.compile(r"0{0,8}([1-9][0-9]?)")
_DAY = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_PHONE = re.compile(r"\+?[0-9][0-9 ().\-/\u00a0\u202f]{3,24}")
_PHONE_SEPARATORS = re.compile(r"[^0-9+]")
_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN_EMAIL = re.compile(
    rf"{_WORD}(?:\.{_WORD})*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?\.)+[A-Za-z]{{2,63}}"
)


class RowFacts:
    """The facts of one line as they are gathered: each method reads one column and notes what is wrong with it."""

    __slots__ = ("reasons",)

    def __init__(self) -> None:
        self.reasons: list[RowReason] = []

    def refuse(self, column: str, message: str | Promise) -> None:
        self.reasons.append(RowReason(column, message))

    def readable(self, values: Sequence[str]) -> None:
        line = " ".join(values)
        if not encodings.is_readable(line):
            self.refuse("", encodings.cause(line))

    def number(self, text: str) -> str:
        if not text:
            self.refuse("numero_adherent", _("Le numéro d’adhérent manque."))
            return ""
        number = number_in(text)
        if number is None:
            self.refuse("numero_adherent", _("Ce n’est pas un numéro d’adhérent."))
        return number or ""

    def nir(self, column: str, text: str) -> str:
        if not text:
            return ""
        try:
            return nir.parse(text).text
        except nir.WrongNir as wrong:
            self.refuse(column, wrong.message)
            return ""

    def name(self, column: str, text: str, *, required: bool = False) -> str:
        text = shown(text)
        if required and not text:
            self.refuse(column, _("Ce nom manque."))
        if len(text) > _NAME_LENGTH:
            self.refuse(column, _("Ce nom dépasse 120 caractères."))
        return text

    def birth_date(self, column: str, text: str) -> str:
        """`AAAA-MM-JJ` with the zeros of what is unknown, or "" where nothing is known."""
        if not text:
            return ""
        read = birth_date_in(text)
        if read is None:
            self.refuse(
                column, _("Cette date n’existe pas : elle doit être écrite JJ/MM/AAAA, 00 si inconnu.")
            )
            return ""
        if read > date.today().isoformat():  # noqa: DTZ011 (a birth tomorrow, in whatever time zone, is a mistake)
            self.refuse(column, _("Cette date de naissance est dans l’avenir."))
        return read

    def department(self, column: str, text: str) -> str:
        if not text:
            return ""
        try:
            return nir.normalise_department(text)
        except ValueError:
            self.refuse(column, _("Ce n’est pas un département de naissance."))
            return ""

    def email(self, column: str, text: str) -> str:
        # A few letters are longer in lower case, which is kept too.
        fits = len(text) <= _EMAIL_LENGTH and len(text.lower()) <= _EMAIL_LENGTH
        if not text or (fits and _PLAIN_EMAIL.fullmatch(text)):
            return text
        try:
            validate_email(text)
        except ValidationError:
            fits = False
        if not fits:
            self.refuse(column, _("Ce n’est pas une adresse e-mail."))
        return text

    def phone(self, column: str, text: str) -> str:
        if not text:
            return ""
        digits = _PHONE_SEPARATORS.sub("", text)
        if not _PHONE.fullmatch(text) or len(digits) > 20:
            self.refuse(column, _("Ce n’est pas un numéro de téléphone."))
        return digits

    def language(self, column: str, text: str) -> str:
        language = text.lower() or LANGUAGES[0]
        if language not in LANGUAGES:
            self.refuse(column, _("La langue doit être fr ou en."))
        return language

    def day(self, column: str, text: str) -> str | None:
        """A whole date as `AAAA-MM-JJ`."""
        if not text:
            return None
        read = whole_day_in(text)
        if read is None:
            self.refuse(column, _("Cette date n’existe pas : elle doit être écrite JJ/MM/AAAA."))
        return read

    def period(self, column: str, start: str | None, end: str | None) -> None:
        if start and end and end < start:
            self.refuse(column, _("La fin est avant le début."))


@lru_cache(maxsize=8192)
def birth_date_in(text: str) -> str | None:
    """JJ/MM/AAAA as `AAAA-MM-JJ`, where the day or the month may be 00; None for what is no date."""
    match = _DAY.fullmatch(text)
    if not match:
        return None
    day, month, year = int(match[1]), int(match[2]), int(match[3])
    try:
        # What is unknown must not make what is known wrong: each month has a 1st, and January has 31 days.
        date(year, month or 1, day or 1)
    except ValueError:
        return None
    return f"{match[3]}-{match[2]}-{match[1]}" if year >= _EARLIEST_BIRTH else None


@lru_cache(maxsize=8192)
def whole_day_in(text: str) -> str | None:
    """JJ/MM/AAAA as `AAAA-MM-JJ`; None for what is no date."""
    match = _DAY.fullmatch(text)
    try:
        return date(int(match[3]), int(match[2]), int(match[1])).isoformat() if match else None
    except ValueError:
        return None


def number_in(text: str) -> str | None:
    """A n° adhérent as the register writes it, or None where the text is none."""
    if _NUMBER.fullmatch(text):
        return text
    number = normalise_number(text)
    return number if _NUMBER.fullmatch(number) else None


MEMBER_COLUMNS = (
    "numero_adherent",
    "nir",
    "nom_naissance",
    "nom_usage",
    "prenoms",
    "date_naissance",
    "departement_naissance",
    "email",
    "telephone",
    "langue",
    "date_debut",
    "date_fin",
)
# What a line becomes, in the order of the values that `member_facts` gives.
MEMBER_FIELDS = (
    "number",
    "nir",
    "nir_index",
    "birth_name",
    "usage_name",
    "first_names",
    "birth_date",
    "birth_department",
    "email",
    "email_key",
    "phone",
    "language",
    "start_date",
    "end_date",
    "birth_key",
    "usage_key",
    "birth_pair",
    "usage_pair",
    "first_key",
    "birth_sound",
    "usage_sound",
)
_MEMBER_NIR = Member._meta.get_field("nir")


def member_facts(values: Sequence[str]) -> tuple[tuple[Any, ...], list[RowReason]]:
    """A line of the member file, values in the order of `MEMBER_COLUMNS`: what to store, and what is wrong with it."""
    facts = RowFacts()
    facts.readable(values)
    number = facts.number(values[0])
    whole_nir = facts.nir("nir", values[1])
    birth_name = facts.name("nom_naissance", values[2], required=not shown(values[3]))
    usage_name = facts.name("nom_usage", values[3])
    first_names = facts.name("prenoms", values[4])
    birth_date = facts.birth_date("date_naissance", values[5])
    department = facts.department("departement_naissance", values[6])
    email = facts.email("email", values[7])
    phone = facts.phone("telephone", values[8])
    language = facts.language("langue", values[9])
    start, end = facts.day("date_debut", values[10]), facts.day("date_fin", values[11])
    facts.period("date_fin", start, end)
    if facts.reasons:
        return (), facts.reasons
    keys = search_keys(birth_name or usage_name, usage_name, first_names)
    sealed = (
        number,
        _MEMBER_NIR.seal(whole_nir, number),
        blind_index(NIR_PURPOSE, whole_nir) if whole_nir else None,
        birth_name or usage_name,
        usage_name,
        first_names,
        birth_date,
        department,
        email,
        email.lower(),
        phone,
        language,
        start,
        end,
        keys.birth_key,
        keys.usage_key,
        keys.birth_pair,
        keys.usage_pair,
        keys.first_key,
        keys.birth_sound,
        keys.usage_sound,
    )
    return sealed, facts.reasons


BENEFICIARY_COLUMNS = (
    "numero_adherent",
    "rang",
    "nir",
    "nom_naissance",
    "nom_usage",
    "prenoms",
    "date_naissance",
    "lien",
    "date_debut",
    "date_fin",
)
BENEFICIARY_FIELDS = (
    "number",
    "rank",
    "nir",
    "nir_index",
    "birth_name",
    "usage_name",
    "first_names",
    "birth_date",
    "relation",
    "start_date",
    "end_date",
    "birth_key",
    "usage_key",
    "first_key",
    "birth_sound",
    "usage_sound",
)
_BENEFICIARY_NIR = Beneficiary._meta.get_field("nir")


def rank_in(text: str) -> int | None:
    """A rank from 1 to 99, or None."""
    rank = _RANK.fullmatch(text.strip())
    return int(rank[1]) if rank else None


def beneficiary_facts(values: Sequence[str]) -> tuple[tuple[Any, ...], list[RowReason]]:
    """A line of the beneficiaries' file, in the order of `BENEFICIARY_COLUMNS`: what to store, and what is wrong."""
    facts = RowFacts()
    facts.readable(values)
    number = facts.number(values[0])
    rank = rank_in(values[1])
    if rank is None:
        facts.refuse("rang", _("Le rang doit être un nombre de 1 à 99."))
    whole_nir = facts.nir("nir", values[2])
    birth_name = facts.name("nom_naissance", values[3], required=not shown(values[4]))
    usage_name = facts.name("nom_usage", values[4])
    first_names = facts.name("prenoms", values[5])
    birth_date = facts.birth_date("date_naissance", values[6])
    relation = values[7].lower() or Relation.OTHER.value
    if relation not in Relation.values:
        facts.refuse("lien", _("Le lien doit être conjoint, enfant, ascendant ou autre."))
    start, end = facts.day("date_debut", values[8]), facts.day("date_fin", values[9])
    facts.period("date_fin", start, end)
    if facts.reasons:
        return (), facts.reasons
    keys = search_keys(birth_name or usage_name, usage_name, first_names)
    sealed = (
        number,
        rank,
        _BENEFICIARY_NIR.seal(whole_nir, number, rank),
        blind_index(NIR_PURPOSE, whole_nir) if whole_nir else None,
        birth_name or usage_name,
        usage_name,
        first_names,
        birth_date,
        relation,
        start,
        end,
        keys.birth_key,
        keys.usage_key,
        keys.first_key,
        keys.birth_sound,
        keys.usage_sound,
    )
    return sealed, facts.reasons
