"""The reasons that agents type. The journal keeps them word for word, for years, and must name no person."""

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

REASON_CHARACTERS = 300
_BETWEEN = r"[\W_]*"
# Thirteen digits, however they are set apart; a date's strokes set apart more than digits.
_DIGITS = re.compile(r"\d(?:(?:[^\w/]|_)*\d){12}")
_NIR = re.compile(
    _BETWEEN.join([r"(?<!\d)[1-478]", r"\d\d", r"\d\d", r"(?:\d\d|2[AB])", r"\d{3}", r"\d{3}"]), re.I
)


def names_no_person(text: str) -> None:
    """Refuse what looks like an e-mail address, a Sécurité sociale number (2A and 2B too) or any other of thirteen digits."""
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf"
    )
    wrong = []
    if "@" in plain:
        words = _("Retirez l’adresse e-mail : ce motif est gardé au journal, qui ne nomme personne.")
        wrong.append(ValidationError(words, code="address"))
    if _DIGITS.search(plain) or _NIR.search(plain):
        words = _("Retirez ce long numéro : ce motif est gardé au journal, qui ne nomme personne.")
        wrong.append(ValidationError(words, code="number"))
    if wrong:
        raise ValidationError(wrong)


class ReasonField(forms.CharField):
    """« Motif », of an act that is journalled."""

    default_validators = [names_no_person]

    def __init__(self, **kwargs: Any) -> None:
        messages = {
            "required": _("Dites pourquoi, en quelques mots."),
            "min_length": _("Dites pourquoi, en quelques mots."),
        }
        super().__init__(
            label=_("Motif"), min_length=4, max_length=REASON_CHARACTERS, error_messages=messages, **kwargs
        )
