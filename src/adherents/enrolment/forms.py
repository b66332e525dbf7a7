"""The form of a first connection: it validates what was typed, nothing else."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from adherents.members import nir
from adherents.members.claims import Claim
from adherents.ui.fields import BirthDateField, NirInput


class FirstConnectionForm(forms.Form):
    """Five facts about oneself, in the guide's order and words (G8)."""

    nir = forms.CharField(
        label=gettext_lazy("N° Sécurité sociale"),
        help_text=gettext_lazy("Saisir le numéro de sécurité sociale complet, y compris la clé"),
        max_length=40,
        widget=NirInput(),
        error_messages={"required": gettext_lazy("Indiquez votre numéro de sécurité sociale.")},
    )
    birth_date = BirthDateField(allow_unknown=True)
    department = forms.CharField(
        label=gettext_lazy("Département de naissance"),
        help_text=gettext_lazy(
            "Saisir votre département de naissance, sinon celui enregistré dans votre numéro de sécurité sociale"
        ),
        max_length=3,
        widget=forms.TextInput({"autocomplete": "off", "size": 3}),
        error_messages={
            "required": gettext_lazy(
                "Indiquez votre département de naissance, par exemple 38 (99 si né à l’étranger)."
            ),
            "max_length": gettext_lazy(
                "Un département s’écrit avec deux ou trois caractères, par exemple 38, 2A ou 974."
            ),
        },
    )
    name = forms.CharField(
        label=gettext_lazy("Nom"),
        max_length=120,
        widget=forms.TextInput({"autocomplete": "family-name", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Indiquez votre nom.")},
    )
    first_name = forms.CharField(
        label=gettext_lazy("Prénom"),
        max_length=120,
        widget=forms.TextInput({"autocomplete": "given-name", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Indiquez votre prénom.")},
    )

    def clean_nir(self) -> str:
        try:
            return nir.parse(self.cleaned_data["nir"]).text
        except nir.WrongNir as error:
            raise ValidationError(str(error.message), code=error.code) from error

    def clean_department(self) -> str:
        typed = "".join(self.cleaned_data["department"].split()).upper()
        if re.fullmatch(r"\d", typed):
            typed = f"0{typed}"
        if not re.fullmatch(r"\d{2,3}|2[AB]", typed):
            raise ValidationError(
                gettext_lazy(
                    "Un département s’écrit avec deux ou trois caractères, par exemple 38, 2A ou 974."
                )
            )
        return typed

    def claim(self) -> Claim:
        """What a valid form says."""
        return Claim(**{field: self.cleaned_data[field] for field in self.fields})
