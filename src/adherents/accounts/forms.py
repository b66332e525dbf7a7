"""The forms of account life: they validate what was typed, nothing else."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from adherents.accounts.policy import Weakness
from adherents.accounts.services.passwords import WeakPassword, check_in_itself
from adherents.insurer.profile import profile
from adherents.ui.fields import BirthDateField, PasswordInput

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PASSWORD_CHARACTERS = 1024  # of any form posted; the rule itself is the profile's


class MemberNumberField(forms.CharField):
    """The n° adhérent, as on the card."""

    def __init__(self, *, label: "StrOrPromise") -> None:
        super().__init__(
            label=label,
            help_text=gettext_lazy("Il figure sur votre carte de Tiers Payant."),
            max_length=60,
            widget=forms.TextInput(
                {"autocomplete": "username", "autocapitalize": "characters", "spellcheck": "false"}
            ),
            error_messages={"required": gettext_lazy("Indiquez votre n° adhérent.")},
        )


class PasswordField(forms.CharField):
    """A password exactly as typed: no space is taken away."""

    def __init__(
        self, *, label: "StrOrPromise", missing: "StrOrPromise", autocomplete: str = "current-password"
    ) -> None:
        super().__init__(
            label=label,
            strip=False,
            max_length=PASSWORD_CHARACTERS,
            widget=PasswordInput(autocomplete=autocomplete),
            error_messages={"required": missing},
        )


class SignInForm(forms.Form):
    """« N° adhérent », « Mot de passe » (G1)."""

    identifier: forms.CharField = MemberNumberField(label=gettext_lazy("N° adhérent"))
    password = PasswordField(
        label=gettext_lazy("Mot de passe"), missing=gettext_lazy("Indiquez votre mot de passe.")
    )


class ForgottenForm(forms.Form):
    """« Mot de passe oublié ? »: the number, and a question that a robot of the simplest kind fails (G5)."""

    identifier = MemberNumberField(label=gettext_lazy("N° Adhérent"))
    answer = forms.IntegerField(
        label=gettext_lazy("Question mathématique"),
        help_text=gettext_lazy(
            "Résolvez ce problème mathématique simple et entrez le résultat. Par exemple, pour 1 + 3, entrez 4."
        ),
        min_value=0,
        max_value=1000,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off", "size": 4}),
        error_messages={
            "required": gettext_lazy("Répondez à la question."),
            "invalid": gettext_lazy("Répondez par un nombre, en chiffres."),
        },
    )
    question = forms.CharField(max_length=100, widget=forms.HiddenInput)


class NewPasswordMixin(forms.Form):
    """A new password typed twice, with the words for each reason to refuse it."""

    password = PasswordField(
        label=gettext_lazy("Définir le mot de passe"),
        missing=gettext_lazy("Choisissez un mot de passe."),
        autocomplete="new-password",
    )
    confirmation = PasswordField(
        label=gettext_lazy("Confirmer le mot de passe"),
        missing=gettext_lazy("Tapez le mot de passe une seconde fois."),
        autocomplete="new-password",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if {"password", "confirmation"} <= cleaned.keys() and cleaned["password"] != cleaned["confirmation"]:
            self.add_error("confirmation", _("Les deux mots de passe ne sont pas les mêmes."))
        return cleaned

    def typed(self, name: str) -> str:
        """What of a form that is refused is right in itself; "" for the rest."""
        return str(self.cleaned_data.get(name, ""))

    def add_weaknesses(self, weaknesses: list[Weakness]) -> None:
        for weakness in weaknesses:
            self.add_error("password", ValidationError(weakness_in_words(weakness), code=weakness.value))

    def add_weaknesses_in_itself(self) -> None:
        """Add what makes the password weak for every person, where the proof of identity failed."""
        try:
            check_in_itself(self.typed("password"))
        except WeakPassword as refusal:
            self.add_weaknesses(refusal.weaknesses)


class LinkForm(NewPasswordMixin):
    """The page behind the link: birth date, the new password twice (G7)."""

    birth_date = BirthDateField(allow_unknown=True)
    field_order = ["birth_date", "password", "confirmation"]


class AcceptInvitationForm(NewPasswordMixin):
    """The same for an agent, who has no birth date here."""


class ChangePasswordForm(NewPasswordMixin):
    """« Mon mot de passe »: the old one, the new one twice (G12)."""

    old_password = PasswordField(
        label=gettext_lazy("Ancien mot de passe"), missing=gettext_lazy("Indiquez votre mot de passe actuel.")
    )
    field_order = ["old_password", "password", "confirmation"]


def weakness_in_words(weakness: Weakness) -> str:
    """Why this password may not be set, and what to do."""
    rules = profile().password
    return {
        Weakness.TOO_SHORT: ngettext(
            "Il faut au moins %(count)s caractère : allongez-le.",
            "Il faut au moins %(count)s caractères : allongez-le.",
            rules.min_length,
        )
        % {"count": rules.min_length},
        Weakness.TOO_LONG: _("Il faut au plus %(count)s caractères : raccourcissez-le.")
        % {"count": rules.max_length},
        Weakness.NO_LOWERCASE: _("Il manque une lettre minuscule."),
        Weakness.TOO_FEW_CLASSES: ngettext(
            "Il faut au moins %(count)s de ces éléments : un chiffre, un caractère spécial, une majuscule.",
            "Il faut au moins %(count)s de ces éléments : un chiffre, un caractère spécial, une majuscule.",
            rules.classes_required,
        )
        % {"count": rules.classes_required},
        Weakness.PERSONAL: _(
            "Il ressemble trop à votre nom, à votre numéro ou à votre date de naissance : choisissez-en un autre."
        ),
        Weakness.COMMON: _("Il fait partie des mots de passe les plus devinés : choisissez-en un autre."),
        Weakness.ALREADY_USED: _("Vous l’avez déjà utilisé : choisissez-en un nouveau."),
    }[weakness]
