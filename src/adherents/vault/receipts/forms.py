"""What checks a receipt."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _


class CheckForm(forms.Form):
    """A receipt as a file, or its number with the fingerprint of a file that was in the deposit."""

    receipt = forms.FileField(
        label=_("Votre accusé de dépôt"),
        help_text=_("Le PDF ou le JSON tel qu’il a été téléchargé, 1 Mo au plus."),
        required=False,
        allow_empty_file=True,
        max_length=1000,
        widget=forms.FileInput({"accept": ".pdf,.json,application/pdf,application/json"}),
    )
    number = forms.CharField(
        label=_("Numéro de l’accusé de dépôt"),
        help_text=_("Si vous n’avez plus l’accusé lui-même, par exemple D-2026-000123."),
        required=False,
        max_length=40,
    )
    sha256 = forms.CharField(
        label=_("Empreinte SHA-256 du fichier que vous avez gardé"),
        help_text=_("64 chiffres et lettres de a à f."),
        required=False,
        max_length=500,
    )

    def clean_number(self) -> str:
        return "".join(str(self.cleaned_data["number"]).split()).upper()

    def clean_sha256(self) -> str:
        """What a tool printed is taken too: « empreinte  fichier.pdf », capitals, spaces every few digits."""
        typed = str(self.cleaned_data["sha256"]).lower()
        if not typed.strip():
            return ""
        for text in (typed, re.sub(r"[\s:]", "", typed)):
            if digest := re.search(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", text):
                return digest[0]
        raise forms.ValidationError(
            _("Une empreinte SHA-256 a 64 chiffres et lettres de a à f. Copiez-la entière.")
        )

    def clean(self) -> None:
        """Errors about missing fields are shown together with the others."""
        if self.cleaned_data.get("receipt") or self.has_error("receipt") or self.has_error("number"):
            return
        if not self.cleaned_data["number"]:
            self.add_error("receipt", _("Choisissez l’accusé de dépôt à vérifier, ou indiquez son numéro."))
        elif not self.has_error("sha256") and not self.cleaned_data["sha256"]:
            self.add_error(
                "sha256", _("Avec un numéro, il faut l’empreinte d’un des fichiers que vous aviez envoyés.")
            )
