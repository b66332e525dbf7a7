"""Activation letters on paper: PDF/UA-1 by typst, one page each, for a window envelope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import qrcode
from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from qrcode.image.svg import SvgPathImage

from adherents.accounts.services.letter import grouped
from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.ui import paper
from adherents.ui.moments import day
from adherents.ui.numbers import spaced
from adherents.ui.paper import drawable

_SHEET = Path(__file__).parent / "assets" / "letter.typ"


@dataclass(frozen=True, slots=True)
class Letter:
    """What one letter says. `failing`: there is an address on file, which receives nothing. `expires_at`: a midnight."""

    name: str
    number: str
    language: str
    failing: bool
    code: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "<Letter>"

    @classmethod
    def to(cls, member: Member, *, code: str, expires_at: datetime) -> "Letter":
        language = member.account.language if member.account else member.language
        return cls(member.name, member.number, language, bool(member.email), code, expires_at)


def draw(letters: Sequence[Letter], *, at: datetime) -> bytes:
    """The PDF: a page a letter, in their order, each in its reader's language."""
    brand = profile().brand
    link = settings.BASE_URL + reverse("enrolment:code")
    with translation.override("fr"):
        title = _("Courriers d’activation")
    shown = {
        "title": title,
        "brand": profile().insurer.short_name,
        "accent": brand.accent,
        "ink": brand.ink,
        "link": link,
        "qr": qrcode.make(link, image_factory=SvgPathImage, border=0).to_string().decode(),
        "at": [at.year, at.month, at.day],
        "letters": [_shown(letter) for letter in letters],
    }
    return paper.draw(_SHEET, shown, standards=("ua-1",), at=at)


def _shown(letter: Letter) -> dict[str, Any]:
    contact = profile().contact
    with translation.override(letter.language):
        number = spaced(letter.number)
        last_day = timezone.localdate(letter.expires_at) - timedelta(days=1)
        return {
            "lang": letter.language,
            "space": drawable(str(profile().insurer.space_name)),
            "name": drawable(letter.name),
            "number": _("N° adhérent : %(number)s") % {"number": number},
            "subject": _("Votre code pour ouvrir votre Espace Adhérents"),
            "why": [
                _("Bonjour,"),
                _(
                    "L’adresse e-mail de votre dossier ne reçoit plus nos messages : un lien ne peut pas vous parvenir. "
                    "Voici à la place un code, qui vous permet de choisir votre mot de passe."
                )
                if letter.failing
                else _(
                    "Votre dossier ne porte pas d’adresse e-mail : un lien ne peut pas vous parvenir. "
                    "Voici à la place un code, qui vous permet de choisir votre mot de passe."
                ),
            ],
            "code_label": _("Votre code"),
            "code": grouped(letter.code),
            "once": _("Il sert une seule fois, jusqu’au %(day)s compris.") % {"day": day(last_day)},
            "how": _("Comment faire"),
            "qr_says": _("L’adresse de la page, à photographier avec un téléphone"),
            "first_step": _("Ouvrez cette page :"),
            "steps": [
                _("Recopiez le code, et indiquez votre date de naissance."),
                _("Choisissez votre mot de passe. Vous pourrez aussi donner une adresse e-mail."),
                _("Connectez-vous avec votre n° adhérent, %(number)s, et ce mot de passe.")
                % {"number": number},
            ],
            "warning": _(
                "Ne donnez ce code à personne, pas même au téléphone : nous ne vous le demanderons jamais."
            ),
            "after": _(
                "Vous n’avez pas l’usage de cet espace ? Détruisez ce courrier : rien ne change pour vous."
            ),
            "help": _("Une question ? %(phone)s, %(email)s")
            % {"phone": contact.phone_unbroken, "email": contact.email},
            "signature": drawable(profile().insurer.legal_name),
        }
